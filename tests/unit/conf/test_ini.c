/* SPDX-License-Identifier: Apache-2.0
 * The syntax of option files. */
#include "conf_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* What a password line holds, as the user [user app] gets it. */
static void check_value(const char *line, const char *expected)
{
    char text[8192];
    (void)snprintf(text, sizeof(text), "[server main]\n[user app]\n%s\n", line);
    struct loaded l = fixture_load_text(text);
    fixture_expect(&l.errors, "");
    assert_string_equal(config_find_user(l.config, "app")->settings.password, expected);
    fixture_unload(&l);
}

static void test_values_are_read_as_mysql_reads_them(void **state)
{
    (void)state;
    check_value("password=secret", "secret");
    check_value("  password  =   two words   ", "two words");
    check_value("password = a=b:c", "a=b:c");
    check_value("password =", "");
    check_value("password = \"\"", "");
    check_value("password = secret # a comment", "secret");
    check_value("password = secret# a comment", "secret");
    check_value("password = \"a # b\" # a comment", "a # b");
    check_value("password = 'a \" b'", "a \" b");
    check_value("password = ' spaced '", " spaced ");
    check_value("password = a;b ;c", "a;b ;c");
    check_value("password = \"open", "\"open");
    check_value("password = a\\tb\\sc\\\\d\\q", "a\tb c\\d\\q");
    check_value("password = \"\\\"quoted\\\"\"", "\"quoted\"");
    check_value("PassWord = x\r", "x");
    check_value("password = käse", "käse");
}

static void test_sections_need_no_settings_and_names_may_be_quoted(void **state)
{
    (void)state;
    struct loaded l = fixture_load_text("\xef\xbb\xbf; a comment\n\n  [ Server  db1 ]  # another\n"
                                        "[user 'my app']\n[user \"o'hara\"]\n[user a.b@c]\n"
                                        "[weir]\nport = 6034");
    fixture_expect(&l.errors, "");
    fixture_expect(&l.warnings, "");
    assert_non_null(config_find_server(l.config, "db1"));
    assert_non_null(config_find_user(l.config, "my app"));
    assert_non_null(config_find_user(l.config, "o'hara"));
    assert_non_null(config_find_user(l.config, "a.b@c"));
    assert_int_equal(l.config->global.port, 6034);
    fixture_unload(&l);
}

static void test_names_up_to_128_bytes_are_kept_whole(void **state)
{
    (void)state;
    char name[130];
    char text[256];
    memset(name, 'n', sizeof(name));
    name[128] = '\0';
    (void)snprintf(text, sizeof(text), "[server main]\n[user %s]\n", name);
    struct loaded l = fixture_load_text(text);
    assert_non_null(config_find_user(l.config, name));
    fixture_unload(&l);
    name[128] = 'n';
    name[129] = '\0';
    (void)snprintf(text, sizeof(text), "[server main]\n[user %s]\n", name);
    l = fixture_load_text(text);
    fixture_expect(&l.errors, "weir.cnf:2: the name of this [user] is longer than 128 bytes\n");
    fixture_unload(&l);
}

static void test_all_mistakes_are_told_at_once_with_their_lines(void **state)
{
    (void)state;
    struct loaded l = fixture_load_text("early = 1\n"
                                        "[weir]\n"
                                        "pool-sze = 3\n"
                                        "port = 70000   # too big\n"
                                        "   log_level = verbose\n"
                                        "max_connections\n"
                                        "workers: 3\n"
                                        "host = x\n"
                                        "zzz\n"
                                        "[mysqld]\n"
                                        "passed = over\n"
                                        "[server db1\n"
                                        "[server]\n"
                                        "[weir x]\n"
                                        "!explode now\n");
    fixture_expect(
        &l.errors,
        "weir.cnf:1: this stands before the first section; put it under [weir]\n"
        "weir.cnf:3: unknown setting 'pool-sze' in [weir]; did you mean 'pool_size'?\n"
        "weir.cnf:4: port: '70000' is out of range; allowed: 0 to 65535\n"
        "weir.cnf:5: log_level: 'verbose' is no such word; allowed: error, warning, note or "
        "debug\n"
        "weir.cnf:6: max_connections needs a value; allowed: 1 to 1000000\n"
        "weir.cnf:7: ':' does not separate; write name = value\n"
        "weir.cnf:8: 'host' does not belong in [weir]; it is a setting of a [server NAME]\n"
        "weir.cnf:9: unknown setting 'zzz' in [weir]; weir --print-defaults lists all settings\n"
        "weir.cnf:10: unknown section [mysqld]; there are [weir], [server NAME] and [user NAME]\n"
        "weir.cnf:12: a section header ends with ']': [server db1\n"
        "weir.cnf:13: a [server] section needs a name: write [server NAME]\n"
        "weir.cnf:14: unknown section [weir x]; there are [weir], [server NAME] and [user NAME]\n"
        "weir.cnf:15: unknown directive; there are !include FILE and !includedir FOLDER\n");
    fixture_unload(&l);
}

static void test_what_is_there_twice_is_a_warning_with_both_lines(void **state)
{
    (void)state;
    fixture_expect_text("port = 6034\n[user b]\npassword=\n[weir]\nPORT = 6035\n[user b]\n", "",
                        "weir.cnf:7: [weir] is there twice, here and in line 3; they are merged\n"
                        "weir.cnf:8: port is set twice, here and in line 4; the last one counts\n"
                        "weir.cnf:9: [user b] is there twice, here and in line 5; they are "
                        "merged\n");
}

