/* SPDX-License-Identifier: MIT */
/* own_memory: how often something stands in this process's memory. */
#include "own_memory.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../unit.h"

/* In one mapping; the buffer holds each part while it is looked through, and the next begins where none of it could have begun. */
static int count_in(
	int memory, unsigned long from, unsigned long to, bool (*is_at)(const char *), size_t len)
{
	static char part[65536];
	int count = 0;

	while (to - from >= len) {
		size_t want = to - from < sizeof(part) ? to - from : sizeof(part);
		ssize_t got = pread(memory, part, want, (off_t)from);

		if (got < (ssize_t)len)
			break;
		for (ssize_t i = 0; i + (ssize_t)len <= got; i++)
			count += is_at(part + i);
		explicit_bzero(part, (size_t)got);
		from += (size_t)got - len + 1;
	}
	return count;
}

int own_memory_count(bool (*is_at)(const char *text), size_t len)
{
	static char line[512];
	FILE *maps = fopen("/proc/self/maps", "r");
	int memory = open("/proc/self/mem", O_RDONLY), count = 0;
	unsigned long from, to;
	char access[5];

	assert_non_null(maps);
	assert_true(memory >= 0);
	while (fgets(line, sizeof(line), maps)) {
		/* Sanitizers map terabytes of shadow. */
		if (sscanf(line, "%lx-%lx %4s", &from, &to, access) == 3 && access[1] == 'w' &&
			to - from < 1UL << 30)
			count += count_in(memory, from, to, is_at, len);
	}
	fclose(maps);
	close(memory);
	return count;
}
