/* SPDX-License-Identifier: MIT */
/*
 * pattern: a regular expression of ECMA-262, by way of pcre2.
 *
 * pcre2's own limit counts choices, anew for each place where a match may begin, and a choice may be a walk over the whole text:
 * no bound where text and pattern are both a stranger's. So pcre2 calls back before each item of the pattern, and what
 * happened since is charged there: the call, the way that was walked, and the way that may have been walked in vain.
 */
#include "pattern.h"

#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"
#include "ecma.h"

#define WRITTEN_MAX_BYTES (128 * PATTERN_MAX_BYTES) /* \S is a hundred bytes for one */
#define MESSAGE_BYTES	  128

/* An item costs so many times what a step over a character costs. */
#define UNITS_OF_ITEM 16
/* Where so many bytes of pattern, or groups, make a step dearer by one: long classes are gone through, groups copied. */
#define BYTES_OF_UNIT  64
#define GROUPS_OF_UNIT 8

#define MATCH_LIMIT 10000000
#define DEPTH_LIMIT 1000000
#define HEAP_KIB    (16 * 1024)

struct pattern {
	pcre2_code *code;
	char *text;
	uint64_t least; /* the most that a repeat asks for at least */
	uint64_t price; /* of a unit */
};

struct pattern_machine {
	pcre2_match_data *data;
	pcre2_match_context *context;
	const struct pattern *pattern; /* that is searched */
	struct pattern_work *work;
	size_t at; /* where the last item began */
};

static void *allocate(size_t bytes, void *unused)
{
	(void)unused; /* there is nothing to tell */
	return xmalloc(bytes);
}

static void give_back(void *memory, void *unused)
{
	(void)unused; /* there is nothing to tell */
	free(memory);
}

static pcre2_code *compile(const struct buf *written, struct buf *problem)
{
	pcre2_general_context *memory = pcre2_general_context_create(allocate, give_back, NULL);
	pcre2_compile_context *context = pcre2_compile_context_create(memory);
	unsigned char message[MESSAGE_BYTES];
	pcre2_code *code;
	size_t offset;
	int error;

	/* With CR LF as one line end, a search would step over it as one. */
	pcre2_set_newline(context, PCRE2_NEWLINE_LF);
	code = pcre2_compile((PCRE2_SPTR)written->data, written->len,
		PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_MATCH_UNSET_BACKREF | PCRE2_AUTO_CALLOUT,
		&error, &offset, context);
	if (code == NULL) {
		pcre2_get_error_message(error, message, sizeof(message));
		buf_printf(problem, "is no pattern: %s", (const char *)message);
	}
	pcre2_compile_context_free(context);
	pcre2_general_context_free(memory);
	return code;
}

struct pattern *pattern_make(
	struct span text, const struct buf *written, uint32_t least, struct buf *problem)
{
	pcre2_code *code = compile(written, problem);
	struct pattern *pattern;
	uint32_t groups;

	if (code == NULL)
		return NULL;
	pattern = xcalloc(1, sizeof(*pattern));

	pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &groups);
	pattern->code = code;
	pattern->text = xmemdup(text.data, text.len);
	pattern->least = least;
	pattern->price = 1 + text.len / BYTES_OF_UNIT + groups / GROUPS_OF_UNIT;
	return pattern;
}

struct pattern *pattern_compile(struct span text, struct buf *problem)
{
	struct pattern *pattern = NULL;
	struct buf written;
	struct ecma ecma = {.text = text, .out = &written, .problem = problem};

	if (text.len > PATTERN_MAX_BYTES) {
		buf_add_string(problem, "is over 4 KiB");
		return NULL;
	}
	buf_init(&written, WRITTEN_MAX_BYTES);
	if (ecma_write(&ecma))
		pattern = pattern_make(text, &written, ecma.least, problem);
	BUG_ON(written.overflowed);
	buf_release(&written);
	return pattern;
}

void pattern_free(struct pattern *pattern)
{
	if (pattern == NULL)
		return;
	pcre2_code_free(pattern->code);
	free(pattern->text);
	free(pattern);
}

const char *pattern_text(const struct pattern *pattern)
{
	return pattern->text;
}

size_t pattern_bytes(const struct pattern *pattern)
{
	size_t bytes;

	pcre2_pattern_info(pattern->code, PCRE2_INFO_SIZE, &bytes);
	return bytes + sizeof(*pattern) + strlen(pattern->text) + 1;
}

/* The longest text that a group holds now: as much may be compared with it in vain. */
static size_t longest_group(const pcre2_callout_block *item)
{
	size_t longest = 0;

	for (uint32_t i = 1; i < item->capture_top; i++) {
		const PCRE2_SIZE *group = &item->offset_vector[2 * i];

		if (group[0] != PCRE2_UNSET && group[1] > group[0] + longest)
			longest = group[1] - group[0];
	}
	return longest;
}

/* Before each item of the pattern. An answer below 0 ends the search. */
static int charge(pcre2_callout_block *item, void *arg)
{
	struct pattern_machine *machine = arg;
	struct pattern_work *work = machine->work;
	size_t at = item->current_position;
	uint64_t walked = at > machine->at ? at - machine->at : machine->at - at;
	uint64_t in_vain = machine->pattern->least * (1 + longest_group(item));
	uint64_t units;

	if (in_vain > item->subject_length)
		in_vain = item->subject_length;
	units = (UNITS_OF_ITEM + walked + in_vain) * machine->pattern->price;
	machine->at = at;
	if (units > work->units) {
		work->units = 0;
		return PCRE2_ERROR_CALLOUT;
	}
	work->units -= units;
	return 0;
}

static struct pattern_machine *machine_new(struct pattern_work *work)
{
	pcre2_general_context *memory = pcre2_general_context_create(allocate, give_back, NULL);
	struct pattern_machine *machine = xcalloc(1, sizeof(*machine));

	machine->work = work;
	machine->data = pcre2_match_data_create(1, memory);
	machine->context = pcre2_match_context_create(memory);
	pcre2_set_match_limit(machine->context, MATCH_LIMIT);
	pcre2_set_depth_limit(machine->context, DEPTH_LIMIT);
	pcre2_set_heap_limit(machine->context, HEAP_KIB);
	pcre2_set_callout(machine->context, charge, machine);
	pcre2_general_context_free(memory);
	return machine;
}

void pattern_work_init(struct pattern_work *work, uint64_t units)
{
	*work = (struct pattern_work){.units = units};
}

void pattern_work_release(struct pattern_work *work)
{
	if (work->machine == NULL)
		return;
	pcre2_match_data_free(work->machine->data);
	pcre2_match_context_free(work->machine->context);
	free(work->machine);
	work->machine = NULL;
}

enum pattern_answer pattern_search(
	const struct pattern *pattern, struct span text, struct pattern_work *work)
{
	struct pattern_machine *machine = work->machine;
	int found;

	if (machine == NULL)
		machine = work->machine = machine_new(work);
	machine->pattern = pattern;
	machine->at = 0;
	found = pcre2_match(pattern->code, (PCRE2_SPTR)text.data, text.len, 0, PCRE2_NO_UTF_CHECK,
		machine->data, machine->context);
	if (found == PCRE2_ERROR_NOMATCH)
		return PATTERN_NOT_FOUND;
	return found < 0 ? PATTERN_TOO_MUCH : PATTERN_FOUND;
}
