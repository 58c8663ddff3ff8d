/* SPDX-License-Identifier: MIT */
/* header_name: which header names an admin may use. */
#include "header_name.h"

#include <stddef.h>
#include <strings.h>

#include "bellhop/bug.h"

static const char *const owned[] = {
	"Host",
	"Content-Length",
	"Content-Type",
	"Content-Encoding",
	"Accept-Encoding",
	"Transfer-Encoding",
	"TE",
	"Trailer",
	"Connection",
	"Keep-Alive",
	"Upgrade",
	"Expect",
	"Authorization",
	"Cookie",
	"X-HTTP-Method",
	"X-HTTP-Method-Override",
	"X-Method-Override",
};

#define OWNED_PREFIX "Proxy-"

/* Letters, digits and the marks of a token. */
static const bool token[256] = {
	['a' ... 'z'] = true,
	['A' ... 'Z'] = true,
	['0' ... '9'] = true,
	['!'] = true,
	['#'] = true,
	['$'] = true,
	['%'] = true,
	['&'] = true,
	['\''] = true,
	['*'] = true,
	['+'] = true,
	['-'] = true,
	['.'] = true,
	['^'] = true,
	['_'] = true,
	['`'] = true,
	['|'] = true,
	['~'] = true,
};

bool header_name_is_token(struct span name)
{
	for (size_t i = 0; i < name.len; i++)
		if (!token[(unsigned char)name.data[i]])
			return false;
	return name.len > 0;
}

bool header_name_equals(struct span name, const char *other)
{
	return name.len == strlen(other) && strncasecmp(name.data, other, name.len) == 0;
}

bool header_name_is_owned(struct span name)
{
	size_t prefix = strlen(OWNED_PREFIX);

	for (size_t i = 0; i < ARRAY_SIZE(owned); i++)
		if (header_name_equals(name, owned[i]))
			return true;
	return name.len >= prefix && strncasecmp(name.data, OWNED_PREFIX, prefix) == 0;
}
