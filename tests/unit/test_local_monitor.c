/*
 * test_local_monitor.c - monitors keep strict account of what they are
 * told, while everything changes at random.
 */
#include "unit.h"

#include "local_peer.h"

/* The strictest of clients: a table of lines by kind and id. */
struct entry {
	char id[128];
	char line[512];
};

struct model {
	struct entry *entries;
	size_t count, size;
	bool ok;			/* the last reply was */
};

static struct entry *
model_find(struct model *model, const char *id)
{
	size_t i;

	for (i = 0; i < model->count; i++)
		if (strcmp(model->entries[i].id, id) == 0)
			return &model->entries[i];
	return NULL;
}

static struct entry *
model_add(struct model *model, const char *id)
{
	struct entry *entry;

	if (model->count == model->size) {
		model->size = model->size * 2 + 64;
		model->entries = reallocarray(model->entries, model->size,
		    sizeof(*model->entries));
		assert_non_null(model->entries);
	}
	entry = &model->entries[model->count++];
	strlcpy(entry->id, id, sizeof(entry->id));
	return entry;
}

/* Take a line; NULL if the stream is in order, else what is wrong. */
static const char *
model_take(struct model *model, const char *line)
{
	char id[128] = "";
	const char *rest = strchr(line, ' ');
	struct entry *entry;

	if (strcmp(line, "ok") == 0) {
		model->ok = true;
		return NULL;
	}
	if (rest == NULL || sscanf(rest, " %63s %60s", id, id + 64) != 2)
		return "not an object";
	id[strlen(id)] = ' ';
	memmove(id + strcspn(id, " ") + 1, id + 64, strlen(id + 64) + 1);
	entry = model_find(model, id);
	if ((strncmp(line, "add ", 4) == 0) == (entry != NULL))
		return entry != NULL ? "added twice" : "not known";
	if (strncmp(line, "flush ", 6) == 0) {
		*entry = model->entries[--model->count];
		return NULL;
	}
	if (entry == NULL)
		entry = model_add(model, id);
	strlcpy(entry->line, rest + 1, sizeof(entry->line));
	return NULL;
}

/* Take all whole lines that were read. */
static void
model_take_all(struct model *model, struct peer *peer)
{
	char *line = peer->text, *newline;
	const char *wrong;

	while ((newline = strchr(line, '\n')) != NULL) {
		*newline = '\0';
		wrong = model_take(model, line);
		if (wrong != NULL)
			fail_msg("%s: %s", wrong, line);
		line = newline + 1;
	}
	peer->len -= (size_t)(line - peer->text);
	memmove(peer->text, line, peer->len + 1);
}

static void
model_is_strict(void **state)
{
	struct model model = { .entries = NULL };

	(void)state;
	assert_non_null(model_take(&model, "change route 1 x y"));
	assert_null(model_take(&model, "add route 1 x y"));
	assert_non_null(model_take(&model, "add route 1 x y"));
	assert_null(model_take(&model, "add neighbour 1 x y"));
	assert_null(model_take(&model, "change route 1 x z"));
	assert_null(model_take(&model, "flush route 1 x z"));
	assert_non_null(model_take(&model, "flush route 1 x z"));
	assert_int_equal(model.count, 1);
	free(model.entries);
}

static int
entry_compare(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->id,
	    ((const struct entry *)b)->id);
}

/* Both saw the same tables. */
static void
models_agree(struct model *a, struct model *b)
{
	size_t i;

	assert_int_equal(a->count, b->count);
	if (a->count == 0)
		return;
	qsort(a->entries, a->count, sizeof(*a->entries), entry_compare);
	qsort(b->entries, b->count, sizeof(*b->entries), entry_compare);
	for (i = 0; i < a->count; i++)
		assert_string_equal(a->entries[i].line, b->entries[i].line);
}

/* The monitors of the random test, and how each of them reads. */
#define MONITORS	8
struct watcher {
	struct peer *peer;
	struct model model;
	const char *what;		/* it monitors */
	unsigned int laziness;		/* reads in one of so many turns */
};

static void
watcher_connect(struct watcher *watcher, struct world *w, uint64_t *seed)
{
	static const char *const selectors[] = {
		"", "", "", " route", " neighbour", " installed", " xroute",
		" interface"
	};
	char request[64];
	int size = 4096;

	watcher->what = selectors[unit_random_below(seed, 8)];
	watcher->laziness = 1 + unit_random_below(seed, 20);
	watcher->peer = peer_new(w, false);
	setsockopt(watcher->peer->fd, SOL_SOCKET, SO_RCVBUF, &size,
	    sizeof(size));
	snprintf(request, sizeof(request), "monitor%s\n", watcher->what);
	peer_say(watcher->peer, request);
}

