/*
 * test_kernel_fib.c - what becomes of changes of routes, and of questions,
 * when the kernel is short of something.  The kernel is made of send() and
 * recvmmsg(), and the time of what the test says.
 */
#include <sys/socket.h>

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "clock.h"
#include "kernel/attribute.h"
#include "kernel/route_message.h"
#include "unit.h"

#define REQUESTS_MAX	32

/* What the kernel was asked, "+" and "-" and the priority of a route. */
static struct {
	char asked[256];
	int send_error, delete_error;	/* once */
	struct nlmsgerr answers[REQUESTS_MAX];
	uint32_t seqs[REQUESTS_MAX];
	unsigned int count;
	unsigned int done, failed, logged;
	unsigned int deaf;		/* times that answers are lost */
	unsigned int dumps;		/* asked for */
	babel_time now;
} fake;

ssize_t	__wrap_send(int, const void *, size_t, int);
int	__wrap_recvmmsg(int, struct mmsghdr *, unsigned int, int,
	    struct timespec *);

babel_time __wrap_clock_monotonic(void);

babel_time
__wrap_clock_monotonic(void)
{
	return fake.now;
}

static void
answer(const struct nlmsghdr *request, int error)
{
	fake.seqs[fake.count] = request->nlmsg_seq;
	fake.answers[fake.count++].error = -error;
}

static void
take_request(const struct nlmsghdr *request)
{
	bool is_deletion = request->nlmsg_type == RTM_DELROUTE;
	struct route_message message;
	size_t len = strlen(fake.asked);
	int error = 0;

	assert_true(kernel_route_decode(request, &message));
	snprintf(fake.asked + len, sizeof(fake.asked) - len, " %c%u",
	    is_deletion ? '-' : '+', message.entry.priority);
	if (is_deletion) {
		error = fake.delete_error;
		fake.delete_error = 0;
	}
	if (error != 0 || (request->nlmsg_flags & NLM_F_ACK) != 0)
		answer(request, error);
}

ssize_t
__wrap_send(int fd, const void *buffer, size_t size, int flags)
{
	const struct nlmsghdr *request = buffer;
	int len = (int)size;

	(void)fd;
	(void)flags;
	if ((request->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP) {
		fake.dumps++;
		return (ssize_t)size;
	}
	/* The one that comes after the addition of a new place. */
	if (fake.send_error != 0 && request->nlmsg_type == RTM_DELROUTE) {
		errno = fake.send_error;
		fake.send_error = 0;
		return -1;
	}
	for (; message_is_ok(request, len);
	    request = mnl_nlmsg_next(request, &len))
		take_request(request);
	return (ssize_t)size;
}

int
__wrap_recvmmsg(int fd, struct mmsghdr *messages, unsigned int max,
    int flags, struct timespec *timeout)
{
	struct nlmsghdr *nlh;
	unsigned int i;

	(void)fd;
	(void)flags;
	(void)timeout;
	assert_true(fake.count <= max);
	if (fake.deaf > 0) {
		fake.deaf--;
		fake.count = 0;
		errno = ENOMEM;
		return -1;
	}
	for (i = 0; i < fake.count; i++) {
		nlh = mnl_nlmsg_put_header(
		    messages[i].msg_hdr.msg_iov->iov_base);
		nlh->nlmsg_type = NLMSG_ERROR;
		nlh->nlmsg_seq = fake.seqs[i];
		memcpy(mnl_nlmsg_put_extra_header(nlh,
		    sizeof(fake.answers[i])), &fake.answers[i],
		    sizeof(fake.answers[i]));
		messages[i].msg_len = nlh->nlmsg_len;
	}
	fake.count = 0;
	errno = EAGAIN;
	return i == 0 ? -1 : (int)i;
}

/* Its name where times have become longer than the C library's first. */
int	__wrap___recvmmsg64(int, struct mmsghdr *, unsigned int, int,
	    struct timespec *) __attribute__((alias("__wrap_recvmmsg")));

static void
on_done(void *ctx, const struct fib_change *change, int error)
{
	(void)ctx;
	(void)change;
	fake.done++;
	fake.failed += error != 0;
}

static void __attribute__((format(printf, 3, 4)))
on_log(void *ctx, int priority, const char *format, ...)
{
	(void)ctx;
	(void)priority;
	(void)format;
	fake.logged++;
}

static void
on_sync(void *ctx, bool begin)
{
	(void)ctx;
	(void)begin;
}

static struct kernel *
new_kernel(void)
{
	static const struct kernel_events events = {
		.sync = on_sync, .log = on_log
	};
	static const struct kernel_fib_events fib_events = {
		.done = on_done
	};
	static const struct kernel_conf conf = { .sysfs = "/sys" };
	struct kernel *kernel = kernel_open(&conf, &events, NULL);

	assert_non_null(kernel);
	kernel_serve(kernel, &fib_events, NULL, NULL);
	memset(&fake, 0, sizeof(fake));
	return kernel;
}

static void
submit(struct kernel *kernel, uint32_t from, uint32_t to)
{
	struct fib_change change = {
		.operation = from == 0 ? FIB_ADD : FIB_CHANGE,
		.key.to = { .address = { 0x20, 1 }, .plen = 16 },
		.entry = { .table = 254, .priority = to, .ifindex = 1 },
		.old = { .table = 254, .priority = from, .ifindex = 1 },
	};

	assert_true(kernel_submit(kernel, &change));
}

/* A route that moved to a worse place must not stay in the better one. */
static void
the_old_place_is_given_up(void **state)
{
	static const struct {
		int send_error, delete_error;
		bool again;
		unsigned int logged;
	} cases[] = {
		{ 0, 0, false, 0 },
		{ 0, ESRCH, false, 0 },
		{ 0, EPERM, false, 1 },
		{ 0, ENOMEM, true, 0 },
		{ 0, ENOBUFS, true, 0 },
		{ ENOBUFS, 0, true, 0 },
	};
	struct kernel *kernel;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		kernel = new_kernel();
		fake.send_error = cases[i].send_error;
		fake.delete_error = cases[i].delete_error;
		submit(kernel, 5, 50);
		assert_int_equal(kernel_send(kernel) == KERNEL_BUSY,
		    cases[i].again);
		/* The new place counts at once; the old one goes first. */
		assert_int_equal(fake.done, 1);
		submit(kernel, 50, 60);
		assert_int_equal(kernel_send(kernel), KERNEL_ANSWERED);
		assert_string_equal(fake.asked,
		    cases[i].send_error != 0 ? " +50 -5 +60 -50" :
		    cases[i].again ? " +50 -5 -5 +60 -50" :
		    " +50 -5 +60 -50");
		assert_int_equal(kernel_send(kernel), KERNEL_IDLE);
		assert_int_equal(fake.done, 2);
		assert_int_equal(fake.failed, 0);
		assert_int_equal(fake.logged, cases[i].logged);
		kernel_close(kernel);
	}
}

