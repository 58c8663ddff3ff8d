/* SPDX-License-Identifier: MIT */
/* json_read: what the reader of JSON texts is made of, for common/ only. */
#ifndef BELLHOP_COMMON_JSON_READ_H
#define BELLHOP_COMMON_JSON_READ_H

#include "bellhop/json_tape.h"

/* Room on the tape for that many more nodes. */
void json_read_room(struct json_tape *tape, uint32_t nodes);

/* The second of two equal names of an object that was just read, or TAPE_NONE. May move the nodes. Needs time that grows
 * with the object, whatever its names are. */
uint32_t json_names_find_twice(struct json_tape *tape, uint32_t object);

#endif