static void
watcher_read(struct watcher *watcher)
{
	char *end;

	peer_read(watcher->peer);
	if (strncmp(watcher->peer->text, "BABEL", 5) == 0) {
		end = strstr(watcher->peer->text, "\nok\n");
		if (end == NULL)
			return;
		watcher->peer->len -= (size_t)(end + 4 -
		    watcher->peer->text);
		memmove(watcher->peer->text, end + 4,
		    watcher->peer->len + 1);
	}
	model_take_all(&watcher->model, watcher->peer);
}

static void
watcher_forget(struct watcher *watcher)
{
	peer_free(watcher->peer);
	free(watcher->model.entries);
	memset(watcher, 0, sizeof(*watcher));
}

/* Something happens. */
static void
disturb(struct world *w, uint64_t *seed)
{
	unsigned int neighbour = 2 + unit_random_below(seed, 4);
	unsigned int ifindex = 1 + unit_random_below(seed, 2);
	uint32_t number = unit_random_below(seed, 300);

	switch (unit_random_below(seed, 12)) {
	case 0:
		world_offer(w, number, true);
		break;
	case 1:
		world_offer(w, number, false);
		break;
	case 2:
		w->hello_seqno++;
		world_hello(w, ifindex, neighbour);
		break;
	case 3:
		if (unit_random_below(seed, 10) == 0)
			world_link(w, ifindex, ifindex == 1 ? "eth0" :
			    "eth1", unit_random_below(seed, 2) != 0);
		break;
	case 4:
		w->now += unit_random_below(seed, 8) * SECOND;
		break;
	case 5:
		world_update(w, ifindex, neighbour, number, 0xFFFF);
		break;
	default:
		world_update(w, ifindex, neighbour, number,
		    (uint16_t)unit_random_below(seed, 600));
		break;
	}
	if (unit_random_below(seed, 2) != 0)
		babel_run(w->babel, w->now);
	if (unit_random_below(seed, 3) == 0)
		world_kernel(w);
}

/* Everything comes to rest; then the monitor must know what a dump
 * says. */
static void
watcher_check(struct watcher *watcher, struct world *w)
{
	struct peer *peer = peer_new(w, false);
	struct model fresh = { .entries = NULL };
	char request[64];
	int i;

	w->now += SECOND;
	world_settle(w);
	for (i = 0; i < PLENTY; i++) {
		world_turn(w, false);
		watcher_read(watcher);
	}
	assert_true(watcher->model.ok);
	snprintf(request, sizeof(request), "dump%s\n", watcher->what);
	ask(w, peer, request);
	model_take_all(&fresh, peer);
	models_agree(&watcher->model, &fresh);
	free(fresh.entries);
	peer_free(peer);
}

static void
monitors_keep_up(void **state)
{
	uint64_t seed = unit_seed();
	struct world *w = world_new("interface eth0\ninterface eth1\n"
	    "redistribute local allow\n");
	struct watcher watchers[MONITORS];
	struct watcher *watcher;
	unsigned int step, i;

	(void)state;
	memset(watchers, 0, sizeof(watchers));
	world_link(w, 1, "eth0", true);
	world_link(w, 2, "eth1", true);
	for (step = 0; step < 20000; step++) {
		disturb(w, &seed);
		watcher = &watchers[unit_random_below(&seed, MONITORS)];
		if (watcher->peer == NULL)
			watcher_connect(watcher, w, &seed);
		else if (unit_random_below(&seed, 400) == 0)
			watcher_forget(watcher);
		world_turn(w, unit_random_below(&seed, 2) != 0);
		for (i = 0; i < MONITORS; i++)
			if (watchers[i].peer != NULL && unit_random_below(
			    &seed, watchers[i].laziness) == 0)
				watcher_read(&watchers[i]);
	}
	world_settle(w);
	for (i = 0; i < MONITORS; i++)
		if (watchers[i].peer != NULL) {
			watcher_check(&watchers[i], w);
			watcher_forget(&watchers[i]);
		}
	for (i = 0; i < PLENTY; i++)
		world_turn(w, false);
	assert_int_equal(w->local->client_count, 0);
	assert_int_equal(w->local->journal.count, 0);
	world_free(w);
}

