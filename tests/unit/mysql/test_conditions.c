/* SPDX-License-Identifier: Apache-2.0
 * Replies to SHOW WARNINGS: read, told again in part, mixed with what stands in for them. */
#include "mysql/conditions.h"

#include "mysql/frame.h"
#include "mysql/lenenc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define MARKED "Truncated incorrect INTEGER value: 'weir stands in'"

static uint8_t memory[8192];
static uint8_t other_memory[8192];
static uint8_t result_memory[8192];

static void add_packet(struct writer *w, uint8_t *sequence, struct bytes payload)
{
    writer_uint(w, 3, payload.size);
    writer_u8(w, (*sequence)++);
    writer_view(w, payload);
}

/* `rows` is level, code, message, level, …, NULL. */
static struct bytes reply_of(void *room, const char *const *rows)
{
    struct writer w = writer_over(room, sizeof memory);
    uint8_t sequence = 1;
    add_packet(&w, &sequence, bytes_of("\x03", 1));
    for (int i = 0; i < 3; i++)
        add_packet(&w, &sequence, bytes_of_text("definition"));
    while (*rows != NULL) {
        uint8_t row[512];
        struct writer r = writer_over(row, sizeof row);
        for (int i = 0; i < 3; i++)
            lenenc_write_text(&r, bytes_of_text(*rows++));
        add_packet(&w, &sequence, writer_written(&r));
    }
    add_packet(&w, &sequence, bytes_of("\xfe\0\0\2\0\0\0", 7));
    assert_false(w.overflow);
    return writer_written(&w);
}

static const char *const three[] = {"Note",  "1051", "Unknown table 'a'",
                                    "Error", "1064", "You have an error",
                                    "Note",  "1050", "Table 'b' already exists",
                                    NULL};
static const char *const two[] = {"Note", "1051", "one", "Warning", "1292", "two", NULL};

static void test_count_and_find(void **state)
{
    (void)state;
    unsigned count;
    unsigned errors;
    struct condition_view v;
    struct bytes reply = reply_of(memory, three);
    assert_true(conditions_count(reply, &count, &errors));
    assert_int_equal(count, 3);
    assert_int_equal(errors, 1);
    assert_true(conditions_find(reply, 2, &v));
    assert_int_equal(v.code, 1050);
    assert_true(bytes_equal_text(v.level, "Note"));
    assert_true(bytes_equal_text(v.message, "Table 'b' already exists"));
    assert_false(conditions_find(reply, 3, &v));
    assert_true(conditions_are_ascii(reply));
    assert_false(conditions_count(bytes_of("\1\0\0\1\0", 5), &count, &errors));
}

/* Messages in a reply, separated by bars; `end` gets the flags of its end. */
static const char *messages(struct bytes reply, unsigned *sequence_of_end)
{
    static char text[1024];
    struct condition_view v;
    size_t size = 0;
    for (unsigned i = 0; conditions_find(reply, i, &v); i++)
        size += (size_t)snprintf(text + size, sizeof text - size, "%.*s|", (int)v.message.size,
                                 (const char *)v.message.data);
    text[size] = '\0';
    *sequence_of_end = reply.data[reply.size - 8];
    return text;
}

static const char *told(struct conditions_choice choice, unsigned *sequence)
{
    struct writer w = writer_over(result_memory, sizeof result_memory);
    conditions_write(&w, reply_of(memory, three), &choice);
    assert_false(w.overflow);
    assert_int_equal(w.data[w.size - 4], choice.status);
    return messages(writer_written(&w), sequence);
}

static void test_write(void **state)
{
    (void)state;
    unsigned end;
    const uint64_t all = UINT64_MAX;
    assert_string_equal(told((struct conditions_choice){.limit = all, .status = 3}, &end),
                        "Unknown table 'a'|You have an error|Table 'b' already exists|");
    assert_int_equal(end, 8);
    assert_string_equal(told((struct conditions_choice){.limit = 1, .offset = 2}, &end),
                        "Table 'b' already exists|");
    assert_int_equal(end, 6);
    assert_string_equal(told((struct conditions_choice){.limit = 0}, &end), "");
    assert_string_equal(told((struct conditions_choice){.limit = 5, .offset = all}, &end), "");
    assert_string_equal(told((struct conditions_choice){.limit = all, .errors_only = true}, &end),
                        "You have an error|");
}

static void test_write_binary(void **state)
{
    (void)state;
    static const char row[] = "\x0b\0\0\5\0\0\4Note\x1b\4\0\0\3one";
    struct writer w = writer_over(result_memory, sizeof result_memory);
    const struct conditions_choice choice = {.binary = true, .limit = 1};
    struct bytes reply = reply_of(memory, two);
    conditions_write(&w, reply, &choice);
    static const char expected[] = "\x0f\0\0\5\0\0\4Note\x1b\4\0\0\3one";
    assert_false(w.overflow);
    assert_non_null(memmem(w.data, w.size, expected, sizeof expected - 1));
    assert_null(memmem(w.data, w.size, row, sizeof row - 1));
}

