/* SPDX-License-Identifier: Apache-2.0
 * The users file: what a line may be, whose word counts, what is refused. */
#include "conf_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define HASH  "*94BDCEBE19083CE2A1F959FD02F964C7AF4CFC29"
#define OTHER "*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19"

#define CONFIG "[weir]\nusers_file = users\n[server main]\n[server b]\n[user app]\npassword = own\n"

static struct loaded load(const char *users)
{
    fixture_write("users", users);
    return fixture_load_text(CONFIG);
}

static void expect_errors(const char *users, const char *errors)
{
    struct loaded l = load(users);
    fixture_expect(&l.errors, errors);
    fixture_unload(&l);
}

static void test_lines_are_users(void **state)
{
    (void)state;
    struct loaded l = load("# who\n\n  ann\t" HASH "  # the first\n\"o'neil b\" " OTHER
                           " b\nsha $A$005$0123456789abcdefghij"
                           "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopq\n"
                           "ed ZIgUREUg5PVgQ6LskhXmO+eZLS0nC8be6HPjYWR4YJY");
    fixture_expect(&l.errors, "");
    fixture_expect(&l.warnings, "");
    assert_int_equal(l.config->user_count, 5);
    const struct config_user *ann = config_find_user(l.config, "ann");
    assert_non_null(ann);
    assert_true(ann->of_users_file);
    assert_string_equal(ann->settings.password, HASH);
    assert_string_equal(ann->settings.server, "");
    const struct config_user *neil = config_find_user(l.config, "o'neil b");
    assert_non_null(neil);
    assert_string_equal(neil->settings.server, "b");
    assert_non_null(config_find_user(l.config, "sha"));
    assert_non_null(config_find_user(l.config, "ed"));
    assert_false(l.config->serves_unknown_users);
    fixture_unload(&l);
}

static void test_a_section_counts_more_than_a_line(void **state)
{
    (void)state;
    struct loaded l = load("app " HASH "\n");
    fixture_expect(&l.errors, "");
    assert_int_equal(l.config->user_count, 1);
    assert_string_equal(config_find_user(l.config, "app")->settings.password, "own");
    fixture_unload(&l);
}

/* What a section says without a password counts with that of the line, and without it as well. */
static void test_a_section_without_password_says_more_of_a_line(void **state)
{
    (void)state;
    fixture_write("users", "ann " HASH " b\nann " OTHER "\n");
    fixture_write("none", "");
    struct loaded l = fixture_load_text(CONFIG "[user ann]\nmax_user_connections = 7\n");
    fixture_expect(&l.errors, "");
    fixture_expect(&l.warnings, "");
    const struct config_user *ann = config_find_user(l.config, "ann");
    assert_true(ann->of_users_file && ann->is_listed);
    assert_string_equal(ann->settings.password, HASH);
    assert_string_equal(ann->settings.secondary_password, OTHER);
    assert_int_equal(ann->settings.max_user_connections, 7);
    struct config_override file = {.name = "users_file", .value = "none"};
    struct config *other = config_change(l.config, &file, 1, &l.errors, &l.warnings);
    assert_non_null(other);
    ann = config_find_user(other, "ann");
    assert_false(ann->of_users_file || ann->is_listed);
    assert_string_equal(ann->settings.password, "");
    assert_string_equal(ann->settings.secondary_password, "");
    assert_string_equal(ann->settings.server, "");
    assert_int_equal(ann->settings.max_user_connections, 7);
    config_release(other);
    fixture_unload(&l);
}

static void test_a_second_line_is_a_second_password(void **state)
{
    (void)state;
    struct loaded l = load("ann " HASH "\nbob " HASH " b\nann " OTHER "\n");
    fixture_expect(&l.errors, "");
    fixture_expect(&l.warnings, "");
    assert_int_equal(l.config->user_count, 3);
    const struct config_user *ann = config_find_user(l.config, "ann");
    assert_string_equal(ann->settings.password, HASH);
    assert_string_equal(ann->settings.secondary_password, OTHER);
    assert_string_equal(config_find_user(l.config, "bob")->settings.secondary_password, "");
    fixture_unload(&l);
}

static void test_complaints_name_the_line(void **state)
{
    (void)state;
    expect_errors("ann " HASH "\nann " OTHER "\nann " HASH "\n",
                  "users:3: user 'ann' is there three times\n");
    expect_errors("\nann\n", "users:2: a line of the users file is NAME HASH [SERVER]\n");
    expect_errors("a " HASH " b c\n", "users:1: a line of the users file is NAME HASH [SERVER]\n");
    expect_errors("\"ann " HASH "\n", "users:1: a quote is not closed\n");
    expect_errors("ann *12\n",
                  "users:1: the second word is no hash as a server stores it, like '*' and 40 hex "
                  "digits; a password in clear text belongs in a [user] section\n");
    expect_errors("ann " HASH " c\n", "users:1: [user ann]: there is no [server c]; add it\n");
}

static void test_long_lines_are_refused(void **state)
{
    (void)state;
    char text[2000];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    expect_errors(text, "users:1: a line is longer than 1022 bytes\n");
}

