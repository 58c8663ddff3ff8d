/* SPDX-License-Identifier: MIT */
/* input: reads files and standard input, and no more of them than there is room for. */
#include "cli/input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define CHUNK_BYTES (64 * 1024)

bool input_is_standard(const char *path)
{
	return strcmp(path, "-") == 0;
}

static int read_into(struct buf *text, int file)
{
	while (text->len < text->max) {
		size_t room = text->max - text->len;
		size_t size = room < CHUNK_BYTES ? room : CHUNK_BYTES;
		ssize_t got = read(file, buf_reserve(text, size), size);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return (int)got;
		buf_commit(text, (size_t)got);
	}
	return 0;
}

int input_read(struct buf *text, const char *path, struct error *error)
{
	bool standard = input_is_standard(path);
	int file = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	int result = file < 0 ? -1 : read_into(text, file);
	if (result < 0)
		error_set(error, ERROR_INTERNAL, "cannot read %s: %s",
			standard ? "standard input" : path, strerror(errno));
	if (file >= 0 && !standard)
		close(file);
	return result;
}
