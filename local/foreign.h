/*
 * local/foreign.h - does a client speak another protocol?
 */
#ifndef LOCAL_FOREIGN_H
#define LOCAL_FOREIGN_H

#include <stdbool.h>
#include <stddef.h>

/* Does the input, whole lines and the beginning of another, contain HTTP, or
 * octets that are not text? */
bool	foreign_is(const char *input, size_t len);

#endif
