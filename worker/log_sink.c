/* SPDX-License-Identifier: MIT */
/*
 * log_sink: standard error as a place that never makes its writer wait.
 *
 * O_NONBLOCK belongs to the open file, which a shell, a terminal or other programs share; so a pipe or a terminal is opened anew by its
 * name under /proc, and a socket (the journal's) is told with each send. Where that is refused, poll(2) is asked before each
 * write of at most PIPE_BUF bytes, which a pipe that is writable takes at once. Files on disk do not make one wait in this sense.
 */
#include "log_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bellhop/buf.h"

#define REST_MAX_BYTES (64 * 1024)

static int sink = STDERR_FILENO;
static bool is_socket, may_block;
static struct buf rest;

void log_sink_open(void)
{
	struct stat about;
	int own;

	buf_init(&rest, REST_MAX_BYTES);
	if (fstat(STDERR_FILENO, &about) < 0)
		return;
	is_socket = S_ISSOCK(about.st_mode);
	if (!S_ISFIFO(about.st_mode) && !S_ISCHR(about.st_mode))
		return;
	own = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (own >= 0)
		sink = own;
	else
		may_block = true;
}

static ssize_t put(const char *data, size_t len)
{
	struct pollfd writable = {sink, POLLOUT, 0};

	if (is_socket)
		return send(sink, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (may_block) {
		if (poll(&writable, 1, 0) != 1)
			return -1;
		if (len > PIPE_BUF)
			len = PIPE_BUF;
	}
	return write(sink, data, len);
}

bool log_sink_flush(void)
{
	while (rest.len > 0) {
		ssize_t taken = put(rest.data, rest.len);

		if (taken <= 0)
			return false;
		memmove(rest.data, rest.data + taken, rest.len - (size_t)taken);
		buf_truncate(&rest, rest.len - (size_t)taken);
	}
	return true;
}

bool log_sink_write(const char *line, size_t len)
{
	ssize_t taken;

	if (!log_sink_flush())
		return false;
	taken = put(line, len);
	if (taken <= 0)
		return false;
	buf_add(&rest, line + taken, len - (size_t)taken);
	if (rest.len > 0)
		(void)log_sink_flush(); /* what is not taken now goes out before the next line */
	return true;
}
