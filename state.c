/*
 * state.c - when the state file is written.
 *
 * The seqno in the file is always ahead of the current one, by a block, so that
 * a crash loses nothing and flash memory is spared.  Packets wait while the
 * file is written, and others can make our seqno rise (RFC 8966, section
 * 3.8.1.2), so blocks that are used up quickly grow.
 */
#include "state.h"

#include <string.h>

#include "prefix.h"
#include "system.h"
#include "util.h"

#define BLOCK_MIN	64
#define BLOCK_MAX	4096
#define BLOCK_TIME	MINUTE		/* that a block should last */
#define RETRY_PAUSE	(10 * SECOND)

/* Report a failure once. */
static int
fail(struct state_file *file, const char *error)
{
	if (strcmp(file->failure, error) == 0)
		return 0;
	strlcpy(file->failure, error, sizeof(file->failure));
	return -1;
}

int
state_open(struct state_file *file, const char *path,
    char error[SYSTEM_ERROR_SIZE])
{
	memset(file, 0, sizeof(*file));
	if (path == NULL)
		return 0;
	strlcpy(file->path, path, sizeof(file->path));
	if (system_state_read(path, &file->stored, error) < 0)
		return fail(file, error);
	return 0;
}

static bool
has_new_id(const struct state_file *file, const struct system_state *current)
{
	return current->has_id && (!file->stored.has_id ||
	    router_id_compare(&current->id, &file->stored.id) != 0);
}

static int
write_file(struct state_file *file, const struct system_state *current,
    uint16_t reserved, char error[SYSTEM_ERROR_SIZE])
{
	struct system_state new = file->stored;

	new.has_seqno = true;
	new.seqno = seqno_plus(current->seqno, reserved);
	if (has_new_id(file, current)) {
		new.has_id = true;
		new.id = current->id;
	}
	if (system_state_write(file->path, &new, error) < 0)
		return -1;
	file->stored = new;
	return 0;
}

static uint16_t
next_block(const struct state_file *file, babel_time now)
{
	int block = file->written != 0 && now - file->written < BLOCK_TIME ?
	    2 * file->block : file->block / 2;

	return (uint16_t)(block < BLOCK_MIN ? BLOCK_MIN :
	    block > BLOCK_MAX ? BLOCK_MAX : block);
}

int
state_keep(struct state_file *file, const struct system_state *current,
    babel_time now, char error[SYSTEM_ERROR_SIZE])
{
	bool is_used_up = !file->stored.has_seqno ||
	    seqno_less(file->stored.seqno, current->seqno);
	uint16_t block = file->block;

	if (file->path[0] == '\0' || now < file->retry ||
	    (!is_used_up && !has_new_id(file, current)))
		return 0;
	if (is_used_up)
		block = next_block(file, now);
	if (write_file(file, current, block, error) < 0) {
		file->retry = now + RETRY_PAUSE;
		return fail(file, error);
	}
	file->failure[0] = '\0';
	file->block = block;
	file->written = now;
	file->retry = 0;
	return 0;
}

int
state_close(struct state_file *file, const struct system_state *current,
    char error[SYSTEM_ERROR_SIZE])
{
	return file->path[0] == '\0' ? 0 : write_file(file, current, 0, error);
}
