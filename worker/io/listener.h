/* SPDX-License-Identifier: MIT */
/* listener: a listening TCP socket made from `address:port`, part of http_server. */
#ifndef WORKER_IO_LISTENER_H
#define WORKER_IO_LISTENER_H

#include "bellhop/error.h"
#include "io/address.h"

struct listener {
	int fd; /* does not block */
	union address address;
	char text[64]; /* "127.0.0.1:9464", "[::1]:9464" */
};

/* 0, or -1 and `error` says why it cannot listen there. Port 0: the kernel's choice. */
int listener_open(struct listener *listener, const char *listen_at, struct error *error);
void listener_close(struct listener *listener);

#endif
