/* SPDX-License-Identifier: Apache-2.0
 * Tables about clients and links: rows of a snapshot. */
#include "console/console_client.h"
#include "session/snapshot.h"

#include <stdio.h>

static void row_statement(struct row_sink *rows, const struct snapshot_client *c, bool wanted)
{
    if (wanted && c->statement_size > 0)
        row_bytes(rows, bytes_of(c->statement, c->statement_size));
    else
        row_null(rows);
}

/* -------- processlist -------- */

static void add_driver(struct row_sink *rows, const struct snapshot_client *c)
{
    char driver[160];
    (void)snprintf(driver, sizeof driver, "%.80s%s%.60s", c->client_name,
                   c->client_name[0] != '\0' ? " " : "", c->client_version);
    row_text_or_null(rows, c->program_name);
    row_text_or_null(rows, c->pid);
    row_text_or_null(rows, driver);
}

static void add_process(struct row_sink *rows, const struct snapshot_client *c)
{
    row_integer(rows, c->id);
    row_text(rows, c->user);
    row_text(rows, c->host);
    row_text_or_null(rows, c->schema);
    row_text(rows, c->command);
    row_unsigned(rows, c->command_for / USEC_PER_SEC);
    row_text(rows, c->state);
    row_statement(rows, c, c->busy);
    row_msec(rows, c->command_for);
    row_text_or_null(rows, c->server);
    row_number_or_null(rows, c->thread_id);
    if (c->link != 0)
        row_msec(rows, c->link_for);
    else
        row_null(rows);
    row_integer(rows, c->in_transaction);
    row_text_or_null(rows, c->pin_names);
    add_driver(rows, c);
    row_statement(rows, c, !c->busy);
}

static void add_console_process(struct row_sink *rows, const struct console_client *c)
{
    const struct console_session *s = &c->session;
    usec_t passed = clock_now() - s->since;
    bool login = c->state == CONSOLE_CLIENT_LOGIN || c->state == CONSOLE_CLIENT_PROVING ||
                 c->state == CONSOLE_CLIENT_DELAYED;
    row_integer(rows, s->id);
    row_text(rows, login ? "unauthenticated user" : s->user);
    row_text(rows, s->host);
    row_text_or_null(rows, s->schema);
    row_text(rows, login ? "Connect" : s->busy ? "Query" : "Sleep");
    row_unsigned(rows, passed / USEC_PER_SEC);
    row_text(rows, "console");
    row_text(rows, s->busy ? s->info : NULL);
    row_msec(rows, passed);
    for (int i = 0; i < 3; i++)
        row_null(rows);
    row_integer(rows, 0);
    for (int i = 0; i < 5; i++)
        row_null(rows);
}

void table_fill_processlist(struct row_sink *rows, const struct console_facts *f)
{
    const struct snapshot *s = f->snapshot;
    for (size_t i = 0; i < s->client_count; i++)
        add_process(rows, &s->clients[i]);
    list_for_each (&f->console->clients, node)
        add_console_process(rows, container_of(node, struct console_client, node));
}

/* -------- clients -------- */

static void add_lease(struct row_sink *rows, const struct snapshot_client *c)
{
    row_number_or_null(rows, c->link);
    row_number_or_null(rows, c->thread_id);
    if (c->link != 0)
        row_msec(rows, c->link_for);
    else
        row_null(rows);
    row_integer(rows, c->firm);
    row_integer(rows, c->in_transaction);
    row_text_or_null(rows, c->pin_names);
}

static void add_client(struct row_sink *rows, const struct snapshot_client *c)
{
    row_integer(rows, c->id);
    row_text(rows, c->user);
    row_text(rows, c->host);
    row_text_or_null(rows, c->schema);
    row_text_or_null(rows, c->server);
    row_text(rows, c->command);
    row_text(rows, c->state);
    row_msec(rows, c->command_for);
    row_sec(rows, c->connected_for);
    row_integer(rows, c->waiting);
    if (c->waiting)
        row_msec(rows, c->state_for);
    else
        row_null(rows);
    add_lease(rows, c);
    row_statement(rows, c, true);
    row_integer(rows, c->statements);
    row_integer(rows, c->variables);
    row_unsigned(rows, c->questions);
    row_unsigned(rows, c->bytes_received);
    row_unsigned(rows, c->bytes_sent);
    row_text_or_null(rows, c->tls);
    row_text_or_null(rows, c->compression);
    row_text_or_null(rows, c->program_name);
    row_text_or_null(rows, c->pid);
    row_text_or_null(rows, c->client_name);
    row_text_or_null(rows, c->client_version);
    row_text_or_null(rows, c->os);
    row_text_or_null(rows, login_way_text(c->login_way));
    row_integer(rows, c->worker);
}

void table_fill_clients(struct row_sink *rows, const struct console_facts *f)
{
    for (size_t i = 0; i < f->snapshot->client_count; i++)
        add_client(rows, &f->snapshot->clients[i]);
}

/* -------- pins -------- */

static void add_pin(struct row_sink *rows, const struct snapshot_client *c, enum pin pin)
{
    row_integer(rows, c->id);
    row_text(rows, c->user);
    row_text(rows, c->host);
    row_text_or_null(rows, c->program_name);
    row_text(rows, pin_name(pin));
    row_text(rows, pin_text(pin));
    row_msec(rows, c->link_for);
    row_msec(rows, c->busy ? 0 : c->command_for);
    row_number_or_null(rows, c->thread_id);
    row_statement(rows, c, true);
}

void table_fill_pins(struct row_sink *rows, const struct console_facts *f)
{
    for (size_t i = 0; i < f->snapshot->client_count; i++) {
        const struct snapshot_client *c = &f->snapshot->clients[i];
        for (enum pin pin = 0; pin < PIN_COUNT; pin++)
            if ((c->pins >> pin & 1) != 0)
                add_pin(rows, c, pin);
    }
}

/* -------- links -------- */

static void add_link(struct row_sink *rows, const struct snapshot_link *l)
{
    row_unsigned(rows, l->id);
    row_text(rows, l->server);
    row_text(rows, l->user);
    row_number_or_null(rows, l->thread_id);
    row_text(rows, l->state);
    row_text_or_null(rows, l->purpose[0] != '\0' ? l->purpose : l->side);
    row_number_or_null(rows, l->client);
    row_text_or_null(rows, l->opened_for);
    row_number_or_null(rows, l->last_client);
    row_integer(rows, l->firm);
    row_integer(rows, l->in_transaction);
    row_text_or_null(rows, l->schema);
    row_msec(rows, l->since);
    row_sec(rows, l->age);
    if (l->expires_in != 0)
        row_sec(rows, l->expires_in);
    else
        row_null(rows);
    row_integer(rows, l->statements);
    row_integer(rows, l->variables);
    row_unsigned(rows, l->bytes_received);
    row_unsigned(rows, l->bytes_sent);
    row_text_or_null(rows, l->tls);
    row_text_or_null(rows, l->compression);
    if (l->worker >= 0)
        row_integer(rows, l->worker);
    else
        row_null(rows);
}

void table_fill_links(struct row_sink *rows, const struct console_facts *f)
{
    for (size_t i = 0; i < f->snapshot->link_count; i++)
        add_link(rows, &f->snapshot->links[i]);
}
