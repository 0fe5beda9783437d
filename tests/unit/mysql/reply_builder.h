/* SPDX-License-Identifier: Apache-2.0
 * Replies put together by hand, as links see them and as clients do. */
#ifndef WEIR_TESTS_REPLY_BUILDER_H
#define WEIR_TESTS_REPLY_BUILDER_H

#include "mysql/status_flags.h"

#include "reply_driver.h"
#include "split.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define DEFINITION  "036465660161"
#define OK_PAYLOAD  "00000002000000"
#define END_PAYLOAD "fe000002000000"

static const struct driver_schedule whole UNUSED = {.capacity = 65536};

static inline void add_bytes(struct driver_input *in, uint8_t sequence, struct bytes payload)
{
    uint8_t header[FRAME_HEADER_SIZE];
    frame_header_write(header, (uint32_t)payload.size, sequence);
    driver_append(&in->bytes, header, sizeof(header));
    driver_append(&in->bytes, payload.data, payload.size);
}

static inline void add(struct driver_input *in, uint8_t sequence, const char *payload)
{
    add_bytes(in, sequence, hex(payload));
}

/* A client that knows neither DEPRECATE_EOF nor SESSION_TRACK. */
static inline struct driver_input old_client(enum command command)
{
    return (struct driver_input){.command = command, .previous_status = STATUS_AUTOCOMMIT};
}

static inline struct driver_input new_client(enum command command)
{
    struct driver_input in = old_client(command);
    in.dialect = (struct reply_dialect){
        .deprecate_eof = true, .session_track = true, .filter = SESSION_TRACK_FILTER_DEFAULT};
    return in;
}

static inline void assert_output(const struct driver_result *result, struct driver_input *wanted)
{
    if (!bytes_equal(driver_view(&result->output), driver_view(&wanted->bytes))) {
        driver_print("wanted", driver_view(&wanted->bytes));
        driver_print("got", driver_view(&result->output));
        fail();
    }
    free(wanted->bytes.data);
}

static inline void add_result_set(struct driver_input *in, uint8_t *sequence, const char *end)
{
    add(in, (*sequence)++, "01");
    add(in, (*sequence)++, DEFINITION);
    add(in, (*sequence)++, "0131");
    add(in, (*sequence)++, "0132");
    add(in, (*sequence)++, end);
}

static inline void add_old_result_set(struct driver_input *in, uint8_t *sequence, const char *eof)
{
    add(in, (*sequence)++, "01");
    add(in, (*sequence)++, DEFINITION);
    add(in, (*sequence)++, eof);
    add(in, (*sequence)++, "0131");
    add(in, (*sequence)++, "0132");
    add(in, (*sequence)++, eof);
}

static inline void assert_broken(enum command command, const char *first, const char *second)
{
    struct driver_input in = old_client(command);
    add(&in, 1, first);
    if (second != NULL)
        add(&in, 2, second);
    struct driver_result result = drive(&in, &whole);
    assert_int_equal(result.verdict, REPLY_BROKEN);
    driver_free(&result);
    free(in.bytes.data);
}

#endif
