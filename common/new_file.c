/* SPDX-License-Identifier: MIT */
/* new_file: writes a file whole, synced and under its name, or leaves nothing. */
#include "new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"

static int write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t wrote = write(fd, text, len);
		if (wrote < 0 && errno != EINTR)
			return -1;
		if (wrote > 0) {
			text += wrote;
			len -= (size_t)wrote;
		}
	}
	return 0;
}

/* Makes the directory remember a name. Not every file system can: then the file is no worse off than any other. */
static void sync_directory(const char *path)
{
	char *copy = xstrdup(path);
	int directory = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory >= 0) {
		(void)fsync(directory);
		close(directory);
	}
	free(copy);
}

static int fill(int fd, const struct new_file *file, const struct part *parts, size_t count)
{
	const struct stat *owner = file->owner;
	if (owner && (owner->st_uid != geteuid() || owner->st_gid != getegid()) &&
		fchown(fd, owner->st_uid, owner->st_gid) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (write_all(fd, parts[i].text, parts[i].len) < 0)
			return -1;
	return fsync(fd);
}

int new_file_write(const struct new_file *file, const struct part *parts, size_t count)
{
	int fd = open(file->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, file->mode);
	if (fd < 0)
		return -1;
	int result = fill(fd, file, parts, count);
	int cause = errno;
	if (close(fd) < 0 && result == 0) {
		cause = errno;
		result = -1;
	}
	if (result < 0)
		unlink(file->path);
	else
		sync_directory(file->path);
	errno = cause;
	return result;
}

int new_file_replace(const struct new_file *file, const struct part *parts, size_t count)
{
	struct new_file temporary = *file;
	char *path;
	if (asprintf(&path, "%s.new", file->path) < 0)
		BUG("no memory for a path");
	temporary.path = path;
	unlink(path); /* what one that was cut off left; where there is none, nothing is lost */
	int result = new_file_write(&temporary, parts, count);
	int cause = errno;
	if (result == 0 && rename(path, file->path) < 0) {
		cause = errno;
		result = -1;
		unlink(path);
	}
	if (result == 0)
		sync_directory(file->path);
	free(path);
	errno = cause;
	return result;
}
