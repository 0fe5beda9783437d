/* SPDX-License-Identifier: Apache-2.0
 * What Weir knows of a user's password: the password itself, or what servers store in its place, or
 * what a login has taught. Each fact says what it suffices for. */
#ifndef WEIR_AUTH_SECRET_H
#define WEIR_AUTH_SECRET_H

#include "base/attrs.h"
#include "base/bytes.h"

#include <stdbool.h>

#define AUTH_PASSWORD_MAX   255
#define AUTH_HASH_SIZE      20 /* SHA-1 */
#define AUTH_SHA256_SIZE    32
#define ED25519_PUBLIC_SIZE 32
#define ED25519_KEY_SIZE    64
#define PARSEC_SALT_SIZE    18
#define SHA_CRYPT_SALT_SIZE 20
#define SHA_CRYPT_TEXT_SIZE 43

enum auth_knowledge {
    AUTH_KNOWS_EMPTY = 1 << 0,          /* it is the empty password */
    AUTH_KNOWS_PASSWORD = 1 << 1,       /* clear text: everything else follows from it */
    AUTH_KNOWS_NATIVE_STAGE1 = 1 << 2,  /* SHA1(password): logs in */
    AUTH_KNOWS_NATIVE_STAGE2 = 1 << 3,  /* SHA1(SHA1(password)): verifies */
    AUTH_KNOWS_SHA2_STAGE1 = 1 << 4,    /* SHA256(password): logs in by the quick proof */
    AUTH_KNOWS_SHA2_STAGE2 = 1 << 5,    /* SHA256(SHA256(password)): verifies the quick proof */
    AUTH_KNOWS_SHA_CRYPT = 1 << 6,      /* $A$005$… or $5$…: verifies clear text */
    AUTH_KNOWS_ED25519_KEY = 1 << 7,    /* SHA512(password): logs in */
    AUTH_KNOWS_ED25519_PUBLIC = 1 << 8, /* verifies */
    AUTH_KNOWS_PARSEC_PUBLIC = 1 << 9,  /* verifies */
};

/* mysql.user's form for the SHA-256 methods. */
struct auth_sha_crypt {
    uint32_t rounds;
    char salt[SHA_CRYPT_SALT_SIZE];
    char text[SHA_CRYPT_TEXT_SIZE];
};

struct auth_parsec {
    uint8_t factor; /* 1024 << factor rounds */
    uint8_t salt[PARSEC_SALT_SIZE];
    uint8_t public[ED25519_PUBLIC_SIZE];
};

/* Wiped with auth_secret_wipe. */
struct auth_secret {
    unsigned known;                       /* AUTH_KNOWS_ bits: which of the fields mean something */
    char password[AUTH_PASSWORD_MAX + 1]; /* zeros behind its end */
    uint8_t stage1[AUTH_HASH_SIZE];
    uint8_t stage2[AUTH_HASH_SIZE];
    uint8_t sha2_stage1[AUTH_SHA256_SIZE];
    uint8_t sha2_stage2[AUTH_SHA256_SIZE];
    struct auth_sha_crypt crypt;
    uint8_t ed25519_key[ED25519_KEY_SIZE];
    uint8_t ed25519_public[ED25519_PUBLIC_SIZE];
    struct auth_parsec parsec;
};

static inline bool auth_secret_knows(const struct auth_secret *s, unsigned any_of)
{
    return (s->known & any_of) != 0;
}

/* As a `password` setting holds it: "" is the empty password; what a server stores is taken for
 * that: '*' and 40 hex digits (mysql_native_password), "$A$005$…" (caching_sha2_password), "$5$…"
 * (sha256_password), both also as "0x…" in hex, 43 base64 characters that are an ed25519 public key
 * (client_ed25519), "P0:…:…" (parsec). "plain:" before it makes anything clear text, and so is all
 * else. False when it is too long, or begins like a stored hash and is none. */
NODISCARD bool auth_secret_from_setting(const char *text, struct auth_secret *out);

/* Clear text; false when it is too long or contains a NUL. */
NODISCARD bool auth_secret_from_password(struct bytes password, struct auth_secret *out);

/* Is this the password? In constant time for what is known, if anything is (false otherwise). When
 * right, all that follows from it is known afterwards. */
NODISCARD bool auth_secret_check(struct auth_secret *s, struct bytes password);

/* Does that take milliseconds, because servers store it so that guessing is slow? */
NODISCARD bool auth_secret_check_is_dear(const struct auth_secret *s);

/* Takes over what `from` knows of the same password and `into` does not. */
void auth_secret_merge(struct auth_secret *into, const struct auth_secret *from);

/* Can Weir log in to a server with it, with one method at least? */
NODISCARD bool auth_secret_can_log_in(const struct auth_secret *s);

/* A secret of the same form as one with these facts, that no password fits; its bytes follow from
 * the seed. What an unknown user is checked against, so that nobody learns that it is unknown. */
void auth_secret_make_decoy(struct auth_secret *s, unsigned known,
                            const uint8_t seed[AUTH_SHA256_SIZE]);

void auth_secret_wipe(struct auth_secret *s);

#endif
