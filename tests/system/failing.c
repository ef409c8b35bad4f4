/*
 * failing.c - a library to preload that lets calls fail, and counts them.
 *
 * The file that FAILING names is shared memory: whoever runs the test writes
 * there which call is to fail, with which errno, after how many and how
 * often.  Without the file all is as ever.
 *
 * Calls are passed on as six words, of which each takes what it needs.
 */
#include <sys/mman.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* test_inject.py has the same. */
struct plan {
	char call[32];			/* "": none is to fail */
	int32_t error;
	int32_t times;			/* -1: for ever */
	uint64_t skip;			/* ... after so many */
	uint64_t failed;		/* so far */
	uint64_t made;			/* calls of any kind */
};

static struct plan *plan;

static void __attribute__((constructor))
attach(void)
{
	const char *path = getenv("FAILING");
	int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
	void *page;

	if (fd < 0)
		return;
	page = mmap(NULL, sizeof(*plan), PROT_READ | PROT_WRITE, MAP_SHARED,
	    fd, 0);
	plan = page == MAP_FAILED ? NULL : page;
}

static bool
fails(const char *call)
{
	if (plan == NULL)
		return false;
	plan->made++;
	if (strcmp(plan->call, call) != 0)
		return false;
	if (plan->skip > 0) {
		plan->skip--;
		return false;
	}
	if (plan->times == 0)
		return false;
	if (plan->times > 0)
		plan->times--;
	plan->failed++;
	errno = plan->error;
	return true;
}

typedef long word;
typedef word function(word, word, word, word, word, word);

#define CALL(name, failure)						\
word	failing_##name(word, word, word, word, word, word)		\
	    __asm__(#name);						\
word									\
failing_##name(word a, word b, word c, word d, word e, word f)		\
{									\
	static function *real;						\
									\
	if (real == NULL)						\
		real = (function *)(uintptr_t)dlsym(RTLD_NEXT, #name);	\
	return fails(#name) ? (failure) : real(a, b, c, d, e, f);	\
}

CALL(accept4, -1)
CALL(access, -1)
CALL(bind, -1)
CALL(connect, -1)
CALL(dup2, -1)
CALL(epoll_create1, -1)
CALL(epoll_ctl, -1)
CALL(epoll_wait, -1)
CALL(fchmod, -1)
CALL(fcntl64, -1)
CALL(fdopen, 0)
CALL(flock, -1)
CALL(fopen64, 0)
CALL(fork, -1)
CALL(fstat64, -1)
CALL(fsync, -1)
CALL(ftruncate64, -1)
CALL(getifaddrs, -1)
CALL(getsockname, -1)
CALL(getsockopt, -1)
CALL(ioctl, -1)
CALL(listen, -1)
CALL(lseek64, -1)
CALL(lstat64, -1)
CALL(nanosleep, -1)
CALL(open64, -1)
CALL(opendir, 0)
CALL(poll, -1)
CALL(ppoll, -1)
CALL(pread64, -1)
CALL(read, -1)
CALL(recv, -1)
CALL(recvfrom, -1)
CALL(recvmmsg, -1)
CALL(rename, -1)
CALL(send, -1)
CALL(sendmsg, -1)
CALL(setsockopt, -1)
CALL(shutdown, -1)
CALL(signalfd, -1)
CALL(sigprocmask, -1)
CALL(socket, -1)
CALL(socketpair, -1)
CALL(stat64, -1)
CALL(timerfd_create, -1)
CALL(timerfd_settime, -1)
CALL(unlink, -1)
CALL(write, -1)

/* Allocations count together.  The C library's own come here, too. */
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);

void *
malloc(size_t size)
{
	return fails("malloc") ? NULL : __libc_malloc(size);
}

void *
calloc(size_t count, size_t size)
{
	return fails("malloc") ? NULL : __libc_calloc(count, size);
}

void *
realloc(void *old, size_t size)
{
	return fails("malloc") ? NULL : __libc_realloc(old, size);
}
