/* SPDX-License-Identifier: Apache-2.0
 * SHA-256 crypt as its specification numbers the steps. */
#include "auth/sha_crypt.h"

#include "auth/digest.h"
#include "base/check.h"
#include "base/text.h"

#include <sodium/crypto_hash_sha256.h>
#include <sodium/utils.h>

#define ROUNDS_OF_SERVERS 5000
#define ROUNDS_MAX        (4095 * 1000) /* $A$fff$ */

static void add(crypto_hash_sha256_state *s, const void *data, size_t size)
{
    CHECK(crypto_hash_sha256_update(s, data, size) == 0);
}

static void add_repeated(crypto_hash_sha256_state *s, const uint8_t block[AUTH_SHA256_SIZE],
                         size_t size)
{
    for (; size > AUTH_SHA256_SIZE; size -= AUTH_SHA256_SIZE)
        add(s, block, AUTH_SHA256_SIZE);
    add(s, block, size);
}

static void first_digest(struct bytes password, struct bytes salt, uint8_t out[AUTH_SHA256_SIZE])
{
    crypto_hash_sha256_state s;
    uint8_t other[AUTH_SHA256_SIZE];
    (void)crypto_hash_sha256_init(&s);
    add(&s, password.data, password.size);
    add(&s, salt.data, salt.size);
    add(&s, password.data, password.size);
    (void)crypto_hash_sha256_final(&s, other);

    (void)crypto_hash_sha256_init(&s);
    add(&s, password.data, password.size);
    add(&s, salt.data, salt.size);
    add_repeated(&s, other, password.size);
    for (size_t bits = password.size; bits > 0; bits >>= 1) {
        if ((bits & 1) != 0)
            add(&s, other, sizeof other);
        else
            add(&s, password.data, password.size);
    }
    (void)crypto_hash_sha256_final(&s, out);
    sodium_memzero(other, sizeof other);
}

/* The text again and again, hashed. */
static void digest_of_repeats(struct bytes text, size_t times, uint8_t out[AUTH_SHA256_SIZE])
{
    crypto_hash_sha256_state s;
    (void)crypto_hash_sha256_init(&s);
    for (size_t i = 0; i < times; i++)
        add(&s, text.data, text.size);
    (void)crypto_hash_sha256_final(&s, out);
}

static void fill(uint8_t *out, size_t size, const uint8_t block[AUTH_SHA256_SIZE])
{
    for (size_t i = 0; i < size; i++)
        out[i] = block[i % AUTH_SHA256_SIZE];
}

static void one_round(uint32_t round, struct bytes p, struct bytes s,
                      uint8_t digest[AUTH_SHA256_SIZE])
{
    crypto_hash_sha256_state state;
    (void)crypto_hash_sha256_init(&state);
    if (round % 2 != 0)
        add(&state, p.data, p.size);
    else
        add(&state, digest, AUTH_SHA256_SIZE);
    if (round % 3 != 0)
        add(&state, s.data, s.size);
    if (round % 7 != 0)
        add(&state, p.data, p.size);
    if (round % 2 != 0)
        add(&state, digest, AUTH_SHA256_SIZE);
    else
        add(&state, p.data, p.size);
    (void)crypto_hash_sha256_final(&state, digest);
}

static void write_digits(unsigned value, size_t count, char *out)
{
    static const char digits[] = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    for (size_t i = 0; i < count; i++) {
        out[i] = digits[value & 63];
        value >>= 6;
    }
}

static void write_text(const uint8_t d[AUTH_SHA256_SIZE], char out[SHA_CRYPT_TEXT_SIZE])
{
    unsigned a = 0;
    unsigned b = 10;
    unsigned c = 20;
    for (size_t i = 0; i < 10; i++) {
        write_digits((unsigned)d[a] << 16 | (unsigned)d[b] << 8 | d[c], 4, out + 4 * i);
        unsigned last = c;
        c = b + 1;
        b = a + 1;
        a = last + 1;
    }
    write_digits((unsigned)d[31] << 8 | d[30], 3, out + 40);
}

void sha_crypt(struct bytes password, struct bytes salt, uint32_t rounds,
               char out[SHA_CRYPT_TEXT_SIZE])
{
    uint8_t digest[AUTH_SHA256_SIZE];
    uint8_t block[AUTH_SHA256_SIZE];
    uint8_t p[AUTH_PASSWORD_MAX];
    uint8_t s[SHA_CRYPT_SALT_SIZE];
    CHECK(password.size <= sizeof p && salt.size <= sizeof s && rounds <= ROUNDS_MAX);
    first_digest(password, salt, digest);
    digest_of_repeats(password, password.size, block);
    fill(p, password.size, block);
    digest_of_repeats(salt, 16U + digest[0], block);
    fill(s, salt.size, block);
    for (uint32_t round = 0; round < rounds; round++)
        one_round(round, bytes_of(p, password.size), bytes_of(s, salt.size), digest);
    write_text(digest, out);
    sodium_memzero(digest, sizeof digest);
    sodium_memzero(block, sizeof block);
    sodium_memzero(p, sizeof p);
}

static bool starts_with(struct bytes text, const char *start)
{
    return text.size >= strlen(start) && memcmp(text.data, start, strlen(start)) == 0;
}

/* Behind the salt there is nothing but the 43 characters. */
static bool read_salt_and_text(struct bytes rest, struct auth_sha_crypt *out)
{
    if (rest.size != SHA_CRYPT_SALT_SIZE + SHA_CRYPT_TEXT_SIZE)
        return false;
    memcpy(out->salt, rest.data, SHA_CRYPT_SALT_SIZE);
    memcpy(out->text, rest.data + SHA_CRYPT_SALT_SIZE, SHA_CRYPT_TEXT_SIZE);
    return true;
}

static bool read_thousands(const uint8_t hex[3], uint32_t *rounds)
{
    uint8_t value[2];
    const uint8_t padded[4] = {'0', hex[0], hex[1], hex[2]};
    if (!text_parse_hex(bytes_of(padded, sizeof padded), value, sizeof value))
        return false;
    *rounds = ((uint32_t)value[0] << 8 | value[1]) * 1000;
    return *rounds > 0;
}

bool sha_crypt_read(struct bytes stored, struct auth_sha_crypt *out)
{
    if (starts_with(stored, "$A$") && stored.size > 7 && stored.data[6] == '$')
        return read_thousands(stored.data + 3, &out->rounds) &&
               read_salt_and_text(bytes_of(stored.data + 7, stored.size - 7), out);
    if (!starts_with(stored, "$5$") ||
        stored.size != 4 + SHA_CRYPT_SALT_SIZE + SHA_CRYPT_TEXT_SIZE ||
        stored.data[3 + SHA_CRYPT_SALT_SIZE] != '$')
        return false;
    out->rounds = ROUNDS_OF_SERVERS;
    memcpy(out->salt, stored.data + 3, SHA_CRYPT_SALT_SIZE);
    memcpy(out->text, stored.data + 4 + SHA_CRYPT_SALT_SIZE, SHA_CRYPT_TEXT_SIZE);
    return true;
}
