/* SPDX-License-Identifier: MIT */
/*
 * http_private: what the files of http_client share; nobody else includes it.
 *
 *   http_client  the client, its calls' lives, and what is done once a loop turn
 *   http_pool    one curl multi handle, its timer and its calls; http_socket: its sockets on the event loop
 *   http_call    one transfer and its easy handle: what is asked, and libcurl's callbacks
 *   http_lines   the request's header lines; http_pin: the addresses that its host is pinned to
 *   http_answer  what comes back
 *   http_end     how a transfer ended, in words
 *   http_memory  libcurl's allocator; http_tls: the trusted certificates
 *
 * A turn: whatever wants libcurl's attention puts its pool on the list `due` and activates the one event `turn`. That
 * event, run once however many asked, lets libcurl act, takes the transfers that ended out of their pools, and only then
 * calls back: user code never runs inside libcurl, so it may start and cancel calls and forget pools as it likes.
 */
#ifndef WORKER_IO_HTTP_PRIVATE_H
#define WORKER_IO_HTTP_PRIVATE_H

#include <time.h>
#include <curl/curl.h>
#include <event2/event_struct.h>
#include <openssl/x509_vfy.h>
#include <sys/queue.h>
#include <zlib.h>

#include "io/http_client.h"

#define HTTP_POOLS_MAX		512
#define HTTP_POOL_BUCKETS	1024 /* a power of two */
#define HTTP_POOL_CONNECTIONS	1024
#define HTTP_POOL_FILES		2 /* a multi handle's own, beside its connections */
#define HTTP_POOL_IDLE_US	(60 * 1000000LL)
#define HTTP_ANSWER_HEADERS_MAX (64 * 1024)
#define HTTP_CONNECT_TIMEOUT_MS 10000L
#define HTTP_INLINE_HEADERS	24
#define HTTP_SPARE_CALLS_MAX	1024
#define HTTP_VERDICT_NONE	(-1)
#define HTTP_BAD_CODING		"the answer's content encoding cannot be decoded"

