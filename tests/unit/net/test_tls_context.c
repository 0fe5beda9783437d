/* SPDX-License-Identifier: Apache-2.0
 * What cannot be read is named. (What contexts are good for is tested with the transport.) */
#include "net/tls_context.h"

#include "net_test.h"

static void mistakes_are_named(void **state)
{
    (void)state;
    static const struct {
        struct tls_options options;
        const char *named;
    } rows[] = {
        {{.certificate = "/nowhere/c.pem"}, "ssl_cert '/nowhere/c.pem'"},
        {{.ca = "/nowhere/ca.pem"}, "ssl_ca '/nowhere/ca.pem'"},
        {{.crl = "/nowhere/crl.pem"}, "ssl_crl '/nowhere/crl.pem'"},
        {{.ciphers = "NO-SUCH"}, "ssl_cipher 'NO-SUCH'"},
        {{.ciphersuites = "NO-SUCH"}, "tls_ciphersuites 'NO-SUCH'"},
        {{.versions = "SSLv3"}, "tls_version 'SSLv3'"},
    };
    for (size_t i = 0; i < countof(rows); i++) {
        char error[300] = "";
        assert_null(tls_context_accepting(&rows[i].options, error, sizeof error));
        assert_non_null(strstr(error, rows[i].named));
        assert_null(tls_context_connecting(&rows[i].options, error, sizeof error));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
