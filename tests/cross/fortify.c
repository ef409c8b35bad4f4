/*
 * fortify.c - for the build with musl: the checks of glibc that Debian's
 * libmnl and libmd were built to call, and musl does not have.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int	__fprintf_chk(FILE *, int flag, const char *format, ...);
ssize_t	__read_chk(int fd, void *buffer, size_t count, size_t size);

int
__fprintf_chk(FILE *file, int flag, const char *format, ...)
{
	va_list arguments;
	int n;

	(void)flag;
	va_start(arguments, format);
	n = vfprintf(file, format, arguments);
	va_end(arguments);
	return n;
}

ssize_t
__read_chk(int fd, void *buffer, size_t count, size_t size)
{
	if (count > size)
		abort();
	return read(fd, buffer, count);
}
