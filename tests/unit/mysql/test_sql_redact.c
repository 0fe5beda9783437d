/* SPDX-License-Identifier: Apache-2.0
 * Secrets are hidden; statements without any are left alone. */
#include "mysql/sql_redact.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* The secret is always hunter2. NULL: the text is left as it is. */
static const struct {
    const char *sql;
    const char *redacted;
} rows[] = {
    /* clang-format off */
    {"SELECT a FROM t WHERE b = 'x'",
     NULL},
    {"CREATE USER app@'%' IDENTIFIED BY 'hunter2'",
     "CREATE USER app@'%' IDENTIFIED BY '<secret>'"},
    {"CREATE USER 'app'@'%' IDENTIFIED BY 'hunter2', 'b'@'h' IDENTIFIED WITH caching_sha2_password AS 'hunter2'",
     "CREATE USER 'app'@'%' IDENTIFIED BY '<secret>', '<secret>'@'<secret>' IDENTIFIED WITH caching_sha2_password AS '<secret>'"},
    {"ALTER USER a IDENTIFIED BY \"hunter2\" REPLACE 'hunter2'",
     "ALTER USER a IDENTIFIED BY '<secret>' REPLACE '<secret>'"},
    {"ALTER USER a IDENTIFIED VIA ed25519 USING PASSWORD('hunter2') OR unix_socket",
     "ALTER USER a IDENTIFIED VIA ed25519 USING PASSWORD('<secret>') OR unix_socket"},
    {"CREATE USER a IDENTIFIED BY PASSWORD '*hunter2'",
     "CREATE USER a IDENTIFIED BY PASSWORD '<secret>'"},
    {"CREATE USER a IDENTIFIED BY RANDOM PASSWORD",
     NULL},
    {"CREATE USER a IDENTIFIED BY hunter2",
     "CREATE USER a IDENTIFIED BY '<secret>'"},
    {"CREATE USER a IDENTIFIED WITH x AS 0x68756e746572",
     "CREATE USER a IDENTIFIED WITH x AS '<secret>'"},
    {"SET PASSWORD = 'hunter2'",
     "SET PASSWORD = '<secret>'"},
    {"SET PASSWORD FOR 'a'@'b' = PASSWORD('hunter2')",
     "SET PASSWORD FOR '<secret>'@'<secret>' = PASSWORD('<secret>')"},
    {"SET PASSWORD FOR a TO RANDOM",
     NULL},
    {"GRANT ALL ON *.* TO a@'%' IDENTIFIED BY 'hunter2' WITH GRANT OPTION",
     "GRANT ALL ON *.* TO a@'%' IDENTIFIED BY '<secret>' WITH GRANT OPTION"},
    {"CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (USER 'u', HOST 'h', PASSWORD 'hunter2')",
     "CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (USER '<secret>', HOST '<secret>', PASSWORD '<secret>')"},
    {"CHANGE MASTER TO MASTER_HOST='h', MASTER_USER='u', MASTER_PASSWORD='hunter2', MASTER_PORT=3306",
     "CHANGE MASTER TO MASTER_HOST='<secret>', MASTER_USER='<secret>', MASTER_PASSWORD='<secret>', MASTER_PORT=3306"},
    {"CHANGE REPLICATION SOURCE TO SOURCE_PASSWORD = 'hunter2'",
     "CHANGE REPLICATION SOURCE TO SOURCE_PASSWORD = '<secret>'"},
    {"START REPLICA USER='u' PASSWORD='hunter2'",
     "START REPLICA USER='<secret>' PASSWORD='<secret>'"},
    {"CLONE INSTANCE FROM u@h:3306 IDENTIFIED BY 'hunter2'",
     "CLONE INSTANCE FROM u@h:3306 IDENTIFIED BY '<secret>'"},
    {"SELECT AES_ENCRYPT('data', 'hunter2'), 'x', 5 FROM t WHERE a = 'y'",
     "SELECT AES_ENCRYPT('<secret>', '<secret>'), 'x', 5 FROM t WHERE a = 'y'"},
    {"SELECT AES_DECRYPT(col, UNHEX('hunter2')) FROM t WHERE id = 5 AND n = 'x'",
     "SELECT AES_DECRYPT(col, UNHEX('<secret>')) FROM t WHERE id = 5 AND n = 'x'"},
    {"SELECT MD5('hunter2') = p AND n = 'joe'",
     "SELECT MD5('<secret>') = p AND n = 'joe'"},
    {"INSERT INTO users (name, password) VALUES ('joe', 'hunter2')",
     "INSERT INTO users (name, password) VALUES ('<secret>', '<secret>')"},
    {"UPDATE users SET `password` = 'hunter2' WHERE id = 5",
     "UPDATE users SET `password` = '<secret>' WHERE id = 5"},
    {"SELECT * FROM users WHERE password_hash = 0x1234 AND id = 5 LIMIT 10",
     "SELECT * FROM users WHERE password_hash = '<secret>' AND id = 5 LIMIT 10"},
    {"PREPARE s FROM 'CREATE USER a IDENTIFIED BY ''hunter2'''",
     "PREPARE s FROM '<secret>'"},
    {"SET @s = CONCAT('CREATE USER a IDENTIFIED BY ', '''hunter2''')",
     "SET @s = CONCAT('<secret>', '<secret>')"},
    {"CREATE USER a IDENTIFIED/**/BY/* x */'hunter2'",
     "CREATE USER a IDENTIFIED/* <secret> */BY/* <secret> */'<secret>'"},
    {"CREATE USER a /*!50000 IDENTIFIED BY 'hunter2' */",
     "CREATE USER a /*!50000 IDENTIFIED BY '<secret>' */"},
    {"/* IDENTIFIED BY 'hunter2' */ SELECT 1",
     "/* <secret> */ SELECT 1"},
    {"CREATE USER a IDENTIFIED BY 'hunter2",
     "CREATE '<secret>'"},
    {"CREATE USER a IDENTIFIED BY 'hunt\\'er2'",
     "CREATE '<secret>'"},
    {"SELECT 1; CREATE USER a IDENTIFIED BY 'hunter2'; SELECT 'hunter2'",
     "SELECT 1; CREATE USER a IDENTIFIED BY '<secret>'; SELECT '<secret>'"},
    {"SET GLOBAL s3_secret_key = 'hunter2'",
     "SET GLOBAL s3_secret_key = '<secret>'"},
    {"SELECT 'hunter2' AS password",
     "SELECT '<secret>' AS password"},
    {"SELECT 'say password please'",
     "SELECT '<secret>'"},
    {"SELECT password FROM users WHERE id = 5",
     NULL},
    {"SELECT sha, md5 FROM commits WHERE a = 'x'",
     NULL},
    {"SET SESSION password_x = hunter2",
     NULL},
    {"ALTER USER a DEFAULT ROLE r PASSWORD EXPIRE INTERVAL 90 DAY",
     NULL},
    {"create user a identified by 'hunter2' require subject '/CN=x'",
     "create user a identified by '<secret>' require subject '<secret>'"},
    {"CREATE USER a IDENTIFIED BY `hunter2`",
     "CREATE USER a IDENTIFIED BY '<secret>'"},
    {"EXECUTE IMMEDIATE 'SET PASSWORD = ''hunter2'''",
     "EXECUTE IMMEDIATE '<secret>'"},
    {"SELECT 'password', 5",
     "SELECT '<secret>', 5"},
    /* clang-format on */
};