static const char *stand_ins(const char *const *rows)
{
    static char text[CONDITIONS_TEXT_SIZE];
    struct writer w = writer_over(text, sizeof text - 1);
    if (!conditions_write_stand_ins(&w, reply_of(memory, rows)))
        return "none";
    text[w.size] = '\0';
    return text;
}

static void test_stand_ins(void **state)
{
    (void)state;
    static const char *const note[] = {"Note", "1051", "x", NULL};
    static const char *const error[] = {"Error", "1146", "x", NULL};
    static const char *const errors[] = {"Error", "1", "x", "Error", "2", "y", NULL};
    static const char *const nothing[] = {NULL};
    assert_string_equal(stand_ins(note), "SIGNAL SQLSTATE '01000' SET MYSQL_ERRNO=1051,"
                                         "MESSAGE_TEXT='weir stands in'");
    assert_string_equal(stand_ins(error), "SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO=1146,"
                                          "MESSAGE_TEXT='weir stands in'");
    assert_string_equal(stand_ins(two), "DO CAST('weir stands in' AS SIGNED),"
                                        "CAST('weir stands in' AS SIGNED)");
    assert_non_null(strstr(stand_ins(three), "AS SIGNED),(SELECT 1 UNION SELECT 2)"));
    assert_string_equal(stand_ins(errors), "none");
    assert_string_equal(stand_ins(nothing), "none");
    const char *many[3 * (CONDITIONS_MAX + 1) + 1] = {NULL};
    for (size_t i = 0; i < 3 * CONDITIONS_MAX; i += 3) {
        many[i] = "Note";
        many[i + 1] = "1";
        many[i + 2] = "x";
    }
    assert_string_not_equal(stand_ins(many), "none");
    memcpy(many + 3 * CONDITIONS_MAX, note, sizeof note);
    assert_string_equal(stand_ins(many), "none");
}

static void test_merge(void **state)
{
    (void)state;
    static const char *const same[] = {"Warning", "1292", MARKED, "Warning", "1292", MARKED, NULL};
    static const char *const more[] = {"Warning", "1292",  MARKED, "Warning", "1292",
                                       MARKED,    "Error", "1758", "Invalid", NULL};
    static const char *const with_error[] = {"Warning", "1292",  MARKED, "Warning",  "1292",
                                             MARKED,    "Error", "1242", "Subquery", NULL};
    static const char *const others[] = {"Warning", "1292", "x", "Warning", "1292", MARKED, NULL};
    static const struct {
        const char *const *fresh;
        const char *const *kept;
        unsigned standing;
        const char *messages;
    } cases[] = {
        {same, two, 2, "one|two|"},
        {more, two, 2, "one|two|Invalid|"},
        {with_error, three, 3, "Unknown table 'a'|You have an error|Table 'b' already exists|"},
        {others, two, 0, "x|" MARKED "|"},
    };
    for (size_t i = 0; i < countof(cases); i++) {
        unsigned end;
        struct bytes fresh = reply_of(memory, cases[i].fresh);
        struct bytes kept = reply_of(other_memory, cases[i].kept);
        struct writer w = writer_over(result_memory, sizeof result_memory);
        assert_int_equal(conditions_standing(fresh, kept), cases[i].standing);
        conditions_merge(&w, fresh, kept);
        assert_string_equal(messages(writer_written(&w), &end), cases[i].messages);
    }
}

static void test_sqlstates(void **state)
{
    (void)state;
    assert_string_equal(conditions_sqlstate(1051, true), "42S02");
    assert_string_equal(conditions_sqlstate(1292, false), "22007");
    assert_string_equal(conditions_sqlstate(1105, true), "HY000");
    assert_string_equal(conditions_sqlstate(1, true), "HY000");
    assert_string_equal(conditions_sqlstate(65535, false), "HY000");
    assert_string_equal(conditions_sqlstate(3037, false), "22023");
    assert_string_equal(conditions_sqlstate(1366, true), "22007");
    assert_string_equal(conditions_sqlstate(1366, false), "HY000");
    assert_string_equal(conditions_sqlstate(1133, true), "28000");
    assert_string_equal(conditions_sqlstate(1133, false), "42000");
    assert_string_equal(conditions_sqlstate(4192, true), "70100");
    assert_string_equal(conditions_sqlstate(3037, true), "22023");
    assert_string_equal(conditions_sqlstate(3143, false), "42000");
    assert_string_equal(conditions_sqlstate(3143, true), "HY000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_count_and_find), cmocka_unit_test(test_write),
        cmocka_unit_test(test_write_binary),   cmocka_unit_test(test_stand_ins),
        cmocka_unit_test(test_merge),          cmocka_unit_test(test_sqlstates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
