/*
 * ctl/terminal.h - taking over the terminal, and giving it back.
 */
#ifndef CTL_TERMINAL_H
#define CTL_TERMINAL_H

#include <signal.h>
#include <stdbool.h>
#include <termios.h>

struct terminal {
	struct termios before;
	sigset_t mask;			/* of signals, before */
	int signals;			/* a descriptor to wait for */
	bool taken;
};

/* The wishes of signals that came; each is returned once. */
struct terminal_wishes {
	int end;			/* the signal to end by, or 0 */
	bool resize, stop;
};

/* Is there a terminal that can show a picture? */
bool	terminal_is_usable(void);
/* Take over the terminal: another screen, no cursor, keys at once, signals as
 * input.  -1 with errno. */
int	terminal_take(struct terminal *);
void	terminal_give_back(struct terminal *);
/* Stop, as on ^Z, and continue later. */
void	terminal_stop(struct terminal *);
/* Terminate by that signal, as if it had not been caught. */
void	terminal_end_by(struct terminal *, int number);
struct terminal_wishes terminal_wishes(const struct terminal *);
void	terminal_size(int *rows, int *columns);
/* Does the terminal show UTF-8, and colours? */
bool	terminal_has_utf8(void);
bool	terminal_has_colours(void);

#endif
