/* SPDX-License-Identifier: MIT */
/* Which addresses Bellhop calls, and how ALLOW_NETS is read. */
#include "../unit.h"

#include <arpa/inet.h>
#include <sys/un.h>

#include "bellhop/bug.h"
#include "io/address_policy.h"

static struct address_policy *policy_of(const char *allow_nets)
{
	struct error error = {0};
	struct address_policy *policy = address_policy_new(allow_nets, &error);

	if (!policy)
		fail_msg("%s", error.text);
	return policy;
}

static union address address_of(const char *text, uint16_t port)
{
	union address address;

	assert_true(address_parse(&address, text, port));
	return address;
}

static bool allows(const struct address_policy *policy, const char *text, uint16_t port)
{
	union address address = address_of(text, port);

	return address_policy_allows(policy, &address.any);
}

static void all_are(const char *const *texts, size_t count, bool allowed)
{
	struct address_policy *policy = policy_of(NULL);

	for (size_t i = 0; i < count; i++)
		if (allows(policy, texts[i], 443) != allowed)
			fail_msg("%s is %s", texts[i], allowed ? "refused" : "allowed");
	address_policy_free(policy);
}

static void public_addresses_are_called(void **state)
{
	static const char *const texts[] = {"1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0",
		"100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0", "168.63.129.15",
		"168.63.129.17", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0",
		"191.255.255.255", "192.0.1.0", "192.0.3.0", "192.167.255.255", "192.169.0.0",
		"198.17.255.255", "198.20.0.0", "198.51.99.255", "198.51.101.0", "203.0.112.255",
		"203.0.114.0", "223.255.255.255", "2001:200::1", "2001:db7::1", "2001:db9::1",
		"2003::1", "2606:4700::1111", "2a00:1450::1", "2620:4f:8001::1", "3ffe:ffff::1"};

	(void)state;
	all_are(texts, ARRAY_SIZE(texts), true);
}

static void special_addresses_are_not(void **state)
{
	static const char *const texts[] = {"0.0.0.0", "0.255.255.255", "10.0.0.0",
		"10.255.255.255", "100.64.0.0", "100.127.255.255", "127.0.0.1", "127.255.255.255",
		"168.63.129.16", "169.254.169.254", "172.16.0.0", "172.31.255.255", "192.0.0.1",
		"192.0.0.170", "192.0.2.1", "192.31.196.1", "192.52.193.1", "192.88.99.1",
		"192.168.0.1", "192.175.48.1", "198.18.0.0", "198.19.255.255", "198.51.100.1",
		"203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"};

	(void)state;
	all_are(texts, ARRAY_SIZE(texts), false);
}

static void special_ipv6_addresses_are_not(void **state)
{
	static const char *const texts[] = {"::", "::1", "100::1", "1fff::1", "2001::1",
		"2001:0:4136:e378::1", "2001:2::1", "2001:10::1", "2001:1ff::1", "2001:db8::1",
		"2002:7f00:1::", "2002:808:808::1", "2620:4f:8000::1", "3fff::1", "3fff:fff::1",
		"4000::1", "5f00::1", "fc00::1", "fd00::1", "fe80::1", "fec0::1", "ff02::1"};

	(void)state;
	all_are(texts, ARRAY_SIZE(texts), false);
}

static void an_ipv4_address_in_ipv6_dress_is_not(void **state)
{
	static const char *const texts[] = {"::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1",
		"::8.8.8.8", "64:ff9b::127.0.0.1", "64:ff9b::8.8.8.8", "64:ff9b:1::8.8.8.8",
		"::ffff:0:8.8.8.8"};

	(void)state;
	all_are(texts, ARRAY_SIZE(texts), false);
}

static void allow_nets_opens_networks_whole_or_for_one_port(void **state)
{
	struct address_policy *policy =
		policy_of("10.20.0.0/16, "
			  "127.0.0.1/32:8080,[fd00::]/8:443,fd01:2::/32,192.168.1.1,192.168.1.2:90,"
			  "[fe80::1],[fe80::2]:91,fe80::3");

	(void)state;
	assert_true(allows(policy, "10.20.0.1", 1));
	assert_true(allows(policy, "10.20.255.255", 65535));
	assert_false(allows(policy, "10.21.0.0", 1));
	assert_true(allows(policy, "127.0.0.1", 8080));
	assert_false(allows(policy, "127.0.0.1", 8081));
	assert_false(allows(policy, "127.0.0.2", 8080));
	assert_true(allows(policy, "fd77::1", 443));
	assert_false(allows(policy, "fd77::1", 444));
	assert_true(allows(policy, "fd01:2::1", 444));
	assert_true(allows(policy, "192.168.1.1", 7));
	assert_true(allows(policy, "192.168.1.2", 90));
	assert_false(allows(policy, "192.168.1.2", 91));
	assert_true(allows(policy, "fe80::1", 5));
	assert_true(allows(policy, "fe80::2", 91));
	assert_false(allows(policy, "fe80::2", 92));
	assert_true(allows(policy, "fe80::3", 92));
	/* In disguise it is another address. */
	assert_false(allows(policy, "::ffff:10.20.0.1", 1));
	assert_true(allows(policy, "8.8.8.8", 443));
	address_policy_free(policy);
}

