/* SPDX-License-Identifier: Apache-2.0
 * Reading and filtering session-track blocks. */
#include "mysql/session_track.h"

#include "base/check.h"
#include "mysql/lenenc.h"

/* What servers report when nobody changed session_track_system_variables. */
static const char *const default_variables[] = {
    "autocommit", "character_set_client", "character_set_connection", "character_set_results",
    "time_zone",
};

struct session_track_reader session_track_over(struct bytes trackers)
{
    return (struct session_track_reader){.blocks = reader_over(trackers)};
}

static bool read_pair(struct session_track_reader *r, struct session_change *out)
{
    *out = (struct session_change){.type = SESSION_TRACK_SYSTEM_VARIABLE};
    if (!lenenc_read_text(&r->pairs, &out->name) || !lenenc_read_text(&r->pairs, &out->value)) {
        r->malformed = true;
        return false;
    }
    return true;
}

/* The payload of a block that is no list of pairs. */
static bool read_value(uint8_t type, struct bytes payload, struct session_change *out)
{
    struct reader r = reader_over(payload);
    *out = (struct session_change){.type = SESSION_TRACK_OTHER, .value = payload};
    if (type >= SESSION_TRACK_OTHER)
        return true;
    out->type = (enum session_track_type)type;
    if (out->type == SESSION_TRACK_STATE_CHANGE)
        return true;
    if (out->type == SESSION_TRACK_GTIDS && !reader_skip(&r, 1))
        return false;
    return lenenc_read_text(&r, &out->value) && r.left == 0;
}

bool session_track_next(struct session_track_reader *r, struct session_change *out)
{
    while (!r->malformed) {
        if (r->pairs.left > 0)
            return read_pair(r, out);
        if (r->blocks.left == 0)
            return false;
        uint8_t type;
        struct bytes payload;
        if (!reader_u8(&r->blocks, &type) || !lenenc_read_text(&r->blocks, &payload)) {
            r->malformed = true;
        } else if (type == SESSION_TRACK_SYSTEM_VARIABLE) {
            r->pairs = reader_over(payload);
        } else {
            r->malformed = !read_value(type, payload, out);
            return !r->malformed;
        }
    }
    return false;
}

static bool block_passes(uint8_t type, const struct session_track_filter *filter)
{
    return filter->everything || (type == SESSION_TRACK_SCHEMA && filter->schema) ||
           (type == SESSION_TRACK_STATE_CHANGE && filter->state_change) ||
           (type == SESSION_TRACK_TRANSACTION_STATE && filter->transaction_state) ||
           (type == SESSION_TRACK_TRANSACTION_CHARACTERISTICS &&
            filter->transaction_characteristics);
}

/* What a server says of an explicit transaction that it does not follow any further: that it is
 * there, and whether it began with a snapshot. */
static void forget_details(uint8_t *state, size_t size)
{
    static const char with_snapshot[] = "T_R_____";
    if (size == sizeof with_snapshot - 1 && memcmp(state, with_snapshot, size) == 0)
        return;
    for (size_t i = 1; i < size; i++)
        state[i] = '_';
}

static uint8_t lower(char c)
{
    return (uint8_t)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

static bool item_is(const char *item, size_t size, struct bytes name)
{
    if (size == 1 && item[0] == '*')
        return true;
    if (size != name.size)
        return false;
    for (size_t i = 0; i < size; i++)
        if (lower(item[i]) != name.data[i])
            return false;
    return true;
}

static bool lists(const char *list, struct bytes name)
{
    while (*list != '\0') {
        list += strspn(list, ", ");
        size_t size = strcspn(list, ", ");
        if (size > 0 && item_is(list, size, name))
            return true;
        list += size;
    }
    return false;
}

static bool variable_passes(struct bytes name, const struct session_track_filter *filter)
{
    if (filter->everything || filter->all_variables)
        return true;
    if (filter->own_variables != NULL)
        return lists(filter->own_variables, name);
    if (!filter->default_variables)
        return false;
    for (size_t i = 0; i < countof(default_variables); i++) {
        if (bytes_equal_text(name, default_variables[i]))
            return true;
    }
    return false;
}

/* Moves the pairs that pass to `to`; with `to` NULL only counts their bytes. */
static size_t keep_pairs(struct bytes pairs, const struct session_track_filter *filter, uint8_t *to)
{
    struct session_track_reader r = {.pairs = reader_over(pairs)};
    struct session_change change;
    size_t kept = 0;
    while (r.pairs.left > 0) {
        const uint8_t *pair = r.pairs.data;
        if (!read_pair(&r, &change))
            break;
        if (!variable_passes(change.name, filter))
            continue;
        size_t size = (size_t)(r.pairs.data - pair);
        if (to != NULL)
            memmove(to + kept, pair, size);
        kept += size;
    }
    return kept;
}

/* Writes a block of the variables that pass at `to`, which is at or before the old block. */
static size_t keep_variables(struct bytes pairs, const struct session_track_filter *filter,
                             uint8_t *to)
{
    size_t kept = keep_pairs(pairs, filter, NULL);
    if (kept == 0)
        return 0;
    struct writer head = writer_over(to, (size_t)(pairs.data - to));
    writer_u8(&head, SESSION_TRACK_SYSTEM_VARIABLE);
    lenenc_write(&head, kept);
    CHECK(!head.overflow);
    return head.size + keep_pairs(pairs, filter, to + head.size);
}

size_t session_track_filter_in_place(uint8_t *trackers, size_t size,
                                     const struct session_track_filter *filter)
{
    struct reader blocks = reader_over(bytes_of(trackers, size));
    size_t kept = 0;
    while (blocks.left > 0) {
        const uint8_t *block = blocks.data;
        uint8_t type;
        struct bytes payload;
        if (!reader_u8(&blocks, &type) || !lenenc_read_text(&blocks, &payload))
            break;
        size_t block_size = (size_t)(blocks.data - block);
        if (type == SESSION_TRACK_SYSTEM_VARIABLE) {
            kept += keep_variables(payload, filter, trackers + kept);
        } else if (block_passes(type, filter)) {
            memmove(trackers + kept, block, block_size);
            kept += block_size;
            if (type == SESSION_TRACK_TRANSACTION_STATE && filter->transaction_explicit &&
                payload.size > 0 && payload.size <= 9) /* a length of one byte, and the state */
                forget_details(trackers + kept - payload.size + 1, payload.size - 1);
        }
    }
    return kept;
}

void session_track_filter(struct bytes trackers, const struct session_track_filter *filter,
                          struct writer *out)
{
    size_t start = out->size;
    writer_view(out, trackers);
    if (!out->overflow)
        out->size = start + session_track_filter_in_place(out->data + start, trackers.size, filter);
}
