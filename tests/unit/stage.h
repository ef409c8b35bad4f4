/*
 * stage.h - the scene on which many tests of the engine begin.
 */
#ifndef STAGE_H
#define STAGE_H

#include "world.h"

/* P6 from a talker at e1, with seqno 10 and metric 0, passed on to one at
 * e2. */
struct stage {
	struct world *w;
	struct talker *a, *b;
};

static inline struct stage
stage_new(const char *text)
{
	struct stage s = { .w = world_new(text) };

	s.a = talker_met(s.w, 1);
	s.b = talker_met(s.w, 2);
	talker_tell(s.a, P6, ID_A, DISTANCE(10, 0));
	world_pass(s.w, SECOND);
	assert_true(is_selected(s.w, P6, s.a));
	world_clear(s.w);
	return s;
}

/* A prefix of its own for each number; the text is good until the next. */
static inline const char *
prefix_number(unsigned int number)
{
	static char text[PREFIX_STRLEN];

	snprintf(text, sizeof(text), "2001:db8:1000:%x::/64", number);
	return text;
}

#endif