/* Options of an easy handle fail only where the program is wrong. */
#define SET(call, option, value)                                                         \
	do {                                                                             \
		CURLcode set_result = curl_easy_setopt((call)->easy, (option), (value)); \
		if (set_result != CURLE_OK)                                              \
			BUG("%s: %s", #option, curl_easy_strerror(set_result));          \
	} while (0)

/* "host:port:" and sixteen addresses in brackets */
#define HTTP_PIN_BYTES (256 + 8 + ADDRESS_LIST_MAX * (INET6_ADDRSTRLEN + 3))

struct http_pool;

TAILQ_HEAD(http_call_list, http_call);
TAILQ_HEAD(http_pool_list, http_pool);

/* The addresses that libcurl's cache of a pool holds for one host. */
struct http_pin {
	char *host; /* NULL: none is known to be in force */
	uint16_t port;
	struct address_list addresses;
	unsigned serial; /* of the last call that set addresses */
};

/* One for each socket that libcurl opened, found by its number. */
struct http_socket {
	struct http_pool *pool;
	struct event reading, writing;
	bool reads, writes; /* armed */
	short wanted;	    /* by libcurl: EV_READ, EV_WRITE */
	bool ours;	    /* opened for a connection, not inside libcurl */
};

struct http_pool {
	struct http_client *client;
	CURLM *multi;
	char *name;
	struct http_pool *next;		  /* of its bucket; not linked once retired */
	TAILQ_ENTRY(http_pool) life_link; /* of the client's idle or busy ones */
	TAILQ_ENTRY(http_pool) due_link, ended_link;
	struct http_call_list calls;
	int active; /* calls in the multi handle */
	bool retired, due, ended;
	struct event *alarm;
	int64_t alarm_us; /* when it rings; 0: not set. May be before the deadline, never after */
	int64_t deadline_us; /* when libcurl wants to be called; 0: never */
	int64_t idle_since_us;
	struct http_pin pin;
};

enum http_coding {
	HTTP_CODING_NONE,
	HTTP_CODING_GZIP,
	HTTP_CODING_DEFLATE,
	HTTP_CODING_UNKNOWN,
};

/* How far the body of an answer is decoded. */
struct http_decode {
	enum http_coding coding;
	bool inflates; /* `stream` is in use */
	bool began;    /* a byte of the body came */
	bool ended;    /* the last byte that came was an end */
	bool holds;    /* the first byte, until the second says what it is */
	unsigned char held;
	z_stream stream;
};

struct http_call {
	TAILQ_ENTRY(http_call) link; /* of its pool, then of the client's finished or spare ones */
	struct http_client *client;
	struct http_pool *pool; /* NULL once it ended */
	CURL *easy;
	struct http_request request;
	http_fn done;
	void *arg;
	struct http_response response;
	int64_t started_us;
	/* asked */
	struct curl_slist lines_inline[HTTP_INLINE_HEADERS];
	struct curl_slist *lines;
	size_t lines_capacity;
	struct curl_slist *emptied; /* copies of header lines without a value */
	bool posts, has_custom_method;
	long timeout_ms, max_age_s; /* as the easy handle has them */
	struct curl_slist pin_line;
	unsigned pin_serial; /* 0: this call set no addresses */
	bool literal;
	char pin_text[HTTP_PIN_BYTES];
	/* heard */
	int verdict; /* enum http_end that our own callbacks decided, or HTTP_VERDICT_NONE */
	const char *verdict_reason;
	bool blocked; /* an address was refused at connect */
	bool called_back;
	bool in_headers;
	bool succeeded; /* its status is 2xx */
	unsigned codings;
	bool transfer_is_coded;
	struct http_decode decode;
	time_t come_again_at; /* a Retry-After that is a date; -1: none */
	char date[64];	      /* its Date */
	size_t date_len;
	int64_t content_length; /* as the headers say; -1: they do not */
	bool framing_is_broken;
	size_t header_bytes;
	char error[CURL_ERROR_SIZE];
};

struct http_client {
	struct event_base *base;
	const struct address_policy *policy;
	X509_STORE *trusted;
	struct http_pool *buckets[HTTP_POOL_BUCKETS];
	size_t pool_count;
	struct http_pool_list idle /* longest first */, busy, due, ended;
	size_t due_count;
	bool turn_wanted;
	struct http_call_list finished, spare;
	size_t spare_count;
	struct event *turn, *sweep;
	struct http_socket **sockets; /* by file descriptor */
	size_t sockets_capacity, socket_count, sockets_max;
};

static inline int64_t http_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* client */
void http_client_wants_turn(struct http_client *client);

/* pool: found or made; counted as busy from the first call that is added */
struct http_pool *http_pool_get(struct http_client *client, const char *name);
struct http_pool *http_pool_find(struct http_client *client, const char *name);
void http_pool_add(struct http_pool *pool, struct http_call *call);
/* Takes a running call out; the pool may be gone afterwards. */
void http_pool_remove(struct http_pool *pool, struct http_call *call);
/* No new call finds it; closed with its last one. */
void http_pool_retire(struct http_pool *pool);
/* Lets libcurl act on what is due. */
void http_pool_act(struct http_pool *pool);
/* libcurl acted and says how many calls still run: fewer than there are means that some ended. */
void http_pool_progress(struct http_pool *pool, int running);
/* Closes idle pools, longest unused first: those over the maximum, those idle for long, all where sockets run short. */
void http_pool_sweep(struct http_client *client);
/* Moves the calls that ended to the client's finished ones. The pool may be gone afterwards. */
void http_pool_collect(struct http_pool *pool);
void http_pool_free(struct http_pool *pool);

/* socket */
void http_socket_opened(struct http_pool *pool, int fd);
int http_socket_closes(void *client, curl_socket_t fd);
int http_socket_wants(CURL *easy, curl_socket_t fd, int what, void *arg, void *unused);
void http_socket_free(struct http_client *client, int fd);

/* call */
struct http_call *http_call_new(struct http_client *client);
void http_call_free(struct http_call *call);
/* Sets what this request needs. False, with a verdict, where it may not be sent. */
bool http_call_prepare(
	struct http_call *call, const struct http_request *request, struct http_pool *pool);
/* Frees what only this request needed. */
void http_call_clear(struct http_call *call);
int http_call_verdict(struct http_call *call, enum http_end end, const char *reason);

/* lines: the request's header lines as libcurl wants them. False, with a verdict, where one may not be sent. */
bool http_lines_set(struct http_call *call);

/* pin: tells libcurl the host's addresses, unless its cache is known to hold just these. False, with a verdict, where they cannot be said. */
bool http_pin_set(struct http_call *call, struct http_pool *pool);
/* Called when libcurl has used what this call said: from now on its cache is known. */
void http_pin_loaded(struct http_call *call);
bool http_pin_same(const struct sockaddr *a, const struct sockaddr *b);

/* answer */
size_t http_answer_header(char *line, size_t size, size_t count, void *arg);
size_t http_answer_body(char *data, size_t size, size_t count, void *arg);
/* Adds to the body. False, with a verdict, where it would be too large. */
bool http_answer_add(struct http_call *call, const char *data, size_t len);

/* decode */
void http_decode_name(struct http_decode *decode, const char *name, size_t len);
/* Adds to the body what these bytes of it stand for. False, with a verdict, where they stand for nothing or too much. */
bool http_decode_body(struct http_call *call, const char *data, size_t len);
/* Whether something came, and not all. */
bool http_decode_is_cut(const struct http_decode *decode);
void http_decode_clear(struct http_decode *decode);

/* end: fills in the response from what was heard and libcurl's result. */
void http_end_judge(struct http_call *call, CURLcode result);

/* memory: libcurl set up with an allocator that wipes what it frees */
void http_memory_init(void);
void http_memory_release(void);
/* The same for zlib, which says an unused pointer first. */
void *http_memory_take(void *unused, unsigned count, unsigned bytes);
void http_memory_give(void *unused, void *data);

/* tls: what is trusted, read once for all pools. NULL: `error` says why `ca_file` cannot be used. */
X509_STORE *http_tls_trusted(const char *ca_file, struct error *error);
CURLcode http_tls_trust(CURL *easy, void *ssl_context, void *store);

#endif
