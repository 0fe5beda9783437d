/* SPDX-License-Identifier: Apache-2.0
 * Where the text of a COM_QUERY begins. */
#include "mysql/query_attributes.h"

#include "mysql/lenenc.h"

/* More of them than this are left to the server. */
#define ATTRIBUTES_MAX UINT16_MAX

/* Types whose values have a fixed size; those of all others carry their length. */
enum { TINY = 1, SHORT = 2, LONG = 3, FLOAT = 4, DOUBLE = 5, LONGLONG = 8 };

static bool skip_value(struct reader *r, uint8_t type)
{
    struct bytes value;
    switch (type) {
    case TINY:
        return reader_skip(r, 1);
    case SHORT:
        return reader_skip(r, 2);
    case LONG:
    case FLOAT:
        return reader_skip(r, 4);
    case DOUBLE:
    case LONGLONG:
        return reader_skip(r, 8);
    default:
        return lenenc_read_text(r, &value);
    }
}

static bool skip_type(struct reader *r, uint8_t *type)
{
    struct bytes name;
    return reader_u8(r, type) && reader_skip(r, 1) && lenenc_read_text(r, &name);
}

static bool skip_parameters(struct reader *r, uint64_t count)
{
    struct bytes nulls;
    uint8_t types_follow, type;
    if (count > ATTRIBUTES_MAX || !reader_bytes(r, ((size_t)count + 7) / 8, &nulls) ||
        !reader_u8(r, &types_follow) || types_follow == 0)
        return false;
    struct reader types = *r;
    for (uint64_t i = 0; i < count; i++)
        if (!skip_type(r, &type))
            return false;
    for (uint64_t i = 0; i < count; i++) {
        bool is_null = (nulls.data[i / 8] >> i % 8 & 1) != 0;
        if (!skip_type(&types, &type) || (!is_null && !skip_value(r, type)))
            return false;
    }
    return true;
}

bool query_attributes_skip(struct bytes payload, size_t *size)
{
    struct reader r = reader_over(payload);
    uint64_t count, sets;
    if (!reader_skip(&r, 1) || !lenenc_read(&r, &count) || !lenenc_read(&r, &sets) || sets != 1 ||
        (count > 0 && !skip_parameters(&r, count)))
        return false;
    *size = payload.size - r.left;
    return true;
}
