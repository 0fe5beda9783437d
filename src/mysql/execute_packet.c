/* SPDX-License-Identifier: Apache-2.0
 * Reading and completing the head of COM_STMT_EXECUTE. */
#include "mysql/execute_packet.h"

#include "mysql/lenenc.h"

#define FIXED_SIZE      10 /* command, id, flags, iterations */
#define BULK_FIXED_SIZE 7  /* command, id, flags */
#define BULK_TYPES      0x80

static size_t bitmap_size(uint16_t parameters)
{
    return ((size_t)parameters + 7) / 8;
}

size_t execute_head_size_max(uint16_t parameters, bool bulk)
{
    if (bulk)
        return BULK_FIXED_SIZE + 2 * (size_t)parameters;
    return FIXED_SIZE + bitmap_size(parameters) + 1 + 2 * (size_t)parameters;
}

static bool read_bulk(struct bytes payload, uint16_t parameters, struct execute_head *head)
{
    if (payload.size < BULK_FIXED_SIZE)
        return false;
    head->types_at = head->size = BULK_FIXED_SIZE;
    head->has_types = (payload.data[5] & BULK_TYPES) != 0;
    return !head->has_types || payload.size >= execute_head_size_max(parameters, true);
}

static bool read_plain(struct bytes payload, uint16_t parameters, bool attributes,
                       struct execute_head *head)
{
    if (payload.size < FIXED_SIZE ||
        (attributes && (payload.data[5] & EXECUTE_PARAMETER_COUNT) != 0))
        return false;
    head->types_at = head->size = FIXED_SIZE;
    head->has_types = false;
    if (parameters == 0)
        return true;
    head->types_at = head->size = FIXED_SIZE + bitmap_size(parameters) + 1;
    if (payload.size < head->size)
        return false;
    head->has_types = payload.data[head->size - 1] == 1;
    return !head->has_types || payload.size >= execute_head_size_max(parameters, false);
}

bool execute_head_read(struct bytes payload, uint16_t parameters, bool bulk, bool attributes,
                       struct execute_head *head)
{
    *head = (struct execute_head){.has_types = false};
    bool ok = bulk ? read_bulk(payload, parameters, head)
                   : read_plain(payload, parameters, attributes, head);
    if (ok && head->has_types) {
        head->types = bytes_of(payload.data + head->types_at, 2 * (size_t)parameters);
        head->size += head->types.size;
    }
    return ok;
}

void execute_head_with_types(struct bytes payload, const struct execute_head *head,
                             struct bytes types, bool bulk, uint8_t *out)
{
    memcpy(out, payload.data, head->types_at);
    if (bulk)
        out[5] |= BULK_TYPES;
    else
        out[head->types_at - 1] = 1;
    if (types.size > 0)
        memcpy(out + head->types_at, types.data, types.size);
}
