/* SPDX-License-Identifier: Apache-2.0
 * Words for failures: OpenSSL's, and what to do about them. */
#include "net/tls_context.h"

#include "net_test.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pemerr.h>
#include <openssl/x509_vfy.h>

static void files(void **state)
{
    (void)state;
    static const struct {
        int library, reason;
        const char *words;
    } rows[] = {
        {ERR_LIB_SYS, ENOENT, "No such file or directory"},
        {ERR_LIB_SYS, EACCES,
         "Permission denied; the account that Weir runs as must be able to read it"},
        {ERR_LIB_PEM, PEM_R_NO_START_LINE, "it has no certificate or key in PEM form"},
        {ERR_LIB_X509, X509_R_KEY_VALUES_MISMATCH, "it does not belong to ssl_cert"},
    };
    assert_string_equal(tls_failure_of_file(), "");
    for (size_t i = 0; i < countof(rows); i++) {
        ERR_raise(rows[i].library, rows[i].reason);
        ERR_raise(ERR_LIB_SSL, ERR_R_PEM_LIB); /* what it led to */
        assert_string_equal(tls_failure_of_file(), rows[i].words);
        assert_int_equal(ERR_peek_error(), 0);
    }
}

static void handshakes(void **state)
{
    (void)state;
    SSL_CTX *context = SSL_CTX_new(TLS_method());
    SSL *ssl = SSL_new(context);
    char error[TLS_ERROR_SIZE];
    ERR_clear_error();
    tls_failure_describe(ssl, 0, error, sizeof error);
    assert_string_equal(error, "the other side closed the connection");
    tls_failure_describe(ssl, ECONNRESET, error, sizeof error);
    assert_string_equal(error, "Connection reset by peer");
    ERR_raise(ERR_LIB_SSL, SSL_R_TLSV1_ALERT_UNKNOWN_CA);
    tls_failure_describe(ssl, ECONNRESET, error, sizeof error);
    assert_non_null(strstr(error, "unknown ca (the other side does not believe"));
    ERR_raise(ERR_LIB_SSL, SSL_R_CERTIFICATE_VERIFY_FAILED);
    SSL_set_verify_result(ssl, X509_V_ERR_HOSTNAME_MISMATCH);
    tls_failure_describe(ssl, 0, error, sizeof error);
    assert_non_null(strstr(error, "not accepted: hostname mismatch (it names other hosts"));
    ERR_clear_error();
    SSL_free(ssl);
    SSL_CTX_free(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files),
        cmocka_unit_test(handshakes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
