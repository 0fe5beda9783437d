/* SPDX-License-Identifier: Apache-2.0
 * How often logins have failed in a row, per account (user and host), so that who guesses passwords
 * must wait for each answer. Whether the user exists makes no difference. The table has a fixed
 * size: in doubt it forgets those with the fewest failures.
 * Source: https://dev.mysql.com/doc/refman/8.4/en/connection-control-plugin.html */
#ifndef WEIR_AUTH_FAILED_LOGINS_H
#define WEIR_AUTH_FAILED_LOGINS_H

#include "auth/secret.h"
#include "base/clock.h"

#define FAILED_LOGINS_SETS 512
#define FAILED_LOGINS_WAYS 8
/* Without another failure for this long, an account begins anew. */
#define FAILED_LOGINS_FORGET (3600 * USEC_PER_SEC)

struct failed_login {
    uint64_t account; /* hash; 0 unused */
    usec_t at;        /* of the last failure */
    uint32_t count;
};

/* All zeros but for the key, which is random: nobody can choose whom to push out. */
struct failed_logins {
    uint8_t key[16];
    unsigned used; /* entries */
    struct failed_login entries[FAILED_LOGINS_SETS][FAILED_LOGINS_WAYS];
};

struct failed_logins_rule {
    unsigned threshold; /* failures in a row that cost nothing; 0: never any delay */
    usec_t min_delay;   /* of the next verdict; each further failure adds as much again */
    usec_t max_delay;
};

/* A login has been checked. Returns how long its verdict is to be withheld, whichever it is; a
 * right password makes the account begin anew. */
usec_t failed_logins_note(struct failed_logins *t, const struct failed_logins_rule *rule,
                          struct bytes user, struct bytes host, bool proved, usec_t now);

#endif
