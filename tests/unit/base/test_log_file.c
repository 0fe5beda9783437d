/* SPDX-License-Identifier: Apache-2.0
 * A file written by its own thread: order, rotation, trouble. */
#include "base/log_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/weir-log-file-XXXXXX";
static char path[64];
static char other[64];

static int set_up(void **state)
{
    (void)state;
    if (folder[sizeof folder - 2] == 'X' && mkdtemp(folder) == NULL)
        return -1;
    (void)snprintf(path, sizeof path, "%s/log", folder);
    (void)snprintf(other, sizeof other, "%s/other", folder);
    (void)unlink(path);
    (void)unlink(other);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    (void)unlink(path);
    (void)unlink(other);
    return rmdir(folder);
}

static char *content(const char *name)
{
    static char text[3000000];
    FILE *file = fopen(name, "r");
    size_t n = file != NULL ? fread(text, 1, sizeof text - 1, file) : 0;
    text[n] = '\0';
    if (file != NULL)
        (void)fclose(file);
    return text;
}

static struct log_file *create(void)
{
    struct log_file *f = log_file_create("a log", "weir-test");
    assert_non_null(f);
    return f;
}

static bool put(struct log_file *f, const char *text)
{
    return log_file_put(f, bytes_of_text(text));
}

static void wait_for(const char *name, const char *text)
{
    for (int i = 0; i < 20000 && strcmp(content(name), text) != 0; i++)
        (void)usleep(1000);
    assert_string_equal(content(name), text);
}

static void test_writes_in_order(void **state)
{
    (void)state;
    struct log_file *f = create();
    assert_false(put(f, "nowhere\n"));
    assert_true(log_file_set_path(f, path));
    assert_true(put(f, "one\n"));
    assert_true(put(f, ""));
    assert_true(put(f, "two\n"));
    wait_for(path, "one\ntwo\n");
    assert_true(put(f, "three\n"));
    log_file_destroy(f);
    assert_string_equal(content(path), "one\ntwo\nthree\n");
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07, 0); /* not for everybody */
    log_file_destroy(NULL);
}

static void test_appends_and_rotates(void **state)
{
    (void)state;
    struct log_file *f = create();
    assert_true(log_file_set_path(f, path));
    assert_true(put(f, "old\n"));
    wait_for(path, "old\n");
    assert_int_equal(rename(path, other), 0);
    assert_true(put(f, "still old\n"));
    wait_for(other, "old\nstill old\n");
    log_file_reopen(f);
    assert_true(put(f, "new\n"));
    wait_for(path, "new\n");
    assert_true(log_file_set_path(f, other));
    assert_true(put(f, "moved\n"));
    wait_for(other, "old\nstill old\nmoved\n");
    assert_true(log_file_set_path(f, ""));
    assert_false(put(f, "nowhere\n"));
    log_file_reopen(f);
    log_file_destroy(f);
    assert_string_equal(content(path), "new\n");
    assert_string_equal(content(other), "old\nstill old\nmoved\n");
}

/* What was put before an order is in the old file, what comes after it in the new one. */
static void test_rotation_is_exact(void **state)
{
    (void)state;
    struct log_file *f = create();
    assert_true(log_file_set_path(f, path));
    assert_true(put(f, "a\n"));
    wait_for(path, "a\n");
    for (int i = 1; i < 1000; i++)
        assert_true(put(f, "a\n"));
    assert_true(log_file_set_path(f, other));
    for (int i = 0; i < 1000; i++)
        assert_true(put(f, "b\n"));
    log_file_destroy(f);
    assert_int_equal(strlen(content(path)), 2000);
    assert_null(strchr(content(path), 'b'));
    assert_int_equal(strlen(content(other)), 2000);
    assert_null(strchr(content(other), 'a'));
}

static void test_what_does_not_fit_is_dropped_whole(void **state)
{
    (void)state;
    static uint8_t record[LOG_FILE_RECORD_MAX + 1];
    memset(record, 'x', sizeof record);
    record[LOG_FILE_RECORD_MAX - 1] = '\n';
    struct log_file *f = create();
    assert_true(log_file_set_path(f, path));
    assert_false(log_file_put(f, bytes_of(record, sizeof record)));
    size_t written = 0;
    for (int i = 0; i < 40; i++)
        written += log_file_put(f, bytes_of(record, LOG_FILE_RECORD_MAX)) ? 1 : 0;
    log_file_destroy(f);
    assert_true(written >= 15); /* the queue alone holds so many */
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, written * LOG_FILE_RECORD_MAX);
}

static void test_no_such_folder(void **state)
{
    (void)state;
    struct log_file *f = create();
    assert_true(log_file_set_path(f, "/no/such/folder/at/all"));
    assert_true(put(f, "lost\n"));
    assert_true(log_file_set_path(f, path));
    assert_true(put(f, "found\n"));
    log_file_destroy(f);
    assert_non_null(strstr(content(path), "found\n"));
    struct log_file *long_path = create();
    static char name[5000];
    memset(name, 'x', sizeof name - 1);
    assert_true(log_file_set_path(long_path, name));
    assert_false(put(long_path, "nowhere\n"));
    log_file_destroy(long_path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_writes_in_order, set_up),
        cmocka_unit_test_setup(test_appends_and_rotates, set_up),
        cmocka_unit_test_setup(test_rotation_is_exact, set_up),
        cmocka_unit_test_setup(test_what_does_not_fit_is_dropped_whole, set_up),
        cmocka_unit_test_setup(test_no_such_folder, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, tear_down);
}
