/* SPDX-License-Identifier: Apache-2.0
 * Connection attributes: what a driver says of itself in its login (program_name, _pid, _os …), as
 * pairs of length-encoded texts.
 * Source:
 * https://dev.mysql.com/doc/refman/8.4/en/performance-schema-connection-attribute-tables.html */
#ifndef WEIR_MYSQL_CONNECT_ATTRIBUTES_H
#define WEIR_MYSQL_CONNECT_ATTRIBUTES_H

#include "base/attrs.h"
#include "base/bytes.h"
#include "base/writer.h"

/* A block that is kept is no longer than this. */
#define CONNECT_ATTRIBUTES_MAX 512
/* Longer values are cut. */
#define CONNECT_ATTRIBUTE_VALUE_MAX 128

/* Writes as many pairs of the well-formed block `all` as fit: first those that tell who connects
 * (program_name, _pid, _client_name, _client_version, _os), then what applications have added, in
 * its order. What else drivers say (_platform, _thread …), pairs without a value, and those with
 * names longer than 64 bytes are left out. `out` holds CONNECT_ATTRIBUTES_MAX. */
void connect_attributes_pack(struct bytes all, struct writer *out);

/* One more pair; for texts of Weir's own, cut to CONNECT_ATTRIBUTE_VALUE_MAX. A pair that does not
 * fit is left out. */
void connect_attributes_add(struct writer *out, const char *name, struct bytes value);

/* The value of the first attribute of this name; empty when there is none. */
struct bytes connect_attributes_find(struct bytes block, const char *name);

#endif
