/* SPDX-License-Identifier: Apache-2.0
 * Records come from their worker's slab and go back to it. */
#include "session/request_record.h"

#include "base/check.h"

const struct sql_scan request_no_scan;

void request_record_none(struct client *c)
{
    c->request.scan = (struct sql_scan *)&request_no_scan;
    c->request.scanned = false;
}

/* What a transaction has done is told by more than its last statement. */
static void keep_earlier(struct request_record *r)
{
    if (r->text_size == 0)
        return;
    size_t size = r->text_size < RECORD_EARLIER_TEXT_MAX ? r->text_size : RECORD_EARLIER_TEXT_MAX;
    memcpy(r->earlier[r->earlier_next], r->text, size);
    r->earlier_size[r->earlier_next] = (uint8_t)size;
    r->earlier_next = (uint8_t)((r->earlier_next + 1) % RECORD_EARLIER);
}

bool request_record_begin(struct client *c)
{
    struct request_record *r = request_record_of(c);
    if (r == NULL) {
        r = slab_get_raw(&c->worker->record_slab);
        if (r == NULL)
            return false;
        r->scan = request_no_scan;
        r->earlier_next = 0;
        memset(r->earlier_size, 0, sizeof r->earlier_size);
        c->request.scan = &r->scan;
    } else {
        keep_earlier(r);
    }
    r->begun_at = loop_now(c->worker->loop);
    r->under_way = true;
    r->text_total = 0;
    r->text_size = 0;
    r->asks_threads = NULL;
    r->knows_threads = false;
    return true;
}

void request_record_note(struct client *c, struct bytes text, uint64_t total)
{
    struct request_record *r = request_record_of(c);
    CHECK(r != NULL);
    size_t size = text.size < RECORD_TEXT_MAX ? text.size : RECORD_TEXT_MAX;
    if (size > 0)
        memcpy(r->text, text.data, size);
    r->text_size = (uint16_t)size;
    r->text_total = total;
}

void request_record_end(struct client *c)
{
    struct request_record *r = request_record_of(c);
    if (r == NULL)
        return;
    request_record_none(c);
    slab_put(&c->worker->record_slab, r);
}
