/* SPDX-License-Identifier: MIT */
/* nameserver: a DNS server for tests (RFC 1035). */
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bellhop/alloc.h"
#include "bellhop/bug.h"
#include "nameserver.h"

#define QUESTIONS_MAX 4096
#define PACKET_BYTES  4096

enum type { TYPE_A = 1, TYPE_CNAME = 5, TYPE_AAAA = 28 };
enum rcode { OK = 0, SERVFAIL = 2, NXDOMAIN = 3 };

struct nameserver {
	int udp, tcp, wake[2];
	char address[32];
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	char *asked[QUESTIONS_MAX]; /* names of questions for A */
	int asked_count;
};

struct packet {
	unsigned char data[PACKET_BYTES];
	size_t len, question_end;
	int answers;
	char name[256];
	enum type type;
};

static void put16(struct packet *packet, unsigned value)
{
	packet->data[packet->len++] = (unsigned char)(value >> 8);
	packet->data[packet->len++] = (unsigned char)value;
}

static void put_record(
	struct packet *packet, enum type type, unsigned ttl_s, const void *data, unsigned len)
{
	put16(packet, 0xc00c); /* the name of the question */
	put16(packet, type);
	put16(packet, 1);
	put16(packet, 0);
	put16(packet, ttl_s);
	put16(packet, len);
	memcpy(packet->data + packet->len, data, len);
	packet->len += len;
	packet->answers++;
}

static void put_four(struct packet *packet, unsigned char last, unsigned ttl_s)
{
	unsigned char address[4] = {127, 0, 0, last};

	if (packet->type == TYPE_A)
		put_record(packet, TYPE_A, ttl_s, address, 4);
}

static void put_six(struct packet *packet, unsigned char last, unsigned ttl_s)
{
	unsigned char address[16] = {[15] = last};

	if (packet->type == TYPE_AAAA)
		put_record(packet, TYPE_AAAA, ttl_s, address, 16);
}

/* CNAME to `to.` and its own name below the question's: the record after it hangs on the alias. */
static void put_alias(struct packet *packet)
{
	static const unsigned char to[] = {2, 't', 'o', 4, 't', 'e', 's', 't', 0};
	size_t at;

	put_record(packet, TYPE_CNAME, 5, to, sizeof(to));
	at = packet->len - sizeof(to);
	if (packet->type != TYPE_A)
		return;
	put_four(packet, 7, 60);
	/* That record's name is the alias. */
	packet->data[at + sizeof(to)] = (unsigned char)(0xc0 | at >> 8);
	packet->data[at + sizeof(to) + 1] = (unsigned char)at;
}

static bool read_question(struct packet *packet)
{
	size_t at = 12, out = 0;

	if (packet->len < 17)
		return false;
	while (at < packet->len && packet->data[at]) {
		size_t label = packet->data[at++];

		if (label > 63 || at + label >= packet->len || out + label + 2 > 256)
			return false;
		memcpy(packet->name + out, packet->data + at, label);
		out += label;
		packet->name[out++] = '.';
		at += label;
	}
	packet->name[out ? out - 1 : 0] = '\0';
	packet->type = (enum type)(packet->data[at + 1] << 8 | packet->data[at + 2]);
	packet->question_end = at + 5;
	return packet->question_end <= packet->len;
}

static int note(struct nameserver *server, const struct packet *packet)
{
	int count = 0;

	pthread_mutex_lock(&server->lock);
	if (packet->type == TYPE_A) {
		BUG_ON(server->asked_count == QUESTIONS_MAX);
		server->asked[server->asked_count++] = xstrdup(packet->name);
		pthread_cond_broadcast(&server->changed);
	}
	for (int i = 0; i < server->asked_count; i++)
		count += strcmp(server->asked[i], packet->name) == 0;
	pthread_mutex_unlock(&server->lock);
	return count;
}

static bool begins(const struct packet *packet, const char *label)
{
	return strncmp(packet->name, label, strlen(label)) == 0;
}

static void put_answers(struct packet *packet, int nth, bool tcp)
{
	if (begins(packet, "both") || begins(packet, "four"))
		put_four(packet, 1, 60);
	if (begins(packet, "both"))
		put_six(packet, 1, 60);
	if (begins(packet, "short"))
		put_four(packet, (unsigned char)nth, 0);
	if (begins(packet, "alias"))
		put_alias(packet);
	for (unsigned char i = 1; tcp && i <= 30; i++)
		if (begins(packet, "large")) {
			put_four(packet, i, 60);
			put_six(packet, i, 60);
		}
}

