/* SPDX-License-Identifier: MIT */
/*
 * nameserver: a DNS server for tests, over UDP and TCP on one port of the loopback. The first label of a name says what comes back:
 *
 *   both…    127.0.0.1 and ::1, TTL 60          four…   127.0.0.1 alone
 *   short…   127.0.0.N, N counts the questions, TTL 0     alias…  a CNAME with TTL 5 to 127.0.0.7 with TTL 60
 *   large…   over UDP truncated; over TCP 30 addresses
 *   gone…    no such name                       empty…  no address
 *   fails…   SERVFAIL                           garbage… bytes that are no answer
 *   silent…  nothing, ever
 */
#ifndef TESTS_NAMESERVER_H
#define TESTS_NAMESERVER_H

struct nameserver;

struct nameserver *nameserver_start(void);
void nameserver_stop(struct nameserver *server);
/* "127.0.0.1:PORT" */
const char *nameserver_address(const struct nameserver *server);
/* Questions for the IPv4 addresses of a name, by UDP and TCP together; NULL: of any name. */
int nameserver_asked(struct nameserver *server, const char *name);
/* Waits until there were that many. */
void nameserver_await(struct nameserver *server, const char *name, int questions);

#endif
