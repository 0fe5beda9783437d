/* SPDX-License-Identifier: Apache-2.0
 * Certificates and rules of TLS, from files or made on the spot. */
#include "net/tls_context.h"

#include "base/check.h"
#include "net/made_certificate.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tls_context {
    SSL_CTX *ssl;
    bool connecting;
    enum tls_verify verify;
    _Atomic unsigned references;
    pthread_mutex_t lock;
    SSL_SESSION *session; /* under the lock: the last one that the server gave, NULL none */
    int unkept;           /* errno: the certificate that was made is in no file; 0 */
};

static BIO_METHOD *bio_method;
static pthread_once_t bio_method_once = PTHREAD_ONCE_INIT;

static void make_bio_method(void)
{
    bio_method = tls_bio_method();
}

static bool given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

/* "ssl_cert '/etc/weir/c.pem': No such file or directory" */
static bool fail(char *error, size_t error_size, const char *option, const char *value)
{
    const char *reason = tls_failure_of_file();
    snprintf(error, error_size, "%s '%s': %s", option, value,
             reason[0] != '\0' ? reason : "OpenSSL does not take it");
    return false;
}

/* -------- rules -------- */

static bool set_versions(SSL_CTX *ssl, const char *versions)
{
    bool v12 = !given(versions) || strstr(versions, "TLSv1.2") != NULL;
    bool v13 = !given(versions) || strstr(versions, "TLSv1.3") != NULL;
    if (!v12 && !v13)
        return false;
    return SSL_CTX_set_min_proto_version(ssl, v12 ? TLS1_2_VERSION : TLS1_3_VERSION) == 1 &&
           SSL_CTX_set_max_proto_version(ssl, v13 ? TLS1_3_VERSION : TLS1_2_VERSION) == 1;
}

static bool set_rules(SSL_CTX *ssl, const struct tls_options *o, char *error, size_t size)
{
    if (!set_versions(ssl, o->versions)) {
        snprintf(error, size, "tls_version '%s': may name TLSv1.2, TLSv1.3 or both", o->versions);
        return false;
    }
    if (given(o->ciphers) && SSL_CTX_set_cipher_list(ssl, o->ciphers) != 1)
        return fail(error, size, "ssl_cipher", o->ciphers);
    if (given(o->ciphersuites) && SSL_CTX_set_ciphersuites(ssl, o->ciphersuites) != 1)
        return fail(error, size, "tls_ciphersuites", o->ciphersuites);
    /* An idle connection keeps no buffers; a record that could not be sent may come again from
     * another place in memory. */
    SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    /* MySQL's clients close without a word; the protocol above says where a packet ends. */
    SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF |
                                 SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_read_ahead(ssl, 1);
    return true;
}

/* Nobody is there to be asked; without this OpenSSL would wait at the terminal. */
static int on_passphrase(char *out, int size, int writing, void *asked)
{
    (void)out;
    (void)size;
    (void)writing;
    *(bool *)asked = true;
    return -1;
}

static bool load_key(SSL_CTX *ssl, const char *key, char *error, size_t size)
{
    bool asked = false;
    SSL_CTX_set_default_passwd_cb(ssl, on_passphrase);
    SSL_CTX_set_default_passwd_cb_userdata(ssl, &asked);
    bool loaded = SSL_CTX_use_PrivateKey_file(ssl, key, SSL_FILETYPE_PEM) == 1;
    SSL_CTX_set_default_passwd_cb_userdata(ssl, NULL);
    SSL_CTX_set_default_passwd_cb(ssl, NULL);
    if (loaded)
        return true;
    if (!asked)
        return fail(error, size, "ssl_key", key);
    ERR_clear_error();
    snprintf(error, size,
             "ssl_key '%s': it has a passphrase, which Weir asks nobody for; write it without one "
             "(openssl pkey -in … -out …)",
             key);
    return false;
}

static bool load_certificate(SSL_CTX *ssl, const struct tls_options *o, char *error, size_t size)
{
    if (SSL_CTX_use_certificate_chain_file(ssl, o->certificate) != 1)
        return fail(error, size, "ssl_cert", o->certificate);
    const char *key = given(o->key) ? o->key : o->certificate;
    if (!load_key(ssl, key, error, size))
        return false;
    if (SSL_CTX_check_private_key(ssl) != 1)
        return fail(error, size, "ssl_key", key);
    return true;
}

static bool load_ca(SSL_CTX *ssl, const struct tls_options *o, char *error, size_t size)
{
    if (given(o->ca) && SSL_CTX_load_verify_file(ssl, o->ca) != 1)
        return fail(error, size, "ssl_ca", o->ca);
    if (!given(o->crl))
        return true;
    X509_STORE *store = SSL_CTX_get_cert_store(ssl);
    X509_LOOKUP *lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());
    if (lookup == NULL || X509_load_crl_file(lookup, o->crl, X509_FILETYPE_PEM) < 1)
        return fail(error, size, "ssl_crl", o->crl);
    X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
    return true;
}

/* -------- contexts -------- */

