/* SPDX-License-Identifier: Apache-2.0
 * The command line. The source is included: main is no library. */
#include "main/options.c" /* NOLINT(bugprone-suspicious-include) */

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ARGUMENTS_MAX 16

struct parsed {
    enum options_verdict verdict;
    struct options options;
    struct config_errors errors;
};

/* Up to ARGUMENTS_MAX arguments, NULL behind the last. */
static struct parsed parse(const char *first, ...)
{
    struct parsed p = {.verdict = OPTIONS_WRONG};
    char *argv[ARGUMENTS_MAX + 2] = {(char[]){"weir"}};
    int argc = 1;
    va_list arguments;
    va_start(arguments, first);
    for (const char *a = first; a != NULL; a = va_arg(arguments, const char *)) {
        assert_true(argc <= ARGUMENTS_MAX);
        argv[argc++] = (char *)(uintptr_t)a;
    }
    va_end(arguments);
    p.verdict = options_parse(argc, argv, &p.options, &p.errors);
    assert_true((p.verdict == OPTIONS_WRONG) <= (p.errors.count > 0));
    return p;
}

static void drop(struct parsed *p)
{
    options_free(&p->options);
    config_errors_free(&p->errors);
}

static void expect_wrong(struct parsed p, const char *complaint)
{
    assert_int_equal(p.verdict, OPTIONS_WRONG);
    assert_int_equal(p.errors.count, 1);
    assert_string_equal(p.errors.lines[0], complaint);
    drop(&p);
}

static void expect_verdict(struct parsed p, enum options_verdict verdict)
{
    assert_int_equal(p.verdict, verdict);
    drop(&p);
}

static void expect_override(const struct parsed *p, size_t i, const char *name, const char *value)
{
    assert_true(i < p->options.source.override_count);
    assert_string_equal(p->options.source.overrides[i].name, name);
    if (value == NULL)
        assert_null(p->options.source.overrides[i].value);
    else
        assert_string_equal(p->options.source.overrides[i].value, value);
}

static void test_nothing_means_run(void **state)
{
    (void)state;
    struct parsed p = parse(NULL);
    assert_int_equal(p.verdict, OPTIONS_RUN);
    assert_null(p.options.source.file);
    assert_null(p.options.source.url);
    assert_int_equal(p.options.source.override_count, 0);
    drop(&p);
}

static void test_file_url_and_settings_stand_in_any_order(void **state)
{
    (void)state;
    struct parsed p =
        parse("--pool-max-size=20", "mysql://app@db1", "--config", "a.cnf", "--POOL_size", "3",
              "--server.db1.max-connections=5", "--user.app.password", "-x=y-", "--socket=", NULL);
    assert_int_equal(p.verdict, OPTIONS_RUN);
    assert_string_equal(p.options.source.file, "a.cnf");
    assert_string_equal(p.options.source.url, "mysql://app@db1");
    assert_int_equal(p.options.source.override_count, 5);
    expect_override(&p, 0, "pool-max-size", "20");
    expect_override(&p, 1, "POOL_size", "3");
    expect_override(&p, 2, "server.db1.max-connections", "5");
    expect_override(&p, 3, "user.app.password", "-x=y-");
    expect_override(&p, 4, "socket", "");
    drop(&p);
    p = parse("-c", "b.cnf", "--", "mysql://db2", NULL);
    assert_int_equal(p.verdict, OPTIONS_RUN);
    assert_string_equal(p.options.source.file, "b.cnf");
    assert_string_equal(p.options.source.url, "mysql://db2");
    drop(&p);
}

static void test_every_global_setting_is_an_option(void **state)
{
    (void)state;
    size_t count;
    const struct setting *rows = settings_all(&count);
    for (size_t i = 0; i < count; i++) {
        if (rows[i].scope != SETTING_SCOPE_GLOBAL)
            continue;
        char option[128];
        (void)snprintf(option, sizeof(option), "--%s=%s", rows[i].name, rows[i].default_text);
        struct parsed p = parse(option, "mysql://db1", NULL);
        assert_int_equal(p.verdict, OPTIONS_RUN);
        struct config *c = config_load(&p.options.source, &p.errors, NULL);
        assert_non_null(c);
        config_release(c);
        drop(&p);
    }
}

