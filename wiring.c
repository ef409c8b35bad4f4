/*
 * wiring.c - the callbacks that connect the engine, the kernel layer, the rules
 * and the sockets.
 *
 * Each is a line or two and passes its arguments on.  The engine's changes pass
 * through the rules on their way to the kernel, and so do the kernel's answers
 * on their way back.
 */
#include "daemon.h"

#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "address.h"
#include "babel.h"
#include "clock.h"
#include "configuration.h"
#include "destination.h"
#include "install.h"
#include "interface.h"
#include "kernel.h"
#include "local.h"
#include "log.h"
#include "net.h"
#include "prefix.h"
#include "rule.h"
#include "system.h"
#include "util.h"
#include "xroute.h"

void
wiring_log(void *ctx, int priority, const char *format, ...)
{
	struct daemon *daemon = ctx;
	va_list ap;

	va_start(ap, format);
	log_line(daemon->log, priority, format, ap);
	va_end(ap);
}

/* Callbacks of the engine. */

static int
engine_send(void *ctx, const struct datagram *datagram)
{
	struct daemon *daemon = ctx;

	return net_send(daemon->net, datagram);
}

/* One line for each change of the kernel's table, at debug level 3. */
static void
log_change(struct daemon *daemon, const char *what,
    const struct fib_change *change, int error)
{
	static const char *const words[] = { "add", "change", "delete" };
	const struct fib_entry *entry = change->operation == FIB_DELETE ?
	    &change->old : &change->entry;
	char key[DESTINATION_STRLEN], via[ADDRESS_STRLEN];

	log_note(daemon->log, LOG_DEBUG,
	    "%s %s %s %s%s ifindex %u table %u priority %u%s%s", what,
	    words[change->operation],
	    destination_key_format(&change->key, key),
	    entry->unreachable ? "unreachable" : "via ",
	    entry->unreachable ? "" : address_format(&entry->next_hop, via),
	    entry->ifindex, entry->table, entry->priority,
	    error != 0 ? ": " : "", error != 0 ? strerror(error) : "");
}

static bool
engine_fib(void *ctx, const struct fib_change *change)
{
	struct daemon *daemon = ctx;

	if (daemon->conf->options.debug >= 3)
		log_change(daemon, "ask the kernel to", change, 0);
	return rules_submit(daemon->rules, change);
}

static babel_time
engine_stamp(void *ctx)
{
	(void)ctx;
	return clock_monotonic();
}

static void
engine_random(void *ctx, void *buffer, size_t len)
{
	(void)ctx;
	system_random(buffer, len);
}

/* The link may have another name now than when it was started. */
static void
restore_parameter(struct system_sysctls *sysctls,
    const struct link_state *link)
{
	const char *name = link->name;
	char now[IF_NAMESIZE];

	if (if_indextoname(link->ifindex, now) != NULL) {
		system_sysctls_rename_interface(sysctls, name, now);
		name = now;
	}
	system_sysctls_restore_interface(sysctls, name);
}

/* An interface that comes up must be able to receive from the group, and must
 * accept packets whatever way they come. */
static void
engine_interface_changed(struct daemon *daemon, const struct interface *ifp)
{
	const char *name = ifp->link.name;
	char error[SYSTEM_ERROR_SIZE];

	if (!ifp->up) {
		if (ifp->link.ifindex != 0)
			net_remove(daemon->net, ifp->link.ifindex);
		if (daemon->sysctls != NULL)
			restore_parameter(daemon->sysctls, &ifp->link);
		return;
	}
	if (net_add(daemon->net, ifp->link.ifindex, name) < 0)
		log_warn(daemon->log, "interface %s: opening a socket", name);
	if (daemon->sysctls != NULL && system_sysctls_set_interface(
	    daemon->sysctls, name, error) < 0)
		log_warnx(daemon->log, "interface %s: %s", name, error);
}

/* Kernel routes that we announce must not be hidden by source-specific routes;
 * our own addresses never are. */
static void
engine_xroute_changed(struct daemon *daemon, enum babel_event event,
    const struct xroute *xroute)
{
	const struct xroute_offer *best = TAILQ_FIRST(&xroute->offers);
	const struct destination_key *key = &xroute->destination->key;

	if (event == EVENT_XROUTE_FLUSH || best == NULL || best->route.local)
		rules_retract(daemon->rules, key);
	else
		rules_announce(daemon->rules, key, best->route.table);
}

static void
log_send_failure(struct daemon *daemon, const struct interface *ifp)
{
	char to[ADDRESS_STRLEN];

	log_warnx(daemon->log, "interface %s: sending to %s: %s",
	    ifp->link.name, address_format(&ifp->send_failures.to, to),
	    net_error_text(ifp->send_failures.error));
}

static void
engine_notify(void *ctx, enum babel_event event, const void *object)
{
	struct daemon *daemon = ctx;

	if (event == EVENT_SEND_FAILED) {
		log_send_failure(daemon, object);
		return;
	}
	daemon->changed = true;
	if (daemon->rules != NULL && (event == EVENT_XROUTE_ADD ||
	    event == EVENT_XROUTE_CHANGE || event == EVENT_XROUTE_FLUSH))
		engine_xroute_changed(daemon, event, object);
	if (event == EVENT_INTERFACE_CHANGE)
		engine_interface_changed(daemon, object);
	if (daemon->local != NULL && daemon->babel != NULL)
		local_event(daemon->local, daemon->babel, event, object);
}

