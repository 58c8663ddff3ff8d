/* SPDX-License-Identifier: MIT */
/*
 * allow_nets: IP addresses as bytes, and the networks that ALLOW_NETS opens.
 *
 * `10.20.0.0/16,127.0.0.1/32:8080,[fd00::]/8:443,fd00::/8`: without `/bits` one address, without `:port` all ports. What a
 * worker calls is decided by its address_policy, of which this is the part that the tool can tell of beforehand.
 */
#ifndef BELLHOP_ALLOW_NETS_H
#define BELLHOP_ALLOW_NETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bellhop/error.h"

struct ip {
	uint8_t bytes[16];
	unsigned len;  /* 4 or 16 */
	uint16_t port; /* 0 in a network: all */
};

struct net {
	struct ip base;
	unsigned bits;
};

struct allow_nets {
	struct net *nets;
	size_t count, capacity;
};

/* Whether the first `bits` bits are the same. */
bool ip_begins(const uint8_t *a, const uint8_t *b, unsigned bits);
bool net_has(const struct net *net, const struct ip *ip);
/* ip_public.c: whether it is global unicast, and so called without being allowed. */
bool ip_is_public(const struct ip *ip);

/* 0, or -1 and `error` says which part is wrong; then nothing is to be released. */
int allow_nets_parse(struct allow_nets *nets, const char *text, struct error *error);
void allow_nets_release(struct allow_nets *nets);
bool allow_nets_has(const struct allow_nets *nets, const struct ip *ip);

#endif
