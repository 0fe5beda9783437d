/* SPDX-License-Identifier: Apache-2.0
 * The table of digests. */
#include "console/console_client.h"
#include "session/slow_watch.h"

#include <stdio.h>

static void row_id(struct row_sink *rows, uint64_t id)
{
    char text[20];
    (void)snprintf(text, sizeof text, "%016llx", (unsigned long long)id);
    row_text(rows, id != 0 ? text : NULL);
}

static void fill_times(struct row_sink *rows, const struct digest_row *d)
{
    static const unsigned per_mille[] = {500, 950, 990};
    const struct digest_sums *s = &d->sums;
    row_msec(rows, s->time);
    row_real(rows, (double)s->time / (double)s->count / (double)USEC_PER_MSEC);
    row_msec(rows, s->time_min);
    for (size_t i = 0; i < countof(per_mille); i++) {
        usec_t t = histogram_quantile(&d->times, per_mille[i]);
        row_msec(rows, t < s->time_max ? t : s->time_max);
    }
    row_msec(rows, s->time_max);
}

static void fill_row(struct row_sink *rows, const struct digest_row *d)
{
    const struct digest_sums *s = &d->sums;
    row_id(rows, d->id);
    row_text_or_null(rows, d->schema);
    row_unsigned(rows, s->count);
    fill_times(rows, d);
    row_unsigned(rows, s->slow);
    row_unsigned(rows, s->errors);
    row_unsigned(rows, s->no_index);
    row_unsigned(rows, s->rows_sent);
    row_unsigned(rows, s->rows_affected);
    row_unsigned(rows, s->bytes_sent);
    row_msec(rows, s->wait);
    row_msec(rows, s->wait_max);
    row_msec(rows, s->link);
    row_time(rows, s->first_seen);
    row_time(rows, s->last_seen);
    row_text_or_null(rows, d->text);
    row_text_or_null(rows, d->sample);
}

void table_fill_digests(struct row_sink *rows, const struct console_facts *facts)
{
    struct digest_report report;
    if (!slow_watch_report(facts->console->proxy, &report))
        return;
    for (size_t i = 0; i < report.count; i++)
        fill_row(rows, &report.rows[i]);
    digest_report_free(&report);
}