static void every_bit_of_a_network_counts(void **state)
{
	struct address_policy *policy = policy_of("10.0.0.0/7,127.0.0.128/25,fd00::8000:0/97");

	(void)state;
	assert_true(allows(policy, "10.0.0.1", 1));
	assert_true(allows(policy, "127.0.0.128", 1));
	assert_true(allows(policy, "127.0.0.255", 1));
	assert_false(allows(policy, "127.0.0.127", 1));
	assert_true(allows(policy, "fd00::8000:1", 1));
	assert_false(allows(policy, "fd00::7fff:1", 1));
	address_policy_free(policy);
	policy = policy_of("0.0.0.0/0,::/0");
	assert_true(allows(policy, "127.0.0.1", 1));
	assert_true(allows(policy, "::1", 1));
	address_policy_free(policy);
}

static void refused(const char *allow_nets, const char *part, const char *why)
{
	struct error error = {0};

	assert_null(address_policy_new(allow_nets, &error));
	if (!strstr(error.text, part) || !strstr(error.text, why))
		fail_msg("%s", error.text);
}

static void what_is_no_network_is_named(void **state)
{
	(void)state;
	refused("10.0.0.0/33", "`10.0.0.0/33`", "more bits");
	refused("10.0.0.0/8,10.0.0.1/8", "`10.0.0.1/8`", "beyond the network");
	refused("fd00::/129", "`fd00::/129`", "number of bits");
	refused("10.0.0.0/", "`10.0.0.0/`", "number of bits");
	refused("10.0.0.0/+8", "`10.0.0.0/+8`", "number of bits");
	refused("10.0.0.0/8:0", "`10.0.0.0/8:0`", "port");
	refused("10.0.0.0/8:65536", "`10.0.0.0/8:65536`", "port");
	refused("10.0.0.0/8:", "`10.0.0.0/8:`", "port");
	refused("[fd00::]:x", "`[fd00::]:x`", "port");
	refused("10.0.0/8", "`10.0.0/8`", "not an IP network");
	refused("example.com", "`example.com`", "not an IP network");
	refused("[10.0.0.1]", "`[10.0.0.1]`", "not an IP network");
	refused("[fd00::", "`[fd00::`", "not an IP network");
	refused("10.0.0.0/8,", "``", "not an IP network");
	refused(",", "``", "not an IP network");
	refused("fd00::1%eth0", "`fd00::1%eth0`", "not an IP network");
}

static void never(struct address_policy *policy, const char *text, uint16_t port)
{
	union address address = address_of(text, port);

	address_policy_never(policy, &address.any);
}

static void our_own_ports_are_refused_at_every_address_of_this_machine(void **state)
{
	struct address_policy *policy = policy_of("0.0.0.0/0,::/0");

	(void)state;
	never(policy, "127.0.0.1", 6379);
	assert_false(allows(policy, "127.0.0.1", 6379));
	assert_false(allows(policy, "127.0.0.2", 6379));
	assert_false(allows(policy, "0.0.0.0", 6379));
	assert_false(allows(policy, "::1", 6379));
	assert_false(allows(policy, "::", 6379));
	assert_false(allows(policy, "::ffff:127.0.0.1", 6379));
	assert_false(allows(policy, "64:ff9b::127.0.0.1", 6379));
	assert_true(allows(policy, "127.0.0.1", 6380));
	assert_true(allows(policy, "8.8.8.8", 6379));
	address_policy_free(policy);
}

static void a_redis_elsewhere_is_refused_there(void **state)
{
	struct address_policy *policy = policy_of("10.0.0.0/8,::ffff:0:0/96");

	(void)state;
	never(policy, "10.0.0.5", 6379);
	assert_false(allows(policy, "10.0.0.5", 6379));
	assert_false(allows(policy, "::ffff:10.0.0.5", 6379));
	assert_true(allows(policy, "10.0.0.5", 6380));
	assert_true(allows(policy, "10.0.0.6", 6379));
	address_policy_free(policy);
}

static void what_is_no_ip_address_is_refused(void **state)
{
	struct sockaddr_un local = {.sun_family = AF_UNIX, .sun_path = "/tmp/redis.sock"};
	struct address_policy *policy = policy_of("0.0.0.0/0,::/0");

	(void)state;
	address_policy_never(policy, (struct sockaddr *)&local);
	assert_false(address_policy_allows(policy, (struct sockaddr *)&local));
	address_policy_free(policy);
}

static void an_answer_is_judged_whole(void **state)
{
	struct address_policy *policy = policy_of(NULL);
	struct address_list list = {.count = 0};

	(void)state;
	assert_false(address_policy_allows_all(policy, &list));
	list.items[0] = address_of("8.8.8.8", 443);
	list.items[1] = address_of("2606:4700::1111", 443);
	list.count = 2;
	assert_true(address_policy_allows_all(policy, &list));
	list.items[list.count++] = address_of("10.0.0.1", 443);
	assert_false(address_policy_allows_all(policy, &list));
	address_policy_free(policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test(name)
		T(public_addresses_are_called),
		T(special_addresses_are_not),
		T(special_ipv6_addresses_are_not),
		T(an_ipv4_address_in_ipv6_dress_is_not),
		T(allow_nets_opens_networks_whole_or_for_one_port),
		T(every_bit_of_a_network_counts),
		T(what_is_no_network_is_named),
		T(our_own_ports_are_refused_at_every_address_of_this_machine),
		T(a_redis_elsewhere_is_refused_there),
		T(what_is_no_ip_address_is_refused),
		T(an_answer_is_judged_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
