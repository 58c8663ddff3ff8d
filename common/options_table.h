/* SPDX-License-Identifier: MIT */
/* options_table: one row an option; private to options*.c. */
#ifndef COMMON_OPTIONS_TABLE_H
#define COMMON_OPTIONS_TABLE_H

#include "bellhop/options.h"

struct option {
	const char *name;
	const char *value;    /* how --help calls it; NULL: a flag, for the command line alone */
	const char *fallback; /* read as if it were given; NULL: none */
	const char *shown;    /* what --help says instead of the fallback; NULL: the fallback */
	unsigned programs;    /* enum options_for */
	bool (*read)(const struct option *option, void *field, const char *text);
	size_t offset;
	uint32_t min, max; /* of a number */
	const char *takes; /* what a value must be; NULL: a whole number from min to max */
	const char *help;
};

extern const struct option options_table[];
extern const size_t options_table_count;
#define OPTIONS_TABLE_MAX 64 /* for arrays beside it */

/* What reads a value. False: it is not what the option takes, and the field is as it was. */
bool option_read_u32(const struct option *option, void *field, const char *text);
bool option_read_bytes(const struct option *option, void *field, const char *text);
bool option_read_text(const struct option *option, void *field, const char *text);
bool option_read_name(const struct option *option, void *field, const char *text);
bool option_read_flag(const struct option *option, void *field, const char *text);
bool option_read_rate(const struct option *option, void *field, const char *text);
bool option_read_origins(const struct option *option, void *field, const char *text);
bool option_read_queues(const struct option *option, void *field, const char *text);
bool option_read_listen(const struct option *option, void *field, const char *text);
bool option_read_level(const struct option *option, void *field, const char *text);
bool option_read_format(const struct option *option, void *field, const char *text);

#endif
