/* SPDX-License-Identifier: Apache-2.0
 * The reply tracker: which packet comes next, and what it means. The edits are in reply_edit.c. */
#include "mysql/reply.h"

#include "mysql/lenenc.h"
#include "mysql/reply_edit.h"
#include "mysql/status_flags.h"

/* A packet that must be read whole is never this large; one that claims to be is no MySQL. */
#define HELD_SIZE_MAX (1024 * 1024)
#define EOF_SIZE      (EOF_FRAME_SIZE - FRAME_HEADER_SIZE)

enum reply_state {
    STATE_FIRST,             /* the packet that says what kind of result comes */
    STATE_DEFINITIONS,       /* of the columns of a result set */
    STATE_AFTER_DEFINITIONS, /* a client without DEPRECATE_EOF is to see an EOF here */
    STATE_ROWS,              /* packets until OK, EOF or ERR */
    STATE_PARAMETERS,        /* definitions of a prepared statement's parameters */
    STATE_COLUMNS,           /* definitions of a prepared statement's columns */
    STATE_INFILE,
    STATE_ENDED,
};

/* What handling one packet led to: a verdict for the caller, or GO_ON. */
enum { GO_ON = -1 };

struct packet {
    uint32_t size; /* of the first frame's payload */
    uint8_t first; /* 0 when the payload is empty */
};

static uint16_t predict_status(uint16_t status)
{
    return (uint16_t)(status & ~(unsigned)STATUS_OF_ONE_STATEMENT);
}

void reply_begin(struct reply *r, enum command command, struct reply_dialect dialect,
                 uint16_t previous_status)
{
    const struct command_row *row = command_find((uint8_t)command);
    *r = (struct reply){
        .shape = row != NULL ? row->reply : REPLY_SHAPE_OK,
        .dialect = dialect,
        .summary = {.status = previous_status},
        .predicted_status = predict_status(previous_status),
        .may_open_cursor = command == COMMAND_STMT_EXECUTE,
    };
    r->state = STATE_FIRST;
    if (r->shape == REPLY_SHAPE_NONE)
        r->state = STATE_ENDED;
    if (r->shape == REPLY_SHAPE_ROWS || r->shape == REPLY_SHAPE_FIELD_LIST ||
        r->shape == REPLY_SHAPE_STREAM) {
        r->state = STATE_ROWS;
        r->summary.parts = 1;
        r->summary.result_set = r->shape == REPLY_SHAPE_ROWS;
    }
}

static int need_bytes(struct reply *r, size_t bytes)
{
    r->need = bytes;
    return REPLY_MORE;
}

/* Takes a frame's header as read: from here on its payload passes. */
static void pass_frame(struct reply *r, struct reply_window *w)
{
    struct frame_header header = frame_header_read(w->data + w->parsed);
    reply_take_header(r, w);
    r->continued = header.size == FRAME_PAYLOAD_MAX;
    r->payload_left = header.size;
    reply_advance(r, w, FRAME_HEADER_SIZE);
}

static void pass_payload(struct reply *r, struct reply_window *w)
{
    size_t there = w->end - w->parsed;
    size_t size = there < r->payload_left ? there : r->payload_left;
    r->payload_left -= (uint32_t)size;
    reply_advance(r, w, size);
}

static bool sequence_is_wrong(const struct reply *r, uint8_t sequence)
{
    uint8_t expected = (uint8_t)(r->last_sequence - r->sequence_shift + 1);
    return r->sequence_known && sequence != expected && r->shape != REPLY_SHAPE_STREAM;
}

/* Reads the header of the frame at parsed and the first byte after it. */
static int peek_packet(struct reply *r, const struct reply_window *w, struct packet *p)
{
    size_t there = w->end - w->parsed;
    if (there < FRAME_HEADER_SIZE)
        return need_bytes(r, FRAME_HEADER_SIZE);
    const uint8_t *data = w->data + w->parsed;
    struct frame_header header = frame_header_read(data);
    if (sequence_is_wrong(r, header.sequence))
        return REPLY_BROKEN;
    *p = (struct packet){.size = header.size};
    if (header.size == 0 || r->continued)
        return GO_ON;
    if (there == FRAME_HEADER_SIZE)
        return need_bytes(r, FRAME_HEADER_SIZE + 1);
    p->first = data[FRAME_HEADER_SIZE];
    return GO_ON;
}

/* GO_ON when the packet at parsed is in the window with its last byte. */
static int hold_packet(struct reply *r, const struct reply_window *w, const struct packet *p,
                       struct bytes *payload)
{
    if (p->size > HELD_SIZE_MAX)
        return REPLY_BROKEN;
    if (w->end - w->parsed < FRAME_HEADER_SIZE + p->size)
        return need_bytes(r, FRAME_HEADER_SIZE + p->size);
    *payload = bytes_of(w->data + w->parsed + FRAME_HEADER_SIZE, p->size);
    return GO_ON;
}