static void test_unknown_options_are_answered_with_the_nearest(void **state)
{
    (void)state;
    expect_wrong(parse("--pool-max-sise=1", NULL),
                 "unknown option --pool-max-sise; did you mean --pool-max-size?");
    expect_wrong(parse("--pool_max_sise", "7", NULL),
                 "unknown option --pool_max_sise; did you mean --pool-max-size?");
    expect_wrong(parse("--confg=x", NULL), "unknown option --confg; did you mean --config?");
    expect_wrong(parse("--password=hunter2", NULL),
                 "unknown option --password; write --user.NAME.password");
    expect_wrong(parse("--host", "db1", NULL), "unknown option --host; write --server.NAME.host");
    expect_wrong(parse("--xyzzy", NULL), "unknown option --xyzzy; weir --help lists all options");
    expect_wrong(parse("-x", NULL), "unknown option -x; weir --help lists all options");
    expect_wrong(parse("-", NULL), "unknown option -; weir --help lists all options");
}

static void test_missing_and_needless_values_are_told(void **state)
{
    (void)state;
    expect_wrong(parse("--port", NULL), "--port needs a value; allowed: 0 to 65535");
    expect_wrong(parse("--log-level", "--port=1", NULL),
                 "--log-level needs a value; allowed: error, warning, note or debug");
    expect_wrong(parse("--config", NULL), "--config needs a value: --config=FILE");
    expect_wrong(parse("--config=", NULL), "--config needs a value: --config=FILE");
    expect_wrong(parse("--check-config=yes", NULL), "--check-config takes no value");
}

static void test_what_is_no_option_must_be_one_url(void **state)
{
    (void)state;
    expect_wrong(parse("weir.cnf", NULL),
                 "'weir.cnf' is neither an option nor a URL; a server is named as "
                 "mysql://USER:PASSWORD@HOST:PORT, a file with --config");
    expect_wrong(parse("mysql://a", "mysql://b", NULL),
                 "more than one URL; name several servers in a file");
    expect_wrong(parse("--", "--help", NULL),
                 "'--help' is neither an option nor a URL; a server is named as "
                 "mysql://USER:PASSWORD@HOST:PORT, a file with --config");
}

static void test_all_mistakes_are_told_at_once(void **state)
{
    (void)state;
    struct parsed p = parse("--xyzzy", "--port", "--config=", "b", NULL);
    assert_int_equal(p.errors.count, 4);
    drop(&p);
}

static void test_asking_for_help_wins_over_mistakes_and_mistakes_over_the_rest(void **state)
{
    (void)state;
    expect_verdict(parse("--help", NULL), OPTIONS_HELP);
    expect_verdict(parse("-h", "--version", "--xyzzy", NULL), OPTIONS_HELP);
    expect_verdict(parse("-V", "--xyzzy", NULL), OPTIONS_VERSION);
    expect_verdict(parse("--version", NULL), OPTIONS_VERSION);
    expect_verdict(parse("--check-config", "--xyzzy", NULL), OPTIONS_WRONG);
    expect_verdict(parse("--check-config", "--config=a", NULL), OPTIONS_CHECK);
    expect_verdict(parse("--print-defaults", NULL), OPTIONS_PRINT_DEFAULTS);
}

static void test_no_arguments_at_all_are_survived(void **state)
{
    (void)state;
    struct config_errors errors = {0};
    struct options o;
    char *const argv[] = {NULL};
    assert_int_equal(options_parse(0, argv, &o, &errors), OPTIONS_RUN);
    options_free(&o);
}

static void test_very_long_names_are_refused(void **state)
{
    (void)state;
    char option[1000];
    memset(option, '-', sizeof(option));
    option[sizeof(option) - 1] = '\0';
    expect_verdict(parse(option, NULL), OPTIONS_WRONG);
    memset(option + 2, 'x', 300);
    option[302] = '=';
    expect_verdict(parse(option, NULL), OPTIONS_WRONG);
}

static char *printed(void (*print)(FILE *out))
{
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    assert_non_null(f);
    print(f);
    assert_int_equal(fclose(f), 0);
    return text;
}

static void test_help_names_everything_and_fits_80_columns(void **state)
{
    (void)state;
    char *help = printed(options_print_help);
    size_t count;
    const struct setting *rows = settings_all(&count);
    for (size_t i = 0; i < count; i++) {
        char name[NAME_MAX_SIZE];
        assert_true(text_copy(name, sizeof(name), bytes_of_text(rows[i].name)));
        with_dashes(name);
        assert_non_null(strstr(help, name));
    }
    for (size_t i = 0; i < countof(own_options); i++)
        assert_non_null(strstr(help, own_options[i].name));
    assert_non_null(strstr(help, "SIGHUP"));
    assert_non_null(strstr(help, "Exit codes:"));
    for (const char *line = help; *line != '\0';) {
        size_t n = strcspn(line, "\n");
        assert_true(n <= 80);
        assert_true(n == 0 || line[n - 1] != ' ');
        line += n + (line[n] == '\n');
    }
    free(help);
}

