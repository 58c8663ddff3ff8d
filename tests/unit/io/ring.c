/* SPDX-License-Identifier: MIT */
/* ring: a key ring in a folder of the test's own, and what is sealed for it. */
#include "ring.h"

#include <stdio.h>
#include <unistd.h>

#include "../unit.h"
#include "bellhop/key_file.h"
#include "io/keyring.h"

struct ring ring;
const struct seal_binding TICKETS = {"acme", "tickets", "token", "https://api.acme.com"};

struct keyring *ring_load(void)
{
	struct error error = {0};
	struct keyring *loaded = keyring_load(ring.path, &error);

	if (!loaded)
		fail_msg("%s", error.text);
	return loaded;
}

void ring_reload(void)
{
	keyring_free(ring.keyring);
	ring.keyring = ring_load();
}

int ring_begin(void **state)
{
	struct error error = {0};

	(void)state;
	snprintf(ring.folder, sizeof(ring.folder), "/tmp/bellhop-keyring-XXXXXX");
	if (!mkdtemp(ring.folder))
		return -1;
	snprintf(ring.path, sizeof(ring.path), "%s/ring", ring.folder);
	snprintf(ring.public_path, sizeof(ring.public_path), "%s.pub", ring.path);
	if (key_file_create(ring.path, &ring.key, &error))
		return -1;
	ring.keyring = ring_load();
	return 0;
}

int ring_end(void **state)
{
	(void)state;
	keyring_free(ring.keyring);
	unlink(ring.path);
	unlink(ring.public_path);
	return rmdir(ring.folder);
}

struct buf seal(const struct seal_binding *binding, const char *value, size_t len)
{
	struct buf sealed;

	buf_init(&sealed, 1024 * 1024);
	seal_value(&ring.key, binding, value, len, &sealed);
	return sealed;
}

long open_as(const struct buf *sealed, const struct seal_binding *binding, char *out, size_t size)
{
	return keyring_open(
		ring.keyring, (struct span){sealed->data, sealed->len}, binding, out, size);
}
