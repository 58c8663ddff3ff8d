/* SPDX-License-Identifier: MIT */
/*
 * service_account: what the credential of an integration with the method service_account says (contract, section 7).
 *
 * A key file (`client_email`, `private_key`, `token_uri`, `private_key_id`?) or a client's credentials (`client_id`, `client_secret`,
 * `token_uri`). Other members are what real files carry beside them, and are not looked at. Whether the private key is one is the
 * worker's to find out: here it has to look like PEM.
 */
#ifndef BELLHOP_SERVICE_ACCOUNT_H
#define BELLHOP_SERVICE_ACCOUNT_H

#include <stdbool.h>

#include "bellhop/error.h"
#include "bellhop/span.h"
#include "bellhop/url.h"

/* The strings lie in the memory that service_account_read() was given. */
struct service_account {
	bool has_key;	       /* a key file; else a client's credentials */
	struct span client;    /* `client_email`, or `client_id` */
	struct span secret;    /* `private_key`, or `client_secret` */
	struct span key_id;    /* `private_key_id`; empty: none */
	struct span token_uri; /* as it is written */
	struct url endpoint;   /* the same, read by a base URL's grammar */
};

/* Reads `text`. `memory` has `size` bytes, as many as the text and one more. 0, or -1: the error (SECRET_UNREADABLE) is half a sentence that begins
 * with "it" or "its" and holds nothing of the text. Release only after success. */
int service_account_read(struct service_account *account, struct span text, char *memory,
	size_t size, struct error *error);
void service_account_release(struct service_account *account);

/* Whether it may be used: the definition names a subject, or not; `allow_http` are the origins that may be called in clear (NULL: none). 0, or -1
 * and half a sentence, as above. */
int service_account_fits(const struct service_account *account, bool has_subject,
	const struct origin_list *allow_http, struct error *error);
/* Both, of a text that is only to be judged. On success `*redactable` says whether its secret would be found where an upstream echoes it. */
int service_account_check(struct span text, bool has_subject, const struct origin_list *allow_http,
	bool *redactable, struct error *error);

#endif
