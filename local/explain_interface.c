/*
 * local/explain_interface.c - whether and how Babel runs on an interface, and
 * the state of its socket.
 */
#include "local/explain.h"

#include <string.h>

#include "auth.h"
#include "babel.h"
#include "configuration.h"
#include "field.h"
#include "interface.h"
#include "local/client.h"
#include "local/cursor.h"
#include "local/describe.h"
#include "local/line.h"
#include "local/local_state.h"
#include "net.h"

/* Does Babel run on the interface, and if not, what is missing first? */
static const char *
state_word(const struct interface *ifp)
{
	if (ifp->up)
		return "running";
	if (ifp->link.ifindex == 0)
		return "absent";
	if (!ifp->link.up)
		return "down";
	if (ifp->link.link_local_count == 0)
		return "no-link-local-address";
	return "starting";
}

static const char *
kind_word(enum link_kind kind)
{
	switch (kind) {
	case LINK_WIRED:
		return "wired";
	case LINK_WIRELESS:
		return "wireless";
	case LINK_TUNNEL:
		return "tunnel";
	default:
		return "unknown";
	}
}

/* A reason is a phrase; a word of plain text has no blanks. */
static void
put_phrase(struct line *line, const char *name, const char *phrase)
{
	char word[LINK_REASON], *at;

	strlcpy(word, phrase, sizeof(word));
	for (at = word; line->format != LINE_JSON && *at != '\0'; at++)
		if (*at == ' ')
			*at = '-';
	if (*phrase == '\0')
		line_null(line, BOTH(name));
	else
		line_word(line, BOTH(name), word);
}

static void
put_link(struct line *line, const struct interface *ifp)
{
	line_word(line, BOTH("state"), state_word(ifp));
	line_yes(line, BOTH("carrier"), ifp->link.carrier);
	line_word(line, BOTH("found"), kind_word(ifp->link.kind));
	put_phrase(line, "found-by", ifp->link.kind_reason);
	put_phrase(line, "port-of", ifp->link.port_of);
	line_number(line, BOTH("mtu"), ifp->link.mtu);
}

/* The parameters that it is run with, which follow from the link as well. */
static void
put_parameters(struct line *line, const struct interface *ifp)
{
	const struct interface_parameters *conf = &ifp->conf;

	line_word(line, BOTH("type"), field_type_word(conf->type));
	line_yes(line, BOTH("split-horizon"), conf->split_horizon);
	line_yes(line, BOTH("link-quality"), conf->link_quality);
	line_yes(line, BOTH("unicast"), conf->unicast);
	line_number(line, BOTH("rxcost"), conf->rxcost);
	line_word(line, BOTH("mac"), describe_mac_word(ifp));
	line_seconds(line, BOTH("hello-interval"), conf->hello_interval);
	line_seconds(line, BOTH("update-interval"), conf->update_interval);
}

static void
put_traffic(struct line *line, const struct babel *b,
    const struct interface *ifp)
{
	describe_age(line, BOTH("hello-age"), b, ifp->hello_sent);
	describe_age(line, BOTH("packet-age"), b, ifp->last_sent);
	line_number(line, BOTH("queued-packets"), ifp->unsent_count);
	describe_statistics(line, ifp);
	describe_sending(line, b, ifp);
	line_number(line, BOTH("mac-dropped"), ifp->auth.trouble.count);
	line_number(line, BOTH("neighbours"), ifp->neighbour_count);
}

/* The state of its socket: why there is none, and what the link takes. */
static void
put_socket(struct line *line, const struct local *local,
    const struct babel *b, const struct interface *ifp)
{
	struct net_numbers numbers;

	if (local->net == NULL || !ifp->up ||
	    !net_numbers_of(local->net, ifp->link.ifindex, &numbers))
		return;
	put_phrase(line, "socket-error",
	    numbers.error == 0 ? "" : strerror(numbers.error));
	line_yes(line, BOTH("filtered"), numbers.is_filtered);
	line_number(line, BOTH("refused-packets"), numbers.refused);
	describe_age(line, BOTH("refusing-for"), b, numbers.refuses_since);
	line_number(line, BOTH("kernel-queue"), numbers.queued);
	line_number(line, BOTH("kernel-queue-limit"), numbers.queue_limit);
	if (numbers.rate == 0)
		line_null(line, BOTH("bytes-per-second"));
	else
		line_number(line, BOTH("bytes-per-second"), numbers.rate);
}

static void
report_interface(const struct local *local, const struct babel *b,
    struct client *c, const struct interface *ifp)
{
	struct line line;

	line_init(&line, c->task.format);
	line_object(&line, "interface", ifp->link.name);
	put_link(&line, ifp);
	if (ifp->up)
		put_parameters(&line, ifp);
	put_traffic(&line, b, ifp);
	put_socket(&line, local, b, ifp);
	line_word(&line, LABEL("if", "babel-interface-reference"),
	    ifp->link.name);
	client_put_report(c, &line);
}

bool
explain_interface_step(const struct local *local, const struct babel *b,
    struct client *c)
{
	struct object object;
	enum cursor_result result = cursor_step(&c->task.cursor, b, &object);

	if (result == CURSOR_OBJECT && (c->task.name[0] == '\0' ||
	    strcmp(c->task.name, object.u.interface->link.name) == 0))
		report_interface(local, b, c, object.u.interface);
	return result == CURSOR_END;
}
