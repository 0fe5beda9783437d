/* SPDX-License-Identifier: Apache-2.0
 * See conf_fixture.h. */
#include "conf_fixture.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];

int fixture_enter(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof(folder), "/tmp/weir-test-XXXXXX");
    return mkdtemp(folder) == NULL || chdir(folder) != 0 ? -1 : 0;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

int fixture_leave(void **state)
{
    (void)state;
    return chdir("/") != 0 ? -1 : nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

void fixture_write(const char *name, const char *text)
{
    FILE *f = fopen(name, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(name, 0600), 0);
}

struct loaded fixture_load(const struct config_source *source)
{
    struct loaded l = {.config = NULL};
    l.config = config_load(source, &l.errors, &l.warnings);
    assert_true((l.config == NULL) == (l.errors.count > 0));
    return l;
}

struct loaded fixture_load_text(const char *text)
{
    fixture_write("weir.cnf", text);
    return fixture_load(&(struct config_source){.file = "weir.cnf"});
}

void fixture_unload(struct loaded *l)
{
    config_release(l->config);
    config_errors_free(&l->errors);
    config_errors_free(&l->warnings);
}

void fixture_expect(const struct config_errors *lines, const char *expected)
{
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    assert_non_null(f);
    for (size_t i = 0; i < lines->count; i++)
        (void)fprintf(f, "%s\n", lines->lines[i]);
    assert_int_equal(fclose(f), 0);
    assert_string_equal(text, expected);
    free(text);
}

void fixture_expect_text(const char *text, const char *errors, const char *warnings)
{
    char *whole;
    assert_true(asprintf(&whole, "[server main]\n[user app]\n[weir]\n%s", text) > 0);
    static const struct config_override listed = {"user.app.password", ""};
    fixture_write("weir.cnf", whole);
    struct loaded l = fixture_load(
        &(struct config_source){.file = "weir.cnf", .overrides = &listed, .override_count = 1});
    fixture_expect(&l.errors, errors);
    fixture_expect(&l.warnings, warnings);
    fixture_unload(&l);
    free(whole);
}
