/* SPDX-License-Identifier: Apache-2.0
 * What a real server told a link, translated, is what it told a client of every dialect. */
#include "mysql/reply.h"

#include "reply_driver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>

#include <cmocka.h>

#define DIALECTS     4
#define LINE_MAX_LEN 65536

static const struct dialect_row {
    const char *name;
    bool deprecate_eof;
    bool session_track;
} dialects[DIALECTS] = {
    {"none", false, false},
    {"track", false, true},
    {"eof", true, false},
    {"both", true, true},
};

struct capture {
    char name[64];
    struct driver_input link;
    struct driver_bytes expected[DIALECTS];
};

static const char *const fixtures[] = {"replies_mariadb.txt", "replies_mysql.txt"};

/* Where a translation is known to differ from what the server itself would have said, and why that
 * is left so. A row that is not needed any more fails the test. */
static const struct known_difference {
    const char *fixture;
    const char *name;
    bool for_new_eof; /* also for clients with DEPRECATE_EOF */
    bool for_untracked;
} known_differences[] = {
    /* MySQL reports the start and the end of an explicit transaction even to sessions whose
     * session_track_transaction_info is OFF. Who has it off does not look. */
    {"replies_mysql.txt", "begin", true, false},
    {"replies_mysql.txt", "commit", true, false},
    {"replies_mysql.txt", "start_transaction_read_only", true, false},
    {"replies_mysql.txt", "multi_begin", true, false},
    {"replies_mysql.txt", "call_begin", true, false},
    /* Warnings of the parser are counted in the EOF before the rows already, those of the rows are
     * not; the OK at the end does not tell them apart. */
    {"replies_mysql.txt", "select_user_variable", false, true},
    /* MySQL takes MORE_RESULTS and PS_OUT_PARAMS from the second EOF; its client library puts them
     * back from the first. MariaDB has them in both. */
    {"replies_mysql.txt", "execute_call_out", false, true},
};

static const char *fixture;
static char line[LINE_MAX_LEN];