static uint8_t out[4096];

static struct bytes redact(struct sql_mode mode, const char *sql)
{
    return sql_redact(mode, bytes_of_text(sql), out, sizeof out);
}

static void test_statements(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bytes got = redact((struct sql_mode){.mariadb = false}, rows[i].sql);
        const char *expected = rows[i].redacted != NULL ? rows[i].redacted : rows[i].sql;
        if (!bytes_equal_text(got, expected))
            print_error("%s\n gives %.*s\n", rows[i].sql, (int)got.size, (const char *)got.data);
        assert_true(bytes_equal_text(got, expected));
    }
}

static bool holds(struct bytes text, const char *word)
{
    return text.size > 0 && memmem(text.data, text.size, word, strlen(word)) != NULL;
}

/* Whatever the mode, wherever the text is cut off, however little room there is. */
static void test_every_mode_cut_and_room(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].redacted == NULL)
            continue;
        bool unquoted = strstr(rows[i].sql, "SELECT 1; ") != NULL;
        for (unsigned bits = 0; bits < 16; bits++) {
            struct sql_mode mode = {.ansi_quotes = (bits & 1) != 0,
                                    .no_backslash_escapes = (bits & 2) != 0,
                                    .mariadb = (bits & 4) != 0,
                                    .multi_byte_trail = (bits & 8) != 0};
            for (size_t size = 0; size <= strlen(rows[i].sql); size++) {
                struct bytes text = bytes_of(rows[i].sql, size);
                struct bytes got = sql_redact(mode, text, out, sizeof out);
                bool late = !unquoted && strstr(rows[i].sql, "hunter2") != NULL &&
                            got.data == text.data && holds(got, "hunter2");
                if (late) /* the word that gives it away is not there yet */
                    assert_true(size < strlen(rows[i].sql));
                else if (!unquoted || got.data != text.data)
                    assert_false(holds(got, "hunter2"));
                if (got.data == out)
                    assert_true(sql_redact(mode, text, out, size / 2).size <= size / 2);
            }
        }
    }
}

static void test_quotes_that_the_mode_moves(void **state)
{
    (void)state;
    struct sql_mode any = {.mariadb = false};
    struct bytes got = redact(any, "SELECT '\\', IDENTIFIED BY 'hunter2'");
    assert_true(bytes_equal_text(got, "SELECT '<secret>'"));
    got = redact((struct sql_mode){.multi_byte_trail = true},
                 "SELECT '\xbf', IDENTIFIED BY 'hunter2'");
    assert_true(bytes_equal_text(got, "SELECT '<secret>'"));
    got = redact(any, "SELECT 'it\\'s fine', shared, encoded FROM t");
    assert_true(holds(got, "fine"));
    assert_true(got.data != out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statements),
        cmocka_unit_test(test_every_mode_cut_and_room),
        cmocka_unit_test(test_quotes_that_the_mode_moves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
