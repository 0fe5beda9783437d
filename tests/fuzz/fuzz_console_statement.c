/* SPDX-License-Identifier: Apache-2.0
 * Statements of the console, from text to what SQLite makes of them: nothing may be read past its
 * end, and whatever the text is, there is an answer. */
#include "base/check.h"
#include "console/console_client.h"
#include "console/rewrite.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *no_text(void *context)
{
    (void)context;
    return NULL;
}

static uint64_t no_id(void *context)
{
    (void)context;
    return 0;
}

static bool no_variable(void *context, struct bytes name, char *out, size_t out_size)
{
    (void)context, (void)name, (void)out, (void)out_size;
    return false;
}

static void prepare(struct statement *s, struct answer *answer)
{
    static struct select_engine *engine;
    static const struct select_environment environment = {
        .schema = no_text,
        .user = no_text,
        .version = no_text,
        .connection_id = no_id,
        .variable = no_variable,
    };
    if (engine == NULL)
        engine = select_engine_create();
    CHECK(engine != NULL);
    struct sql_text sql = {0};
    unsigned needs;
    sql_text_add_text(&sql, s->command->select);
    bool good = rewrite_rest(&sql, &s->rest);
    if (good && select_prepare(engine, sql.data, &environment, answer, &needs))
        select_cancel(engine);
    else if (good)
        CHECK(answer->kind == ANSWER_ERROR);
    free(sql.data);
}

/* Nothing is changed: there is nobody to order it. */
static void set(struct statement *s, struct answer *answer)
{
    static struct console nobody;
    struct console_session session = {0};
    struct console_run r = {.console = &nobody, .session = &session, .statement = *s};
    command_set(&r);
    answer->kind = r.answer.kind;
    answer_fini(&r.answer);
    console_session_fini(&session);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 4096)
        return 0;
    uint8_t *text = malloc(size + 1);
    CHECK(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    struct answer answer;
    struct statement s;
    answer_init(&answer);
    statement_blank_comments(text, size);
    if (!statement_parse(&s, bytes_of(text, size), &answer))
        CHECK(answer.kind == ANSWER_ERROR && answer.code != 0);
    else if (s.command->select != NULL)
        prepare(&s, &answer);
    else if (s.command->run == command_set)
        set(&s, &answer);
    else
        (void)statement_has(&s, "FULL");
    answer_fini(&answer);
    free(text);
    return 0;
}
