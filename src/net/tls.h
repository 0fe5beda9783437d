/* SPDX-License-Identifier: Apache-2.0
 * TLS below a stream, in both roles: what MySQL's protocol does after its SSLRequest packet.
 * OpenSSL does the cryptography; this decides which certificates and rules it uses. Source:
 * https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_tls.html */
#ifndef WEIR_NET_TLS_H
#define WEIR_NET_TLS_H

#include "net/stream.h"

/* Certificates and rules: immutable and counted, any thread. Connections keep the one that they
 * began with, so new certificates disturb nobody. */
struct tls_context;

/* As a client of a server: how much is verified. */
enum tls_verify {
    TLS_VERIFY_NOTHING,
    TLS_VERIFY_CA,       /* its certificate comes from ca_file */
    TLS_VERIFY_IDENTITY, /* and names the host that was connected to */
};

/* Files are PEM; "" or NULL: none. */
struct tls_options {
    const char *certificate; /* chain, own certificate first */
    const char *key;
    const char *made; /* without certificate: keeps the one that is made; none: in memory only */
    const char *ca;
    const char *crl;
    const char *versions;     /* "TLSv1.2,TLSv1.3"; none: both */
    const char *ciphers;      /* of TLS 1.2; none: OpenSSL's own choice */
    const char *ciphersuites; /* of TLS 1.3 */
    enum tls_verify verify;   /* only towards servers */
};

/* For connections that we accept. Without a certificate one is made, signed by itself, that lasts
 * as long as its file, or the process: enough against those who only listen. With a CA, clients may
 * show a certificate, and one that is not of this CA ends the handshake. NULL: `error` names the
 * option and the reason. */
NODISCARD struct tls_context *tls_context_accepting(const struct tls_options *o, char *error,
                                                    size_t error_size);

/* For connections that we make; remembers the last session for resumption. NULL as above. */
NODISCARD struct tls_context *tls_context_connecting(const struct tls_options *o, char *error,
                                                     size_t error_size);

/* errno of why the certificate that was made could not be kept in its file; 0 otherwise. */
int tls_context_unkept(const struct tls_context *t);
/* Until its own certificate expires, negative when it has; false: it has none. */
NODISCARD bool tls_context_days_left(const struct tls_context *t, int *days);

struct tls_context *tls_context_hold(struct tls_context *t);
void tls_context_release(struct tls_context *t); /* NULL: nothing */

/* From now on the stream speaks TLS. What was received and not parsed yet is taken for its first
 * bytes. `host`: the name that is asked for and, when the context says so, verified; NULL when
 * accepting. False when out of memory. */
NODISCARD bool tls_start(struct stream *s, struct tls_context *t, const char *host);

/* Why a handshake failed, and what to do about it. */
#define TLS_ERROR_SIZE 320

/* Goes on with the handshake: STREAM_OK when it is done, STREAM_AGAIN: on_ready will come,
 * STREAM_FAILED: `error` says why, for a person. */
NODISCARD enum stream_result tls_handshake(struct stream *s, char *error, size_t error_size);

NODISCARD bool tls_is_on(const struct stream *s);
/* "TLSv1.3", "TLS_AES_256_GCM_SHA384"; "" on a plain stream. */
const char *tls_version(const struct stream *s);
const char *tls_cipher(const struct stream *s);
/* SHA-256 of the certificate that we have shown; false when there is none. */
#define TLS_FINGERPRINT_SIZE 32
NODISCARD bool tls_own_fingerprint(const struct stream *s, uint8_t out[TLS_FINGERPRINT_SIZE]);
/* The other side has shown a certificate, and an authority that is trusted vouches for it. */
NODISCARD bool tls_peer_is_certified(const struct stream *s);
/* Is this the common name of that certificate, and the only one? */
NODISCARD bool tls_peer_is_named(const struct stream *s, struct bytes name);
/* An earlier session was resumed. */
NODISCARD bool tls_was_resumed(const struct stream *s);

#endif
