/* SPDX-License-Identifier: Apache-2.0
 * Replies to SHOW WARNINGS, read and made. */
#include "mysql/conditions.h"

#include "mysql/lenenc.h"
#include "mysql/result_set.h"

#include <stdio.h>

enum { LEVEL, CODE, MESSAGE, COLUMNS };

/* No message of a server has this by itself. */
#define MARK       "weir stands in"
#define ERROR_MADE 1242

/* A reply, row by row. */
struct rows {
    struct result_set_reader reader;
    struct condition_view now;
    struct bytes payload; /* of its row */
};

static bool read_code(struct bytes cell, uint16_t *code)
{
    unsigned value = 0;
    for (size_t i = 0; i < cell.size; i++) {
        if (cell.data[i] < '0' || cell.data[i] > '9' || value > UINT16_MAX)
            return false;
        value = value * 10 + (unsigned)(cell.data[i] - '0');
    }
    *code = (uint16_t)value;
    return cell.size > 0 && value <= UINT16_MAX;
}

static bool open_rows(struct rows *r, struct bytes reply)
{
    struct bytes definition;
    if (!result_set_open(&r->reader, reply) || r->reader.columns != COLUMNS)
        return false;
    for (uint64_t i = 0; i < r->reader.definitions; i++)
        if (!result_set_next_definition(&r->reader, &definition))
            return false;
    return true;
}

static bool next_row(struct rows *r)
{
    struct bytes cells[COLUMNS];
    struct bytes before = r->reader.rest;
    if (!result_set_next_row(&r->reader, cells, COLUMNS) || !read_code(cells[CODE], &r->now.code))
        return false;
    r->now.level = cells[LEVEL];
    r->now.message = cells[MESSAGE];
    size_t size = before.size - r->reader.rest.size;
    r->payload = bytes_of(before.data + FRAME_HEADER_SIZE, size - FRAME_HEADER_SIZE);
    return true;
}

static bool is_error(const struct condition_view *v)
{
    return bytes_equal_text(v->level, "Error");
}

bool conditions_count(struct bytes reply, unsigned *count, unsigned *errors)
{
    struct rows r;
    *count = *errors = 0;
    if (!open_rows(&r, reply))
        return false;
    while (next_row(&r)) {
        ++*count;
        *errors += is_error(&r.now);
    }
    return true;
}

bool conditions_find(struct bytes reply, unsigned number, struct condition_view *found)
{
    struct rows r;
    if (!open_rows(&r, reply))
        return false;
    for (unsigned i = 0; i <= number; i++)
        if (!next_row(&r))
            return false;
    *found = r.now;
    return true;
}

bool conditions_are_ascii(struct bytes reply)
{
    struct rows r;
    if (!open_rows(&r, reply))
        return false;
    while (next_row(&r))
        for (size_t i = 0; i < r.now.message.size; i++)
            if (r.now.message.data[i] >= 0x80)
                return false;
    return true;
}

/* -------- telling them -------- */

static void write_frame(struct writer *w, uint8_t *sequence, struct bytes payload)
{
    uint8_t header[FRAME_HEADER_SIZE];
    frame_header_write(header, (uint32_t)payload.size, (*sequence)++);
    writer_bytes(w, header, sizeof header);
    writer_view(w, payload);
}

/* All that comes before the rows. */
static void write_head(struct writer *w, uint8_t *sequence, const struct rows *r,
                       struct bytes reply)
{
    size_t size = reply.size - r->reader.rest.size;
    writer_bytes(w, reply.data, size);
    *sequence = (uint8_t)(1 + 1 + r->reader.definitions);
}

static size_t lenenc_size(size_t n)
{
    return n < 0xfb ? 1 : n <= 0xffff ? 3 : 4;
}

/* A row of COM_STMT_EXECUTE: no column is NULL, and the code is a LONG. */
static void write_binary(struct writer *w, uint8_t *sequence, const struct condition_view *v)
{
    uint8_t header[FRAME_HEADER_SIZE];
    size_t size = 2 + lenenc_size(v->level.size) + v->level.size + 4 +
                  lenenc_size(v->message.size) + v->message.size;
    frame_header_write(header, (uint32_t)size, (*sequence)++);
    writer_bytes(w, header, sizeof header);
    writer_zeros(w, 2);
    lenenc_write_text(w, v->level);
    writer_uint(w, 4, v->code);
    lenenc_write_text(w, v->message);
}

static void write_end(struct writer *w, uint8_t *sequence, uint16_t status)
{
    const uint8_t end[] = {0xfe, 0, 0, (uint8_t)status, (uint8_t)(status >> 8), 0, 0};
    write_frame(w, sequence, bytes_of(end, sizeof end));
}

