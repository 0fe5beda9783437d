/* SPDX-License-Identifier: Apache-2.0
 * A table of sets, of which an account can be in one only. */
#include "auth/failed_logins.h"

#include "auth/digest.h"

#define NAME_MAX_HASHED 128

static void add(uint8_t *text, size_t *size, struct bytes part)
{
    size_t n = part.size < NAME_MAX_HASHED ? part.size : NAME_MAX_HASHED;
    text[(*size)++] = (uint8_t)n;
    if (n > 0)
        memcpy(text + *size, part.data, n);
    *size += n;
}

static uint64_t account_of(const struct failed_logins *t, struct bytes user, struct bytes host)
{
    uint8_t text[sizeof t->key + 2 * (1 + NAME_MAX_HASHED)];
    uint8_t hash[AUTH_SHA256_SIZE];
    uint64_t account;
    size_t size = sizeof t->key;
    memcpy(text, t->key, sizeof t->key);
    add(text, &size, user);
    add(text, &size, host);
    digest_sha256(bytes_of(text, size), hash);
    memcpy(&account, hash, sizeof account);
    return account != 0 ? account : 1;
}

/* Its entry, or the one that it may take. */
static struct failed_login *find(struct failed_login *set, uint64_t account)
{
    struct failed_login *least = &set[0];
    for (size_t i = 0; i < FAILED_LOGINS_WAYS; i++) {
        if (set[i].account == account)
            return &set[i];
        if (set[i].count < least->count || (set[i].count == least->count && set[i].at < least->at))
            least = &set[i];
    }
    return least;
}

static usec_t delay_after(unsigned failures, const struct failed_logins_rule *rule)
{
    if (failures < rule->threshold)
        return 0;
    usec_t steps = failures - rule->threshold + 1;
    if (rule->min_delay != 0 && steps > rule->max_delay / rule->min_delay)
        return rule->max_delay;
    return steps * rule->min_delay;
}

usec_t failed_logins_note(struct failed_logins *t, const struct failed_logins_rule *rule,
                          struct bytes user, struct bytes host, bool proved, usec_t now)
{
    if (rule->threshold == 0 || (proved && t->used == 0))
        return 0;
    uint64_t account = account_of(t, user, host);
    struct failed_login *e = find(t->entries[account % FAILED_LOGINS_SETS], account);
    /* The caller's clock may be a little behind that of whoever noted the last one. */
    bool known = e->account == account && (now < e->at || now - e->at < FAILED_LOGINS_FORGET);
    usec_t delay = known ? delay_after(e->count, rule) : 0;
    if (proved) {
        if (known) {
            *e = (struct failed_login){0};
            t->used--;
        }
        return delay;
    }
    if (e->account == 0)
        t->used++;
    if (!known)
        *e = (struct failed_login){.account = account};
    if (e->count < UINT32_MAX)
        e->count++;
    e->at = now > e->at ? now : e->at;
    return delay;
}
