/* SPDX-License-Identifier: MIT */
/*
 * address_policy: which addresses Bellhop calls.
 *
 * An address is refused by one of our own (`never`), else allowed by ALLOW_NETS, else refused where it is not public
 * (common/ip_public.c).
 */
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <stdlib.h>
#include <string.h>

#include "bellhop/alloc.h"
#include "bellhop/allow_nets.h"
#include "bellhop/bug.h"
#include "io/address_policy.h"

#define NET4(a, b, c, d, bits)             \
	{                                  \
		{{a, b, c, d}, 4, 0}, bits \
	}

/* Where IPv6 carries an IPv4 address in its last four bytes. */
static const struct net CARRIERS[] = {
	{{{0}, 16, 0}, 96},
	{{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 16, 0}, 96},
	{{{0x00, 0x64, 0xff, 0x9b}, 16, 0}, 96},
};

static const struct net LOOPBACK[] = {
	NET4(0, 0, 0, 0, 8), /* connects to this machine */
	NET4(127, 0, 0, 0, 8),
	{{{0}, 16, 0}, 128},
	{{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 16, 0}, 128},
};

struct never {
	struct ip ip;
	bool here; /* this machine: then the port is refused at each of its addresses */
};

struct address_policy {
	struct allow_nets allowed;
	struct never *never;
	size_t never_count, never_capacity;
	struct ip *interfaces;
	size_t interface_count, interface_capacity;
};

static bool in_nets(const struct net *nets, size_t count, const struct ip *ip)
{
	for (size_t i = 0; i < count; i++)
		if (net_has(&nets[i], ip))
			return true;
	return false;
}

static bool ip_of(struct ip *ip, const struct sockaddr *address)
{
	const struct sockaddr_in *v4 = (const void *)address;
	const struct sockaddr_in6 *v6 = (const void *)address;

	*ip = (struct ip){0};
	if (address->sa_family == AF_INET) {
		ip->len = 4;
		ip->port = ntohs(v4->sin_port);
		memcpy(ip->bytes, &v4->sin_addr, 4);
		return true;
	}
	if (address->sa_family != AF_INET6)
		return false;
	ip->len = 16;
	ip->port = ntohs(v6->sin6_port);
	memcpy(ip->bytes, &v6->sin6_addr, 16);
	return true;
}

/* The IPv4 address where one is carried; ::1 and :: are themselves. */
static struct ip ip_bare(const struct ip *ip)
{
	struct ip bare = {.len = 4, .port = ip->port};

	if (!in_nets(CARRIERS, ARRAY_SIZE(CARRIERS), ip) ||
		in_nets(LOOPBACK, ARRAY_SIZE(LOOPBACK), ip))
		return *ip;
	memcpy(bare.bytes, ip->bytes + 12, 4);
	return bare;
}

static bool ip_same(const struct ip *a, const struct ip *b)
{
	return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

static bool ip_is_here(const struct address_policy *policy, const struct ip *ip)
{
	if (in_nets(LOOPBACK, ARRAY_SIZE(LOOPBACK), ip))
		return true;
	for (size_t i = 0; i < policy->interface_count; i++)
		if (ip_same(&policy->interfaces[i], ip))
			return true;
	return false;
}

static void interfaces_read(struct address_policy *policy)
{
	struct ifaddrs *list;

	/* Without it the loopback addresses are known all the same. */
	if (getifaddrs(&list))
		return;
	for (struct ifaddrs *at = list; at; at = at->ifa_next) {
		struct ip ip;

		if (!at->ifa_addr || !ip_of(&ip, at->ifa_addr))
			continue;
		policy->interfaces = xgrow(policy->interfaces, &policy->interface_capacity,
			policy->interface_count, sizeof(*policy->interfaces));
		policy->interfaces[policy->interface_count++] = ip;
	}
	freeifaddrs(list);
}

struct address_policy *address_policy_new(const char *allow_nets, struct error *error)
{
	struct allow_nets allowed;
	struct address_policy *policy;

	if (allow_nets_parse(&allowed, allow_nets, error))
		return NULL;
	policy = xcalloc(1, sizeof(*policy));
	policy->allowed = allowed;
	interfaces_read(policy);
	return policy;
}

void address_policy_free(struct address_policy *policy)
{
	if (!policy)
		return;
	allow_nets_release(&policy->allowed);
	free(policy->never);
	free(policy->interfaces);
	free(policy);
}

static bool is_never(const struct address_policy *policy, const struct ip *bare)
{
	for (size_t i = 0; i < policy->never_count; i++) {
		if (policy->never[i].ip.port == bare->port && ip_same(&policy->never[i].ip, bare))
			return true;
	}
	return false;
}

void address_policy_never(struct address_policy *policy, const struct sockaddr *address)
{
	struct never never;

	/* A Unix socket is nothing that a call could reach. */
	if (!ip_of(&never.ip, address))
		return;
	never.ip = ip_bare(&never.ip);
	/* Redis's comes again with each connection. */
	if (is_never(policy, &never.ip))
		return;
	never.here = ip_is_here(policy, &never.ip);
	policy->never = xgrow(policy->never, &policy->never_capacity, policy->never_count,
		sizeof(*policy->never));
	policy->never[policy->never_count++] = never;
}

static bool is_own(const struct address_policy *policy, const struct ip *ip)
{
	struct ip bare = ip_bare(ip);

	for (size_t i = 0; i < policy->never_count; i++) {
		const struct never *never = &policy->never[i];

		if (never->ip.port == bare.port &&
			(ip_same(&never->ip, &bare) || (never->here && ip_is_here(policy, &bare))))
			return true;
	}
	return false;
}

bool address_policy_allows(const struct address_policy *policy, const struct sockaddr *address)
{
	struct ip ip;

	if (!ip_of(&ip, address) || is_own(policy, &ip))
		return false;
	if (allow_nets_has(&policy->allowed, &ip))
		return true;
	return ip_is_public(&ip);
}

bool address_policy_allows_all(
	const struct address_policy *policy, const struct address_list *addresses)
{
	for (size_t i = 0; i < addresses->count; i++)
		if (!address_policy_allows(policy, &addresses->items[i].any))
			return false;
	return addresses->count > 0;
}
