/* SPDX-License-Identifier: MIT */
/* ecma_property: \p{…}, whose general categories have long names in ECMA-262 and short ones alone in pcre2. */
#include "ecma_escape.h"

#include <ctype.h>
#include <string.h>

#include "bellhop/bug.h"

struct category {
	const char *name;
	const char *known_as;
};

/* Names that pcre2 knows as they are, scripts and binary properties among them, are not listed. */
static const struct category categories[] = {
	{"LC", "L&"},
	{"Cased_Letter", "L&"},
	{"Letter", "L"},
	{"Uppercase_Letter", "Lu"},
	{"Lowercase_Letter", "Ll"},
	{"Titlecase_Letter", "Lt"},
	{"Modifier_Letter", "Lm"},
	{"Other_Letter", "Lo"},
	{"Mark", "M"},
	{"Combining_Mark", "M"},
	{"Nonspacing_Mark", "Mn"},
	{"Spacing_Mark", "Mc"},
	{"Enclosing_Mark", "Me"},
	{"Number", "N"},
	{"Decimal_Number", "Nd"},
	{"digit", "Nd"},
	{"Letter_Number", "Nl"},
	{"Other_Number", "No"},
	{"Punctuation", "P"},
	{"punct", "P"},
	{"Connector_Punctuation", "Pc"},
	{"Dash_Punctuation", "Pd"},
	{"Open_Punctuation", "Ps"},
	{"Close_Punctuation", "Pe"},
	{"Initial_Punctuation", "Pi"},
	{"Final_Punctuation", "Pf"},
	{"Other_Punctuation", "Po"},
	{"Symbol", "S"},
	{"Math_Symbol", "Sm"},
	{"Currency_Symbol", "Sc"},
	{"Modifier_Symbol", "Sk"},
	{"Other_Symbol", "So"},
	{"Separator", "Z"},
	{"Space_Separator", "Zs"},
	{"Line_Separator", "Zl"},
	{"Paragraph_Separator", "Zp"},
	{"Other", "C"},
	{"Control", "Cc"},
	{"cntrl", "Cc"},
	{"Format", "Cf"},
	{"Surrogate", "Cs"},
	{"Private_Use", "Co"},
	{"Unassigned", "Cn"},
};

static struct span without_prefix(struct span name)
{
	static const char *const prefixes[] = {"General_Category=", "gc="};

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		size_t len = strlen(prefixes[i]);

		if (name.len > len && memcmp(name.data, prefixes[i], len) == 0)
			return (struct span){name.data + len, name.len - len};
	}
	return name;
}

/* `name` is what stands in the braces, `letter` the p or P before them. */
static void write_known(struct ecma *ecma, struct span name, char letter)
{
	struct span plain = without_prefix(name);

	for (size_t i = 0; i < ARRAY_SIZE(categories); i++)
		if (span_is(plain, categories[i].name)) {
			buf_printf(ecma->out, "\\%c{%s}", letter, categories[i].known_as);
			return;
		}
	/* What is assigned is what is not unassigned. */
	if (span_is(name, "Assigned"))
		buf_printf(ecma->out, "\\%c{Cn}", letter == 'p' ? 'P' : 'p');
	else
		buf_printf(ecma->out, "\\%c{%.*s}", letter, (int)plain.len, plain.data);
}

void ecma_write_property(struct ecma *ecma)
{
	const char *from = ecma->text.data + ecma->at;
	size_t most = ecma->text.len - ecma->at, len = 3;

	while (len < most &&
		(isalnum((unsigned char)from[len]) || from[len] == '_' || from[len] == '='))
		len++;
	if (len == 3 || len >= most || from[2] != '{' || from[len] != '}') {
		ecma_refuse(ecma, ecma->at, len + 1, ECMA_NO_ESCAPE);
		return;
	}
	write_known(ecma, (struct span){from + 3, len - 3}, from[1]);
	ecma->at += len + 1;
}