/* False: nothing is to be sent. */
static bool make_answer(struct nameserver *server, struct packet *packet, bool tcp)
{
	enum rcode rcode = OK;
	unsigned flags = 0x8180;
	int nth;

	if (!read_question(packet))
		return false;
	nth = note(server, packet);
	if (begins(packet, "silent"))
		return false;
	packet->len = packet->question_end;
	put_answers(packet, nth, tcp);
	if (begins(packet, "large") && !tcp)
		flags |= 0x0200;
	if (begins(packet, "gone"))
		rcode = NXDOMAIN;
	if (begins(packet, "fails"))
		rcode = SERVFAIL;
	packet->data[2] = (unsigned char)(flags >> 8);
	packet->data[3] = (unsigned char)(flags | rcode);
	memset(packet->data + 4, 0, 8);
	packet->data[5] = 1;
	packet->data[7] = (unsigned char)packet->answers;
	if (begins(packet, "garbage")) {
		packet->data[7] = 3;
		packet->data[packet->len++] = 0xff;
	}
	return true;
}

static void serve_udp(struct nameserver *server)
{
	struct packet packet = {0};
	struct sockaddr_in from;
	socklen_t from_len = sizeof(from);
	ssize_t got = recvfrom(
		server->udp, packet.data, PACKET_BYTES / 2, 0, (struct sockaddr *)&from, &from_len);

	if (got <= 0)
		return;
	packet.len = (size_t)got;
	if (make_answer(server, &packet, false))
		(void)sendto(server->udp, packet.data, packet.len, 0, (struct sockaddr *)&from,
			from_len);
}

/* All questions of one connection, until the other side closes it. */
static void serve_tcp(struct nameserver *server)
{
	int fd = accept(server->tcp, NULL, NULL);
	unsigned char size[2];

	while (fd >= 0 && recv(fd, size, 2, MSG_WAITALL) == 2) {
		struct packet packet = {.len = (size_t)(size[0] << 8 | size[1])};

		if (packet.len > PACKET_BYTES / 2 ||
			recv(fd, packet.data, packet.len, MSG_WAITALL) != (ssize_t)packet.len)
			break;
		if (!make_answer(server, &packet, true))
			break;
		size[0] = (unsigned char)(packet.len >> 8);
		size[1] = (unsigned char)packet.len;
		(void)send(fd, size, 2, MSG_NOSIGNAL);
		(void)send(fd, packet.data, packet.len, MSG_NOSIGNAL);
	}
	close(fd);
}

static void *serve(void *arg)
{
	struct nameserver *server = arg;
	struct pollfd polls[3] = {
		{server->udp, POLLIN, 0}, {server->tcp, POLLIN, 0}, {server->wake[0], POLLIN, 0}};

	while (poll(polls, 3, -1) > 0 && !polls[2].revents) {
		if (polls[0].revents)
			serve_udp(server);
		if (polls[1].revents)
			serve_tcp(server);
	}
	return NULL;
}

static void open_sockets(struct nameserver *server)
{
	struct sockaddr_in address;
	socklen_t len = sizeof(address);

	for (int tries = 0;; tries++) {
		address = (struct sockaddr_in){
			.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
		server->udp = socket(AF_INET, SOCK_DGRAM, 0);
		server->tcp = socket(AF_INET, SOCK_STREAM, 0);
		BUG_ON(tries == 100 || bind(server->udp, (struct sockaddr *)&address, len));
		BUG_ON(getsockname(server->udp, (struct sockaddr *)&address, &len));
		if (bind(server->tcp, (struct sockaddr *)&address, len) == 0)
			break;
		close(server->udp);
		close(server->tcp);
	}
	BUG_ON(listen(server->tcp, 16));
	snprintf(server->address, sizeof(server->address), "127.0.0.1:%u", ntohs(address.sin_port));
}

struct nameserver *nameserver_start(void)
{
	struct nameserver *server = xcalloc(1, sizeof(*server));

	open_sockets(server);
	BUG_ON(pipe(server->wake));
	pthread_mutex_init(&server->lock, NULL);
	pthread_cond_init(&server->changed, NULL);
	pthread_create(&server->thread, NULL, serve, server);
	return server;
}

void nameserver_stop(struct nameserver *server)
{
	close(server->wake[1]);
	pthread_join(server->thread, NULL);
	close(server->wake[0]);
	close(server->udp);
	close(server->tcp);
	for (int i = 0; i < server->asked_count; i++)
		free(server->asked[i]);
	pthread_mutex_destroy(&server->lock);
	pthread_cond_destroy(&server->changed);
	free(server);
}

const char *nameserver_address(const struct nameserver *server)
{
	return server->address;
}

static int asked_locked(struct nameserver *server, const char *name)
{
	int count = 0;

	for (int i = 0; i < server->asked_count; i++)
		count += !name || strcmp(server->asked[i], name) == 0;
	return count;
}

int nameserver_asked(struct nameserver *server, const char *name)
{
	int count;

	pthread_mutex_lock(&server->lock);
	count = asked_locked(server, name);
	pthread_mutex_unlock(&server->lock);
	return count;
}

void nameserver_await(struct nameserver *server, const char *name, int questions)
{
	pthread_mutex_lock(&server->lock);
	while (asked_locked(server, name) < questions)
		pthread_cond_wait(&server->changed, &server->lock);
	pthread_mutex_unlock(&server->lock);
}