static struct config *load_printed(const char *text)
{
    char path[] = "/tmp/weir-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(close(fd), 0);
    struct config_errors complaints = {0};
    struct config *c = config_load(&(struct config_source){.file = path}, &complaints, &complaints);
    for (size_t i = 0; i < complaints.count; i++)
        print_error("%s\n", complaints.lines[i]);
    assert_int_equal(complaints.count, 0);
    assert_int_equal(unlink(path), 0);
    return c;
}

static void expect_defaults(const struct config *c)
{
    struct global_settings g;
    struct server_settings s;
    struct user_settings u;
    settings_init(SETTING_SCOPE_GLOBAL, &g);
    settings_init(SETTING_SCOPE_SERVER, &s);
    struct database_settings d;
    settings_init(SETTING_SCOPE_USER, &u);
    struct listener_settings l;
    settings_init(SETTING_SCOPE_DATABASE, &d);
    settings_init(SETTING_SCOPE_LISTENER, &l);
    const void *const expected[] = {&g, &s, &u, &d, &l};
    const void *const found[] = {&c->global, &c->servers[0].settings, &c->users[0].settings,
                                 &c->databases[0].settings, &c->listeners[0].settings};
    size_t count;
    const struct setting *rows = settings_all(&count);
    for (size_t i = 0; i < count; i++)
        assert_true(settings_equal(&rows[i], expected[rows[i].scope], found[rows[i].scope]));
    settings_fini(SETTING_SCOPE_GLOBAL, &g);
    settings_fini(SETTING_SCOPE_SERVER, &s);
    settings_fini(SETTING_SCOPE_USER, &u);
    settings_fini(SETTING_SCOPE_DATABASE, &d);
    settings_fini(SETTING_SCOPE_LISTENER, &l);
}

static void test_printed_defaults_load_without_complaint(void **state)
{
    (void)state;
    char *text = printed(options_print_defaults);
    struct config *c = load_printed(text);
    assert_int_equal(c->server_count, 1);
    assert_int_equal(c->user_count, 1);
    expect_defaults(c);
    config_release(c);
    free(text);
}

static void test_printed_defaults_load_with_every_line_taken_in(void **state)
{
    (void)state;
    char *text = printed(options_print_defaults);
    char *out = text;
    size_t taken = 0;
    /* "#name = value" becomes a setting, "# words" stays a comment. */
    for (const char *in = text; *in != '\0'; in++) {
        bool begins = in == text || in[-1] == '\n';
        if (begins && in[0] == '#' && in[1] >= 'a' && in[1] <= 'z')
            taken++;
        else
            *out++ = *in;
    }
    *out = '\0';
    assert_int_equal(taken, SETTINGS_COUNT);
    struct config *c = load_printed(text);
    expect_defaults(c);
    config_release(c);
    free(text);
}

static void test_file_is_looked_for_only_when_nothing_was_named(void **state)
{
    (void)state;
    char folder[] = "/tmp/weir-test-XXXXXX";
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    struct parsed p = parse(NULL);
    FILE *f = fopen("weir.cnf", "w");
    assert_non_null(f);
    assert_int_equal(fclose(f), 0);
    options_find_file(&p.options);
    assert_string_equal(p.options.source.file, "weir.cnf");
    drop(&p);
    p = parse("--config=other.cnf", NULL);
    options_find_file(&p.options);
    assert_string_equal(p.options.source.file, "other.cnf");
    drop(&p);
    p = parse("mysql://db1", NULL);
    options_find_file(&p.options);
    assert_null(p.options.source.file);
    drop(&p);
    assert_int_equal(unlink("weir.cnf"), 0);
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void test_version_is_one_line(void **state)
{
    (void)state;
    char *text = printed(options_print_version);
    assert_string_equal(text, "weir " WEIR_VERSION "\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_means_run),
        cmocka_unit_test(test_file_url_and_settings_stand_in_any_order),
        cmocka_unit_test(test_every_global_setting_is_an_option),
        cmocka_unit_test(test_unknown_options_are_answered_with_the_nearest),
        cmocka_unit_test(test_missing_and_needless_values_are_told),
        cmocka_unit_test(test_what_is_no_option_must_be_one_url),
        cmocka_unit_test(test_all_mistakes_are_told_at_once),
        cmocka_unit_test(test_asking_for_help_wins_over_mistakes_and_mistakes_over_the_rest),
        cmocka_unit_test(test_no_arguments_at_all_are_survived),
        cmocka_unit_test(test_very_long_names_are_refused),
        cmocka_unit_test(test_help_names_everything_and_fits_80_columns),
        cmocka_unit_test(test_printed_defaults_load_without_complaint),
        cmocka_unit_test(test_printed_defaults_load_with_every_line_taken_in),
        cmocka_unit_test(test_file_is_looked_for_only_when_nothing_was_named),
        cmocka_unit_test(test_version_is_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
