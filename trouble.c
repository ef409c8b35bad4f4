/*
 * trouble.c - errors that may last: growing pauses, and one message a minute.
 */
#include "trouble.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "log.h"
#include "util.h"

#define PAUSE_MIN	(10 * MILLISECOND)
#define PAUSE_MAX	SECOND
#define LOG_PAUSE	MINUTE
#define TEXT_MAX	256

void
trouble_init(struct trouble *trouble, struct log *log, uint64_t *count)
{
	memset(trouble, 0, sizeof(*trouble));
	trouble->log = log;
	trouble->count = count;
}

static void
log_error(const struct trouble *trouble, const char *text)
{
	const char *error = strerror(trouble->error);

	if (trouble->times > 1)
		log_warnx(trouble->log, "%s: %s (%llu times)", text, error,
		    (unsigned long long)trouble->times);
	else
		log_warnx(trouble->log, "%s: %s", text, error);
}

void
trouble_met(struct trouble *trouble, babel_time now, int error,
    const char *format, ...)
{
	char text[TEXT_MAX];
	va_list ap;

	if (trouble->count != NULL)
		(*trouble->count)++;
	trouble->error = error;
	trouble->times++;
	trouble->pause = trouble->pause == 0 ? PAUSE_MIN :
	    time_min(2 * trouble->pause, PAUSE_MAX);
	trouble->again = now + trouble->pause;
	if (trouble->logged != 0 && now - trouble->logged < LOG_PAUSE)
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	log_error(trouble, text);
	trouble->logged = now;
	trouble->times = 0;
}

void
trouble_over(struct trouble *trouble)
{
	trouble->error = 0;
	trouble->pause = 0;
}

bool
trouble_waits(const struct trouble *trouble, babel_time now)
{
	return trouble->error != 0 && now < trouble->again;
}

babel_time
trouble_again(const struct trouble *trouble)
{
	return trouble->error == 0 ? NEVER : trouble->again;
}
