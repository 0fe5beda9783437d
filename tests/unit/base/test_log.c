/* SPDX-License-Identifier: Apache-2.0
 * Lines as they arrive at a pipe in the place of stderr. */
#include "base/log.h"

#include "base/clock.h"
#include "base/thread.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* stderr replaced by a pipe: [0] is ours to read. */
struct capture {
    int saved;
    int pipe[2];
};

static void capture_begin(struct capture *c)
{
    assert_int_equal(pipe(c->pipe), 0);
    assert_int_equal(fcntl(c->pipe[0], F_SETFL, O_NONBLOCK), 0);
    c->saved = dup(STDERR_FILENO);
    assert_true(c->saved >= 0);
    assert_true(dup2(c->pipe[1], STDERR_FILENO) >= 0);
}

static size_t capture_read(struct capture *c, char *out, size_t size)
{
    size_t total = 0;
    ssize_t n;
    while (total < size - 1 && (n = read(c->pipe[0], out + total, size - 1 - total)) > 0)
        total += (size_t)n;
    out[total] = '\0';
    return total;
}

static void capture_end(struct capture *c)
{
    assert_true(dup2(c->saved, STDERR_FILENO) >= 0);
    (void)close(c->saved);
    (void)close(c->pipe[0]);
    (void)close(c->pipe[1]);
}

static void test_a_line_has_time_level_who_and_text(void **state)
{
    (void)state;
    struct capture c;
    char text[4096];
    capture_begin(&c);
    errno = 123;
    log_warning("client 7", "waited %d ms", 12);
    assert_int_equal(errno, 123);
    capture_read(&c, text, sizeof text);
    capture_end(&c);
    int year, month, day, hour, minute, second, ms, zone_hour, zone_minute, end = 0;
    int got = sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d.%3d%3d:%2d %n", &year, &month, &day, &hour,
                     &minute, &second, &ms, &zone_hour, &zone_minute, &end);
    assert_int_equal(got, 9);
    assert_int_equal(end, 30);
    assert_true(year >= 2024 && month <= 12 && hour <= 23);
    assert_string_equal(text + end, "warning client 7: waited 12 ms\n");
}

static void test_control_characters_cannot_forge_a_line(void **state)
{
    (void)state;
    struct capture c;
    char text[4096];
    capture_begin(&c);
    log_note("user a\nb", "x\033[31m\r\n\x7f\xc2\x9b y\xc3\xa9");
    capture_read(&c, text, sizeof text);
    capture_end(&c);
    assert_non_null(strstr(text, "note user a?b: x?[31m???\xc2? y\xc3\xa9\n"));
}

static void test_long_lines_are_cut_at_1024_bytes(void **state)
{
    (void)state;
    struct capture c;
    char text[4096];
    char longer[3000] = {0};
    memset(longer, 'L', sizeof longer - 1);
    capture_begin(&c);
    log_note("weir", "%s", longer);
    size_t n = capture_read(&c, text, sizeof text);
    log_note(longer, "text");
    size_t m = capture_read(&c, text, sizeof text);
    capture_end(&c);
    assert_int_equal(n, 1024);
    assert_int_equal(m, 1024);
    assert_int_equal(text[1023], '\n');
    assert_int_equal(text[1022], 'L');
}

static void test_levels_below_the_limit_are_silent(void **state)
{
    (void)state;
    struct capture c;
    char text[4096];
    capture_begin(&c);
    log_debug("weir", "hidden");
    log_set_level(LOG_LEVEL_DEBUG);
    log_debug("weir", "shown");
    log_set_level(LOG_LEVEL_ERROR);
    log_warning("weir", "hidden");
    log_set_level(LOG_LEVEL_NOTE);
    capture_read(&c, text, sizeof text);
    capture_end(&c);
    assert_null(strstr(text, "hidden"));
    assert_non_null(strstr(text, "debug weir: shown\n"));
}

