/* SPDX-License-Identifier: Apache-2.0
 * OK and EOF packets in every dialect.
 * Source: https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_ok_packet.html,
 * …/page_protocol_basic_eof_packet.html */
#ifndef WEIR_MYSQL_OK_PACKET_H
#define WEIR_MYSQL_OK_PACKET_H

#include "mysql/capabilities.h"
#include "mysql/frame.h"

struct ok_packet {
    uint8_t header; /* 0x00, or 0xfe for an OK that stands where an EOF stood */
    uint64_t affected_rows;
    uint64_t last_insert_id;
    uint16_t status;
    uint16_t warnings;
    struct bytes info;
    struct bytes trackers; /* the session-track block, empty when none */
    /* Zero bytes before the block's length. MariaDB (10.11) writes them when the current schema's
     * character set has no characters of one byte (ucs2, utf16, utf32): it appends the place for
     * the length as a character. */
    uint8_t tracker_padding;
};

#define TRACKER_PADDING_MAX 3

/* Decodes an OK payload that was sent by a server with SESSION_TRACK agreed (as all links). */
NODISCARD bool ok_packet_decode(struct bytes payload, struct ok_packet *out);

/* Encodes the frame for a receiver that agreed on SESSION_TRACK or not. Without it, trackers and
 * STATUS_SESSION_STATE_CHANGED are left out. */
void ok_packet_encode(struct writer *w, uint8_t sequence, const struct ok_packet *ok,
                      bool session_track);

struct eof_packet {
    uint16_t warnings;
    uint16_t status;
};
NODISCARD bool eof_packet_decode(struct bytes payload, struct eof_packet *out);

#define EOF_FRAME_SIZE (FRAME_HEADER_SIZE + 5)
void eof_packet_encode(struct writer *w, uint8_t sequence, struct eof_packet eof);

#endif
