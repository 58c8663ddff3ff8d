/* SPDX-License-Identifier: MIT */
/*
 * key: the Redis keys of one shard (contract, section 1, and what is internal under the same prefix).
 *
 * Every key is `bellhop:{SHARD}:…`, so that all keys of a shard are one slot of a Redis Cluster. Each function adds one
 * key to a buf. Names must have passed name_valid(); they hold no colon, so no two names make one key.
 */
#ifndef BELLHOP_KEY_H
#define BELLHOP_KEY_H

#include <stdbool.h>

#include "bellhop/buf.h"

/* `bellhop:{SHARD}:TAIL`: jobs:chat, jobs:workflow, jobs:decisions, dead, orgs, workers, begun, retry, delayed, dying, taken,
 * parked, ages:chat, ages:workflow, ages:decisions */
void key_shard(struct buf *key, const char *shard, const char *tail);
/* `…:replies:NAME` */
void key_replies(struct buf *key, const char *shard, const char *reply_to);
/* `…:result:ORG:ID` */
void key_result(struct buf *key, const char *shard, const char *org, const char *id);
/* `…:waiting:ORG:ID`: reply queues of duplicates that came while the first runs */
void key_waiting(struct buf *key, const char *shard, const char *org, const char *id);
/* `…:claims:WORKER`: what a worker has taken */
void key_claims(struct buf *key, const char *shard, const char *worker);
/* `…:parked:LANE:chat` or `:workflow`: jobs that wait for a slot of their org or host */
void key_lane(struct buf *key, const char *shard, const char *lane, bool workflow);
/* `…:org:ORG:TAIL`: integrations, calls, version, pending */
void key_org(struct buf *key, const char *shard, const char *org, const char *tail);
/* `…:org:ORG:integration:NAME` */
void key_integration(struct buf *key, const char *shard, const char *org, const char *integration);
/* `…:org:ORG:secrets:NAME` */
void key_secrets(struct buf *key, const char *shard, const char *org, const char *integration);
/* `…:org:ORG:window:NAME:ACTION` */
void key_window(struct buf *key, const char *shard, const char *org, const char *integration,
	const char *action);
/* `…:org:ORG:confirm:TOKEN`: a frozen request */
void key_confirm(struct buf *key, const char *shard, const char *org, const char *token);

#endif
