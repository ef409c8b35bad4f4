/*
 * local/help.c - the report "help": a line for each request.
 *
 * A client that may not write is shown only the requests that it may use.  The
 * directives are those of the configuration language that can be given at run
 * time.
 */
#include "local/help.h"

#include "local/client.h"
#include "local/line.h"

static const struct {
	const char *request, *arguments, *text;
	bool json;			/* may begin with "json" */
	bool writes;
} rows[] = {
	{ "dump", "[interface|neighbour|xroute|route|installed]",
	    "All objects, or those of one kind.", true, false },
	{ "dump route", "PREFIX|ADDRESS",
	    "The routes to a destination.", true, false },
	{ "dump-interfaces", "", "As dump interface.", true, false },
	{ "dump-neighbors", "", "As dump neighbour.", true, false },
	{ "dump-routable-neighbors", "",
	    "The neighbours of finite cost.", true, false },
	{ "dump-installed-routes", "",
	    "As dump installed, with more fields.", true, false },
	{ "monitor", "[interface|neighbour|xroute|route|installed]",
	    "A dump, and then every change.", true, false },
	{ "unmonitor", "", "End the monitor.", false, false },
	{ "explain", "PREFIX|ADDRESS",
	    "Why packets go there as they do.", true, false },
	{ "explain neighbour", "[ADDRESS]",
	    "The state of the links to neighbours.", true, false },
	{ "explain interface", "[NAME]",
	    "How Babel runs on interfaces.", true, false },
	{ "stats", "", "Counters and sizes.", true, false },
	{ "metrics", "", "The same for Prometheus.", false, false },
	{ "help", "", "This list.", true, false },
	{ "quit", "", "Close the connection.", false, false },
	{ "interface", "NAME [PARAMETER VALUE ...]",
	    "Use an interface, or change its parameters.", false, true },
	{ "default", "[PARAMETER VALUE ...]",
	    "Parameters of all interfaces.", false, true },
	{ "neighbour", "ADDRESS if NAME",
	    "Declare a neighbour.", false, true },
	{ "key", "id ID type TYPE value|file VALUE ...",
	    "Define a key.", false, true },
	{ "in", "[SELECTOR ...] [ACTION ...]",
	    "Add a rule to the input filter.", false, true },
	{ "out", "[SELECTOR ...] [ACTION ...]",
	    "Add a rule to the output filter.", false, true },
	{ "redistribute", "[SELECTOR ...] [ACTION ...]",
	    "Add a rule for what is announced.", false, true },
	{ "install", "[SELECTOR ...] [ACTION ...]",
	    "Add a rule for what the kernel is given.", false, true },
	{ "flush", "in|out|redistribute|install [SELECTOR ...]",
	    "Remove the rules of a filter, or one.", false, true },
	{ "replace",
	    "in|out|redistribute|install [SELECTOR ...] [ACTION ...]",
	    "Give a rule other actions.", false, true },
	{ "flush interface", "NAME", "Stop using an interface.", false,
	    true },
	{ "flush key", "ID", "Forget a key.", false, true },
	{ "flush neighbour", "ADDRESS if NAME",
	    "Forget a declared neighbour.", false, true },
	{ "link-detect", "BOOL", "Heed the carrier.", false, true },
	{ "smoothing-half-life", "SECONDS", "Smooth metrics.", false, true },
	{ "log-neighbours", "BOOL", "Log neighbours' coming and going.",
	    false, true },
	{ "log-file", "FILE", "Log to another file.", false, true },
	{ "reopen-logfile", "", "Open the log file anew.", false, true },
	{ "reload", "", "Read the configuration anew.", false, true },
};
#define ROWS	(sizeof(rows) / sizeof(rows[0]))

/* In plain text, a usage and a sentence. */
static void
put_plain(struct line *line, unsigned int row)
{
	line_text(line, "request ");
	line_text(line, rows[row].request);
	if (rows[row].arguments[0] != '\0') {
		line_text(line, " ");
		line_text(line, rows[row].arguments);
	}
	line_text(line, " - ");
	line_text(line, rows[row].text);
}

bool
help_step(struct client *c)
{
	const unsigned int row = c->task.stage++;
	struct line line;

	if (row == ROWS)
		return true;
	if (rows[row].writes && !c->writable)
		return false;
	line_init(&line, c->task.format);
	if (line.format == LINE_JSON) {
		line_object(&line, "request", rows[row].request);
		line_word(&line, BOTH("arguments"), rows[row].arguments);
		line_true(&line, BOTH("json"), rows[row].json);
		line_true(&line, BOTH("writes"), rows[row].writes);
		line_word(&line, BOTH("help"), rows[row].text);
	} else
		put_plain(&line, row);
	client_put_report(c, &line);
	return false;
}
