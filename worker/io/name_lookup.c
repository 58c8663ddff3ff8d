/* SPDX-License-Identifier: MIT */
/*
 * name_lookup: the name of a server of the operator's own to an address.
 *
 * The happy path: a numeric address is answered in the next loop turn; for a name a thread asks, writes the answer, closes its end
 * of a pipe; the loop reads that end, and the answer. What can fail: the name; a thread that cannot be had, which is answered
 * alike. Thread and loop each hold the lookup, and whoever lets go last frees it.
 */
#include "io/name_lookup.h"

#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"

struct name_lookup {
	atomic_int holders;
	char *host;
	int ends[2]; /* of a pipe: the loop's, the thread's */
	struct event *answered;
	name_lookup_fn done;
	void *arg;
	/* the answer */
	char address[NI_MAXHOST];
	int failure; /* of getaddrinfo() */
};

static void let_go(struct name_lookup *lookup)
{
	if (atomic_fetch_sub(&lookup->holders, 1) > 1)
		return;
	free(lookup->host);
	free(lookup);
}

static int ask(struct name_lookup *lookup, int family, int flags)
{
	struct addrinfo hints = {
		.ai_family = family, .ai_socktype = SOCK_STREAM, .ai_flags = flags};
	struct addrinfo *found = NULL;
	int failure = getaddrinfo(lookup->host, NULL, &hints, &found);

	if (failure == 0)
		failure = getnameinfo(found->ai_addr, found->ai_addrlen, lookup->address,
			sizeof(lookup->address), NULL, 0, NI_NUMERICHOST);
	if (found != NULL)
		freeaddrinfo(found);
	return failure;
}

static void *run(void *arg)
{
	struct name_lookup *lookup = arg;

	/* IPv4 first: what listens on one family only mostly listens on that. */
	lookup->failure = ask(lookup, AF_INET, 0);
	if (lookup->failure != 0 && ask(lookup, AF_INET6, 0) == 0)
		lookup->failure = 0;
	/* Small systems have no /etc/hosts, and the name is this machine's there too (RFC 6761). */
	if (lookup->failure != 0 && strcasecmp(lookup->host, "localhost") == 0) {
		strcpy(lookup->address, "127.0.0.1");
		lookup->failure = 0;
	}
	close(lookup->ends[1]);
	let_go(lookup);
	return NULL;
}

static void close_ours(struct name_lookup *lookup)
{
	event_free(lookup->answered);
	close(lookup->ends[0]);
	let_go(lookup);
}

static void on_answered(evutil_socket_t fd, short what, void *arg)
{
	struct name_lookup *lookup = arg;
	bool failed = lookup->failure != 0;

	(void)fd;
	(void)what;
	lookup->done(lookup->arg, failed ? NULL : lookup->address,
		failed ? gai_strerror(lookup->failure) : NULL);
	close_ours(lookup);
}

/* Signals are the loop's. */
static int start_thread(struct name_lookup *lookup)
{
	pthread_t thread;
	sigset_t all, before;
	int failure;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failure = pthread_create(&thread, NULL, run, lookup);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (failure == 0)
		pthread_detach(thread);
	return failure;
}

struct name_lookup *name_lookup_start(
	struct event_base *base, const char *host, name_lookup_fn done, void *arg)
{
	struct name_lookup *lookup = xcalloc(1, sizeof(*lookup));

	lookup->holders = 2;
	lookup->host = xstrdup(host);
	lookup->done = done;
	lookup->arg = arg;
	if (pipe2(lookup->ends, O_CLOEXEC | O_NONBLOCK) < 0)
		BUG("no pipe");
	lookup->answered = event_new(base, lookup->ends[0], EV_READ, on_answered, lookup);
	BUG_ON(lookup->answered == NULL);
	event_add(lookup->answered, NULL);
	lookup->failure = ask(lookup, AF_UNSPEC, AI_NUMERICHOST);
	if (lookup->failure == 0 || start_thread(lookup) != 0) {
		if (lookup->failure != 0)
			lookup->failure = EAI_AGAIN;
		close(lookup->ends[1]);
		let_go(lookup);
	}
	return lookup;
}

void name_lookup_cancel(struct name_lookup *lookup)
{
	if (lookup != NULL)
		close_ours(lookup);
}
