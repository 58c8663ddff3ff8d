/* SPDX-License-Identifier: MIT */
/* new_file: files that are written whole or not at all; private to key_file.c. */
#ifndef COMMON_NEW_FILE_H
#define COMMON_NEW_FILE_H

#include <stddef.h>
#include <sys/stat.h>

struct new_file {
	const char *path;
	mode_t mode;
	const struct stat *owner; /* whose user and group the file gets; NULL: the caller's */
};

struct part {
	const char *text;
	size_t len;
};

/* Writes a file that must not exist; on failure there is none. 0, or -1 with errno (EEXIST: it is there). */
int new_file_write(const struct new_file *file, const struct part *parts, size_t count);
/* Writes PATH.new and renames it to PATH. The caller sees to it that nobody else does so at the same time. */
int new_file_replace(const struct new_file *file, const struct part *parts, size_t count);

#endif
