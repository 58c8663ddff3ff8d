/* SPDX-License-Identifier: MIT */
/* Calls over TLS: whom http_client believes. */
#include "../unit.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "trip.h"

/* What the upstream offers, and what it does after the handshake. */
static X509 *certificate;
static EVP_PKEY *private_key;
static int most_version;
static enum { ANSWERS, CLOSES, RESETS_HANDSHAKE, SPEAKS_PLAIN } habit;

static void add_extension(X509 *cert, int nid, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;

	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, cert, cert, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	X509_add_ext(cert, extension, -1);
	X509_EXTENSION_free(extension);
}

/* Self-signed, for one name. */
static void make_certificate(const char *names, long valid_from_s, long valid_to_s)
{
	X509_NAME *name;

	certificate = X509_new();
	X509_set_version(certificate, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
	X509_gmtime_adj(X509_getm_notBefore(certificate), valid_from_s);
	X509_gmtime_adj(X509_getm_notAfter(certificate), valid_to_s);
	X509_set_pubkey(certificate, private_key);
	name = X509_get_subject_name(certificate);
	X509_NAME_add_entry_by_txt(
		name, "CN", MBSTRING_ASC, (const unsigned char *)"test", -1, -1, 0);
	X509_set_issuer_name(certificate, name);
	add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE");
	add_extension(certificate, NID_subject_alt_name, names);
	X509_sign(certificate, private_key, EVP_sha256());
}

static bool read_head(SSL *ssl)
{
	char text[4096];
	size_t len = 0;

	while (len < sizeof(text) - 1) {
		int got = SSL_read(ssl, text + len, (int)(sizeof(text) - 1 - len));

		if (got <= 0)
			return false;
		len += (size_t)got;
		text[len] = '\0';
		if (strstr(text, "\r\n\r\n"))
			return true;
	}
	return false;
}

static void speaks_tls(struct upstream *upstream, int fd, int nth)
{
	static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	SSL *ssl;

	(void)nth;
	SSL_CTX_set_security_level(context, 0);
	SSL_CTX_set_max_proto_version(context, most_version);
	SSL_CTX_use_certificate(context, certificate);
	SSL_CTX_use_PrivateKey(context, private_key);
	ssl = SSL_new(context);
	SSL_set_fd(ssl, fd);
	if (habit == RESETS_HANDSHAKE) {
		char byte;

		(void)recv(fd, &byte, 1, 0);
		upstream_reset(fd);
	} else if (habit == SPEAKS_PLAIN) {
		upstream_say(fd, ok);
	} else if (SSL_accept(ssl) == 1) {
		while (read_head(ssl)) {
			pthread_mutex_lock(&upstream->lock);
			upstream->requests++;
			pthread_mutex_unlock(&upstream->lock);
			if (habit == CLOSES)
				break;
			SSL_write(ssl, ok, sizeof(ok) - 1);
		}
	}
	SSL_free(ssl);
	SSL_CTX_free(context);
}

static int begin(void **state)
{
	(void)state;
	private_key = EVP_EC_gen("P-256");
	most_version = TLS1_3_VERSION;
	habit = ANSWERS;
	make_certificate("DNS:api.test", -3600, 3600);
	return 0;
}

static int end(void **state)
{
	(void)state;
	X509_free(certificate);
	EVP_PKEY_free(private_key);
	return 0;
}

static char ca_path[64];

/* A file that trusts the certificate. */
static void write_ca(void)
{
	FILE *file;
	int fd;

	strcpy(ca_path, "/tmp/bellhop-ca-XXXXXX");
	fd = mkstemp(ca_path);
	assert_true(fd >= 0);
	file = fdopen(fd, "w");
	PEM_write_X509(file, certificate);
	fclose(file);
}

static void tls_world(struct world *world, bool trusted)
{
	struct error error = {0};

	world_init(world, speaks_tls);
	if (!trusted)
		return;
	write_ca();
	http_client_free(world->client);
	world->client = http_client_new(world->base, world->policy, ca_path, &error);
	unlink(ca_path);
	assert_non_null(world->client);
}

static void tls_trip(struct trip *trip, struct world *world, const char *host)
{
	trip_init(trip, world);
	trip->request.host = host;
	snprintf(trip->url, sizeof(trip->url), "https://%s:%u/", host, trip->request.port);
	trip_run(trip);
}

static void ends(bool trusted, const char *host, enum http_end end, const char *why)
{
	struct world world;
	struct trip trip;

	tls_world(&world, trusted);
	tls_trip(&trip, &world, host);
	if (trip.end != end || !strstr(trip.reason, why))
		fail_msg("ended in %d: %s", trip.end, trip.reason);
	assert_int_equal(trip.sent, end == HTTP_ANSWERED || end == HTTP_LOST);
	if (!trip.sent)
		assert_int_equal(upstream_requests(world.upstream), 0);
	trip_release(&trip);
	world_release(&world);
}

static void an_upstream_that_ca_file_trusts_is_believed(void **state)
{
	struct world world;
	struct trip trip;

	(void)state;
	tls_world(&world, true);
	tls_trip(&trip, &world, "api.test");
	assert_int_equal(trip.end, HTTP_ANSWERED);
	assert_string_equal(trip.body.data, "ok");
	trip_run(&trip);
	assert_int_equal(trip.end, HTTP_ANSWERED);
	assert_int_equal(upstream_connections(world.upstream), 1);
	/* From another pool, on a connection of its own. */
	trip.request.pool = "other tickets";
	trip_run(&trip);
	assert_int_equal(trip.end, HTTP_ANSWERED);
	assert_int_equal(upstream_connections(world.upstream), 2);
	trip_release(&trip);
	world_release(&world);
}

static void one_that_nobody_trusts_is_not_asked(void **state)
{
	(void)state;
	ends(false, "api.test", HTTP_TLS_FAILED, "self-signed certificate");
}

static void one_of_another_name_is_not_asked(void **state)
{
	(void)state;
	ends(true, "other.test", HTTP_TLS_FAILED, "TLS failed: ");
	ends(true, "127.0.0.1", HTTP_TLS_FAILED, "TLS failed: ");
}

static void a_certificate_may_name_an_address(void **state)
{
	(void)state;
	X509_free(certificate);
	make_certificate("IP:127.0.0.1", -3600, 3600);
	ends(true, "127.0.0.1", HTTP_ANSWERED, "");
}

static void one_that_has_expired_is_not_asked(void **state)
{
	(void)state;
	X509_free(certificate);
	make_certificate("DNS:api.test", -7200, -3600);
	ends(true, "api.test", HTTP_TLS_FAILED, "expired");
}

static void tls_1_2_is_the_least(void **state)
{
	(void)state;
	most_version = TLS1_2_VERSION;
	ends(true, "api.test", HTTP_ANSWERED, "");
	most_version = TLS1_1_VERSION;
	ends(true, "api.test", HTTP_TLS_FAILED, "TLS failed: ");
}

static void a_handshake_that_is_cut_off_is_no_connection(void **state)
{
	(void)state;
	habit = RESETS_HANDSHAKE;
	ends(true, "api.test", HTTP_CONNECT_FAILED, "handshake");
}

static void plain_http_where_tls_was_expected_is_a_refusal(void **state)
{
	(void)state;
	habit = SPEAKS_PLAIN;
	ends(true, "api.test", HTTP_TLS_FAILED, "wrong version number");
}

static void a_close_after_the_request_is_a_loss(void **state)
{
	(void)state;
	habit = CLOSES;
	ends(true, "api.test", HTTP_LOST, "closed before an answer");
}

static void tls_secrets_are_written_nowhere(void **state)
{
	char path[] = "/tmp/bellhop-keylog-XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	setenv("SSLKEYLOGFILE", path, 1);
	ends(true, "api.test", HTTP_ANSWERED, "");
	assert_int_equal(lseek(fd, 0, SEEK_END), 0);
	unsetenv("SSLKEYLOGFILE");
	close(fd);
	unlink(path);
}

static void a_ca_file_that_cannot_be_read_is_one_clear_line(void **state)
{
	struct error error = {0};
	struct event_base *base = event_base_new();

	(void)state;
	assert_null(http_client_new(base, NULL, "/nonexistent", &error));
	assert_string_equal(error.text, "CA_FILE /nonexistent cannot be read as PEM certificates");
	error_clear(&error);
	assert_null(http_client_new(base, NULL, "/dev/null", &error));
	event_base_free(base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
		T(tls_secrets_are_written_nowhere),
		T(an_upstream_that_ca_file_trusts_is_believed),
		T(one_that_nobody_trusts_is_not_asked),
		T(one_of_another_name_is_not_asked),
		T(a_certificate_may_name_an_address),
		T(one_that_has_expired_is_not_asked),
		T(tls_1_2_is_the_least),
		T(a_handshake_that_is_cut_off_is_no_connection),
		T(plain_http_where_tls_was_expected_is_a_refusal),
		T(a_close_after_the_request_is_a_loss),
		T(a_ca_file_that_cannot_be_read_is_one_clear_line),
	};

	/* The upstream writes to clients that have gone. */
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