static FILE *open_fixture(const char *name)
{
    char path[1024];
    const char *slash = strrchr(__FILE__, '/');
    snprintf(path, sizeof(path), "%.*s/fixtures/%s", (int)(slash - __FILE__), __FILE__, name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    return file;
}

static void append_hex(struct driver_bytes *out, const char *hex)
{
    for (; hex[0] != '\0' && hex[0] != '\n'; hex += 2) {
        char digits[3] = {hex[0], hex[1], 0};
        uint8_t byte = (uint8_t)strtoul(digits, NULL, 16);
        driver_append(out, &byte, 1);
    }
}

static int find_dialect(void)
{
    for (int i = 0; i < DIALECTS; i++) {
        if (strncmp(line, dialects[i].name, strlen(dialects[i].name)) == 0)
            return i;
    }
    return -1;
}

/* Reads up to the line "end"; false at the end of the file. */
static bool read_capture(FILE *file, struct capture *c)
{
    *c = (struct capture){0};
    struct driver_bytes *into = NULL;
    while (fgets(line, sizeof(line), file) != NULL) {
        unsigned command, status;
        if (line[0] == '#' || line[0] == '\n')
            continue;
        if (sscanf(line, "case %63s %x %x", c->name, &command, &status) == 3) {
            c->link.command = (enum command)command;
            c->link.previous_status = (uint16_t)status;
        } else if (strcmp(line, "end\n") == 0) {
            return true;
        } else if (strcmp(line, "link\n") == 0) {
            into = &c->link.bytes;
        } else if (strncmp(line, "file ", 5) == 0) {
            if (into == &c->link.bytes)
                c->link.file_packets[c->link.files++] = (uint8_t)strtoul(line + 5, NULL, 10);
        } else if (find_dialect() >= 0) {
            into = &c->expected[find_dialect()];
        } else {
            assert_non_null(into);
            append_hex(into, line);
        }
    }
    return false;
}

static void free_capture(struct capture *c)
{
    free(c->link.bytes.data);
    for (int i = 0; i < DIALECTS; i++)
        free(c->expected[i].data);
}

static int compare_bytes(const void *a, const void *b)
{
    return *(const uint8_t *)a - *(const uint8_t *)b;
}

static bool outputs_equal(const struct capture *c, struct driver_bytes *a, struct driver_bytes *b)
{
    /* The text counts seconds and queries. */
    if (strcmp(c->name, "statistics") == 0)
        return true;
    /* The order of the variables in a session-track block is the server's whim: a list that was
     * set gives another than the same list by default. */
    if (strcmp(c->name, "set_names") == 0) {
        qsort(a->data, a->size, 1, compare_bytes);
        qsort(b->data, b->size, 1, compare_bytes);
    }
    return bytes_equal(driver_view(a), driver_view(b));
}

static void use_dialect(struct driver_input *in, int i)
{
    in->dialect = (struct reply_dialect){
        .deprecate_eof = dialects[i].deprecate_eof,
        .session_track = dialects[i].session_track,
        .filter = SESSION_TRACK_FILTER_DEFAULT,
    };
}

static bool may_differ(const struct capture *c, int i)
{
    for (size_t k = 0; k < countof(known_differences); k++) {
        const struct known_difference *known = &known_differences[k];
        if (strcmp(known->fixture, fixture) == 0 && strcmp(known->name, c->name) == 0)
            return (known->for_new_eof || !dialects[i].deprecate_eof) &&
                   (known->for_untracked || dialects[i].session_track);
    }
    return false;
}

static int check_capture(struct capture *c, int i, const struct driver_schedule *schedule)
{
    use_dialect(&c->link, i);
    struct driver_result result = drive(&c->link, schedule);
    bool good = result.verdict == REPLY_ENDED;
    good = good && outputs_equal(c, &result.output, &c->expected[i]) == !may_differ(c, i);
    if (!good) {
        fprintf(stderr, "%s for %s: verdict %d\n", c->name, dialects[i].name, result.verdict);
        driver_print("from the link", driver_view(&c->link.bytes));
        driver_print("wanted", driver_view(&c->expected[i]));
        driver_print("translated", driver_view(&result.output));
    }
    driver_free(&result);
    return good ? 0 : 1;
}

/* Calls `check` with every capture; returns the sum of what it returns. */
static int walk_captures(int (*check)(struct capture *))
{
    int sum = 0;
    for (size_t i = 0; i < countof(fixtures); i++) {
        fixture = fixtures[i];
        FILE *file = open_fixture(fixture);
        struct capture c;
        int cases = 0;
        while (read_capture(file, &c)) {
            sum += check(&c);
            cases++;
            free_capture(&c);
        }
        fclose(file);
        assert_true(cases > 80);
    }
    return sum;
}

static int check_translations(struct capture *c)
{
    int failed = 0;
    for (int i = 0; i < DIALECTS; i++) {
        failed += check_capture(c, i, &(struct driver_schedule){.capacity = 65536});
        failed += check_capture(c, i, &(struct driver_schedule){.capacity = 65536, .piece = 1});
    }
    return failed;
}

static void test_every_capture_translates_to_every_dialect(void **state)
{
    (void)state;
    assert_int_equal(walk_captures(check_translations), 0);
}

static void compare_results(const struct capture *c, struct driver_result *whole,
                            struct driver_result *cut, bool blank)
{
    if (blank) {
        driver_blank_eof_status(&whole->output);
        driver_blank_eof_status(&cut->output);
    }
    if (!bytes_equal(driver_view(&whole->output), driver_view(&cut->output))) {
        fprintf(stderr, "%s\n", c->name);
        driver_print("whole", driver_view(&whole->output));
        driver_print("cut", driver_view(&cut->output));
        fail();
    }
    assert_true(bytes_equal(driver_view(&whole->reports), driver_view(&cut->reports)));
    assert_int_equal(whole->verdict, cut->verdict);
    assert_memory_equal(&whole->summary, &cut->summary, sizeof(whole->summary));
    assert_int_equal(whole->next_sequence, cut->next_sequence);
}

static void check_cuts(struct capture *c)
{
    struct driver_result whole = drive(&c->link, &(struct driver_schedule){.capacity = 65536});
    for (size_t cut = 1; cut < c->link.bytes.size; cut++) {
        struct driver_schedule schedule = {.cut = cut, .capacity = 65536};
        struct driver_result result = drive(&c->link, &schedule);
        compare_results(c, &whole, &result, false);
        driver_free(&result);
    }
    /* Tiny windows and eager sending lose the chance to correct an EOF, but nothing else. */
    for (size_t piece = 0; piece < 14; piece++) {
        struct driver_schedule schedule = {.piece = piece, .capacity = piece + 1, .eager = true};
        struct driver_result result = drive(&c->link, &schedule);
        compare_results(c, &whole, &result, true);
        driver_free(&result);
    }
    driver_free(&whole);
}

static int check_cuts_in_every_dialect(struct capture *c)
{
    for (int i = 0; i < DIALECTS; i++) {
        use_dialect(&c->link, i);
        check_cuts(c);
    }
    return 0;
}

static void test_no_cut_changes_a_translation(void **state)
{
    (void)state;
    assert_int_equal(walk_captures(check_cuts_in_every_dialect), 0);
}

static int check_end(struct capture *c)
{
    c->link.bytes.size--;
    struct driver_result result = drive(&c->link, &(struct driver_schedule){.capacity = 65536});
    assert_int_equal(result.verdict, REPLY_MORE);
    driver_free(&result);
    return 0;
}

/* A reply is over at its last byte and not one earlier. */
static void test_no_capture_ends_early(void **state)
{
    (void)state;
    assert_int_equal(walk_captures(check_end), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_capture_translates_to_every_dialect),
        cmocka_unit_test(test_no_cut_changes_a_translation),
        cmocka_unit_test(test_no_capture_ends_early),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
