/* SPDX-License-Identifier: MIT */
/* redis_trouble: what an error of Redis's means for a worker, and what its operator is to do about it. */
#include "io/redis_trouble.h"

#include <ctype.h>
#include <string.h>

#include "bellhop/bug.h"

#define RIGHTS "give its user the rights that README lists under Operations (ACL)"
#define WAITS  "nothing: work goes on when it is ready"

/* The first that is seen in an error is it. */
static const struct redis_trouble rows[] = {
	{"NOAUTH", "NOAUTH", "give its password: BELLHOP_REDIS_PASSWORD_FILE", true, false},
	{"WRONGPASS", "WRONGPASS",
		"user or password is wrong: check BELLHOP_REDIS_URL and "
		"BELLHOP_REDIS_PASSWORD_FILE",
		true, false},
	{"NOPERM", "NOPERM", RIGHTS, true, false},
	{"NOPERM", "The user executing the script", RIGHTS, true, false},
	{"NOPERM", "ACL failure in script", RIGHTS, true, false},
	{"DENIED", "DENIED ", "it is in protected mode: give it a password, or bind it", true,
		false},
	{"NODB", "DB index", "it has no such database: check the number in BELLHOP_REDIS_URL", true,
		false},
	{"READONLY", "READONLY",
		"it is a replica: BELLHOP_REDIS_URL has to lead to the master; after a failover "
		"wait, or move the name",
		false, true},
	{"MASTERDOWN", "MASTERDOWN",
		"it is a replica that lost its master: BELLHOP_REDIS_URL has to lead to the master",
		false, true},
	{"NOSCRIPT", "NOSCRIPT",
		"it does not keep scripts: its user needs the right to SCRIPT LOAD", true, false},
	{"LOADING", "LOADING", WAITS, false, false},
	{"CLUSTERDOWN", "CLUSTERDOWN",
		"nobody serves the slot of this shard: see CLUSTER INFO at its nodes", false, true},
	{"MOVED", "MOVED ",
		"another node has the slot of this shard: BELLHOP_REDIS_URL has to lead to it",
		false, true},
	{"OOM", "OOM ", "it is full: raise maxmemory, or find out what fills it", false, false},
	{"MISCONF", "MISCONF",
		"it cannot save and takes no writes: see its log, mostly its disk is full", false,
		false},
	{"NOREPLICAS", "NOREPLICAS",
		"it has too few replicas to take writes (min-replicas-to-write)", false, false},
	{"BUSY", "BUSY ", "somebody's script runs long: SCRIPT KILL ends it", false, false},
	{"WRONGTYPE", "WRONGTYPE",
		"a key of Bellhop's is of another type: see who wrote it, and remove it", false,
		false},
	{"MAXCLIENTS", "max number of clients", "raise its maxclients", false, false},
	{"other", "", "see Redis's log", false, false},
};

static unsigned long counts[ARRAY_SIZE(rows)];
_Static_assert(ARRAY_SIZE(rows) <= REDIS_TROUBLES, "one for each");

/* Errors begin with a word in capitals; what a connection fails with does not. */
static bool is_an_error(const char *text)
{
	size_t len = 0;

	while (isupper((unsigned char)text[len]))
		len++;
	return len >= 3 && (text[len] == ' ' || text[len] == '\0');
}

const struct redis_trouble *redis_trouble_of(const char *error)
{
	if (!is_an_error(error))
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (strstr(error, rows[i].seen) != NULL)
			return &rows[i];
	}
	BUG("no row for %s", error);
}

const struct redis_trouble *redis_trouble_other(void)
{
	return &rows[ARRAY_SIZE(rows) - 1];
}

size_t redis_trouble_index(const struct redis_trouble *trouble)
{
	size_t first = 0;

	while (strcmp(rows[first].name, trouble->name) != 0)
		first++;
	return first;
}

void redis_trouble_count(const struct redis_trouble *trouble)
{
	counts[redis_trouble_index(trouble)]++;
}

bool redis_trouble_row(size_t row, const char **name, unsigned long *count)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (i > 0 && strcmp(rows[i].name, rows[i - 1].name) == 0)
			continue;
		if (row-- > 0)
			continue;
		*name = rows[i].name;
		*count = counts[i];
		return true;
	}
	return false;
}
