/* SPDX-License-Identifier: Apache-2.0
 * What a client sends beside its statements: query attributes, the heads of executions, connection
 * attributes; and statements whose secrets are hidden before they are shown. The first byte picks
 * the reader, the second varies it. */
#include "base/check.h"
#include "mysql/connect_attributes.h"
#include "mysql/execute_packet.h"
#include "mysql/login.h"
#include "mysql/query_attributes.h"
#include "mysql/sql_redact.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SECRET "hunter2"

static void read_query_attributes(struct bytes payload)
{
    size_t at;
    if (query_attributes_skip(payload, &at))
        CHECK(at <= payload.size);
}

static void read_execution(struct bytes payload, uint8_t how)
{
    uint16_t parameters = how >> 2;
    enum execute_form form = (enum execute_form)(how % 3);
    struct execute_head head, again;
    if (!execute_head_read(payload, parameters, form, &head))
        return;
    CHECK(head.types_at <= payload.size);
    if (head.has_types || parameters == 0)
        return;
    uint8_t types[3 * 64] = {0}; /* with an empty name behind each, in the form that has names */
    struct bytes added = bytes_of(types, (form == EXECUTE_ATTRIBUTES ? 3 : 2) * (size_t)parameters);
    size_t size = execute_head_size_with(&head, added);
    uint8_t *out = malloc(size);
    CHECK(out != NULL);
    execute_head_with_types(payload, &head, added, out);
    bool read = execute_head_read(bytes_of(out, size), parameters, form, &again);
    CHECK(read && again.has_types && bytes_equal(again.types, added));
    free(out);
}

static void read_connect_attributes(struct bytes block)
{
    uint8_t memory[CONNECT_ATTRIBUTES_MAX];
    struct writer w = writer_over(memory, sizeof memory);
    struct bytes rest = block, key, value;
    while (rest.size > 0)
        if (!login_next_attribute(&rest, &key, &value))
            return; /* such a login is refused */
    connect_attributes_pack(block, &w);
    CHECK(w.size <= sizeof memory);
    (void)connect_attributes_find(writer_written(&w), "program_name");
    for (rest = writer_written(&w); rest.size > 0;) {
        bool whole = login_next_attribute(&rest, &key, &value);
        CHECK(whole && value.size <= CONNECT_ATTRIBUTE_VALUE_MAX);
    }
}

/* Whatever stands before it, the password of this statement is not shown. */
static void hide_secret(struct bytes before, uint8_t how)
{
    static const char statement[] = ";\nALTER USER a IDENTIFIED BY '" SECRET "'";
    struct sql_mode mode = {.ansi_quotes = (how & 1) != 0,
                            .no_backslash_escapes = (how & 2) != 0,
                            .mariadb = (how & 4) != 0,
                            .multi_byte_trail = (how & 8) != 0};
    size_t size = before.size + sizeof statement - 1;
    uint8_t *text = malloc(size);
    size_t room = 2 * size + 64;
    uint8_t *out = malloc(room);
    CHECK(text != NULL && out != NULL);
    if (before.size > 0)
        memcpy(text, before.data, before.size);
    memcpy(text + before.size, statement, sizeof statement - 1);
    bool was_there = before.size > 0 && memmem(before.data, before.size, SECRET, 7) != NULL;
    struct bytes shown = sql_redact(mode, bytes_of(text, size), out, room);
    CHECK(shown.data == text || shown.size <= room);
    CHECK(was_there || shown.size == 0 || memmem(shown.data, shown.size, SECRET, 7) == NULL);
    free(text);
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > 65536)
        return 0;
    struct bytes rest = bytes_of(data + 2, size - 2);
    switch (data[0] % 4) {
    case 0:
        read_query_attributes(rest);
        break;
    case 1:
        read_execution(rest, data[1]);
        break;
    case 2:
        read_connect_attributes(rest);
        break;
    default:
        hide_secret(rest, data[1]);
        break;
    }
    return 0;
}
