/* SPDX-License-Identifier: MIT */
/* secret_input: reads a secret without a trace: no echo, no stdio buffer, no copy. */
#include "cli/secret_input.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>

#include "bellhop/bug.h"
#include "bellhop/seal.h"

#define LINE_MAX_BYTES 4095 /* what a terminal hands on of one line */

static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};

/* What a signal that ends us while nothing is echoed puts back. */
static struct termios before;

static void restore_and_die(int signal_number)
{
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &before);
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

static void silence(struct sigaction *former)
{
	struct termios quiet = before;
	struct sigaction action = {0};
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		/* One that is stopped and goes on would echo. */
		action.sa_handler = signals[i] == SIGTSTP ? SIG_IGN : restore_and_die;
		sigaction(signals[i], &action, &former[i]);
	}
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	quiet.c_lflag |= ECHONL;
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
}

static void unsilence(const struct sigaction *former)
{
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &former[i], NULL);
}

static int read_all(struct secret_input *input, bool one_line)
{
	while (input->len < input->size) {
		ssize_t got =
			read(STDIN_FILENO, input->text + input->len, input->size - input->len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return (int)got;
		input->len += (size_t)got;
		if (one_line && input->text[input->len - 1] == '\n')
			return 0;
	}
	return 0;
}

static int read_terminal(struct secret_input *input, const char *prompt, struct error *error)
{
	struct sigaction former[ARRAY_SIZE(signals)];
	silence(former);
	(void)!write(
		STDERR_FILENO, prompt, strlen(prompt)); /* whoever types sees whether it came */
	int result = read_all(input, true);
	unsilence(former);
	if (result == 0 && input->len >= LINE_MAX_BYTES)
		return error_set(error, ERROR_INTERNAL,
			"a terminal hands on no more than 4095 bytes of a line: pipe the value in");
	return result;
}

int secret_input_read(struct secret_input *input, const char *prompt, struct error *error)
{
	/* A newline and a byte more than allowed: enough to see that it is too long. */
	input->size = SEAL_VALUE_MAX + 2;
	input->len = 0;
	input->text =
		mmap(NULL, input->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (input->text == MAP_FAILED)
		BUG("no memory to read a secret in");
	/* Both may be refused, by a small RLIMIT_MEMLOCK: then it is as safe as any other program's. */
	(void)mlock(input->text, input->size);
	(void)madvise(input->text, input->size, MADV_DONTDUMP);
	int result = tcgetattr(STDIN_FILENO, &before) == 0 ? read_terminal(input, prompt, error)
							   : read_all(input, false);
	if (result < 0) {
		error_set(error, ERROR_INTERNAL, "cannot read the value from standard input: %s",
			strerror(errno));
		secret_input_release(input);
		return -1;
	}
	if (input->len && input->text[input->len - 1] == '\n')
		input->len--;
	return 0;
}

void secret_input_release(struct secret_input *input)
{
	explicit_bzero(input->text, input->size);
	munmap(input->text, input->size);
	*input = (struct secret_input){0};
}
