/*
 * ctl/terminal.c - taking over the terminal, and giving it back.
 *
 * Signals are blocked and read from a descriptor, so that none comes at an
 * unforeseen moment.
 */
#include "ctl/terminal.h"

#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define TAKE	"\x1b[?1049h\x1b[?25l\x1b[2J"
#define GIVE	"\x1b[0m\x1b[?25h\x1b[?1049l"

static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP,
	SIGWINCH };
#define SIGNALS	(sizeof(signals) / sizeof(signals[0]))

bool
terminal_is_usable(void)
{
	const char *kind = getenv("TERM");

	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) &&
	    kind != NULL && strcmp(kind, "dumb") != 0;
}

bool
terminal_has_utf8(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

bool
terminal_has_colours(void)
{
	const char *no = getenv("NO_COLOR");

	return no == NULL || *no == '\0';
}

void
terminal_size(int *rows, int *columns)
{
	struct winsize size;

	*rows = 24;
	*columns = 80;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 &&
	    size.ws_row > 0 && size.ws_col > 0) {
		*rows = size.ws_row < 512 ? size.ws_row : 512;
		*columns = size.ws_col < 512 ? size.ws_col : 512;
	}
}

/* Keys at once and without echo, and the other screen. */
static int
enter(struct terminal *t)
{
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, &t->before) < 0)
		return -1;
	raw = t->before;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	if (tcsetattr(STDIN_FILENO, TCSANOW, &raw) < 0)
		return -1;
	t->taken = true;
	fputs(TAKE, stdout);
	fflush(stdout);
	return 0;
}

int
terminal_take(struct terminal *t)
{
	sigset_t ours;
	size_t i;

	sigemptyset(&ours);
	for (i = 0; i < SIGNALS; i++)
		sigaddset(&ours, signals[i]);
	(void)sigprocmask(SIG_BLOCK, &ours, &t->mask);
	t->signals = signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK);
	return t->signals < 0 ? -1 : enter(t);
}

void
terminal_give_back(struct terminal *t)
{
	if (!t->taken)
		return;
	fputs(GIVE, stdout);
	fflush(stdout);
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &t->before);
	t->taken = false;
}

void
terminal_stop(struct terminal *t)
{
	terminal_give_back(t);
	(void)raise(SIGSTOP);
	(void)enter(t);
}

void
terminal_end_by(struct terminal *t, int number)
{
	terminal_give_back(t);
	(void)raise(number);
	(void)sigprocmask(SIG_SETMASK, &t->mask, NULL);
}

struct terminal_wishes
terminal_wishes(const struct terminal *t)
{
	struct terminal_wishes wishes = { 0, false, false };
	struct signalfd_siginfo info;

	while (read(t->signals, &info, sizeof(info)) ==
	    (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGWINCH)
			wishes.resize = true;
		else if (info.ssi_signo == SIGTSTP)
			wishes.stop = true;
		else
			wishes.end = (int)info.ssi_signo;
	}
	return wishes;
}
