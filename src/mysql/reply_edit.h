/* SPDX-License-Identifier: Apache-2.0
 * Private to reply.c: the edits that turn a reply, in its window, into the client's dialect. */
#ifndef WEIR_MYSQL_REPLY_EDIT_H
#define WEIR_MYSQL_REPLY_EDIT_H

#include "mysql/reply.h"

/* Moves parsed over `size` bytes that are in their final form. */
static inline void reply_advance(struct reply *r, struct reply_window *w, size_t size)
{
    w->parsed += size;
    if (r->inserted_eof > 0)
        r->inserted_eof += size;
}

/* Gives the frame at parsed the sequence id that the client expects. */
static inline void reply_take_header(struct reply *r, struct reply_window *w)
{
    uint8_t *sequence = w->data + w->parsed + FRAME_HEADER_SIZE - 1;
    if (r->dialect.renumber)
        r->last_sequence++;
    else
        r->last_sequence = (uint8_t)(*sequence + r->sequence_shift);
    r->sequence_known = !r->dialect.renumber;
    if (r->sequence_shift != 0 || r->dialect.renumber)
        *sequence = r->last_sequence;
}

/* Puts an EOF between [out, parsed) and what follows. False when the caller has to send first. */
NODISCARD bool reply_insert_eof(struct reply *r, struct reply_window *w, struct eof_packet eof);

/* Gives an inserted EOF that was not sent yet the status that a server would have given it: that of
 * the packet which ends the rows. (Measured on MariaDB 10.11: both EOFs of a result set are equal
 * but for the count of warnings.) */
void reply_correct_eof(struct reply *r, struct reply_window *w, uint16_t status);

/* Puts a status into the OK or EOF at parsed. */
void reply_put_status(struct reply_window *w, uint16_t status);

/* Puts an id into the prepare-OK at parsed. */
void reply_put_statement_id(struct reply_window *w, uint32_t id);

/* Replaces the OK at parsed by an EOF. */
void reply_turn_into_eof(const struct reply *r, struct reply_window *w, const struct ok_packet *ok);

/* Takes from the OK at parsed the trackers that the client is not to see. */
void reply_edit_trackers(struct reply *r, struct reply_window *w, const struct ok_packet *ok);

#endif
