/*
 * ctl/top.h - "top": the picture, and the latest changes.
 */
#ifndef CTL_TOP_H
#define CTL_TOP_H

#include <time.h>

#include "ctl/screen.h"
#include "ctl/view.h"

#define NEWS_MAX	64
#define NEWS_TEXT	200
#define WAY_TEXT	112

/* Something that happened; many routes at once make one line. */
struct news {
	struct timespec when;		/* on the clock */
	enum style style;
	unsigned int routes;		/* how many it is about; 0: none */
	char way[WAY_TEXT];		/* where these routes lead */
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
	/* Destinations that have lost a route: shown only if they have no other
	 * route when the next picture is drawn. */
	char lost[NEWS_MAX][PREFIX_MAX];
	unsigned int lost_count, lost_more;
};

/* Describe a change for people. */
void	news_of_change(struct top *, const struct change *);
void	news_add(struct top *, enum style, const char *format, ...)
	    __attribute__((format(printf, 3, 4)));
/* CLOCK_MONOTONIC in ms, because news are shown for a while. */
long long news_now(void);
/* Add news of lost routes.  To be called once all changes are known. */
void	news_settle(struct top *);

/* Draw everything into the screen.  now: CLOCK_MONOTONIC in ms. */
void	frame_draw(struct top *, long long now);

#endif
