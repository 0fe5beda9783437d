/* SPDX-License-Identifier: Apache-2.0
 * Connection attributes: what is kept of them, and found again. */
#include "mysql/connect_attributes.h"

#include "mysql/lenenc.h"
#include "split.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static uint8_t packed[CONNECT_ATTRIBUTES_MAX];

static void add_raw(struct writer *w, const char *name, const char *value)
{
    lenenc_write_text(w, bytes_of_text(name));
    lenenc_write_text(w, bytes_of_text(value));
    assert_false(w->overflow);
}

static struct bytes pack(const struct writer *all)
{
    struct writer out = writer_over(packed, sizeof(packed));
    connect_attributes_pack(writer_written(all), &out);
    assert_false(out.overflow);
    return writer_written(&out);
}

static void assert_found(struct bytes block, const char *name, const char *value)
{
    assert_true(bytes_equal_text(connect_attributes_find(block, name), value));
}

static void test_pairs_are_found_again(void **state)
{
    (void)state;
    uint8_t memory[256];
    struct writer all = writer_over(memory, sizeof(memory));
    add_raw(&all, "_platform", "x86_64");
    add_raw(&all, "tenant", "7");
    add_raw(&all, "_pid", "4711");
    add_raw(&all, "program_name", "cron");
    struct bytes block = pack(&all);
    assert_found(block, "program_name", "cron");
    assert_found(block, "_pid", "4711");
    assert_found(block, "tenant", "7");
    assert_found(block, "_platform", "");
    assert_found(block, "_os", "");
    assert_found(bytes_of(NULL, 0), "_pid", "");
}

/* Who connects is known even when somebody fills the packet before it. */
static void test_what_matters_is_kept_first(void **state)
{
    (void)state;
    static uint8_t memory[70 * 1024];
    struct writer all = writer_over(memory, sizeof(memory));
    for (int i = 0; i < 600; i++)
        add_raw(&all, "some_attribute_of_an_application", "with a value of which nobody knows");
    add_raw(&all, "_pid", "4711");
    add_raw(&all, "program_name", "cron");
    struct bytes block = pack(&all);
    assert_true(block.size <= CONNECT_ATTRIBUTES_MAX);
    assert_true(block.size > CONNECT_ATTRIBUTES_MAX - 100);
    assert_found(block, "program_name", "cron");
    assert_found(block, "_pid", "4711");
}

static void test_long_values_are_cut_and_long_names_left_out(void **state)
{
    (void)state;
    char text[400];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    uint8_t memory[1000];
    struct writer all = writer_over(memory, sizeof(memory));
    add_raw(&all, text, "value");
    add_raw(&all, "program_name", text);
    add_raw(&all, "_os", "");
    struct bytes block = pack(&all);
    assert_int_equal(connect_attributes_find(block, "program_name").size,
                     CONNECT_ATTRIBUTE_VALUE_MAX);
    assert_int_equal(block.size, 1 + strlen("program_name") + 1 + CONNECT_ATTRIBUTE_VALUE_MAX);
}

static void test_nothing_goes_over_the_end(void **state)
{
    (void)state;
    uint8_t memory[20];
    struct writer out = writer_over(memory, sizeof(memory));
    connect_attributes_add(&out, "_pid", bytes_of_text("1234567"));
    assert_int_equal(out.size, 13);
    connect_attributes_add(&out, "_os", bytes_of_text("Linux"));
    assert_int_equal(out.size, 13);
    connect_attributes_add(&out, "_os", bytes_of_text("x"));
    assert_int_equal(out.size, 19);
    assert_false(out.overflow);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs_are_found_again),
        cmocka_unit_test(test_what_matters_is_kept_first),
        cmocka_unit_test(test_long_values_are_cut_and_long_names_left_out),
        cmocka_unit_test(test_nothing_goes_over_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
