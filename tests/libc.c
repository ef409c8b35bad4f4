/*
 * libc.c - what we use and not every C library has.
 *
 * Never run: where this does not compile, headers of libbsd are needed;
 * where it does not link, so are its functions.
 */
#include <sys/queue.h>

#include <stdlib.h>
#include <string.h>

int
main(void)
{
	char *block = reallocarray(NULL, 2, 1);

	return block == NULL || strlcpy(block, "", 2) != 0;
}
