/* SPDX-License-Identifier: Apache-2.0
 * Text that people write: integers, durations ("300", "5m", "250ms"), sizes ("16K", "1M"), hex,
 * booleans as MySQL accepts them. */
#ifndef WEIR_BASE_TEXT_H
#define WEIR_BASE_TEXT_H

#include "base/attrs.h"
#include "base/bytes.h"
#include "base/clock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decimal digits only, all of the text, no overflow. */
NODISCARD bool text_parse_u64(const char *text, uint64_t *out);

/* The same for bytes that no NUL follows. */
NODISCARD bool text_read_u64(struct bytes digits, uint64_t *out);

/* A number with an optional unit us, ms, s, m, h, d; a bare number counts `default_unit` µs.
 * Fractions are allowed ("0.5"). */
NODISCARD bool text_parse_duration(const char *text, usec_t default_unit, usec_t *out);

/* A number with an optional K, M, G (powers of 1024, case-insensitive), in bytes. */
NODISCARD bool text_parse_size(const char *text, uint64_t *out);

/* ON/OFF, TRUE/FALSE, YES/NO, 1/0, any case. */
NODISCARD bool text_parse_bool(const char *text, bool *out);

/* `out` must hold `out_size` bytes; false unless hex is exactly 2 * out_size hex digits. */
NODISCARD bool text_parse_hex(struct bytes hex, uint8_t *out, size_t out_size);

/* Writes 2 * n upper case digits and a NUL. */
void text_format_hex(const uint8_t *data, size_t n, char *out);

/* What stands behind a noun that is counted: "%u link%s". */
static inline const char *text_plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

/* Copies a view into a NUL-terminated array, cut to fit; returns false when it was cut. */
NODISCARD bool text_copy(char *out, size_t out_size, struct bytes text);

/* ASCII case-insensitive. */
NODISCARD bool text_equal_nocase(struct bytes a, const char *b);

/* Only bytes below 80. */
NODISCARD bool text_is_ascii(struct bytes text);

/* The candidate that differs from `word` by the fewest edits, for "did you mean"; NULL when none is
 * near (more than a third of the word's length away). */
const char *text_nearest(const char *word, const char *const *candidates, size_t count);

#endif
