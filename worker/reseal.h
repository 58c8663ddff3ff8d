/* SPDX-License-Identifier: MIT */
/*
 * reseal: what `bellhopd --reseal` does: seals to the ring's newest key what its older keys sealed, all over the shard, and ends.
 *
 * It blocks and is no part of the worker's loop. Each secret keeps the binding it has, and is written back only where it still is the
 * text that was opened: what somebody sets meanwhile stays. One write a secret, so it may be ended at any point, and run again.
 */
#ifndef WORKER_RESEAL_H
#define WORKER_RESEAL_H

#include "bellhop/options.h"

/* The process's exit code: 0; 1 where a secret could not be opened or Redis failed; dies (2) where it cannot begin. */
int reseal_all(const struct options *options);

#endif
