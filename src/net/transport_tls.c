/* SPDX-License-Identifier: Apache-2.0
 * The transport that speaks TLS. OpenSSL reads and writes the socket through a BIO of ours, which
 * gives it first what the stream had received before it was told to speak TLS. */
#include "net/tls.h"

#include "base/check.h"
#include "net/tls_context.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

/* A record's worth: more in one piece only makes the receiver wait for its end. */
#define PIECE_MAX 16384
/* Of a piece that the socket has not taken: enough to see that it is offered again. */
#define MARK_SIZE 16

struct tls_state {
    SSL *ssl;
    struct tls_context
        *context; /* a reference: OpenSSL calls it with sessions, as long as it lives */
    int fd;
    int error; /* errno of the socket */
    uint8_t *early;
    size_t early_at;
    size_t early_size;
    size_t stuck; /* bytes that OpenSSL has encrypted and not sent; they must come again */
    uint8_t stuck_mark[MARK_SIZE];
};

extern const struct transport transport_tls;

/* -------- the BIO -------- */

static int bio_read(BIO *bio, char *data, int size)
{
    struct tls_state *t = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (size <= 0)
        return 0;
    if (t->early_at < t->early_size) {
        size_t n = t->early_size - t->early_at;
        n = n < (size_t)size ? n : (size_t)size;
        memcpy(data, t->early + t->early_at, n);
        t->early_at += n;
        return (int)n;
    }
    ssize_t n = transport_plain.receive(t->fd, NULL, data, (size_t)size);
    t->error = n < 0 ? errno : 0;
    if (n < 0 && errno == EAGAIN)
        BIO_set_retry_read(bio);
    return (int)n;
}

static int bio_write(BIO *bio, const char *data, int size)
{
    struct tls_state *t = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (size <= 0)
        return 0;
    const struct iovec part = {.iov_base = (void *)(uintptr_t)data, .iov_len = (size_t)size};
    ssize_t n = transport_plain.send(t->fd, NULL, &part, 1);
    t->error = n < 0 ? errno : 0;
    if (n < 0 && errno == EAGAIN)
        BIO_set_retry_write(bio);
    return (int)n;
}

static long bio_control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO_METHOD *tls_bio_method(void)
{
    BIO_METHOD *m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "weir");
    if (m == NULL)
        return NULL;
    BIO_meth_set_read(m, bio_read);
    BIO_meth_set_write(m, bio_write);
    BIO_meth_set_ctrl(m, bio_control);
    return m;
}

/* -------- the transport -------- */

/* What an SSL_ function that did not succeed means, as recv(2) would say it. */
static ssize_t outcome(struct tls_state *t, int returned)
{
    switch (SSL_get_error(t->ssl, returned)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        errno = EAGAIN;
        return -1;
    case SSL_ERROR_ZERO_RETURN:
        return 0;
    default:
        /* The queue of errors belongs to the thread, not to the connection. */
        ERR_clear_error();
        errno = t->error != 0 ? t->error : EPROTO;
        return -1;
    }
}

static ssize_t tls_receive(int fd, void *state, void *data, size_t size)
{
    (void)fd;
    struct tls_state *t = state;
    size_t n = 0;
    t->error = 0;
    int done = SSL_read_ex(t->ssl, data, size, &n);
    return done > 0 ? (ssize_t)n : outcome(t, done);
}

/* A piece that was encrypted once cannot be encrypted again: the same bytes must come first. */
static bool is_stuck_piece(const struct tls_state *t, const uint8_t *piece, size_t size)
{
    size_t marked = t->stuck < MARK_SIZE ? t->stuck : MARK_SIZE;
    return size >= t->stuck && memcmp(piece, t->stuck_mark, marked) == 0;
}

static ssize_t send_piece(struct tls_state *t, const uint8_t *piece, size_t size)
{
    if (t->stuck > 0 && !is_stuck_piece(t, piece, size)) {
        errno = EPROTO;
        return -1;
    }
    size = t->stuck > 0 ? t->stuck : size;
    size_t n = 0;
    t->error = 0;
    int done = SSL_write_ex(t->ssl, piece, size, &n);
    if (done > 0) {
        t->stuck = 0;
        return (ssize_t)n;
    }
    ssize_t result = outcome(t, done);
    if (result < 0 && errno == EAGAIN) {
        t->stuck = size;
        memcpy(t->stuck_mark, piece, size < MARK_SIZE ? size : MARK_SIZE);
        errno = EAGAIN;
    }
    if (result == 0) {
        errno = EPIPE;
        result = -1;
    }
    return result;
}

/* The parts as one piece, when that costs little: one record and one system call instead of two. */
static ssize_t tls_send(int fd, void *state, const struct iovec *parts, int count)
{
    (void)fd;
    struct tls_state *t = state;
    const uint8_t *piece = parts[0].iov_base;
    size_t size = parts[0].iov_len;
    uint8_t together[PIECE_MAX];
    if (count > 1 && size < PIECE_MAX) {
        size_t more = parts[1].iov_len;
        more = more < PIECE_MAX - size ? more : PIECE_MAX - size;
        memcpy(together, piece, size);
        memcpy(together + size, parts[1].iov_base, more);
        piece = together;
        size += more;
    }
    return send_piece(t, piece, size < PIECE_MAX ? size : PIECE_MAX);
}

