/* SPDX-License-Identifier: Apache-2.0
 * debug_link_switching: what a link looks like after the rudest of other clients has had it. Whole
 * test suites run with it: a session that is not restored to the last bit shows. */
#include "base/check.h"
#include "session/client.h"
#include "session/private_state.h"
#include "session/session_vars.h"

/* Assignments that trackers report and that servers of both families take. */
static const struct {
    const char *name;
    const char *value;
} dirt[] = {
    {"sql_mode", "ANSI_QUOTES,NO_BACKSLASH_ESCAPES"},
    {"time_zone", "-11:00"},
    {"group_concat_max_len", "7"},
    {"div_precision_increment", "9"},
    {"lc_time_names", "ru_RU"},
    {"foreign_key_checks", "OFF"},
    {"sql_safe_updates", "ON"},
    {"sort_buffer_size", "123904"},
    {"autocommit", "OFF"},
};

static void ask(struct link *l, const char *text)
{
    link_chore_add(l, CHORE_PRIME, COMMAND_QUERY, bytes_of_text(text));
}

/* The link's session as it will be; false when that cannot be kept. */
static bool becomes(struct link *l, struct session_state *s)
{
    if (s != NULL)
        l->session = s;
    return s != NULL;
}

static bool becomes_with(struct link *l, const char *name, const char *value)
{
    return becomes(l, session_state_with_variable(l->session, bytes_of_text(name),
                                                  bytes_of_text(value)));
}

/* What only a reset takes away. */
static bool soil_variables(struct link *l)
{
    char text[600];
    struct writer w = writer_over(text, sizeof text);
    bool ok = true;
    for (size_t i = 0; i < countof(dirt); i++) {
        writer_text(&w, i == 0 ? "SET " : ",");
        session_variable_assign(&w, dirt[i].name, dirt[i].value);
        ok = ok && becomes_with(l, dirt[i].name, dirt[i].value);
    }
    CHECK(!w.overflow);
    link_chore_add(l, CHORE_PRIME, COMMAND_QUERY, writer_written(&w));
    return ok;
}

static bool soil_charsets(struct link *l)
{
    static const char *const sets[] = {"character_set_client", "character_set_connection",
                                       "character_set_results"};
    static const char *const collations[] = {"collation_connection", "collation_results"};
    bool ok = true;
    for (size_t i = 0; i < countof(sets); i++)
        ok = ok && becomes_with(l, sets[i], "latin1");
    for (size_t i = 0; i < countof(collations); i++)
        ok = ok && becomes_with(l, collations[i], "latin1_german2_ci");
    ask(l, "SET NAMES latin1 COLLATE latin1_german2_ci");
    return ok;
}

/* What only its owner may find. */
static void soil_private_state(struct link *l)
{
    ask(l, "SET @a='dirt of another client',@b=-1,@v='dirt',@x=1e9,@r=-5,@s=NULL,@id=-1,@i=-1");
    ask(l, "PREPARE s FROM 'SELECT 666'");
    ask(l, "PREPARE stmt FROM 'SELECT 666'");
    l->private_state = private_state_number();
}

/* Counts, ids and conditions that are nobody's. */
static void soil_residue(struct link *l)
{
    ask(l, "SET last_insert_id=987654321");
    ask(l, "SELECT SQL_CALC_FOUND_ROWS 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 LIMIT 1");
    link_chore_add(l, CHORE_SIGNAL, COMMAND_QUERY,
                   bytes_of_text("SIGNAL SQLSTATE '01000' SET MESSAGE_TEXT='dirt of another "
                                 "client',MYSQL_ERRNO=1642"));
    l->residue_of = 0;
    l->residue_left = (struct residue_left){.row_count = 0};
}

/* The reset stands for the other link: nothing may be found by luck because it is still there. */
void link_soil(struct link *l)
{
    CHECK(l->client == NULL);
    link_chores_begin(l, PURPOSE_SOIL);
    link_add_reset(l);
    bool ok = becomes(l, session_state_after_reset(l->session, l->login_session));
    link_chore_add(l, CHORE_INIT_DB, COMMAND_INIT_DB, bytes_of_text("information_schema"));
    ok = ok &&
         becomes(l, session_state_with_schema(l->session, bytes_of_text("information_schema")));
    ok = ok && soil_charsets(l);
    /* Every other time the difference can be made up without a reset. */
    l->soiled_deeply = !l->soiled_deeply;
    if (l->soiled_deeply)
        ok = ok && soil_variables(l);
    if (l->soiled_deeply)
        soil_private_state(l);
    soil_residue(l);
    if (!ok)
        l->chore_failed = true;
    link_chores_send(l);
}

void link_soiled(struct link *l)
{
    if (l->chore_failed) {
        log_write(LOG_LEVEL_WARNING, l->who, "debug_link_switching: it could not be soiled: %s",
                  l->chore_error.text);
        link_close(l, CLOSE_LINK_CHORE_FAILED);
        return;
    }
    registry_give_back(l);
}
