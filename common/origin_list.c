/* SPDX-License-Identifier: MIT */
/* origin_list: origins as an option gives them, separated by commas. */
#include "bellhop/url.h"

#include <stdlib.h>

#include "bellhop/alloc.h"

static struct span trim(const char *from, const char *to)
{
	while (from < to && *from == ' ')
		from++;
	while (to > from && to[-1] == ' ')
		to--;
	return (struct span){from, (size_t)(to - from)};
}

static int add_origin(struct origin_list *list, struct span text, const char **reason)
{
	struct url url;

	if (url_parse(&url, text, reason) != 0)
		return -1;
	if (url.path[0] != '\0') {
		url_release(&url);
		*reason = "has a path where only an origin may stand";
		return -1;
	}
	list->origins = xrealloc(list->origins, (list->count + 1) * sizeof(*list->origins));
	list->origins[list->count++] = xstrdup(url.origin);
	url_release(&url);
	return 0;
}

int origin_list_parse(struct origin_list *list, const char *text, const char **reason)
{
	struct origin_list made = {0};

	if (trim(text, text + strlen(text)).len > 0) {
		for (const char *from = text; from != NULL;) {
			const char *comma = strchr(from, ',');
			const char *to = comma == NULL ? from + strlen(from) : comma;

			if (add_origin(&made, trim(from, to), reason) != 0) {
				origin_list_release(&made);
				return -1;
			}
			from = comma == NULL ? NULL : comma + 1;
		}
	}
	*list = made;
	return 0;
}

bool origin_list_has(const struct origin_list *list, const char *origin)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->origins[i], origin) == 0)
			return true;
	return false;
}

void origin_list_release(struct origin_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->origins[i]);
	free(list->origins);
	*list = (struct origin_list){0};
}
