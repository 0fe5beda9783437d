/* SPDX-License-Identifier: Apache-2.0
 * Reading and completing the head of COM_STMT_EXECUTE. */
#include "mysql/execute_packet.h"

#include "base/check.h"
#include "mysql/lenenc.h"

#define FIXED_SIZE      10 /* command, id, flags, iterations */
#define BULK_FIXED_SIZE 7  /* command, id, flags */
#define BULK_TYPES      0x80
#define COUNT_SIZE      9    /* of the number of parameters, at most */
#define NAMES_SIZE      4096 /* that names of the statement's own parameters may have */

static size_t bitmap_size(size_t parameters)
{
    return (parameters + 7) / 8;
}

size_t execute_head_size_max(uint16_t parameters, enum execute_form form)
{
    size_t types = 2 * (size_t)parameters;
    switch (form) {
    case EXECUTE_BULK:
        return BULK_FIXED_SIZE + types;
    case EXECUTE_PLAIN:
        return FIXED_SIZE + bitmap_size(parameters) + 1 + types;
    case EXECUTE_ATTRIBUTES:
        break;
    }
    return FIXED_SIZE + COUNT_SIZE + bitmap_size(UINT16_MAX) + 1 + types + NAMES_SIZE;
}

static bool read_types(struct reader *r, struct execute_head *head)
{
    struct reader begin = *r;
    struct bytes name;
    for (unsigned i = 0; i < head->parameters; i++) {
        if (!reader_skip(r, 2) || (head->form == EXECUTE_ATTRIBUTES && !lenenc_read_text(r, &name)))
            return false;
    }
    head->types = bytes_of(begin.data, begin.left - r->left);
    return true;
}

static bool read_bulk(struct reader *r, struct execute_head *head)
{
    uint16_t flags;
    if (!reader_skip(r, BULK_FIXED_SIZE - 2) || !reader_u16(r, &flags))
        return false;
    head->types_at = BULK_FIXED_SIZE;
    head->has_types = (flags & BULK_TYPES) != 0;
    return !head->has_types || read_types(r, head);
}

static bool read_plain(struct reader *r, struct execute_head *head)
{
    size_t before = r->left;
    uint64_t count = head->parameters;
    uint8_t types_follow = 0;
    if (!reader_skip(r, FIXED_SIZE))
        return false;
    head->types_at = FIXED_SIZE;
    if (head->parameters == 0)
        return true;
    if (head->form == EXECUTE_ATTRIBUTES && !lenenc_read(r, &count))
        return false;
    if (count < head->parameters || count > UINT16_MAX ||
        !reader_skip(r, bitmap_size((size_t)count)) || !reader_u8(r, &types_follow))
        return false;
    head->types_at = before - r->left;
    head->has_types = types_follow != 0;
    return head->has_types ? read_types(r, head) : count == head->parameters;
}

bool execute_head_read(struct bytes payload, uint16_t parameters, enum execute_form form,
                       struct execute_head *head)
{
    *head = (struct execute_head){.form = form, .parameters = parameters};
    struct reader r = reader_over(payload);
    return form == EXECUTE_BULK ? read_bulk(&r, head) : read_plain(&r, head);
}

size_t execute_head_size_with(const struct execute_head *head, struct bytes types)
{
    if (head->form == EXECUTE_ATTRIBUTES)
        return head->types_at + 3 * (size_t)head->parameters;
    return head->types_at + types.size;
}

static void write_without_names(struct bytes types, uint16_t parameters, uint8_t *out)
{
    struct reader r = reader_over(types);
    struct bytes type, name;
    for (unsigned i = 0; i < parameters; i++) {
        bool whole = reader_bytes(&r, 2, &type) && lenenc_read_text(&r, &name);
        CHECK(whole); /* execute_head_read has read them */
        *out++ = type.data[0];
        *out++ = type.data[1];
        *out++ = 0;
    }
}

void execute_head_with_types(struct bytes payload, const struct execute_head *head,
                             struct bytes types, uint8_t *out)
{
    memcpy(out, payload.data, head->types_at);
    if (head->form == EXECUTE_BULK)
        out[5] |= BULK_TYPES;
    else
        out[head->types_at - 1] = 1;
    if (head->form == EXECUTE_ATTRIBUTES)
        write_without_names(types, head->parameters, out + head->types_at);
    else if (types.size > 0)
        memcpy(out + head->types_at, types.data, types.size);
}