static struct tls_context *create(const SSL_METHOD *method, bool connecting, char *error,
                                  size_t size)
{
    pthread_once(&bio_method_once, make_bio_method);
    struct tls_context *t = calloc(1, sizeof *t);
    SSL_CTX *ssl = SSL_CTX_new(method);
    if (t == NULL || ssl == NULL || bio_method == NULL) {
        snprintf(error, size, "out of memory");
        SSL_CTX_free(ssl);
        free(t);
        return NULL;
    }
    t->ssl = ssl;
    t->connecting = connecting;
    t->references = 1;
    pthread_mutex_init(&t->lock, NULL);
    return t;
}

static bool use_made_certificate(struct tls_context *t, const struct tls_options *o, char *error,
                                 size_t size)
{
    return made_certificate_use(t->ssl, given(o->made) ? o->made : NULL, &t->unkept) ||
           fail(error, size, "a certificate cannot be made", "");
}

struct tls_context *tls_context_accepting(const struct tls_options *o, char *error,
                                          size_t error_size)
{
    static const unsigned char id[] = "weir";
    struct tls_context *t = create(TLS_server_method(), false, error, error_size);
    if (t == NULL)
        return NULL;
    bool done = set_rules(t->ssl, o, error, error_size) &&
                (given(o->certificate) ? load_certificate(t->ssl, o, error, error_size)
                                       : use_made_certificate(t, o, error, error_size)) &&
                load_ca(t->ssl, o, error, error_size);
    if (!done) {
        tls_context_release(t);
        return NULL;
    }
    (void)SSL_CTX_set_session_id_context(t->ssl, id, sizeof id - 1);
    /* Tickets carry the sessions: nothing is kept here for clients that never come back. */
    SSL_CTX_set_session_cache_mode(t->ssl, SSL_SESS_CACHE_OFF);
    if (given(o->ca))
        SSL_CTX_set_verify(t->ssl, SSL_VERIFY_PEER, NULL);
    return t;
}

/* OpenSSL hands out a session; 1: it is ours now. */
static int on_new_session(SSL *ssl, SSL_SESSION *session)
{
    struct tls_context *t = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    pthread_mutex_lock(&t->lock);
    SSL_SESSION *old = t->session;
    t->session = session;
    pthread_mutex_unlock(&t->lock);
    SSL_SESSION_free(old);
    return 1;
}

struct tls_context *tls_context_connecting(const struct tls_options *o, char *error,
                                           size_t error_size)
{
    struct tls_context *t = create(TLS_client_method(), true, error, error_size);
    if (t == NULL)
        return NULL;
    bool done = set_rules(t->ssl, o, error, error_size) &&
                (!given(o->certificate) || load_certificate(t->ssl, o, error, error_size)) &&
                load_ca(t->ssl, o, error, error_size);
    t->verify = o->verify;
    if (done && o->verify != TLS_VERIFY_NOTHING) {
        if (!given(o->ca))
            done = SSL_CTX_set_default_verify_paths(t->ssl) == 1;
        SSL_CTX_set_verify(t->ssl, SSL_VERIFY_PEER, NULL);
    }
    if (!done) {
        tls_context_release(t);
        return NULL;
    }
    SSL_CTX_set_app_data(t->ssl, t);
    SSL_CTX_set_session_cache_mode(t->ssl,
                                   SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
    SSL_CTX_sess_set_new_cb(t->ssl, on_new_session);
    return t;
}

int tls_context_unkept(const struct tls_context *t)
{
    return t->unkept;
}

bool tls_context_days_left(const struct tls_context *t, int *days)
{
    int seconds;
    const X509 *own = SSL_CTX_get0_certificate(t->ssl);
    if (own == NULL || ASN1_TIME_diff(days, &seconds, NULL, X509_get0_notAfter(own)) != 1)
        return false;
    *days -= seconds < 0;
    return true;
}

struct tls_context *tls_context_hold(struct tls_context *t)
{
    t->references++;
    return t;
}

void tls_context_release(struct tls_context *t)
{
    if (t == NULL || --t->references > 0)
        return;
    SSL_SESSION_free(t->session);
    SSL_CTX_free(t->ssl);
    pthread_mutex_destroy(&t->lock);
    free(t);
}

/* -------- connections -------- */

static bool set_host(SSL *ssl, const struct tls_context *t, const char *host)
{
    unsigned char address[16];
    bool is_address =
        inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
    if (!is_address && SSL_set_tlsext_host_name(ssl, host) != 1)
        return false;
    if (t->verify != TLS_VERIFY_IDENTITY)
        return true;
    return is_address ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1
                      : SSL_set1_host(ssl, host) == 1;
}

static void offer_session(SSL *ssl, struct tls_context *t)
{
    pthread_mutex_lock(&t->lock);
    if (t->session != NULL)
        (void)SSL_set_session(ssl, t->session);
    pthread_mutex_unlock(&t->lock);
}

SSL *tls_context_connection(struct tls_context *t, void *bio_data, const char *host)
{
    SSL *ssl = SSL_new(t->ssl);
    BIO *bio = BIO_new(bio_method);
    if (ssl == NULL || bio == NULL) {
        SSL_free(ssl);
        BIO_free(bio);
        return NULL;
    }
    BIO_set_data(bio, bio_data);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
    if (!t->connecting) {
        SSL_set_accept_state(ssl);
        return ssl;
    }
    SSL_set_connect_state(ssl);
    if (host != NULL && !set_host(ssl, t, host)) {
        SSL_free(ssl);
        return NULL;
    }
    offer_session(ssl, t);
    return ssl;
}
