/* SPDX-License-Identifier: Apache-2.0
 * The reply tracker: knows where a reply ends and what it said, and turns it, in place, into the
 * form that the client agreed on. Looks at packet headers and first bytes; reads whole only what
 * decides (column counts, OK, EOF, ERR, prepare-OK).
 *
 * Links always speak DEPRECATE_EOF and SESSION_TRACK. For a client without DEPRECATE_EOF an EOF is
 * inserted after the column definitions, the final OK becomes an EOF, and sequence ids shift; for
 * one without SESSION_TRACK the trackers are cut out. All edits happen inside the window.
 * Source: https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query_response.html,
 * …/page_protocol_com_stmt_prepare.html, https://mariadb.com/kb/en/packet_resultset/ */
#ifndef WEIR_MYSQL_REPLY_H
#define WEIR_MYSQL_REPLY_H

#include "mysql/command.h"
#include "mysql/err_packet.h"
#include "mysql/ok_packet.h"
#include "mysql/session_track.h"

/* What the receiver of this reply agreed on. */
struct reply_dialect {
    bool deprecate_eof;
    bool session_track;
    bool optional_metadata; /* result sets say whether definitions follow (MySQL) */
    bool progress;          /* progress reports may come in between (MariaDB) */
    /* MariaDB: an EOF behind rows says that the session has changed, although it cannot say how */
    bool eof_tells_of_changes;
    bool bare_out_parameters; /* the EOF after OUT parameters does not say that more follows */
    /* The server's numbers of packets say nothing (its side is compressed): they are given anew,
     * from reply.last_sequence on */
    bool renumber;
    struct session_track_filter filter; /* of the trackers that the receiver is to know of */
};

/* The piece of memory that a reply passes through. [floor, out) is free and may be written to;
 * [out, parsed) is in its final form, to be sent; [parsed, end) is as the server sent it. */
struct reply_window {
    uint8_t *data;
    size_t floor;
    size_t out;
    size_t parsed;
    size_t end;
};

enum reply_verdict {
    REPLY_MORE,  /* all that can be used is used; `need` bytes must be there from parsed on (0: any)
                  */
    REPLY_FLUSH, /* send [out, parsed) first: there is no room to edit */
    REPLY_STATUS, /* an OK, a final EOF or the first packet of the reply to a PREPARE was read: see
                   * summary; call again to go on */
    REPLY_INFILE, /* the server waits for the client's file; call reply_infile_done when it was
                   * sent. `need` is the size of the frame that says so, the last one before parsed
                   */
    REPLY_ENDED,  /* the reply is complete, [out, parsed) ends with its last byte */
    REPLY_BROKEN, /* not the protocol: close the link */
};

/* Summary of a reply, complete at REPLY_ENDED; `status` is also valid at each REPLY_STATUS. */
struct reply_summary {
    bool error; /* ended with ERR */
    uint16_t error_code;
    char error_sqlstate[6];
    uint16_t status;        /* of the last OK or EOF; unchanged after an ERR */
    bool status_known;      /* false when the reply had no status (ERR, TEXT) */
    uint16_t warnings;      /* of the last OK or EOF */
    bool any_warnings;      /* one of the OKs and EOFs counted some */
    uint64_t affected_rows; /* of the last OK that was no result set */
    uint64_t last_insert_id;
    uint64_t rows;        /* of the last result set */
    uint16_t columns;     /* of the first result set, 0 none */
    uint8_t first_row[2]; /* of the last result set, when its payload is as short as that */
    uint8_t first_row_size;
    bool result_set;       /* the last part was a result set */
    unsigned parts;        /* results, of any kind */
    uint32_t statement_id; /* of a prepare-OK */
    uint16_t statement_columns;
    uint16_t statement_parameters;
};

struct reply {
    enum reply_shape shape;
    struct reply_dialect dialect;
    struct reply_summary summary;
    struct bytes trackers; /* at REPLY_STATUS: the block of this packet, in the window */
    size_t need;           /* at REPLY_MORE */
    /* The receiver expects so many columns of the first result set, and is to see by the flag
     * METADATA_CHANGED whether that is still true; 0: it is told what the server says. */
    uint16_t told_columns;
    size_t error_size;     /* of the whole packet, when the reply has ended with an error */
    uint32_t statement_id; /* that the receiver is to see in a prepare-OK; set it at REPLY_STATUS */
    /* Of the last packet as the client sees it; to be set to that of the request's last one when
     * the dialect says `renumber`. */
    uint8_t last_sequence;
    bool numbered; /* the caller's note that it was */
    /* private */
    int state;
    uint8_t sequence_shift; /* EOFs inserted so far, modulo 256 */
    bool sequence_known;    /* the server's next sequence id follows from last_sequence */
    bool continued;         /* the last frame was full: the next one continues it */
    bool status_reported;
    bool no_definitions;   /* those of a prepared statement are left out */
    bool may_open_cursor;  /* else the flag CURSOR_EXISTS speaks of a cursor in stored code */
    uint32_t payload_left; /* of a frame that is passed on without being held */
    uint64_t definitions_left;
    uint16_t predicted_status; /* for EOFs whose true status is not known yet */
    size_t inserted_eof;       /* bytes between an inserted EOF, that may still be corrected, and
                                * parsed; 0 none. Holds when the caller moves the window. */
};

/* Prepares for the reply to `command`. `previous_status` is the link's last known status. */
void reply_begin(struct reply *r, enum command command, struct reply_dialect dialect,
                 uint16_t previous_status);

/* Advances as far as possible. A caller loops: STATUS → read r->trackers, call again; FLUSH → send,
 * call again; MORE → receive, call again. Never leaves a half-edited packet. */
NODISCARD enum reply_verdict reply_step(struct reply *r, struct reply_window *w);

/* After REPLY_INFILE: the client's packets up to and including the empty one went to the server,
 * each with its sequence id lowered by reply_infile_shift. `last_sequence` is the client's number
 * of the empty packet. */
void reply_infile_done(struct reply *r, uint8_t last_sequence);
static inline uint8_t reply_infile_shift(const struct reply *r)
{
    return r->sequence_shift;
}

#endif