static void test_doubtful_comment_and_loose_setting_are_warnings(void **state)
{
    (void)state;
    fixture_expect_text("socket = /run/weir#1\nloose-future = 1\nloose_port = 6034\n", "",
                        "weir.cnf:4: '#' begins a comment here; when it belongs to the value, put "
                        "the value in quotes\n"
                        "weir.cnf:5: unknown setting 'future' is passed over\n");
}

static void test_longest_line_is_read_and_a_longer_one_refused(void **state)
{
    (void)state;
    char value[4082]; /* with "server_version=" before it, one byte more than a line may have */
    char text[4300];
    memset(value, 'x', sizeof(value));
    value[4081] = '\0';
    (void)snprintf(text, sizeof(text), "server_version=%s\nprt=1\n", value);
    fixture_expect_text(text,
                        "weir.cnf:4: the line is longer than 4095 bytes\n"
                        "weir.cnf:5: unknown setting 'prt' in [weir]; did you mean 'port'?\n",
                        "");
    value[4080] = '\0';
    (void)snprintf(text, sizeof(text), "server_version=%s\nport=6034\n", value);
    fixture_expect_text(text, "weir.cnf:4: server_version is longer than 60 bytes\n", "");
}

static void test_binary_file_is_refused(void **state)
{
    (void)state;
    FILE *f = fopen("binary.cnf", "w");
    assert_non_null(f);
    assert_int_equal(fwrite("[weir]\npo\0rt\nprt=1\n", 1, 19, f), 19);
    assert_int_equal(fclose(f), 0);
    struct loaded l = fixture_load(&(struct config_source){.file = "binary.cnf"});
    assert_string_equal(l.errors.lines[0],
                        "binary.cnf:2: the line has a NUL byte: is this a text file?");
    assert_non_null(strstr(l.errors.lines[1], "binary.cnf:3: "));
    fixture_unload(&l);
}

static void test_missing_file_and_folder_are_one_error_each(void **state)
{
    (void)state;
    struct loaded l = fixture_load(&(struct config_source){.file = "nowhere.cnf"});
    fixture_expect(&l.errors, "nowhere.cnf: cannot be opened: No such file or directory\n");
    fixture_unload(&l);
    l = fixture_load(&(struct config_source){.file = "/"});
    fixture_expect(&l.errors, "/: cannot be read: Is a directory\n");
    fixture_unload(&l);
}

static void test_included_files_are_seen_from_the_file_that_names_them(void **state)
{
    (void)state;
    assert_int_equal(mkdir("conf.d", 0700), 0);
    static const char *const names[] = {"conf.d/d.cnf", "conf.d/b.cnf", "conf.d/e.cnf",
                                        "conf.d/c.cnf"};
    for (size_t i = 0; i < countof(names); i++)
        fixture_write(names[i], strchr(names[i], 'e') != NULL ? "[server main]\nport = 3308\n"
                                                              : "[server main]\nport = 3309\n");
    fixture_write("conf.d/a.cnf", "[server main]\nport = 3307\nmax_opening = 5\n");
    fixture_write("conf.d/not-read.txt", "nonsense\n");
    fixture_write("conf.d/users.inc", "[user app]\npassword = x\nsrver = y\n");
    fixture_write("conf.d/main.inc", "!include users.inc\n");
    struct loaded l = fixture_load_text("[weir]\n!includedir conf.d\nport = 6034\n"
                                        "!include conf.d/main.inc\n!include missing.cnf\n");
    fixture_expect(&l.errors,
                   "conf.d/users.inc:3: unknown setting 'srver' in [user app]; did you mean "
                   "'server'?\n"
                   "missing.cnf: cannot be opened: No such file or directory\n");
    fixture_expect(&l.warnings, "");
    fixture_unload(&l);
    fixture_write("conf.d/users.inc", "[user app]\npassword = x\n");
    l = fixture_load_text("[weir]\n!includedir conf.d\nport = 6034\n!include conf.d/main.inc\n");
    fixture_expect(&l.errors, "");
    assert_int_equal(config_find_server(l.config, "main")->settings.port, 3308);
    assert_int_equal(config_find_server(l.config, "main")->settings.max_opening, 5);
    assert_int_equal(l.config->global.port, 6034);
    assert_string_equal(config_find_user(l.config, "app")->settings.password, "x");
    fixture_unload(&l);
}

static void test_files_that_include_themselves_end_in_an_error(void **state)
{
    (void)state;
    struct loaded l = fixture_load_text("!include weir.cnf\n!include weir.cnf\n!include weir.cnf\n"
                                        "!include weir.cnf\n");
    assert_null(l.config);
    assert_non_null(strstr(l.errors.lines[0], "too many files include each other"));
    fixture_unload(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_are_read_as_mysql_reads_them),
        cmocka_unit_test(test_sections_need_no_settings_and_names_may_be_quoted),
        cmocka_unit_test(test_names_up_to_128_bytes_are_kept_whole),
        cmocka_unit_test(test_all_mistakes_are_told_at_once_with_their_lines),
        cmocka_unit_test(test_what_is_there_twice_is_a_warning_with_both_lines),
        cmocka_unit_test(test_doubtful_comment_and_loose_setting_are_warnings),
        cmocka_unit_test(test_longest_line_is_read_and_a_longer_one_refused),
        cmocka_unit_test(test_binary_file_is_refused),
        cmocka_unit_test(test_missing_file_and_folder_are_one_error_each),
        cmocka_unit_test(test_included_files_are_seen_from_the_file_that_names_them),
        cmocka_unit_test(test_files_that_include_themselves_end_in_an_error),
    };
    return cmocka_run_group_tests(tests, fixture_enter, fixture_leave);
}