/* What happens often is told once, as it is at the end. */
static void
changes_are_merged(void **state)
{
	struct world *w = small_world();
	struct peer *peer = peer_new(w, false);
	uint16_t metric;
	int minute;

	(void)state;
	announce(w, 2, 0x10000, 1, 100);
	ask(w, peer, "monitor route\n");
	peer->len = 0;
	for (metric = 101; metric < 150; metric++)
		world_update(w, 1, 2, 0x10000, metric);
	world_settle(w);
	run(w, peer);
	assert_int_equal(count_lines(peer->text, "change route "), 1);
	assert_non_null(strstr(peer->text, " refmetric 149 "));
	/* One that came and went meanwhile is not told at all. */
	peer->len = 0;
	world_update(w, 1, 2, 0x10001, 5);
	world_update(w, 1, 2, 0x10001, 0xFFFF);
	for (minute = 0; minute < 60 && w->babel->route_count > 0; minute++) {
		w->now += MINUTE;
		world_settle(w);
	}
	assert_int_equal(w->babel->route_count, 0);
	run(w, peer);
	assert_int_equal(count_lines(peer->text, "flush route "), 1);
	assert_int_equal(count_lines(peer->text, "add route "), 0);
	peer_free(peer);
	world_free(w);
}

/* A table that is lost at once is no client's fault: however slowly we get
 * to tell it, nobody is dropped who reads. */
static void
the_end_of_a_large_table_is_told(void **state)
{
	struct world *w = small_world();
	struct peer *peer = peer_new(w, false);
	int i;

	(void)state;
	w->local->lag = 100;
	announce(w, 2, 0x10000, 2000, 100);
	ask(w, peer, "monitor route\n");
	world_link(w, 1, "eth0", false);
	for (i = 0; i < PLENTY && w->babel->route_count > 0; i++) {
		w->now += MILLISECOND;
		babel_run(w->babel, w->now);
		world_turn(w, true);
	}
	peer->len = 0;
	run(w, peer);
	assert_false(peer->ended);
	assert_int_equal(w->local->counters[LOCAL_DROPPED], 0);
	peer_free(peer);
	world_free(w);
}

/* What a request causes is told before its answer. */
static enum local_reply
update_command(void *ctx, const char *line,
    struct configuration_report *report)
{
	struct world *w = ctx;

	(void)line;
	(void)report;
	world_offer(w, 1, true);
	return LOCAL_OK;
}

static void
another_monitor_replaces_the_one_before(void **state)
{
	struct world *w = small_world();
	struct peer *peer = peer_new(w, false);

	(void)state;
	ask(w, peer, "monitor interface\n");
	ask(w, peer, "monitor xroute\n");
	peer->len = 0;
	world_link(w, 1, "eth0", false);
	world_offer(w, 1, true);
	world_settle(w);
	run(w, peer);
	assert_int_equal(count_lines(peer->text, "add xroute "), 1);
	assert_int_equal(count_lines(peer->text, "change interface "), 0);
	peer_free(peer);
	world_free(w);
}

static void
effects_come_before_the_answer(void **state)
{
	struct world *w = small_world();
	struct peer *peer = peer_new(w, true);

	(void)state;
	ask(w, peer, "monitor xroute\n");
	local_on_command(w->local, update_command, w);
	assert_string_equal(ask(w, peer, "do it\n"),
	    "add xroute fd01::1/128-::/0 prefix fd01::1/128 from ::/0"
	    " metric 0\nok\n");
	peer_free(peer);
	world_free(w);
}

/* The configuration without what is on eth0, as by "flush interface". */
static enum local_reply
configure_command(void *ctx, const char *line,
    struct configuration_report *report)
{
	struct world *w = ctx;
	struct configuration *old = w->conf;

	(void)line;
	(void)report;
	w->conf = world_configuration("interface eth1\n");
	babel_configure(w->babel, w->now, w->conf);
	configuration_free(old);
	return LOCAL_OK;
}

/* The last of the lines that begin so: its place in the text. */
static long
place_of_last(const char *text, const char *beginning)
{
	const char *line = text;
	long place = -1;

	while (line != NULL) {
		line += line != text;
		if (strncmp(line, beginning, strlen(beginning)) == 0)
			place = line - text;
		line = strchr(line, '\n');
	}
	return place;
}

