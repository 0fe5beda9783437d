/* SPDX-License-Identifier: Apache-2.0
 * Networks and lists of them. Lists are short and looked at once in a connection's life, so they
 * are read each time rather than kept in another form. */
#include "base/network.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <string.h>

#define IPV4_SIZE      4
#define IPV4_AT        (IP_SIZE - IPV4_SIZE)
#define IPV4_AT_BITS   96
#define IPV4_PREFIX_AT 10 /* of the two bytes ff before an IPv4 address */
#define SEPARATORS     ", \t"

static bool parse_ip(uint8_t out[IP_SIZE], struct bytes text, bool *is_ipv4)
{
    char copy[INET6_ADDRSTRLEN];
    if (text.size == 0 || !text_copy(copy, sizeof copy, text))
        return false;
    memset(out, 0, IP_SIZE);
    *is_ipv4 = inet_pton(AF_INET, copy, out + IPV4_AT) == 1;
    if (!*is_ipv4)
        return inet_pton(AF_INET6, copy, out) == 1;
    memset(out + IPV4_PREFIX_AT, 0xff, IPV4_AT - IPV4_PREFIX_AT);
    return true;
}

bool network_peer_parse(struct network_peer *out, struct bytes text)
{
    bool is_ipv4;
    *out = (struct network_peer){.local = bytes_equal(text, bytes_of_text("localhost"))};
    return out->local || parse_ip(out->ip, text, &is_ipv4);
}

/* Digits only, up to `max`. */
static bool parse_bits(struct bytes text, unsigned max, unsigned *out)
{
    char copy[4];
    uint64_t v;
    if (!text_copy(copy, sizeof copy, text) || !text_parse_u64(copy, &v) || v > max)
        return false;
    *out = (unsigned)v;
    return true;
}

bool network_parse(struct network *out, struct bytes text)
{
    const uint8_t *slash = text.size > 0 ? memchr(text.data, '/', text.size) : NULL;
    struct bytes ip = text;
    if (slash != NULL)
        ip.size = (size_t)(slash - text.data);
    bool is_ipv4;
    if (!parse_ip(out->ip, ip, &is_ipv4))
        return false;
    out->bits = IP_SIZE * 8;
    if (slash == NULL)
        return true;
    struct bytes digits = bytes_of(slash + 1, text.size - ip.size - 1);
    unsigned before = is_ipv4 ? IPV4_AT_BITS : 0;
    if (!parse_bits(digits, IP_SIZE * 8 - before, &out->bits))
        return false;
    out->bits += before;
    return true;
}

bool network_contains(const struct network *n, const uint8_t ip[IP_SIZE])
{
    size_t whole = n->bits / 8;
    unsigned rest = n->bits % 8;
    if (memcmp(n->ip, ip, whole) != 0)
        return false;
    return rest == 0 || (n->ip[whole] ^ ip[whole]) >> (8 - rest) == 0;
}

/* The next word of a list; false at its end. */
static bool next_word(const char **list, struct bytes *word)
{
    *list += strspn(*list, SEPARATORS);
    *word = bytes_of(*list, strcspn(*list, SEPARATORS));
    *list += word->size;
    return word->size > 0;
}

static bool is_word(struct bytes word, const char *text)
{
    return bytes_equal(word, bytes_of_text(text));
}

bool network_list_check(const char *list, struct bytes *wrong)
{
    struct network n;
    while (next_word(&list, wrong))
        if (!is_word(*wrong, "*") && !is_word(*wrong, "localhost") && !network_parse(&n, *wrong))
            return false;
    return true;
}

static bool word_has(struct bytes word, const struct network_peer *peer)
{
    struct network n;
    if (is_word(word, "*"))
        return true;
    if (peer->local)
        return is_word(word, "localhost");
    return network_parse(&n, word) && network_contains(&n, peer->ip);
}

bool network_list_has(const char *list, const struct network_peer *peer)
{
    struct bytes word;
    while (next_word(&list, &word))
        if (word_has(word, peer))
            return true;
    return false;
}

/* Where a * was, the longest match is tried last: one way back is enough. */
static bool name_matches(struct bytes pattern, struct bytes name)
{
    size_t p = 0, n = 0, star = SIZE_MAX, star_at = 0;
    while (n < name.size) {
        if (p < pattern.size && pattern.data[p] == '*') {
            star = p++;
            star_at = n;
        } else if (p < pattern.size && pattern.data[p] == name.data[n]) {
            p++;
            n++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            n = ++star_at;
        } else {
            return false;
        }
    }
    while (p < pattern.size && pattern.data[p] == '*')
        p++;
    return p == pattern.size;
}

bool name_list_has(const char *list, struct bytes name)
{
    struct bytes word;
    while (next_word(&list, &word))
        if (name_matches(word, name))
            return true;
    return false;
}