/* A row of 16 MiB and more may begin with fe too, but then its frame is full. */
static bool is_terminator(const struct packet *p)
{
    return p->first == 0xfe && p->size < FRAME_PAYLOAD_MAX;
}

/* An ERR with the number that no error has; the reply goes on behind it. */
static bool is_progress(const struct reply *r, struct bytes payload)
{
    return r->dialect.progress && payload.size > 3 && payload.data[1] == 0xff &&
           payload.data[2] == 0xff;
}

static int take_error(struct reply *r, struct reply_window *w, const struct packet *p)
{
    struct bytes payload;
    int verdict = hold_packet(r, w, p, &payload);
    if (verdict != GO_ON)
        return verdict;
    if (is_progress(r, payload)) {
        pass_frame(r, w);
        pass_payload(r, w);
        return GO_ON;
    }
    struct err_packet err;
    if (!err_packet_decode(payload, &err))
        return REPLY_BROKEN;
    r->summary.error = true;
    r->summary.error_code = err.code;
    memcpy(r->summary.error_sqlstate, err.sqlstate, sizeof(err.sqlstate));
    if (r->shape == REPLY_SHAPE_PREPARE && r->state == STATE_FIRST && !r->status_reported) {
        r->status_reported = true;
        return REPLY_STATUS;
    }
    r->summary.status_known = false;
    if (r->state == STATE_FIRST) {
        r->summary.parts++;
        r->summary.result_set = false;
    }
    pass_frame(r, w);
    pass_payload(r, w);
    r->error_size = FRAME_HEADER_SIZE + payload.size;
    r->state = STATE_ENDED;
    return GO_ON;
}

static bool decode_status(struct bytes payload, struct ok_packet *ok)
{
    struct eof_packet eof;
    if (payload.size != EOF_SIZE || !eof_packet_decode(payload, &eof))
        return ok_packet_decode(payload, ok);
    *ok = (struct ok_packet){.header = 0xfe, .status = eof.status, .warnings = eof.warnings};
    return true;
}

static void report_status(struct reply *r, const struct ok_packet *ok)
{
    r->summary.status = ok->status;
    r->summary.status_known = true;
    r->summary.warnings = ok->warnings;
    r->summary.any_warnings = r->summary.any_warnings || ok->warnings > 0;
    if (r->state == STATE_FIRST) {
        r->summary.parts++;
        r->summary.result_set = false;
        r->summary.affected_rows = ok->affected_rows;
        r->summary.last_insert_id = ok->last_insert_id;
    }
    r->predicted_status = predict_status(ok->status);
    r->trackers = ok->trackers;
    r->status_reported = true;
}

static bool columns_changed(const struct reply *r)
{
    return r->told_columns != 0 && r->summary.parts == 1 && r->summary.columns != r->told_columns;
}

/* A server compares with what it said when the statement was prepared, perhaps to somebody else. */
static void tell_of_columns(struct reply *r, struct reply_window *w, struct ok_packet *ok)
{
    if (r->told_columns == 0 || r->summary.parts != 1 || r->shape != REPLY_SHAPE_RESULTS)
        return;
    ok->status &= (uint16_t)~STATUS_METADATA_CHANGED;
    if (columns_changed(r))
        ok->status |= STATUS_METADATA_CHANGED;
    reply_put_status(w, ok->status);
}

/* An OK or EOF: first it is reported as it is, then, at the next step, edited and passed. */
static int take_status(struct reply *r, struct reply_window *w, const struct packet *p)
{
    struct bytes payload;
    struct ok_packet ok;
    int verdict = hold_packet(r, w, p, &payload);
    if (verdict != GO_ON)
        return verdict;
    if (!decode_status(payload, &ok))
        return REPLY_BROKEN;
    if (!r->status_reported) {
        if (r->state != STATE_FIRST)
            tell_of_columns(r, w, &ok);
        report_status(r, &ok);
        reply_correct_eof(r, w, ok.status);
        return REPLY_STATUS;
    }
    r->status_reported = false;
    r->trackers = bytes_of(NULL, 0);
    if (r->dialect.bare_out_parameters && (ok.status & STATUS_PS_OUT_PARAMS) != 0)
        ok.status &= (uint16_t) ~(STATUS_PS_OUT_PARAMS | STATUS_MORE_RESULTS);
    if (ok.header == 0xfe && !r->dialect.deprecate_eof)
        reply_turn_into_eof(r, w, &ok);
    else
        reply_edit_trackers(r, w, &ok);
    pass_frame(r, w);
    pass_payload(r, w);
    bool more = r->shape == REPLY_SHAPE_RESULTS && (r->summary.status & STATUS_MORE_RESULTS) != 0;
    r->state = more ? STATE_FIRST : STATE_ENDED;
    return GO_ON;
}

