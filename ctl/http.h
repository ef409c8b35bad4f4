/*
 * ctl/http.h - reading one HTTP request.
 */
#ifndef CTL_HTTP_H
#define CTL_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#define HTTP_HEAD_MAX	8192

enum http_verdict {
	HTTP_INCOMPLETE,		/* more must come */
	HTTP_METRICS,
	HTTP_NOT_FOUND,
	HTTP_NOT_ALLOWED,		/* neither GET nor HEAD */
	HTTP_GARBAGE,
	HTTP_TOO_LARGE,
	HTTP_TOO_SLOW,
};

struct http_request {
	enum http_verdict verdict;
	bool headers_only;		/* HEAD: no body in the answer */
};

/* The request in these first bytes; ended: no more will come. */
struct http_request http_judge(const char *head, size_t len, bool ended);

#endif