static void __attribute__((format(printf, 3, 0)))
engine_log(void *ctx, int priority, const char *format, va_list ap)
{
	struct daemon *daemon = ctx;

	log_line(daemon->log, priority, format, ap);
}

const struct babel_ops wiring_engine = {
	.send = engine_send,
	.fib = engine_fib,
	.stamp = engine_stamp,
	.random = engine_random,
	.notify = engine_notify,
	.log = engine_log,
};

/* Callbacks of the kernel layer. */

/* A link without a link-local address may be given one; one of ours may be
 * asked for no more under a new name. */
static void
expect_address(struct daemon *daemon, const struct link_state *link)
{
	if (link->link_local_count == 0 ||
	    address_is_given(&daemon->addresses, link->ifindex))
		control_expect_addresses(daemon, clock_monotonic());
}

static void
kernel_link(void *ctx, const struct link_state *link, bool present)
{
	struct daemon *daemon = ctx;

	if (present) {
		babel_link_changed(daemon->babel, clock_monotonic(), link);
		expect_address(daemon, link);
	} else {
		address_forget(&daemon->addresses, link->ifindex);
		babel_link_removed(daemon->babel, clock_monotonic(),
		    link->ifindex);
	}
}

/* The main table is watched even if it is not imported. */
static bool
is_imported(const struct options *options, const struct kernel_route *route)
{
	size_t i;

	if (route->local)
		return true;
	for (i = 0; i < options->import_table_count; i++)
		if (options->import_tables[i] == route->table)
			return true;
	return options->import_table_count == 0 &&
	    route->table == RT_TABLE_MAIN;
}

static bool
kernel_route(void *ctx, const struct kernel_route *route, bool present)
{
	struct daemon *daemon = ctx;
	bool matters = false;

	if (route->table == RT_TABLE_MAIN && !route->local)
		matters = rules_route(daemon->rules, route, present);
	if (is_imported(&daemon->conf->options, route))
		matters |= babel_kernel_route(daemon->babel,
		    clock_monotonic(), route, present);
	return matters;
}

static unsigned int
kernel_displaced(void *ctx, const struct kernel_route *route)
{
	struct daemon *daemon = ctx;
	unsigned int offered, hidden = 0;

	offered = babel_kernel_displaced(daemon->babel, clock_monotonic(),
	    route);
	if (route->table == RT_TABLE_MAIN)
		hidden = rules_displaced(daemon->rules, route);
	return offered > hidden ? offered : hidden;
}

static void
kernel_sync(void *ctx, bool begin)
{
	struct daemon *daemon = ctx;

	if (!begin)
		control_expect_addresses(daemon, clock_monotonic());
	babel_kernel_sync(daemon->babel, clock_monotonic(), begin);
	rules_sync(daemon->rules, begin);
}

static void
kernel_rule(void *ctx, const struct kernel_rule *rule, bool present)
{
	struct daemon *daemon = ctx;

	rules_rule(daemon->rules, rule, present);
}

const struct kernel_events wiring_kernel = {
	.link = kernel_link,
	.route = kernel_route,
	.displaced = kernel_displaced,
	.rule = kernel_rule,
	.sync = kernel_sync,
	.log = wiring_log,
};

/* Callbacks of the rules: those of the kernel's answers that they pass on are
 * for the engine. */

static void
change_done(void *ctx, const struct fib_change *change, int error)
{
	struct daemon *daemon = ctx;

	babel_fib_done(daemon->babel, clock_monotonic(), change, error);
}

static void
entry_lost(void *ctx, const struct destination_key *key)
{
	struct daemon *daemon = ctx;

	babel_fib_lost(daemon->babel, clock_monotonic(), key);
}

static void
entry_room(void *ctx, const struct destination_key *key, uint32_t table)
{
	struct daemon *daemon = ctx;

	(void)table;
	babel_fib_room(daemon->babel, clock_monotonic(), key);
}

static bool
entry_find(void *ctx, struct destination_key *key, uint32_t table,
    struct fib_entry *entry)
{
	struct daemon *daemon = ctx;

	return babel_fib_find(daemon->babel, key, table, entry);
}

static bool
entry_after(void *ctx, const struct destination_key *after,
    struct destination_key *key, struct fib_entry *entry)
{
	struct daemon *daemon = ctx;

	return babel_fib_after(daemon->babel, after, key, entry);
}

static bool
table_is_free(void *ctx, uint32_t table)
{
	const struct daemon *daemon = ctx;

	return install_is_free(daemon->install, table);
}

const struct kernel_fib_events wiring_fib_events = {
	change_done, entry_lost, entry_room
};
const struct kernel_fib_queries wiring_fib_queries = {
	entry_find, entry_after, table_is_free
};

void
wiring_packet(void *ctx, const struct datagram *datagram)
{
	struct daemon *daemon = ctx;

	babel_receive(daemon->babel, clock_monotonic(), datagram);
}
