/* SPDX-License-Identifier: Apache-2.0
 * The table of leaks. */
#include "base/clock.h"
#include "console/console_client.h"
#include "session/leak_book.h"

#include <stdlib.h>

static const char *state_of(const struct leak *l)
{
    if (l->kind == LEAK_OF_CONNECTIONS)
        return l->end == LEAK_OPEN ? "grows" : "grows no more";
    switch (l->end) {
    case LEAK_OPEN:
        return "holds the link";
    case LEAK_RELEASED:
        return "released it";
    case LEAK_CLIENT_LEFT:
        break;
    }
    return "left";
}

static void add_leak(struct row_sink *rows, const struct leak *l)
{
    usec_t end = l->over_at != 0 ? l->over_at : clock_now();
    bool link = l->kind == LEAK_OF_LINK;
    row_text(rows, link ? "link" : "connections");
    row_number_or_null(rows, l->client);
    row_text(rows, l->user);
    row_text(rows, l->host);
    row_text_or_null(rows, l->program);
    row_text_or_null(rows, l->pid);
    row_text_or_null(rows, l->version);
    row_text(rows, l->why);
    row_sec(rows, end - l->since);
    if (link)
        row_sec(rows, end - l->leased_at);
    else
        row_null(rows);
    row_time(rows, l->wall);
    row_text_or_null(rows, l->server);
    row_number_or_null(rows, l->thread_id);
    row_text_or_null(rows, l->statement);
    row_text_or_null(rows, l->earlier);
    row_text(rows, l->action);
    row_text(rows, state_of(l));
    row_text(rows, l->remedy);
}

void table_fill_leaks(struct row_sink *rows, const struct console_facts *f)
{
    struct leak *leaks = calloc(LEAK_BOOK_SIZE, sizeof *leaks);
    if (leaks == NULL)
        return;
    size_t count = leak_book_read(f->console->proxy->leaks, leaks, LEAK_BOOK_SIZE);
    for (size_t i = 0; i < count; i++)
        add_leak(rows, &leaks[i]);
    free(leaks);
}