/* The byte that says whether definitions follow: 1, or 0 when not. */
static bool read_metadata(const struct reply *r, struct reader *reader, bool *follows)
{
    uint8_t metadata = 1;
    if (r->dialect.optional_metadata && !reader_u8(reader, &metadata))
        return false;
    *follows = metadata == 1;
    return metadata <= 1;
}

static int take_column_count(struct reply *r, struct reply_window *w, const struct packet *p)
{
    struct bytes payload;
    int verdict = hold_packet(r, w, p, &payload);
    if (verdict != GO_ON)
        return verdict;
    struct reader reader = reader_over(payload);
    uint64_t columns;
    bool defined;
    if (!lenenc_read(&reader, &columns) || !read_metadata(r, &reader, &defined) ||
        reader.left > 0 || columns == 0)
        return REPLY_BROKEN;
    r->summary.parts++;
    r->summary.result_set = true;
    r->summary.rows = 0;
    if (r->summary.parts == 1)
        r->summary.columns = columns < UINT16_MAX ? (uint16_t)columns : UINT16_MAX;
    if (columns_changed(r))
        r->predicted_status |= STATUS_METADATA_CHANGED;
    r->summary.first_row_size = 0;
    r->definitions_left = defined ? columns : 0;
    pass_frame(r, w);
    pass_payload(r, w);
    r->state = STATE_DEFINITIONS;
    return GO_ON;
}

static int take_infile(struct reply *r, struct reply_window *w, const struct packet *p)
{
    struct bytes payload;
    int verdict = hold_packet(r, w, p, &payload);
    if (verdict != GO_ON)
        return verdict;
    pass_frame(r, w);
    pass_payload(r, w);
    r->need = FRAME_HEADER_SIZE + p->size;
    r->state = STATE_INFILE;
    return GO_ON;
}

static int take_prepare_ok(struct reply *r, struct reply_window *w, const struct packet *p)
{
    struct bytes payload;
    int verdict = hold_packet(r, w, p, &payload);
    if (verdict != GO_ON)
        return verdict;
    struct reader reader = reader_over(payload);
    struct reply_summary *s = &r->summary;
    uint8_t header, filler;
    bool defined;
    if (!reader_u8(&reader, &header) || !reader_u32(&reader, &s->statement_id) ||
        !reader_u16(&reader, &s->statement_columns) ||
        !reader_u16(&reader, &s->statement_parameters) || !reader_u8(&reader, &filler) ||
        !reader_u16(&reader, &s->warnings) || !read_metadata(r, &reader, &defined))
        return REPLY_BROKEN;
    s->any_warnings = s->warnings > 0;
    if (!r->status_reported) {
        r->status_reported = true;
        r->statement_id = s->statement_id;
        return REPLY_STATUS;
    }
    r->status_reported = false;
    s->parts++;
    reply_put_statement_id(w, r->statement_id);
    r->no_definitions = !defined;
    r->definitions_left = defined ? s->statement_parameters : 0;
    pass_frame(r, w);
    pass_payload(r, w);
    r->state = STATE_PARAMETERS;
    return GO_ON;
}

static int take_text(struct reply *r, struct reply_window *w)
{
    r->summary.parts++;
    pass_frame(r, w);
    r->state = STATE_ENDED;
    return GO_ON;
}

/* The packet that tells what comes. */
static int take_first(struct reply *r, struct reply_window *w, const struct packet *p)
{
    if (p->size > 0 && p->first == 0xff)
        return take_error(r, w, p);
    if (r->shape == REPLY_SHAPE_TEXT)
        return take_text(r, w);
    if (p->size == 0)
        return REPLY_BROKEN;
    if (r->shape == REPLY_SHAPE_PREPARE)
        return p->first == 0x00 ? take_prepare_ok(r, w, p) : REPLY_BROKEN;
    if (p->first == 0x00)
        return take_status(r, w, p);
    if (r->shape == REPLY_SHAPE_OK)
        return p->first == 0xfe ? take_status(r, w, p) : REPLY_BROKEN;
    return p->first == 0xfb ? take_infile(r, w, p) : take_column_count(r, w, p);
}

static int take_definition(struct reply *r, struct reply_window *w, const struct packet *p)
{
    if (p->size == 0 || p->first == 0xfe)
        return REPLY_BROKEN;
    if (p->first == 0xff)
        return take_error(r, w, p);
    pass_frame(r, w);
    r->definitions_left--;
    return GO_ON;
}