static void test_others_may_not_read_it(void **state)
{
    (void)state;
    fixture_write("users", "ann " HASH "\n");
    assert_int_equal(chmod("users", 0644), 0);
    struct loaded l = fixture_load_text(CONFIG);
    fixture_expect(&l.errors,
                   "users: every account of this machine can read the hashes in it, and who has a "
                   "hash and listens to a login can log in; chmod o-r users\n");
    fixture_unload(&l);
    assert_int_equal(remove("users"), 0);
    l = fixture_load_text(CONFIG);
    fixture_expect(&l.errors,
                   "weir.cnf:2: cannot read the users file users: No such file or directory\n");
    fixture_unload(&l);
}

static void test_a_change_reads_only_another_file(void **state)
{
    (void)state;
    struct loaded l = load("ann " HASH "\n");
    assert_int_equal(remove("users"), 0);
    struct config_override level = {.name = "log_level", .value = "debug"};
    struct config *same = config_change(l.config, &level, 1, &l.errors, &l.warnings);
    assert_non_null(same);
    assert_true(config_find_user(same, "ann")->of_users_file);
    config_release(same);
    fixture_write("more", "bob " HASH "\n");
    struct config_override file = {.name = "users_file", .value = "more"};
    struct config *other = config_change(l.config, &file, 1, &l.errors, &l.warnings);
    assert_non_null(other);
    assert_null(config_find_user(other, "ann"));
    assert_non_null(config_find_user(other, "bob"));
    assert_non_null(config_find_user(other, "app"));
    config_release(other);
    fixture_unload(&l);
}

static void test_unknown_users_are_served_while_nobody_is_known(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool serves;
    } cases[] = {
        {"[server main]\n", true},
        {"[server main]\n[user app]\npassword = x\n", false},
        {"[server main]\n[user app]\npassword =\n", false},
        {"[server main]\n[user app]\nserver = main\n", true},
        {"[server main]\nauth_user = reader\n[user reader]\npassword = x\n", true},
        {"[server main]\nauth_user = reader\n[user reader]\npassword = x\n[user app]\npassword = "
         "x\n",
         false},
        {"[weir]\nunknown_users = serve\n[server main]\n[user app]\npassword = x\n", true},
        {"[weir]\nunknown_users = refuse\n[server main]\n", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct loaded l = fixture_load_text(cases[i].text);
        fixture_expect(&l.errors, "");
        assert_int_equal(l.config->serves_unknown_users, cases[i].serves);
        fixture_unload(&l);
    }
}

static void test_the_reader_of_hashes_must_be_configured(void **state)
{
    (void)state;
    struct loaded l = fixture_load_text("[server main]\nauth_user = reader\n");
    fixture_expect(&l.errors, "weir.cnf:2: there is no [user reader]; add it, with its password\n");
    fixture_unload(&l);
    l = fixture_load_text("[server main]\nauth_user = reader\n[user reader]\n");
    fixture_expect(&l.errors, "weir.cnf:2: [user reader] has no password; add it\n");
    fixture_unload(&l);
}

static void test_accounts_of_localhost_are_open_to_all(void **state)
{
    (void)state;
    struct loaded l = fixture_load_text(
        "[weir]\nbind_address = *\nunknown_users = serve\n[server main]\nhost = 127.0.0.1\n");
    fixture_expect(&l.warnings,
                   "weir.cnf:3: the server sees all clients come from its own machine, so accounts "
                   "of 'localhost' are open to everybody who reaches *; unknown_users = refuse "
                   "lets in only those that are configured\n");
    fixture_unload(&l);
    /* auto serves unknown users too, as long as nobody is listed. */
    l = fixture_load_text("[weir]\nbind_address = *\n[server main]\n");
    fixture_expect(&l.warnings,
                   "weir.cnf:1: the server sees all clients come from its own machine, so accounts "
                   "of 'localhost' are open to everybody who reaches *; unknown_users = refuse "
                   "lets in only those that are configured\n");
    fixture_unload(&l);
    l = fixture_load_text("[weir]\nbind_address = *\n[server main]\n[user app]\npassword = x\n");
    fixture_expect(&l.warnings, "");
    fixture_unload(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_are_users),
        cmocka_unit_test(test_a_section_counts_more_than_a_line),
        cmocka_unit_test(test_a_section_without_password_says_more_of_a_line),
        cmocka_unit_test(test_a_second_line_is_a_second_password),
        cmocka_unit_test(test_complaints_name_the_line),
        cmocka_unit_test(test_long_lines_are_refused),
        cmocka_unit_test(test_others_may_not_read_it),
        cmocka_unit_test(test_a_change_reads_only_another_file),
        cmocka_unit_test(test_unknown_users_are_served_while_nobody_is_known),
        cmocka_unit_test(test_the_reader_of_hashes_must_be_configured),
        cmocka_unit_test(test_accounts_of_localhost_are_open_to_all),
    };
    return cmocka_run_group_tests(tests, fixture_enter, fixture_leave);
}
