/* SPDX-License-Identifier: Apache-2.0
 * Making a certificate, and its file: the key and the certificate behind each other. */
#include "net/made_certificate.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Longer than any machine. One that ends sooner than this is made anew. */
#define MADE_FOR_S   (10L * 365 * 24 * 3600)
#define RENEW_DAYS   30
#define SERIAL_BITS  63
#define PATH_ROOM    4096
#define NEW_FILE_END ".new"

static bool set_serial(X509 *x)
{
    /* Two certificates of one name and number confuse clients. */
    BIGNUM *n = BN_new();
    bool done = n != NULL && BN_rand(n, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
                BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x)) != NULL;
    BN_free(n);
    return done;
}

static bool describe(X509 *x, EVP_PKEY *key)
{
    static const unsigned char common_name[] = "Weir_auto_generated";
    X509_NAME *name = X509_get_subject_name(x);
    return X509_set_version(x, X509_VERSION_3) == 1 && set_serial(x) &&
           X509_gmtime_adj(X509_getm_notBefore(x), -3600) != NULL &&
           X509_gmtime_adj(X509_getm_notAfter(x), MADE_FOR_S) != NULL &&
           X509_set_pubkey(x, key) == 1 &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, common_name, -1, -1, 0) == 1 &&
           X509_set_issuer_name(x, name) == 1 && X509_sign(x, key, EVP_sha256()) > 0;
}

/* -------- its file -------- */

static bool is_lasting(const X509 *x)
{
    int days, seconds;
    return x != NULL && ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(x)) == 1 &&
           days >= RENEW_DAYS;
}

/* Whoever may write the file of a key may be Weir; whoever may read it, too. */
static bool is_private(int fd)
{
    struct stat s;
    return fstat(fd, &s) == 0 && S_ISREG(s.st_mode) && (s.st_mode & 077) == 0;
}

static bool use_kept(SSL_CTX *ssl, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    FILE *in = fd >= 0 && is_private(fd) ? fdopen(fd, "r") : NULL;
    if (in == NULL) {
        if (fd >= 0)
            (void)close(fd);
        return false;
    }
    static char no_passphrase[] = ""; /* else OpenSSL would ask for one */
    EVP_PKEY *key = PEM_read_PrivateKey(in, NULL, NULL, no_passphrase);
    X509 *x = PEM_read_X509(in, NULL, NULL, NULL);
    bool done = key != NULL && is_lasting(x) && X509_check_private_key(x, key) == 1 &&
                SSL_CTX_use_certificate(ssl, x) == 1 && SSL_CTX_use_PrivateKey(ssl, key) == 1;
    X509_free(x);
    EVP_PKEY_free(key);
    (void)fclose(in);
    ERR_clear_error();
    return done;
}

static bool write_both(int fd, EVP_PKEY *key, X509 *x)
{
    FILE *out = fdopen(fd, "w");
    if (out == NULL) {
        (void)close(fd);
        return false;
    }
    bool done = PEM_write_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL) == 1 &&
                PEM_write_X509(out, x) == 1 && fflush(out) == 0 && fsync(fd) == 0;
    return fclose(out) == 0 && done;
}

/* 0, or errno. Others see the whole file or none. */
static int keep(const char *path, EVP_PKEY *key, X509 *x)
{
    char fresh[PATH_ROOM];
    int size = snprintf(fresh, sizeof fresh, "%s" NEW_FILE_END, path);
    if (size < 0 || (size_t)size >= sizeof fresh)
        return ENAMETOOLONG;
    (void)unlink(fresh);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno;
    errno = 0;
    if (write_both(fd, key, x) && rename(fresh, path) == 0)
        return 0;
    int error = errno != 0 ? errno : EIO;
    (void)unlink(fresh);
    return error;
}

bool made_certificate_use(SSL_CTX *ssl, const char *file, int *unkept)
{
    *unkept = 0;
    if (file != NULL && use_kept(ssl, file))
        return true;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = X509_new();
    bool done = key != NULL && x != NULL && describe(x, key) &&
                SSL_CTX_use_certificate(ssl, x) == 1 && SSL_CTX_use_PrivateKey(ssl, key) == 1;
    if (done && file != NULL)
        *unkept = keep(file, key, x);
    X509_free(x);
    EVP_PKEY_free(key);
    return done;
}
