/* SPDX-License-Identifier: MIT */
/*
 * membership: a worker's name in Redis's list of workers, which is its lease on all it has claimed.
 *
 * The name W is random for each life; W:epoch is the member, and a new epoch is taken at each connection, so that a command
 * of an old one that arrives late finds its member gone. Where Redis no longer knows W, the life is over: what was claimed is
 * others', and a new W is drawn.
 */
#ifndef WORKER_MEMBERSHIP_H
#define WORKER_MEMBERSHIP_H

#include <stdbool.h>

#include "bellhop/span.h"
#include "io/redis_async.h"
#include "io/script.h"
#include "io/turn.h"

struct membership_events {
	/* Registered: turns may go out under member and name. */
	void (*ready)(void *arg);
	/* The life is over: everything claimed is to be dropped now. A new one is being registered. */
	void (*forgotten)(void *arg);
	/* Whether a claim that Redis holds for this worker is one of its jobs. */
	bool (*is_known)(void *arg, struct span field);
};

struct given_back;

struct membership {
	struct redis_async *redis;
	struct turn *turn;
	const char *shard;
	struct membership_events events;
	void *arg;
	struct script_call call;
	char name[40];	 /* W */
	char member[64]; /* W:epoch */
	unsigned epoch;
	unsigned known_epoch; /* the last one that Redis confirmed; 0: none */
	bool registered;
	struct given_back *given_back; /* claims on their way back */
	void (*left)(void *arg);
	void *left_arg;
};

void membership_init(struct membership *membership, struct redis_async *redis, struct turn *turn,
	const char *shard, const struct membership_events *events, void *arg);
void membership_release(struct membership *membership);
/* The connection is up: registers. */
void membership_up(struct membership *membership);
void membership_down(struct membership *membership);
/* A script said that it does not know this worker. */
void membership_dead(struct membership *membership);
/* Takes the name out. False where the connection is not up: the lease ends by itself. */
bool membership_leave(struct membership *membership, void (*left)(void *arg), void *arg);

#endif