void conditions_write(struct writer *w, struct bytes reply, const struct conditions_choice *choice)
{
    struct rows r;
    uint8_t sequence;
    uint64_t seen = 0;
    uint64_t told = 0;
    if (!open_rows(&r, reply)) {
        w->overflow = true;
        return;
    }
    write_head(w, &sequence, &r, reply);
    while (told < choice->limit && next_row(&r)) {
        if ((choice->errors_only && !is_error(&r.now)) || seen++ < choice->offset)
            continue;
        told++;
        if (choice->binary)
            write_binary(w, &sequence, &r.now);
        else
            write_frame(w, &sequence, r.payload);
    }
    write_end(w, &sequence, choice->status);
}

/* -------- stand-ins -------- */

/* One: with its own code, and an error of its own kind. */
static void write_one(struct writer *w, struct bytes reply, bool error)
{
    struct condition_view v;
    char text[120];
    if (!conditions_find(reply, 0, &v))
        return;
    snprintf(text, sizeof text, "SIGNAL SQLSTATE '%s' SET MYSQL_ERRNO=%u,MESSAGE_TEXT='" MARK "'",
             error ? "HY000" : "01000", v.code > 0 ? v.code : 1105U);
    writer_text(w, text);
}

bool conditions_write_stand_ins(struct writer *w, struct bytes reply)
{
    unsigned count;
    unsigned errors;
    if (!conditions_count(reply, &count, &errors) || count == 0 || count > CONDITIONS_MAX ||
        errors > 1)
        return false;
    if (count == 1) {
        write_one(w, reply, errors == 1);
        return !w->overflow;
    }
    for (unsigned i = 0; i < count - errors; i++)
        writer_text(w, i == 0 ? "DO CAST('" MARK "' AS SIGNED)" : ",CAST('" MARK "' AS SIGNED)");
    if (errors == 1)
        writer_text(w, ",(SELECT 1 UNION SELECT 2)");
    return !w->overflow;
}

static bool stands_in(const struct condition_view *v)
{
    return memmem(v->message.data, v->message.size, MARK, sizeof MARK - 1) != NULL;
}

unsigned conditions_standing(struct bytes fresh, struct bytes kept)
{
    struct rows r;
    unsigned standing = 0;
    unsigned count;
    unsigned errors;
    if (!open_rows(&r, fresh) || !conditions_count(kept, &count, &errors))
        return 0;
    while (standing < count && next_row(&r)) {
        /* The error that ends the statement comes last, and says what the server makes it say. */
        bool made =
            standing > 0 && standing == count - 1 && errors == 1 && r.now.code == ERROR_MADE;
        if (!made && !stands_in(&r.now))
            break;
        standing++;
    }
    return standing;
}

void conditions_merge(struct writer *w, struct bytes fresh, struct bytes kept)
{
    struct rows r;
    struct rows k;
    uint8_t sequence;
    unsigned standing = conditions_standing(fresh, kept);
    if (!open_rows(&r, fresh) || !open_rows(&k, kept)) {
        w->overflow = true;
        return;
    }
    write_head(w, &sequence, &r, fresh);
    for (unsigned i = 0; next_row(&r) && i < standing; i++)
        if (next_row(&k))
            write_frame(w, &sequence, k.payload);
    if (!open_rows(&r, fresh))
        return;
    for (unsigned i = 0; next_row(&r); i++)
        if (i >= standing)
            write_frame(w, &sequence, r.payload);
    write_end(w, &sequence, 0);
}

/* -------- SQLSTATE -------- */

enum { OF_MYSQL = 1, OF_MARIADB = 2 };

#define SQLSTATE(code, state)         {(code), OF_MYSQL | OF_MARIADB, state},
#define SQLSTATE_MYSQL(code, state)   {(code), OF_MYSQL, state},
#define SQLSTATE_MARIADB(code, state) {(code), OF_MARIADB, state},
static const struct {
    uint16_t code;
    uint8_t servers;
    char state[6];
} states[] = {
#include "mysql/sqlstates.def"
};
#undef SQLSTATE
#undef SQLSTATE_MYSQL
#undef SQLSTATE_MARIADB

const char *conditions_sqlstate(unsigned code, bool mariadb)
{
    size_t low = 0;
    size_t high = countof(states);
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (states[middle].code < code)
            low = middle + 1;
        else
            high = middle;
    }
    unsigned server = mariadb ? OF_MARIADB : OF_MYSQL;
    for (; low < countof(states) && states[low].code == code; low++)
        if ((states[low].servers & server) != 0)
            return states[low].state;
    return "HY000";
}
