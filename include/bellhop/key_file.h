/* SPDX-License-Identifier: MIT */
/*
 * key_file: the key ring as a file, made and added to by `bellhop keygen`.
 *
 * One line a key, `bellhop-secret-1 KEYID BASE64` (standard alphabet, padded), the newest last; empty lines and lines that
 * begin with `#` are none. Mode 0600, never overwritten: a rotation is written whole to FILE.new and renamed, and keeps the
 * file's owner. The worker's keyring.c reads it; this module only makes keys.
 */
#ifndef BELLHOP_KEY_FILE_H
#define BELLHOP_KEY_FILE_H

#include "bellhop/error.h"
#include "bellhop/seal.h"

/* Makes FILE and FILE.pub with a new key. -1 where either exists or cannot be written; nothing is then left behind. */
int key_file_create(const char *path, struct public_key *made, struct error *error);
/* Adds a new key to FILE and replaces FILE.pub. */
int key_file_rotate(const char *path, struct public_key *made, struct error *error);

#endif
