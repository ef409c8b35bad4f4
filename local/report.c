/*
 * local/report.c - answers of more than one line, step by step.
 *
 * A step yields a line, or finds that an object needs none.  Steps are
 * counted rather than timed, and end when enough output is queued for the
 * client, so that a large table costs the main loop a fixed amount each
 * turn.
 */
#include "local/report.h"

#include "instance.h"
#include "local/client.h"
#include "local/cursor.h"
#include "local/describe.h"
#include "local/explain.h"
#include "local/help.h"
#include "local/line.h"
#include "local/metrics.h"
#include "local/monitor.h"
#include "local/stats.h"

static void
put_object(struct client *c, const struct babel *b,
    const struct object *object)
{
	struct line line;

	line_init(&line, c->task.format);
	describe_object(&line, b, object);
	client_put_line(c, c->task.format, "add", line.bytes);
}

/* The monitor's own dump moves the monitor's cursor. */
static bool
dump_step(const struct babel *b, struct client *c)
{
	struct task *task = &c->task;
	struct cursor *cursor = task->monitors ? &c->dumped : &task->cursor;
	struct object object;
	enum cursor_result result = cursor_step(cursor, b, &object);

	if (result != CURSOR_OBJECT || !monitor_selects(b, &object, task))
		return result == CURSOR_END;
	put_object(c, b, &object);
	if (task->monitors && monitor_dumped(c, &object) < 0)
		client_finish(c, b->now, "Out of memory");
	return false;
}

static bool
task_step(const struct local *local, const struct babel *b,
    struct client *c)
{
	switch (c->task.kind) {
	case TASK_NONE:
		break;
	case TASK_DUMP:
		return dump_step(b, c);
	case TASK_HELP:
		return help_step(c);
	case TASK_STATS:
		return stats_step(local, b, c);
	case TASK_METRICS:
		return metrics_step(local, b, c);
	case TASK_EXPLAIN_ROUTE:
		return explain_route_step(b, c);
	case TASK_EXPLAIN_KERNEL:
		return explain_kernel_step(b, c);
	case TASK_EXPLAIN_INTERFACE:
		return explain_interface_step(local, b, c);
	case TASK_EXPLAIN_NEIGHBOUR:
		return explain_neighbour_step(b, c);
	}
	return true;
}

void
report_run(const struct local *local, const struct babel *b, struct client *c,
    unsigned int *budget)
{
	cursor_resume(&c->task.cursor);
	cursor_resume(&c->dumped);
	while (c->task.kind != TASK_NONE && *budget > 0 &&
	    c->output_len < CLIENT_ENOUGH) {
		if (task_step(local, b, c))
			c->task.kind = TASK_NONE;
		(*budget)--;
	}
}
