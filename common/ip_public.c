/* SPDX-License-Identifier: MIT */
/*
 * ip_public: which addresses are global unicast.
 *
 * The tables are the IANA registries of special-purpose addresses whole, also where those call a range globally
 * reachable: no API is at home there.
 */
#include "bellhop/allow_nets.h"
#include "bellhop/bug.h"

#define NET4(a, b, c, d, bits)             \
	{                                  \
		{{a, b, c, d}, 4, 0}, bits \
	}

static const struct net SPECIAL[] = {
	NET4(0, 0, 0, 0, 8),			 /* this network */
	NET4(10, 0, 0, 0, 8),			 /* private */
	NET4(100, 64, 0, 0, 10),		 /* carriers' own */
	NET4(127, 0, 0, 0, 8),			 /* loopback */
	NET4(168, 63, 129, 16, 32),		 /* the host of a virtual machine in a cloud */
	NET4(169, 254, 0, 0, 16),		 /* link-local, the metadata of clouds */
	NET4(172, 16, 0, 0, 12),		 /* private */
	NET4(192, 0, 0, 0, 24),			 /* protocol assignments */
	NET4(192, 0, 2, 0, 24),			 /* documentation */
	NET4(192, 31, 196, 0, 24),		 /* AS112 */
	NET4(192, 52, 193, 0, 24),		 /* multicast tunnels */
	NET4(192, 88, 99, 0, 24),		 /* 6to4 relays */
	NET4(192, 168, 0, 0, 16),		 /* private */
	NET4(192, 175, 48, 0, 24),		 /* AS112 */
	NET4(198, 18, 0, 0, 15),		 /* benchmarks */
	NET4(198, 51, 100, 0, 24),		 /* documentation */
	NET4(203, 0, 113, 0, 24),		 /* documentation */
	NET4(224, 0, 0, 0, 4),			 /* multicast */
	NET4(240, 0, 0, 0, 4),			 /* reserved, broadcast */
	{{{0x20, 0x01}, 16, 0}, 23},		 /* protocol assignments, Teredo, ORCHID */
	{{{0x20, 0x01, 0x0d, 0xb8}, 16, 0}, 32}, /* documentation */
	{{{0x20, 0x02}, 16, 0}, 16},		 /* 6to4 */
	{{{0x26, 0x20, 0x00, 0x4f, 0x80}, 16, 0}, 48}, /* AS112 */
	{{{0x3f, 0xff}, 16, 0}, 20},		       /* documentation */
};

/* Of IPv6 only this is global unicast. Mapped, compatible and NAT64 addresses lie outside it. */
static const struct net GLOBAL6 = {{{0x20}, 16, 0}, 3};

bool ip_is_public(const struct ip *ip)
{
	if (ip->len != 4 && !net_has(&GLOBAL6, ip))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(SPECIAL); i++)
		if (net_has(&SPECIAL[i], ip))
			return false;
	return true;
}
