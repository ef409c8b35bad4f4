/*
 * ctl/top.h - "top": what is shown, and what has happened of late.
 */
#ifndef CTL_TOP_H
#define CTL_TOP_H

#include <time.h>

#include "ctl/screen.h"
#include "ctl/view.h"

#define NEWS_MAX	64
#define NEWS_TEXT	200
#define WAY_TEXT	112

/* Something that happened; of many routes at once a line is made. */
struct news {
	struct timespec when;		/* on the clock */
	enum style style;
	unsigned int routes;		/* how many it is about; 0: none */
	char way[WAY_TEXT];		/* of these: where they lead */
	char text[NEWS_TEXT];
};

struct top {
	const char *socket;
	struct connection *connection;
	bool connected, loaded;		/* the first dump has come */
	struct view view;
	struct screen screen;
	struct news news[NEWS_MAX];	/* a ring */
	unsigned int news_count;	/* ever */
	/* Destinations that have lost a route: told only if there is no
	 * other by the time of the next picture. */
	char lost[NEWS_MAX][PREFIX_MAX];
	unsigned int lost_count, lost_more;
};

/* Tell what a change means for people. */
void	news_of_change(struct top *, const struct change *);
void	news_add(struct top *, enum style, const char *format, ...)
	    __attribute__((format(printf, 3, 4)));
/* CLOCK_MONOTONIC in ms: news are shown for a while. */
long long news_now(void);
/* Tell what was lost.  To be called once all changes are known. */
void	news_settle(struct top *);

/* Draw everything into the screen.  now: CLOCK_MONOTONIC in ms. */
void	frame_draw(struct top *, long long now);

#endif
