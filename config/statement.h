/*
 * config/statement.h - a line of the configuration as it is being read: its
 * words one by one, and messages about them.
 */
#ifndef CONFIG_STATEMENT_H
#define CONFIG_STATEMENT_H

#include "configuration.h"
#include "token.h"

/* A text that is being read. */
struct statement {
	struct configuration *conf;	/* what it changes */
	/* For the local socket: the layer below it, or NULL. */
	struct configuration *files;
	const struct configuration_source *source;
	struct configuration_report *report;
	struct token_reader reader;
	struct token word;		/* the last one read */
	bool is_secret;			/* the line holds a key */
};

/*
 * All reading functions return 0, or -1 with an error reported at the word that
 * is wrong.
 */

/* The next word, or the end of the line, into s->word. */
int	statement_next(struct statement *);
/* The next word or string; an error if there is none. */
int	statement_need_word(struct statement *, const char *expected);
int	statement_need_string(struct statement *, const char *expected);
int	statement_need_end(struct statement *);
int	statement_need_number(struct statement *, int64_t min, int64_t max,
	    int64_t *);

/* Report an error at the word just read: always -1. */
int	statement_expected(struct statement *, const char *what);
int	statement_error(struct statement *, const struct token *at,
	    const char *format, ...) __attribute__((format(printf, 3, 4)));
int	statement_no_memory(struct statement *);
/* The line is understood but cannot be carried out: always -1. */
int	statement_refuse(struct statement *, const char *why);
/* Warn if the word just read is a name or pattern that no interface can
 * match. */
void	statement_check_name(struct statement *);
void	statement_warn(struct statement *, const struct token *at,
	    const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
