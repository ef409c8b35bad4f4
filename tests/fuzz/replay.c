/*
 * replay.c - main() of a fuzz target that is built without a fuzzer: each
 * file given, and each file of each directory given, is one input.  With
 * a sanitiser this is a regression test of all that was ever found.
 */
#include <sys/types.h>

#include <err.h>
#include <fts.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
replay(const char *path, size_t size)
{
	uint8_t *input = malloc(size > 0 ? size : 1);
	FILE *file = fopen(path, "rb");

	if (file == NULL)
		err(1, "%s", path);
	if (input == NULL || fread(input, 1, size, file) != size)
		errx(1, "%s: cannot be read", path);
	fclose(file);
	LLVMFuzzerTestOneInput(input, size);
	free(input);
}

int
main(int argc, char *argv[])
{
	unsigned int replayed = 0;
	FTSENT *entry;
	FTS *tree;

	if (argc < 2)
		errx(1, "usage: %s file-or-directory ...", argv[0]);
	tree = fts_open(argv + 1, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	if (tree == NULL)
		err(1, "%s", argv[1]);
	while ((entry = fts_read(tree)) != NULL) {
		if (entry->fts_info == FTS_NS || entry->fts_info == FTS_DNR)
			errx(1, "%s: cannot be read", entry->fts_path);
		if (entry->fts_info != FTS_F)
			continue;
		replay(entry->fts_path, (size_t)entry->fts_statp->st_size);
		replayed++;
	}
	fts_close(tree);
	printf("%u passed, 0 failed\n", replayed);
	return replayed > 0 ? 0 : 1;
}