static void free_state(struct tls_state *t)
{
    free(t->early);
    SSL_free(t->ssl);
    tls_context_release(t->context);
    free(t);
}

static void tls_close(int fd, void *state)
{
    struct tls_state *t = state;
    if (SSL_is_init_finished(t->ssl) && t->stuck == 0)
        (void)SSL_shutdown(t->ssl);
    ERR_clear_error();
    free_state(t);
    transport_plain.close(fd, NULL);
}

static bool tls_has_bytes(void *state)
{
    const struct tls_state *t = state;
    return t->early_at < t->early_size || SSL_has_pending(t->ssl) != 0;
}

const struct transport transport_tls = {
    .name = "tls",
    .short_means_again = false,
    .receive = tls_receive,
    .send = tls_send,
    .has_bytes = tls_has_bytes,
    .close = tls_close,
};

/* -------- beginning -------- */

/* The bytes behind the SSLRequest belong to TLS. */
static bool take_early(struct tls_state *t, struct stream *s)
{
    if (s->in == NULL)
        return true;
    struct bytes early = buffer_unparsed(s->in);
    if (early.size > 0) {
        t->early = malloc(early.size);
        if (t->early == NULL)
            return false;
        memcpy(t->early, early.data, early.size);
        t->early_size = early.size;
    }
    s->in->sent = s->in->parsed = s->in->received;
    stream_trim(s);
    return true;
}

bool tls_start(struct stream *s, struct tls_context *context, const char *host)
{
    CHECK(stream_is_open(s) && s->transport == &transport_plain);
    struct tls_state *t = calloc(1, sizeof *t);
    if (t == NULL)
        return false;
    t->fd = s->io.fd;
    t->context = tls_context_hold(context);
    t->ssl = tls_context_connection(context, t, host);
    if (t->ssl == NULL || !take_early(t, s)) {
        ERR_clear_error();
        free_state(t);
        return false;
    }
    s->transport = &transport_tls;
    s->transport_state = t;
    s->io.readable = s->io.readable || t->early_size > 0;
    return true;
}

enum stream_result tls_handshake(struct stream *s, char *error, size_t error_size)
{
    CHECK(s->transport == &transport_tls);
    struct tls_state *t = s->transport_state;
    t->error = 0;
    ERR_clear_error();
    int done = SSL_do_handshake(t->ssl);
    if (done == 1) {
        /* What followed the handshake may have been received with it: no edge will tell. */
        s->io.readable = true;
        return STREAM_OK;
    }
    switch (SSL_get_error(t->ssl, done)) {
    case SSL_ERROR_WANT_READ:
        s->io.readable = false;
        return STREAM_AGAIN;
    case SSL_ERROR_WANT_WRITE:
        s->io.writable = false;
        return STREAM_AGAIN;
    default:
        tls_failure_describe(t->ssl, t->error, error, error_size);
        ERR_clear_error();
        s->error = t->error != 0 ? t->error : EPROTO;
        return STREAM_FAILED;
    }
}

bool tls_is_on(const struct stream *s)
{
    return stream_layer(s, &transport_tls) != NULL;
}

static const SSL *ssl_of(const struct stream *s)
{
    const struct tls_state *t = stream_layer(s, &transport_tls);
    return t != NULL ? t->ssl : NULL;
}

const char *tls_version(const struct stream *s)
{
    const SSL *ssl = ssl_of(s);
    return ssl != NULL ? SSL_get_version(ssl) : "";
}

const char *tls_cipher(const struct stream *s)
{
    const SSL *ssl = ssl_of(s);
    return ssl != NULL ? SSL_get_cipher_name(ssl) : "";
}

bool tls_peer_is_certified(const struct stream *s)
{
    const SSL *ssl = ssl_of(s);
    return ssl != NULL && SSL_get0_peer_certificate(ssl) != NULL &&
           SSL_get_verify_result(ssl) == X509_V_OK;
}

bool tls_own_fingerprint(const struct stream *s, uint8_t out[TLS_FINGERPRINT_SIZE])
{
    const SSL *ssl = ssl_of(s);
    const X509 *own = ssl != NULL ? SSL_get_certificate(ssl) : NULL;
    unsigned size = 0;
    return own != NULL && X509_digest(own, EVP_sha256(), out, &size) == 1 &&
           size == TLS_FINGERPRINT_SIZE;
}

bool tls_peer_is_named(const struct stream *s, struct bytes name)
{
    if (!tls_peer_is_certified(s))
        return false;
    const X509_NAME *subject = X509_get_subject_name(SSL_get0_peer_certificate(ssl_of(s)));
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (at < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0)
        return false;
    unsigned char *text = NULL;
    int size =
        ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    bool same = size >= 0 && (size_t)size == name.size && name.size > 0 &&
                memcmp(text, name.data, name.size) == 0;
    OPENSSL_free(text);
    return same;
}

bool tls_was_resumed(const struct stream *s)
{
    const SSL *ssl = ssl_of(s);
    return ssl != NULL && SSL_session_reused(ssl) != 0;
}
