/* SPDX-License-Identifier: MIT */
/*
 * address_policy: which addresses Bellhop calls.
 *
 * All that is not global unicast is refused: the special-purpose ranges of the IANA registries for IPv4 and IPv6 (RFC 6890
 * and what was registered since), multicast, class E, the cloud's 168.63.129.16, and every IPv6 form that carries an IPv4
 * address (mapped, compatible, NAT64 in both prefixes, 6to4, Teredo). ALLOW_NETS opens networks, whole or for one port.
 * Addresses of Bellhop's own Redis and listener are refused always, ALLOW_NETS or not.
 */
#ifndef WORKER_IO_ADDRESS_POLICY_H
#define WORKER_IO_ADDRESS_POLICY_H

#include <stdbool.h>

#include "bellhop/error.h"
#include "io/address.h"

struct address_policy;

/* `allow_nets` as the option gives it: `10.20.0.0/16,127.0.0.1/32:8080,[fd00::]/8:443,fd00::/8`; NULL or "": none. NULL: `error` says what
 * is wrong with it. */
struct address_policy *address_policy_new(const char *allow_nets, struct error *error);
void address_policy_free(struct address_policy *policy);
/* Refuses one address and port for ever. */
void address_policy_never(struct address_policy *policy, const struct sockaddr *address);
bool address_policy_allows(const struct address_policy *policy, const struct sockaddr *address);
/* Whether a whole answer may be called: it has an address, and each is allowed. */
bool address_policy_allows_all(
	const struct address_policy *policy, const struct address_list *addresses);

#endif
