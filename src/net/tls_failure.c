/* SPDX-License-Identifier: Apache-2.0
 * Words for what went wrong with TLS. OpenSSL's own are kept, since people look for them, and what
 * to do about it is put behind them. */
#include "net/tls_context.h"

#include "base/bytes.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pemerr.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

struct advice {
    long number;
    const char *words;
};

/* By the verdict on the other side's certificate. */
static const struct advice of_verdicts[] = {
    {X509_V_ERR_HOSTNAME_MISMATCH, "it names other hosts than that of the [server] section"},
    {X509_V_ERR_IP_ADDRESS_MISMATCH, "it names other hosts than that of the [server] section"},
    {X509_V_ERR_CERT_HAS_EXPIRED, "it must be renewed"},
    {X509_V_ERR_CERT_NOT_YET_VALID, "is the clock right?"},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, "its authority is not in ssl_ca"},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, "its authority is not in ssl_ca"},
    {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, "its authority is not in ssl_ca"},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, "its authority is not in ssl_ca"},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, "its authority is not in ssl_ca"},
    {X509_V_ERR_CERT_REVOKED, "ssl_crl says so"},
    {X509_V_ERR_UNABLE_TO_GET_CRL, "ssl_crl has no list of its authority"},
    {X509_V_ERR_CRL_HAS_EXPIRED, "ssl_crl must be renewed"},
    {X509_V_ERR_CRL_SIGNATURE_FAILURE, "ssl_crl is of another authority"},
};

/* By OpenSSL's reason: mostly what the other side has complained about. */
static const struct advice of_reasons[] = {
    {SSL_R_TLSV1_ALERT_UNKNOWN_CA,
     "the other side does not believe the certificate that it was shown: see ssl_cert"},
    {SSL_R_SSLV3_ALERT_BAD_CERTIFICATE,
     "the other side does not accept the certificate that it was shown: see ssl_cert"},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN,
     "the other side does not accept the certificate that it was shown: see ssl_cert"},
    {SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE,
     "the other side does not accept the certificate that it was shown: see ssl_cert"},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED,
     "the certificate that the other side was shown has expired: see ssl_cert"},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED,
     "the certificate that the other side was shown was revoked: see ssl_cert"},
    {SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED,
     "the other side wants to be shown a certificate: see ssl_cert"},
    {SSL_R_UNSUPPORTED_PROTOCOL, "the other side has no version of tls_version"},
    {SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, "the other side wants a version that tls_version has not"},
    {SSL_R_NO_SHARED_CIPHER, "the other side has none of ssl_cipher and tls_ciphersuites"},
    {SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE,
     "the other side has none of ssl_cipher and tls_ciphersuites, or wants a certificate"},
    {SSL_R_WRONG_VERSION_NUMBER, "the other side does not speak TLS"},
};

static const char *find(const struct advice *rows, size_t count, long number)
{
    for (size_t i = 0; i < count; i++)
        if (rows[i].number == number)
            return rows[i].words;
    return NULL;
}

static void describe_verdict(long verdict, char *error, size_t size)
{
    const char *words = find(of_verdicts, countof(of_verdicts), verdict);
    snprintf(error, size, "the certificate was not accepted: %s%s%s%s",
             X509_verify_cert_error_string(verdict), words != NULL ? " (" : "",
             words != NULL ? words : "", words != NULL ? ")" : "");
}

static void describe_reason(unsigned long code, char *error, size_t size)
{
    const char *words = ERR_GET_LIB(code) == ERR_LIB_SSL
                            ? find(of_reasons, countof(of_reasons), ERR_GET_REASON(code))
                            : NULL;
    snprintf(error, size, "%s%s%s%s", ERR_reason_error_string(code), words != NULL ? " (" : "",
             words != NULL ? words : "", words != NULL ? ")" : "");
}

void tls_failure_describe(const SSL *ssl, int socket_error, char *error, size_t error_size)
{
    long verdict = SSL_get_verify_result(ssl);
    unsigned long code = ERR_peek_last_error();
    if (verdict != X509_V_OK && ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED)
        describe_verdict(verdict, error, error_size);
    else if (code != 0 && ERR_reason_error_string(code) != NULL)
        describe_reason(code, error, error_size);
    else if (socket_error != 0)
        snprintf(error, error_size, "%s", strerror(socket_error));
    else
        snprintf(error, error_size, "the other side closed the connection");
}

const char *tls_failure_of_file(void)
{
    unsigned long code = ERR_peek_error();
    ERR_clear_error();
    if (code == 0)
        return "";
    if (ERR_SYSTEM_ERROR(code))
        return ERR_GET_REASON(code) == EACCES
                   ? "Permission denied; the account that Weir runs as must be able to read it"
                   : strerror(ERR_GET_REASON(code));
    if (ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE)
        return "it has no certificate or key in PEM form";
    if (ERR_GET_LIB(code) == ERR_LIB_X509 &&
        (ERR_GET_REASON(code) == X509_R_NO_CERTIFICATE_FOUND ||
         ERR_GET_REASON(code) == X509_R_NO_CERTIFICATE_OR_CRL_FOUND))
        return "it has no certificate in PEM form";
    if (ERR_GET_LIB(code) == ERR_LIB_OSSL_DECODER && ERR_GET_REASON(code) == ERR_R_UNSUPPORTED)
        return "it has no private key in PEM form; ssl_key names the file that has it";
    if (ERR_GET_LIB(code) == ERR_LIB_X509 && (ERR_GET_REASON(code) == X509_R_KEY_VALUES_MISMATCH ||
                                              ERR_GET_REASON(code) == X509_R_KEY_TYPE_MISMATCH))
        return "it does not belong to ssl_cert";
    const char *reason = ERR_reason_error_string(code);
    return reason != NULL ? reason : "";
}
