/* SPDX-License-Identifier: Apache-2.0
 * What Weir knows of a password: made from a setting, asked, taught, wiped. */
#include "auth/secret.h"

#include "auth/digest.h"
#include "auth/ed25519.h"
#include "auth/native_password.h"
#include "auth/parsec.h"
#include "auth/sha_crypt.h"
#include "base/text.h"

#include <openssl/crypto.h>
#include <stddef.h>

/* Stands before a clear text that looks like a stored hash. */
#define PLAIN "plain:"
/* The longest stored hash, "$5$…", twice as long in hex. */
#define STORED_MAX 80

#define LOGS_IN                                                                                    \
    (AUTH_KNOWS_EMPTY | AUTH_KNOWS_PASSWORD | AUTH_KNOWS_NATIVE_STAGE1 | AUTH_KNOWS_SHA2_STAGE1 |  \
     AUTH_KNOWS_ED25519_KEY)

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* '*' and 40 hex digits, as mysql.user shows it. */
static bool read_native(const char *text, struct auth_secret *out)
{
    out->known = AUTH_KNOWS_NATIVE_STAGE2;
    return text[0] == '*' && text_parse_hex(bytes_of_text(text + 1), out->stage2, AUTH_HASH_SIZE);
}

static bool read_ed25519(const char *text, struct auth_secret *out)
{
    out->known = AUTH_KNOWS_ED25519_PUBLIC;
    return base64_read(bytes_of_text(text), out->ed25519_public, ED25519_PUBLIC_SIZE) &&
           ed25519_is_public(out->ed25519_public);
}

static bool read_crypt(struct bytes stored, struct auth_secret *out)
{
    out->known = AUTH_KNOWS_SHA_CRYPT;
    return sha_crypt_read(stored, &out->crypt);
}

/* "0x24412430…": salts may hold any byte, and print_identified_with_as_hex shows them so. */
static bool read_crypt_in_hex(const char *text, struct auth_secret *out)
{
    uint8_t stored[STORED_MAX];
    size_t digits = strlen(text) - 2;
    size_t size = digits / 2;
    return digits % 2 == 0 && size <= sizeof stored &&
           text_parse_hex(bytes_of(text + 2, digits), stored, size) &&
           read_crypt(bytes_of(stored, size), out);
}

static bool read_parsec(const char *text, struct auth_secret *out)
{
    out->known = AUTH_KNOWS_PARSEC_PUBLIC;
    return parsec_read(bytes_of_text(text), &out->parsec);
}

static bool looks_like_crypt(const char *text)
{
    return (starts_with(text, "$A$") && strlen(text) > 6 && text[6] == '$') ||
           (starts_with(text, "$5$") && strlen(text) > 40);
}

static bool read_setting(const char *text, struct auth_secret *out)
{
    if (starts_with(text, PLAIN))
        return auth_secret_from_password(bytes_of_text(text + strlen(PLAIN)), out);
    if (read_native(text, out) || read_parsec(text, out) || read_ed25519(text, out))
        return true;
    if (starts_with(text, "0x244124") || starts_with(text, "0x243524"))
        return read_crypt_in_hex(text, out);
    if (looks_like_crypt(text))
        return read_crypt(bytes_of_text(text), out);
    return auth_secret_from_password(bytes_of_text(text), out);
}

bool auth_secret_from_setting(const char *text, struct auth_secret *out)
{
    *out = (struct auth_secret){0};
    if (read_setting(text, out))
        return true;
    auth_secret_wipe(out);
    return false;
}

/* What every login needs is computed once; keys of curves when they are needed. */
static void know_password(struct auth_secret *s, struct bytes password)
{
    memset(s->password, 0, sizeof s->password);
    memcpy(s->password, password.data, password.size);
    native_password_hash(password, s->stage1, s->stage2);
    digest_sha256(password, s->sha2_stage1);
    digest_sha256(bytes_of(s->sha2_stage1, AUTH_SHA256_SIZE), s->sha2_stage2);
    s->known |= AUTH_KNOWS_PASSWORD | AUTH_KNOWS_NATIVE_STAGE1 | AUTH_KNOWS_NATIVE_STAGE2 |
                AUTH_KNOWS_SHA2_STAGE1 | AUTH_KNOWS_SHA2_STAGE2;
}

bool auth_secret_from_password(struct bytes password, struct auth_secret *out)
{
    *out = (struct auth_secret){0};
    if (password.size > AUTH_PASSWORD_MAX ||
        (password.size > 0 && memchr(password.data, 0, password.size) != NULL))
        return false;
    if (password.size == 0)
        out->known = AUTH_KNOWS_EMPTY;
    else
        know_password(out, password);
    return true;
}

/* -------- is this it? -------- */

static bool check_crypt(const struct auth_sha_crypt *c, struct bytes password)
{
    char text[SHA_CRYPT_TEXT_SIZE];
    sha_crypt(password, bytes_of(c->salt, sizeof c->salt), c->rounds, text);
    return digest_equal(text, c->text, sizeof text);
}

static bool check_ed25519(const struct auth_secret *s, struct bytes password)
{
    uint8_t key[ED25519_KEY_SIZE];
    uint8_t public[ED25519_PUBLIC_SIZE];
    digest_sha512(password, key);
    ed25519_public_of_key(key, public);
    OPENSSL_cleanse(key, sizeof key);
    return digest_equal(public, s->ed25519_public, sizeof public);
}