static void test_journald_gets_priorities_instead_of_times(void **state)
{
    (void)state;
    struct capture c;
    struct stat st;
    char text[4096];
    char stream[64];
    capture_begin(&c);
    assert_int_equal(fstat(STDERR_FILENO, &st), 0);
    (void)snprintf(stream, sizeof stream, "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
    assert_int_equal(setenv("JOURNAL_STREAM", stream, 1), 0);
    log_start();
    log_error("weir", "one");
    log_note("weir", "two");
    log_stop();
    /* Inherited from a unit whose stderr was redirected: not a journal any more. */
    assert_int_equal(setenv("JOURNAL_STREAM", "1:1", 1), 0);
    log_start();
    log_note("weir", "three");
    log_stop();
    assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
    capture_read(&c, text, sizeof text);
    capture_end(&c);
    const char *expected = "<3>weir: one\n<5>weir: two\n2";
    assert_memory_equal(text, expected, strlen(expected));
    assert_non_null(strstr(text, "note weir: three\n"));
}

#define TALKERS 3
#define SAYINGS 500

static void *talk(void *arg)
{
    for (int i = 0; i < SAYINGS; i++)
        log_note((const char *)arg, "line %d", i);
    return NULL;
}

static void test_lines_of_several_threads_come_whole_and_in_order(void **state)
{
    (void)state;
    static char text[512 * 1024];
    static char names[TALKERS][8] = {"t0", "t1", "t2"};
    struct capture c;
    capture_begin(&c);
    assert_true(fcntl(c.pipe[1], F_SETPIPE_SZ, 512 * 1024) > 0);
    log_start();
    pthread_t threads[TALKERS];
    for (int i = 0; i < TALKERS; i++)
        assert_true(thread_start(&threads[i], "talker", talk, names[i]));
    for (int i = 0; i < TALKERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    log_stop();
    capture_read(&c, text, sizeof text);
    capture_end(&c);
    int next[TALKERS] = {0};
    char *rest = text;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        int who;
        int number;
        assert_int_equal(sscanf(line, "%*s note t%d: line %d", &who, &number), 2);
        assert_in_range(who, 0, TALKERS - 1);
        assert_int_equal(number, next[who]++);
    }
    for (int i = 0; i < TALKERS; i++)
        assert_int_equal(next[i], SAYINGS);
}

static int count_lines(const char *text, const char *with)
{
    int n = 0;
    for (const char *at = strstr(text, with); at != NULL; at = strstr(at + 1, with))
        n++;
    return n;
}

/* What all reports of dropped lines say together. */
static int sum_dropped(const char *text)
{
    int sum = 0;
    const char *prefix = " warning weir: ";
    for (const char *at = strstr(text, prefix); at != NULL; at = strstr(at + 1, prefix)) {
        int dropped = 0;
        assert_int_equal(sscanf(at, " warning weir: dropped %d log lines", &dropped), 1);
        sum += dropped;
    }
    return sum;
}

/* 1,000 lines of 900 bytes are more than ring and pipe hold: some must be dropped, none may block,
 * and written plus dropped must be all. */
static void test_a_full_queue_drops_counts_and_reports(void **state)
{
    (void)state;
    static char text[2 * 1024 * 1024];
    struct capture c;
    char filler[900] = {0};
    memset(filler, 'f', sizeof filler - 1);
    capture_begin(&c);
    log_start();
    usec_t begin = clock_now();
    for (int i = 0; i < 1000; i++)
        log_note("weir", "many %s", filler);
    usec_t took = clock_now() - begin;
    size_t n = 0;
    int written = 0;
    int dropped = 0;
    for (int i = 0; i < 500 && written + dropped < 1000; i++) {
        n += capture_read(&c, text + n, sizeof text - n);
        written = count_lines(text, "note weir: many ");
        dropped = sum_dropped(text);
        (void)usleep(10000);
    }
    log_note("weir", "last");
    log_stop();
    capture_read(&c, text + n, sizeof text - n);
    capture_end(&c);
    assert_true(took < 5 * USEC_PER_SEC);
    assert_true(dropped > 0);
    assert_int_equal(written + dropped, 1000);
    assert_non_null(strstr(text, "note weir: last\n"));
}

static void test_stopping_does_not_wait_for_a_dead_reader(void **state)
{
    (void)state;
    struct capture c;
    char filler[900] = {0};
    memset(filler, 'f', sizeof filler - 1);
    capture_begin(&c);
    log_start();
    for (int i = 0; i < 300; i++)
        log_note("weir", "many %s", filler);
    usec_t begin = clock_now();
    log_stop();
    usec_t took = clock_now() - begin;
    capture_end(&c);
    assert_true(took < 10 * USEC_PER_SEC);
}

static void test_level_names_are_fixed(void **state)
{
    (void)state;
    assert_string_equal(log_level_name(LOG_LEVEL_ERROR), "error");
    assert_string_equal(log_level_name(LOG_LEVEL_WARNING), "warning");
    assert_string_equal(log_level_name(LOG_LEVEL_NOTE), "note");
    assert_string_equal(log_level_name(LOG_LEVEL_DEBUG), "debug");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_line_has_time_level_who_and_text),
        cmocka_unit_test(test_control_characters_cannot_forge_a_line),
        cmocka_unit_test(test_long_lines_are_cut_at_1024_bytes),
        cmocka_unit_test(test_levels_below_the_limit_are_silent),
        cmocka_unit_test(test_journald_gets_priorities_instead_of_times),
        cmocka_unit_test(test_lines_of_several_threads_come_whole_and_in_order),
        cmocka_unit_test(test_a_full_queue_drops_counts_and_reports),
        cmocka_unit_test(test_stopping_does_not_wait_for_a_dead_reader),
        cmocka_unit_test(test_level_names_are_fixed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
