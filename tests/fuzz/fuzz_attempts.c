/* SPDX-License-Identifier: MIT */
/* Any word is read as attempts, and what was read is written and read again as the same. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "attempts.h"
#include "bellhop/alloc.h"
#include "bellhop/bug.h"

static void check_again(const struct attempts *attempts)
{
	struct attempts again;
	struct buf word, second;

	buf_init(&word, SIZE_MAX);
	buf_init(&second, SIZE_MAX);
	attempts_init(&again);
	attempts_write(attempts, &word);
	BUG_ON(strpbrk(word.data, " \n") != NULL);
	attempts_read(&again, word.data);
	attempts_write(&again, &second);
	BUG_ON(strcmp(word.data, second.data) != 0);
	attempts_release(&again);
	buf_release(&word);
	buf_release(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *word = xmemdup((const char *)data, size);
	struct attempts attempts;

	attempts_init(&attempts);
	/* The scripts cut it out between two blanks. */
	word[strcspn(word, " \n")] = '\0';
	attempts_read(&attempts, word);
	if (attempts.tries <= INT32_MAX)
		check_again(&attempts);
	attempts_release(&attempts);
	free(word);
	return 0;
}
