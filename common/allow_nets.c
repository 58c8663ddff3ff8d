/* SPDX-License-Identifier: MIT */
/* allow_nets: the networks that ALLOW_NETS opens. */
#include "bellhop/allow_nets.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "bellhop/alloc.h"

#define ITEM_MAX_BYTES 128

bool ip_begins(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	if (memcmp(a, b, whole) != 0)
		return false;
	return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

bool net_has(const struct net *net, const struct ip *ip)
{
	return net->base.len == ip->len && (!net->base.port || net->base.port == ip->port) &&
	       ip_begins(net->base.bytes, ip->bytes, net->bits);
}

bool allow_nets_has(const struct allow_nets *nets, const struct ip *ip)
{
	for (size_t i = 0; i < nets->count; i++)
		if (net_has(&nets->nets[i], ip))
			return true;
	return false;
}

/* Digits only, at most `max`. */
static bool number_read(const char *text, unsigned max, unsigned *number)
{
	unsigned value = 0;

	if (!*text || strlen(text) > 5)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		value = value * 10 + (unsigned)(*text - '0');
	}
	if (value > max)
		return false;
	*number = value;
	return true;
}

static bool address_read(char *text, struct ip *ip)
{
	size_t len = strlen(text);

	if (text[0] == '[' && len > 2 && text[len - 1] == ']') {
		text[len - 1] = '\0';
		ip->len = 16;
		return inet_pton(AF_INET6, text + 1, ip->bytes) == 1;
	}
	ip->len = strchr(text, ':') ? 16 : 4;
	return inet_pton(ip->len == 4 ? AF_INET : AF_INET6, text, ip->bytes) == 1;
}

/* Cuts `:port` off: after the bits, after a bracket, after an IPv4 address. */
static bool port_cut(char *item, uint16_t *port)
{
	char *from = strchr(item, '/');
	char *colon;
	unsigned number;

	if (!from)
		from = strchr(item, ']');
	if (!from)
		from = item;
	colon = strchr(from, ':');
	*port = 0;
	if (!colon || (from == item && strchr(colon + 1, ':')))
		return true;
	if (!number_read(colon + 1, 65535, &number) || !number)
		return false;
	*port = (uint16_t)number;
	*colon = '\0';
	return true;
}

static bool bits_cut(char *item, unsigned *bits, bool *given)
{
	char *slash = strchr(item, '/');

	*given = slash;
	if (!slash)
		return true;
	*slash = '\0';
	return number_read(slash + 1, 128, bits);
}

static bool has_host_bits(const struct net *net)
{
	for (unsigned bit = net->bits; bit < net->base.len * 8; bit++)
		if (net->base.bytes[bit / 8] & 0x80 >> bit % 8)
			return true;
	return false;
}

/* NULL, or what is wrong. */
static const char *net_read(char *item, struct net *net)
{
	bool given;

	if (!port_cut(item, &net->base.port))
		return "its port is not 1 to 65535";
	if (!bits_cut(item, &net->bits, &given))
		return "what follows the / is not a number of bits";
	if (!address_read(item, &net->base))
		return "it is not an IP network; write 10.20.0.0/16, 127.0.0.1/32:8080 or "
		       "[fd00::]/8:443";
	if (!given)
		net->bits = net->base.len * 8;
	if (net->bits > net->base.len * 8)
		return "it has more bits than the address";
	if (has_host_bits(net))
		return "its address has bits set beyond the network";
	return NULL;
}

static int item_add(struct allow_nets *nets, const char *text, size_t len, struct error *error)
{
	char item[ITEM_MAX_BYTES];
	struct net net = {0};
	const char *problem = "it is not an IP network";

	while (len && *text == ' ') {
		text++;
		len--;
	}
	while (len && text[len - 1] == ' ')
		len--;
	if (len < sizeof(item)) {
		memcpy(item, text, len);
		item[len] = '\0';
		problem = net_read(item, &net);
	}
	if (problem)
		return error_set(
			error, ERROR_INTERNAL, "ALLOW_NETS: `%.*s`: %s", (int)len, text, problem);
	nets->nets = xgrow(nets->nets, &nets->capacity, nets->count, sizeof(*nets->nets));
	nets->nets[nets->count++] = net;
	return 0;
}

int allow_nets_parse(struct allow_nets *nets, const char *text, struct error *error)
{
	*nets = (struct allow_nets){0};
	if (!text || !*text)
		return 0;
	for (;;) {
		size_t len = strcspn(text, ",");

		if (item_add(nets, text, len, error)) {
			allow_nets_release(nets);
			return -1;
		}
		if (!text[len])
			return 0;
		text += len + 1;
	}
}

void allow_nets_release(struct allow_nets *nets)
{
	free(nets->nets);
	*nets = (struct allow_nets){0};
}