/* As long as it cannot be, nothing new is asked for. */
static void
the_old_place_goes_first(void **state)
{
	struct kernel *kernel = new_kernel();
	unsigned int i;

	(void)state;
	submit(kernel, 5, 50);
	fake.delete_error = ENOMEM;
	assert_int_equal(kernel_send(kernel), KERNEL_BUSY);
	submit(kernel, 0, 7);
	for (i = 0; i < 3; i++) {
		fake.delete_error = ENOMEM;
		assert_int_equal(kernel_send(kernel), KERNEL_BUSY);
	}
	assert_string_equal(fake.asked, " +50 -5 -5 -5 -5");
	assert_int_equal(fake.done, 1);
	assert_int_equal(kernel_send(kernel), KERNEL_ANSWERED);
	assert_string_equal(fake.asked, " +50 -5 -5 -5 -5 -5 +7");
	assert_int_equal(fake.done, 2);
	kernel_close(kernel);
}

/* The time comes that the kernel layer waits for. */
static void
pass(struct kernel *kernel, babel_time delay)
{
	int fds[KERNEL_FDS];

	fake.now += delay;
	kernel_fds(kernel, fds);
	kernel_ready(kernel, fds[3]);
}

/* Nobody above ever has to live with not knowing. */
static void
what_is_not_answered_is_repeated(void **state)
{
	struct kernel *kernel = new_kernel();

	(void)state;
	submit(kernel, 0, 7);
	submit(kernel, 5, 5);
	fake.deaf = 4;
	kernel_send(kernel);
	assert_int_equal(fake.done, 0);
	assert_string_equal(fake.asked, " +7 +5 +7");
	/* Not at once. */
	assert_int_equal(kernel_send(kernel), KERNEL_IDLE);
	pass(kernel, 5 * MILLISECOND);
	kernel_send(kernel);
	assert_string_equal(fake.asked, " +7 +5 +7");
	pass(kernel, 5 * MILLISECOND);
	kernel_send(kernel);
	assert_string_equal(fake.asked, " +7 +5 +7 +7 +5 +7");
	assert_int_equal(fake.done, 0);
	/* What the engine wants meanwhile comes after. */
	submit(kernel, 50, 50);
	pass(kernel, 10 * MILLISECOND);
	assert_int_equal(kernel_send(kernel), KERNEL_IDLE);
	pass(kernel, 10 * MILLISECOND);
	assert_int_equal(kernel_send(kernel), KERNEL_ANSWERED);
	assert_string_equal(fake.asked,
	    " +7 +5 +7 +7 +5 +7 +7 +5 +50");
	assert_int_equal(fake.done, 3);
	assert_int_equal(fake.failed, 0);
	kernel_close(kernel);
}

/* Then everything is read again, by other sockets. */
static void
a_dump_without_an_end_is_given_up(void **state)
{
	struct kernel *kernel = new_kernel();

	(void)state;
	kernel_resync(kernel);
	assert_int_equal(fake.dumps, 1);
	pass(kernel, 9 * SECOND);
	assert_int_equal(fake.dumps, 1);
	pass(kernel, SECOND);
	pass(kernel, SECOND);
	assert_int_equal(fake.dumps, 2);
	assert_int_equal(fake.logged, 1);
	kernel_close(kernel);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_old_place_is_given_up),
		cmocka_unit_test(the_old_place_goes_first),
		cmocka_unit_test(what_is_not_answered_is_repeated),
		cmocka_unit_test(a_dump_without_an_end_is_given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
