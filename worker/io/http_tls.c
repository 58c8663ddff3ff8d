/* SPDX-License-Identifier: MIT */
/*
 * http_tls: the certificates that upstreams are checked against.
 *
 * Left alone, libcurl reads the whole bundle again for the first connection of every multi handle (tens of milliseconds on the event
 * loop, a megabyte each, and one handle is one integration). So the bundle is read once, and each TLS context gets that store.
 */
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "bellhop/bug.h"
#include "io/http_private.h"

X509_STORE *http_tls_trusted(const char *ca_file, struct error *error)
{
	const char *bundle = curl_version_info(CURLVERSION_NOW)->cainfo;
	X509_STORE *store = X509_STORE_new();

	BUG_ON(!store);
	if (ca_file && !X509_STORE_load_file(store, ca_file)) {
		error_set(error, ERROR_INTERNAL, "CA_FILE %s cannot be read as PEM certificates",
			ca_file);
		X509_STORE_free(store);
		store = NULL;
	}
	/* Without a bundle on this machine every https call ends in HTTP_TLS_FAILED, and says so. */
	if (!ca_file && !(bundle && X509_STORE_load_file(store, bundle)))
		(void)X509_STORE_set_default_paths(store);
	/* As libcurl has it: an intermediate in the bundle is trusted by itself. */
	if (store)
		X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST);
	ERR_clear_error();
	return store;
}

CURLcode http_tls_trust(CURL *easy, void *ssl_context, void *store)
{
	(void)easy;
	/* Not the context's certificate store: libcurl 7.88 replaces that after the first step of the handshake. */
	SSL_CTX_set1_verify_cert_store(ssl_context, store);
	return CURLE_OK;
}
