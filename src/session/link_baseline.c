/* SPDX-License-Identifier: Apache-2.0
 * What a session is like right after its login, where that is not what the login asked for: servers
 * with init_connect, or with skip-character-set-client-handshake. Neither COM_RESET_CONNECTION nor
 * COM_CHANGE_USER runs init_connect again, so such links are closed where others are reset. */
#include "base/check.h"
#include "base/text.h"
#include "mysql/result_set.h"
#include "session/client.h"
#include "session/own_host.h"

static const char *const names[] = {"character_set_client", "character_set_connection",
                                    "character_set_results", "collation_connection"};

/* The first link of a pool asks for what no server has as its default, to see whether it gets it.
 */
uint8_t link_login_collation(const struct link *l, uint8_t server_default)
{
    enum { UTF8MB4_GENERAL_CI = 45, UTF8MB4_BIN = 46 };
    if (!text_is_ascii(bytes_of_text(link_user(l)))) /* it is read in this character set */
        return UTF8MB4_GENERAL_CI;
    if (l->side || atomic_load(&l->pool->baseline_known))
        return server_default;
    return server_default == UTF8MB4_BIN ? UTF8MB4_GENERAL_CI : UTF8MB4_BIN;
}

void link_ask_baseline(struct link *l)
{
    static const char text[] =
        "SELECT @@character_set_client,@@character_set_connection,@@character_set_results,"
        "@@collation_connection,@@global.init_connect<>'',USER()";
    link_chore_add(l, CHORE_READ_BASELINE, COMMAND_QUERY, bytes_of(text, sizeof text - 1));
}

static bool is_as_asked(const struct session_state *s, const struct bytes *cells)
{
    return bytes_equal_text(cells[0], s->character_set_client) &&
           bytes_equal_text(cells[1], s->character_set_connection) &&
           bytes_equal_text(cells[2], s->character_set_results) &&
           bytes_equal_text(cells[3], s->collation_connection);
}

/* Takes the caller's reference of `s`; the result has one. */
static struct session_state *with(struct session_state *s, const char *name, struct bytes value)
{
    struct session_state *changed = session_state_with_variable(s, bytes_of_text(name), value);
    return changed != NULL ? changed : s;
}

static struct session_state *with_cells(struct session_state *s, const struct bytes *cells)
{
    for (size_t i = 0; i < countof(names); i++)
        s = with(s, names[i], cells[i]);
    return s;
}

/* All clients of this pool get what the server gives. */
static void publish(struct link *l, struct session_state *s)
{
    struct session_state *none = NULL;
    if (!atomic_compare_exchange_strong(&l->pool->baseline, &none, s))
        return;
    (void)session_state_hold(s); /* the pool's own, for as long as Weir runs */
    log_write(LOG_LEVEL_NOTE, l->who,
              "the server gives its sessions character sets of its own (init_connect or "
              "skip-character-set-client-handshake): clients get the same");
}

/* MySQL's COM_RESET_CONNECTION goes back to the server's default, whatever the login asked for. */
static void expect_server_default(struct link *l)
{
    const struct server_facts *facts = atomic_load(&l->pool->group->facts);
    bool multi = l->login_session->multi_statements;
    struct session_state *s =
        session_state_login(facts->collation, facts->collation, facts->server.mariadb, multi);
    if (facts->server.mariadb || s == NULL) {
        if (s != NULL)
            session_state_release(s);
        return;
    }
    session_state_release(l->login_session);
    l->login_session = s;
    l->login_collation = facts->collation;
}

void link_read_baseline(struct link *l, struct bytes reply)
{
    struct bytes cells[6];
    if (result_set_first_row(reply, cells, countof(cells)) != countof(cells))
        return;
    own_host_learn(l, cells[5]);
    l->never_reset = bytes_equal_text(cells[4], "1");
    if (is_as_asked(l->login_session, cells)) {
        expect_server_default(l);
    } else {
        struct session_state *s = with_cells(session_state_hold(l->login_session), cells);
        session_state_release(l->login_session);
        session_state_release(l->session);
        l->login_session = s;
        l->session = session_state_hold(s);
        publish(l, s);
    }
    atomic_store(&l->pool->baseline_known, true);
}

static struct session_state *with_charsets_of(struct session_state *s,
                                              const struct session_state *from)
{
    s = with(s, names[0], bytes_of_text(from->character_set_client));
    s = with(s, names[1], bytes_of_text(from->character_set_connection));
    s = with(s, names[2], bytes_of_text(from->character_set_results));
    if (from->collation_connection[0] != '\0')
        s = with(s, names[3], bytes_of_text(from->collation_connection));
    return s;
}

void client_take_baseline(struct client *c)
{
    const struct session_state *baseline = atomic_load(&c->pool->baseline);
    if (baseline == NULL || c->has_baseline)
        return;
    c->has_baseline = true;
    c->session = with_charsets_of(c->session, baseline);
    c->login_session = with_charsets_of(c->login_session, baseline);
}