static bool is_right(const struct auth_secret *s, const struct auth_secret *said)
{
    struct bytes password = bytes_of_text(said->password);
    if (auth_secret_knows(s, AUTH_KNOWS_PASSWORD))
        return digest_equal(s->password, said->password, sizeof s->password);
    if (auth_secret_knows(s, AUTH_KNOWS_SHA2_STAGE2))
        return digest_equal(s->sha2_stage2, said->sha2_stage2, sizeof s->sha2_stage2);
    if (auth_secret_knows(s, AUTH_KNOWS_NATIVE_STAGE2))
        return digest_equal(s->stage2, said->stage2, sizeof s->stage2);
    if (auth_secret_knows(s, AUTH_KNOWS_ED25519_PUBLIC))
        return check_ed25519(s, password);
    if (auth_secret_knows(s, AUTH_KNOWS_PARSEC_PUBLIC))
        return parsec_check(&s->parsec, password);
    if (auth_secret_knows(s, AUTH_KNOWS_SHA_CRYPT))
        return check_crypt(&s->crypt, password);
    return false;
}

bool auth_secret_check_is_dear(const struct auth_secret *s)
{
    return auth_secret_knows(s, AUTH_KNOWS_SHA_CRYPT | AUTH_KNOWS_PARSEC_PUBLIC) &&
           !auth_secret_knows(s, AUTH_KNOWS_EMPTY | AUTH_KNOWS_PASSWORD | AUTH_KNOWS_SHA2_STAGE2 |
                                     AUTH_KNOWS_NATIVE_STAGE2 | AUTH_KNOWS_ED25519_PUBLIC);
}

bool auth_secret_check(struct auth_secret *s, struct bytes password)
{
    struct auth_secret said;
    if (!auth_secret_from_password(password, &said))
        return false;
    bool empty = auth_secret_knows(&said, AUTH_KNOWS_EMPTY);
    if (empty || auth_secret_knows(s, AUTH_KNOWS_EMPTY)) {
        auth_secret_wipe(&said);
        return empty && auth_secret_knows(s, AUTH_KNOWS_EMPTY);
    }
    bool right = is_right(s, &said);
    if (right)
        know_password(s, password);
    auth_secret_wipe(&said);
    return right;
}

/* -------- taught, imitated, wiped -------- */

#define FIELD(bit, field)                                                                          \
    {                                                                                              \
        (bit), offsetof(struct auth_secret, field), sizeof(((struct auth_secret *)NULL)->field)    \
    }
static const struct {
    unsigned bit;
    size_t at;
    size_t size;
} fields[] = {
    FIELD(AUTH_KNOWS_PASSWORD, password),       FIELD(AUTH_KNOWS_NATIVE_STAGE1, stage1),
    FIELD(AUTH_KNOWS_NATIVE_STAGE2, stage2),    FIELD(AUTH_KNOWS_SHA2_STAGE1, sha2_stage1),
    FIELD(AUTH_KNOWS_SHA2_STAGE2, sha2_stage2), FIELD(AUTH_KNOWS_SHA_CRYPT, crypt),
    FIELD(AUTH_KNOWS_ED25519_KEY, ed25519_key), FIELD(AUTH_KNOWS_ED25519_PUBLIC, ed25519_public),
    FIELD(AUTH_KNOWS_PARSEC_PUBLIC, parsec),
};
#undef FIELD

void auth_secret_merge(struct auth_secret *into, const struct auth_secret *from)
{
    for (size_t i = 0; i < countof(fields); i++) {
        if ((from->known & ~into->known & fields[i].bit) != 0)
            memcpy((char *)into + fields[i].at, (const char *)from + fields[i].at, fields[i].size);
    }
    into->known |= from->known;
}

void auth_secret_make_decoy(struct auth_secret *s, unsigned known,
                            const uint8_t seed[AUTH_SHA256_SIZE])
{
    /* Nothing of it is ever seen but parsec's salt, and to make it must take no longer than to find
     * the secret of somebody who is known. */
    for (size_t i = 0; i < sizeof *s; i += AUTH_SHA256_SIZE)
        memcpy((uint8_t *)s + i, seed,
               sizeof *s - i < AUTH_SHA256_SIZE ? sizeof *s - i : AUTH_SHA256_SIZE);
    memset(s->password, 0, sizeof s->password);
    text_format_hex(seed, AUTH_SHA256_SIZE, s->password);
    s->crypt.rounds = 5000;
    s->parsec.factor = 0;
    /* Half of all bytes are no point, which a check would find out sooner than a wrong signature.
     * The base point is one; nobody is let in with it. */
    memset(s->ed25519_public, 0x66, sizeof s->ed25519_public);
    s->ed25519_public[0] = 0x58;
    memcpy(s->parsec.public, s->ed25519_public, sizeof s->parsec.public);
    s->known = known & ~(unsigned)AUTH_KNOWS_EMPTY;
    if (s->known == 0)
        s->known = AUTH_KNOWS_PASSWORD | AUTH_KNOWS_NATIVE_STAGE2 | AUTH_KNOWS_SHA2_STAGE2;
}

bool auth_secret_can_log_in(const struct auth_secret *s)
{
    return auth_secret_knows(s, LOGS_IN);
}

void auth_secret_wipe(struct auth_secret *s)
{
    OPENSSL_cleanse(s, sizeof(*s));
}
