/* SPDX-License-Identifier: Apache-2.0
 * Digest tables: what is added is found again, nothing grows beyond the limit, readers see whole
 * rows while the owner goes on. */
#include "stats/digest_report.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct digest_place add(struct digest_table *t, uint64_t id, usec_t time, bool *wants)
{
    char text[32];
    (void)snprintf(text, sizeof text, "digest %u", (unsigned)id);
    struct digest_event e = {
        .id = id,
        .schema = bytes_of_text("shop"),
        .text = bytes_of_text(text),
        .time = time,
        .wait = 7,
        .rows_sent = 2,
        .wall = 1000 + time,
    };
    bool ignored;
    return digest_table_add(t, &e, wants != NULL ? wants : &ignored);
}

static void test_sums(void **state)
{
    (void)state;
    struct digest_table *t = digest_table_create(10);
    bool wants;
    struct digest_place at = add(t, 5, 100, &wants);
    assert_true(wants);
    digest_table_sample(t, at, bytes_of_text("SELECT 'first'"), 100);
    (void)add(t, 5, 150, &wants);
    assert_false(wants);
    (void)add(t, 5, 300, &wants);
    assert_true(wants);
    digest_table_sample(t, at, bytes_of_text("SELECT 'slow'"), 300);
    (void)add(t, 6, 1, NULL);
    digest_table_add_link(t, at, 1000);
    struct digest_report r;
    assert_true(digest_report_make(&r, &t, 1));
    assert_int_equal(r.count, 2);
    const struct digest_row *row = &r.rows[0];
    assert_int_equal(row->id, 5);
    assert_string_equal(row->schema, "shop");
    assert_string_equal(row->text, "digest 5");
    assert_string_equal(row->sample, "SELECT 'slow'");
    assert_int_equal(row->sums.count, 3);
    assert_int_equal(row->sums.time, 550);
    assert_int_equal(row->sums.time_min, 100);
    assert_int_equal(row->sums.time_max, 300);
    assert_int_equal(row->sums.wait, 21);
    assert_int_equal(row->sums.link, 1550);
    assert_int_equal(row->sums.rows_sent, 6);
    assert_int_equal(row->sums.first_seen, 1100);
    assert_int_equal(row->sums.last_seen, 1300);
    assert_in_range(histogram_quantile(&row->times, 500), 150, 188);
    digest_report_free(&r);
    digest_table_destroy(t);
    digest_table_destroy(NULL);
}

static void test_full_table(void **state)
{
    (void)state;
    struct digest_table *t = digest_table_create(20);
    for (uint64_t id = 1; id <= 1000; id++)
        (void)add(t, id, 10, NULL);
    (void)add(t, 20, 10, NULL);
    struct digest_report r;
    assert_true(digest_report_make(&r, &t, 1));
    assert_int_equal(r.count, 21);
    assert_int_equal(r.rows[0].id, 0);
    assert_string_equal(r.rows[0].text, "");
    assert_int_equal(r.rows[0].sums.count, 980);
    assert_int_equal(r.rows[1].sums.count, 2);
    assert_int_equal(r.rows[1].id, 20);
    digest_report_free(&r);
    digest_table_destroy(t);
}

static void test_reset_and_resize(void **state)
{
    (void)state;
    struct digest_table *t = digest_table_create(20);
    struct digest_place before = add(t, 1, 10, NULL);
    digest_table_reset(t);
    digest_table_add_link(t, before, 5); /* of a row that is no more */
    digest_table_sample(t, before, bytes_of_text("x"), 5);
    digest_table_add_link(t, (struct digest_place){0}, 5);
    struct digest_report r;
    assert_true(digest_report_make(&r, &t, 1));
    assert_int_equal(r.count, 0);
    digest_report_free(&r);
    (void)add(t, 1, 10, NULL);
    digest_table_resize(t, 20);
    assert_true(digest_report_make(&r, &t, 1));
    assert_int_equal(r.count, 1);
    digest_report_free(&r);
    digest_table_resize(t, 0);
    (void)add(t, 1, 10, NULL);
    (void)add(t, 2, 10, NULL);
    assert_true(digest_report_make(&r, &t, 1));
    assert_int_equal(r.count, 1);
    assert_int_equal(r.rows[0].sums.count, 2);
    digest_report_free(&r);
    digest_table_destroy(t);
}

static void test_merging(void **state)
{
    (void)state;
    struct digest_table *tables[3] = {digest_table_create(100), digest_table_create(100), NULL};
    for (uint64_t id = 1; id <= 100; id++)
        (void)add(tables[0], id, 10, NULL);
    for (uint64_t id = 51; id <= 120; id++)
        digest_table_sample(tables[1], add(tables[1], id, 1000 - id, NULL), bytes_of_text("slower"),
                            1000);
    struct digest_report r;
    assert_true(digest_report_make(&r, tables, 3));
    assert_int_equal(r.count, 120);
    for (size_t i = 1; i < r.count; i++)
        assert_true(r.rows[i - 1].sums.time >= r.rows[i].sums.time);
    for (size_t i = 0; i < r.count; i++) {
        const struct digest_row *row = &r.rows[i];
        assert_int_equal(row->sums.count, row->id > 50 && row->id <= 100 ? 2 : 1);
        assert_string_equal(row->sample, row->id > 50 ? "slower" : "");
    }
    digest_report_free(&r);
    digest_table_destroy(tables[0]);
    digest_table_destroy(tables[1]);
}

static void *add_many(void *table)
{
    for (uint64_t i = 0; i < 20000; i++)
        (void)add(table, i % 50 + 1, i % 7, NULL);
    return NULL;
}

static void test_reading_meanwhile(void **state)
{
    (void)state;
    struct digest_table *t = digest_table_create(40);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, add_many, t), 0);
    for (int i = 0; i < 50; i++) {
        struct digest_report r;
        assert_true(digest_report_make(&r, &t, 1));
        for (size_t row = 0; row < r.count; row++)
            assert_int_equal(r.rows[row].sums.rows_sent, 2 * r.rows[row].sums.count);
        digest_report_free(&r);
        if (i == 25)
            digest_table_reset(t);
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    digest_table_destroy(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums),
        cmocka_unit_test(test_full_table),
        cmocka_unit_test(test_reset_and_resize),
        cmocka_unit_test(test_merging),
        cmocka_unit_test(test_reading_meanwhile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
