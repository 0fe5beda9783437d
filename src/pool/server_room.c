/* SPDX-License-Identifier: Apache-2.0
 * The sums behind the verdict, and its words. */
#include "pool/server_room.h"

#include "base/text.h"

#include <stdio.h>

/* Files that a server has open beside its connections, at the very least. */
#define FILES_OF_ITS_OWN 32

static unsigned cut(uint64_t n)
{
    return n < UINT32_MAX ? (unsigned)n : UINT32_MAX;
}

static unsigned most_of_late(unsigned others, struct room_memory *memory)
{
    unsigned most = 0;
    memory->others[memory->next] = others;
    memory->next = (memory->next + 1) % ROOM_MEMORY;
    for (unsigned i = 0; i < ROOM_MEMORY; i++)
        if (memory->others[i] > most)
            most = memory->others[i];
    return most;
}

static bool files_end_first(const struct room_facts *f)
{
    return f->open_files_limit != 0 && f->open_files_limit < f->max_connections + FILES_OF_ITS_OWN;
}

static uint64_t capacity(const struct room_facts *f)
{
    if (!files_end_first(f))
        return f->max_connections;
    return f->open_files_limit > FILES_OF_ITS_OWN ? f->open_files_limit - FILES_OF_ITS_OWN : 0;
}

struct room room_judge(const struct room_facts *f, struct room_memory *memory)
{
    uint64_t weirs = (uint64_t)f->ours + f->other_weirs;
    uint64_t others = f->threads_connected > weirs ? f->threads_connected - weirs : 0;
    struct room r = {
        .wanted = f->pools_may < f->ceiling ? f->pools_may : f->ceiling,
        .others = most_of_late(cut(others), memory),
    };
    r.left = capacity(f) > r.others ? cut(capacity(f) - r.others) : 0;
    if ((uint64_t)r.wanted * f->instances > r.left)
        r.verdict = files_end_first(f) ? ROOM_FEW_FILES : ROOM_TOO_SMALL;
    else if (f->max_user_connections != 0 &&
             (uint64_t)f->user_may * f->instances > f->max_user_connections)
        r.verdict = ROOM_USER;
    return r;
}

static void say_instances(const struct room_facts *f, char *text, size_t size)
{
    text[0] = '\0';
    if (f->instances > 1)
        snprintf(text, size, ", as may each of %u Weirs", f->instances);
}

static void advise_room(const struct room_facts *f, const struct room *r, char *text, size_t size)
{
    char instances[48];
    char files[96] = "";
    say_instances(f, instances, sizeof instances);
    if (r->verdict == ROOM_FEW_FILES)
        snprintf(files, sizeof files, " (its open_files_limit of %llu is used up before that)",
                 (unsigned long long)f->open_files_limit);
    unsigned fits = r->left / f->instances;
    snprintf(text, size,
             "Weir may open %u link%s (the smaller of %u, max_connections of [server %s], and %u, "
             "what its pools may have)%s, but of the server's max_connections=%llu%s others hold "
             "%u: there is room for %u. SET GLOBAL server.%s.max_connections = %u, or less for "
             "pool_max_size; or raise %s of the server",
             r->wanted, text_plural(r->wanted), f->ceiling, f->server, f->pools_may, instances,
             (unsigned long long)f->max_connections, files, r->others, r->left, f->server,
             fits > 0 ? fits : 1,
             r->verdict == ROOM_FEW_FILES ? "open_files_limit" : "max_connections");
}

static void advise_user(const struct room_facts *f, char *text, size_t size)
{
    char instances[48];
    say_instances(f, instances, sizeof instances);
    unsigned fits = cut(f->max_user_connections / f->instances);
    snprintf(
        text, size,
        "the pools of user '%s' may open %u link%s%s, but the server's max_user_connections is "
        "%llu: it will refuse the others (1203). SET GLOBAL user.%s.pool_max_size = %u, or "
        "raise max_user_connections of the server",
        f->user, f->user_may, text_plural(f->user_may), instances,
        (unsigned long long)f->max_user_connections, f->user, fits > 0 ? fits : 1);
}

void room_advise(const struct room_facts *f, const struct room *r, char *text, size_t size)
{
    switch (r->verdict) {
    case ROOM_FITS:
        text[0] = '\0';
        return;
    case ROOM_TOO_SMALL:
    case ROOM_FEW_FILES:
        advise_room(f, r, text, size);
        return;
    case ROOM_USER:
        advise_user(f, text, size);
        return;
    }
}