/* A result set with rows has an EOF before them, one with a cursor has no other than this one. */
static int take_after_definitions(struct reply *r, struct reply_window *w, const struct packet *p)
{
    uint16_t status = r->predicted_status;
    if (r->may_open_cursor && p->size > 0 && p->first == 0xff) {
        r->state = STATE_ROWS; /* what fails before the cursor is open has no EOF either */
        return GO_ON;
    }
    if (p->size > 0 && is_terminator(p)) {
        struct bytes payload;
        struct ok_packet ok;
        int verdict = hold_packet(r, w, p, &payload);
        if (verdict != GO_ON)
            return verdict;
        if (!decode_status(payload, &ok))
            return REPLY_BROKEN;
        status = ok.status;
        if (r->may_open_cursor && (status & STATUS_CURSOR_EXISTS) != 0) {
            r->state = STATE_ROWS;
            return GO_ON;
        }
    }
    if (!reply_insert_eof(r, w, (struct eof_packet){.status = status}))
        return REPLY_FLUSH;
    r->state = STATE_ROWS;
    return GO_ON;
}

static int take_row(struct reply *r, struct reply_window *w, const struct packet *p)
{
    if (p->size == 0)
        return REPLY_BROKEN;
    if (p->first == 0xff)
        return take_error(r, w, p);
    if (is_terminator(p))
        return take_status(r, w, p);
    if (r->summary.result_set && r->summary.rows == 0 && p->size <= sizeof(r->summary.first_row)) {
        struct bytes payload;
        int verdict = hold_packet(r, w, p, &payload);
        if (verdict != GO_ON)
            return verdict;
        memcpy(r->summary.first_row, payload.data, payload.size);
        r->summary.first_row_size = (uint8_t)payload.size;
    }
    if (r->summary.result_set)
        r->summary.rows++;
    pass_frame(r, w);
    return GO_ON;
}

/* Between two blocks of definitions of a prepared statement. */
static int end_block(struct reply *r, struct reply_window *w, uint64_t block, int next,
                     uint64_t next_block)
{
    struct eof_packet eof = {.status = r->predicted_status, .warnings = r->summary.warnings};
    if (block > 0 && !r->dialect.deprecate_eof && !reply_insert_eof(r, w, eof))
        return REPLY_FLUSH;
    r->state = next;
    r->definitions_left = r->no_definitions ? 0 : next_block;
    return GO_ON;
}

/* Steps that need no packet: the next state follows from this one. */
static int leave_finished_block(struct reply *r, struct reply_window *w)
{
    if (r->definitions_left > 0)
        return GO_ON;
    const struct reply_summary *s = &r->summary;
    if (r->state == STATE_DEFINITIONS)
        r->state = r->dialect.deprecate_eof ? STATE_ROWS : STATE_AFTER_DEFINITIONS;
    if (r->state == STATE_PARAMETERS) {
        int verdict = end_block(r, w, s->statement_parameters, STATE_COLUMNS, s->statement_columns);
        if (verdict != GO_ON)
            return verdict;
    }
    if (r->state == STATE_COLUMNS && r->definitions_left == 0)
        return end_block(r, w, s->statement_columns, STATE_ENDED, 0);
    return GO_ON;
}

static int take_packet(struct reply *r, struct reply_window *w)
{
    struct packet p;
    int verdict = peek_packet(r, w, &p);
    if (verdict != GO_ON)
        return verdict;
    if (r->continued) {
        pass_frame(r, w);
        return GO_ON;
    }
    switch ((enum reply_state)r->state) {
    case STATE_FIRST:
        return take_first(r, w, &p);
    case STATE_DEFINITIONS:
    case STATE_PARAMETERS:
    case STATE_COLUMNS:
        return take_definition(r, w, &p);
    case STATE_AFTER_DEFINITIONS:
        return take_after_definitions(r, w, &p);
    case STATE_ROWS:
        return take_row(r, w, &p);
    case STATE_INFILE:
        return REPLY_INFILE;
    case STATE_ENDED:
        return REPLY_ENDED;
    }
    return REPLY_BROKEN;
}

enum reply_verdict reply_step(struct reply *r, struct reply_window *w)
{
    for (;;) {
        if (r->payload_left > 0) {
            pass_payload(r, w);
            if (r->payload_left > 0)
                return (enum reply_verdict)need_bytes(r, 0);
        }
        if (!r->continued) {
            int block = leave_finished_block(r, w);
            if (block != GO_ON)
                return (enum reply_verdict)block;
            if (r->state == STATE_ENDED)
                return REPLY_ENDED;
            if (r->state == STATE_INFILE)
                return REPLY_INFILE;
        }
        int verdict = take_packet(r, w);
        if (verdict != GO_ON)
            return (enum reply_verdict)verdict;
    }
}

void reply_infile_done(struct reply *r, uint8_t last_sequence)
{
    r->last_sequence = last_sequence;
    r->sequence_known = false;
    r->state = STATE_FIRST;
}
