/* SPDX-License-Identifier: Apache-2.0
 * The file of a certificate that was made: kept, believed only when nobody else can read it, made
 * again when it is no good. */
#include "net/made_certificate.h"

#include "net_test.h"

#include <errno.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <sys/stat.h>

static char folder[] = "/tmp/made-certificate-XXXXXX";
static char file[sizeof folder + 10];

static int set_up(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return 1;
    (void)snprintf(file, sizeof file, "%s/w.tls", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    (void)unlink(file);
    return rmdir(folder);
}

/* Its number, which no other has. */
static uint64_t use(const char *path, int *unkept)
{
    uint64_t number = 0;
    SSL_CTX *ssl = SSL_CTX_new(TLS_server_method());
    assert_true(made_certificate_use(ssl, path, unkept));
    X509 *own = SSL_CTX_get0_certificate(ssl);
    assert_non_null(own);
    assert_int_equal(SSL_CTX_check_private_key(ssl), 1);
    assert_int_equal(ASN1_INTEGER_get_uint64(&number, X509_get_serialNumber(own)), 1);
    SSL_CTX_free(ssl);
    return number;
}

static void it_is_the_same_again(void **state)
{
    (void)state;
    int unkept;
    struct stat s;
    uint64_t first = use(file, &unkept);
    assert_int_equal(unkept, 0);
    assert_int_equal(stat(file, &s), 0);
    assert_int_equal(s.st_mode & 0777, 0600);
    assert_int_equal(use(file, &unkept), first);
    /* Others could have read it. */
    assert_int_equal(chmod(file, 0640), 0);
    uint64_t second = use(file, &unkept);
    assert_int_not_equal(second, first);
    assert_int_equal(use(file, &unkept), second);
    /* Cut in the middle. */
    assert_int_equal(truncate(file, 300), 0);
    assert_int_not_equal(use(file, &unkept), second);
    assert_int_equal(unkept, 0);
}

static void without_a_file_it_is_another_each_time(void **state)
{
    (void)state;
    int unkept;
    assert_int_not_equal(use(NULL, &unkept), use(NULL, &unkept));
    assert_int_equal(unkept, 0);
    assert_int_not_equal(use("/nowhere/w.tls", &unkept), 0);
    assert_int_equal(unkept, ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_the_same_again),
        cmocka_unit_test(without_a_file_it_is_another_each_time),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
