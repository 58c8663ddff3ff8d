/* SPDX-License-Identifier: MIT */
/* process: what Prometheus expects to be told of every process: its CPU time, memory, files, and when it started. */
#include "io/process.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define STAT_START \
	20 /* of the fields behind the name in /proc/self/stat, from 1: when it started, in ticks since boot */

static double seconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void add(struct buf *out, const char *name, const char *type, const char *help, double value)
{
	if (value >= 0)
		buf_printf(out, "# HELP process_%s %s\n# TYPE process_%s %s\nprocess_%s %.*f\n",
			name, help, name, type, name, value == (double)(int64_t)value ? 0 : 2,
			value);
}

/* Unix time; -1: not known. */
static double started_at(void)
{
	static double at = -1;
	char line[1024];
	FILE *file = at < 0 ? fopen("/proc/self/stat", "re") : NULL;

	if (file == NULL)
		return at;
	if (fgets(line, sizeof(line), file) != NULL) {
		/* The name in parentheses may hold anything. */
		char *field = strrchr(line, ')');
		unsigned long long ticks = 0;

		for (int i = 0; field != NULL && i < STAT_START; i++)
			field = strchr(field + 1, ' ');
		if (field != NULL && sscanf(field, "%llu", &ticks) == 1)
			at = seconds(CLOCK_REALTIME) - seconds(CLOCK_BOOTTIME) +
			     (double)ticks / (double)sysconf(_SC_CLK_TCK);
	}
	fclose(file);
	return at;
}

static void add_memory(struct buf *out)
{
	unsigned long long total, resident;
	FILE *file = fopen("/proc/self/statm", "re");
	double page = (double)sysconf(_SC_PAGESIZE);

	if (file == NULL)
		return;
	if (fscanf(file, "%llu %llu", &total, &resident) == 2) {
		add(out, "resident_memory_bytes", "gauge", "Resident memory size in bytes.",
			(double)resident * page);
		add(out, "virtual_memory_bytes", "gauge", "Virtual memory size in bytes.",
			(double)total * page);
	}
	fclose(file);
}

/* Without the one that looks; -1: not known. */
static double open_files(void)
{
	DIR *folder = opendir("/proc/self/fd");
	double count = -1;

	if (folder == NULL)
		return -1;
	for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder))
		count += entry->d_name[0] != '.';
	closedir(folder);
	return count;
}

void process_write(struct buf *out)
{
	struct rlimit files;

	add(out, "cpu_seconds_total", "counter", "Total user and system CPU time spent in seconds.",
		seconds(CLOCK_PROCESS_CPUTIME_ID));
	add_memory(out);
	add(out, "open_fds", "gauge", "Number of open file descriptors.", open_files());
	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur != RLIM_INFINITY)
		add(out, "max_fds", "gauge", "Maximum number of open file descriptors.",
			(double)files.rlim_cur);
	add(out, "start_time_seconds", "gauge",
		"Start time of the process since unix epoch in seconds.", started_at());
}
