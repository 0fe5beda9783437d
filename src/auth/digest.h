/* SPDX-License-Identifier: Apache-2.0
 * The hashes that the methods are made of, and bytes as base64. */
#ifndef WEIR_AUTH_DIGEST_H
#define WEIR_AUTH_DIGEST_H

#include "base/attrs.h"
#include "base/bytes.h"

#include <stdbool.h>

void digest_sha1(struct bytes of, uint8_t out[20]);
void digest_sha256(struct bytes of, uint8_t out[32]);
void digest_sha512(struct bytes of, uint8_t out[64]);

/* Are they the same? The time does not tell where they differ. */
NODISCARD bool digest_equal(const void *a, const void *b, size_t size);

/* Standard base64 without padding: `text` must be exactly what `out_size` bytes are written as. */
NODISCARD bool base64_read(struct bytes text, uint8_t *out, size_t out_size);

#endif