static void
an_interface_goes_with_the_last_that_is_on_it(void **state)
{
	struct world *w = small_world();
	struct peer *peer = peer_new(w, true);
	const char *text;
	long route, neighbour, interface;

	(void)state;
	world_update(w, 1, 2, 1, 0);
	world_settle(w);
	ask(w, peer, "monitor\n");
	local_on_command(w->local, configure_command, w);
	text = ask(w, peer, "flush interface eth0\n");
	route = place_of_last(text, "flush route ");
	neighbour = place_of_last(text, "flush neighbour ");
	interface = place_of_last(text, "flush interface ");
	assert_ptr_equal(strstr(text, "flush interface "), text + interface);
	assert_in_range(route, 0, neighbour);
	assert_in_range(neighbour, 1, interface);
	assert_in_range(interface, 1, place_of_last(text, "ok"));
	peer_free(peer);
	world_free(w);
}

/* An address comes and goes, and one monitor reads of both. */
static void
flap_told(struct world *w, uint32_t number, struct peer *quick)
{
	int i;

	for (i = 0; i < 2; i++) {
		w->now += 100 * MILLISECOND;
		world_offer(w, number, i == 0);
		world_turn(w, false);
	}
	quick->len = 0;
	peer_read(quick);
}

static void
a_laggard_is_told_and_dropped(void **state)
{
	struct world *w = small_world();
	struct peer *slow = peer_new(w, false), *quick = peer_new(w, false);
	int size = 4096, i;

	(void)state;
	setsockopt(slow->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	ask(w, quick, "monitor\n");
	ask(w, slow, "monitor\n");
	w->local->lag = 1000;
	for (i = 0; i < 5000 && w->local->counters[LOCAL_DROPPED] == 0;
	    i++) {
		flap_told(w, (uint32_t)i, quick);
		assert_true(w->local->journal.count < 1300);
	}
	assert_false(quick->ended);
	assert_int_equal(w->local->counters[LOCAL_DROPPED], 1);
	slow->len = 0;
	run(w, slow);
	assert_true(slow->ended);
	assert_non_null(strstr(slow->text, "\nno Too slow"));
	peer_free(slow);
	peer_free(quick);
	world_free(w);
}

/* So many come and go before the local socket has its turn. */
static void
flap_untold(struct world *w, uint32_t count, struct peer *quick)
{
	while (count-- > 0) {
		world_offer(w, count, true);
		world_offer(w, count, false);
	}
	w->now += 100 * MILLISECOND;
	world_turn(w, false);
	quick->len = 0;
	peer_read(quick);
}

/* However much one monitor has made us remember: once it is dropped, that
 * is forgotten at once, but in portions, and faster than more comes. */
static void
much_is_forgotten_in_portions(void **state)
{
	struct world *w = small_world();
	struct peer *slow = peer_new(w, false), *quick = peer_new(w, false);
	const size_t *count = &w->local->journal.count;
	size_t before;
	int size = 4096, i;

	(void)state;
	setsockopt(slow->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	ask(w, quick, "monitor\n");
	ask(w, slow, "monitor\n");
	for (i = 0; i < 5000 && *count < 100; i++)
		flap_told(w, (uint32_t)i, quick);
	while (*count < 20000)
		flap_untold(w, 100, quick);
	w->local->lag = 1000;
	flap_untold(w, 100, quick);
	assert_int_equal(w->local->counters[LOCAL_DROPPED], 1);
	while ((before = *count) > 3000) {
		assert_int_equal(local_due(w->local, w->now), w->now);
		flap_untold(w, 100, quick);
		assert_in_range(*count, before - 3000, before - 1);
	}
	assert_false(quick->ended);
	assert_int_equal(w->local->counters[LOCAL_DROPPED], 1);
	peer_free(slow);
	peer_free(quick);
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(model_is_strict),
		cmocka_unit_test(monitors_keep_up),
		cmocka_unit_test(changes_are_merged),
		cmocka_unit_test(another_monitor_replaces_the_one_before),
		cmocka_unit_test(effects_come_before_the_answer),
		cmocka_unit_test(an_interface_goes_with_the_last_that_is_on_it),
		cmocka_unit_test(the_end_of_a_large_table_is_told),
		cmocka_unit_test(a_laggard_is_told_and_dropped),
		cmocka_unit_test(much_is_forgotten_in_portions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
