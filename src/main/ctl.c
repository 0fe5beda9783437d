/* SPDX-License-Identifier: Apache-2.0
 * A client that knows just enough of the protocol: it logs in without a password, sends one query
 * and reads one answer. */
#include "main/ctl.h"

#include "base/check.h"
#include "base/text.h"
#include "main/ctl_table.h"
#include "mysql/command.h"
#include "mysql/err_packet.h"
#include "mysql/lenenc.h"
#include "mysql/login.h"
#include "mysql/ok_packet.h"
#include "net/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PACKET_MAX  ((size_t)FRAME_PAYLOAD_MAX)
#define COLUMNS_MAX 256
#define ROWS_MAX    1000000

struct ctl {
    const char *file; /* of --config, NULL none */
    char socket[108]; /* of the console */
    char *statement;  /* the words that are left, with spaces between */
    bool upright;     /* it ended with \G: a line for each value */
    int fd;           /* -1 none */
    uint8_t *packet;  /* the last one read */
    size_t packet_size;
};

/* -------- arguments -------- */

static void add_word(struct ctl *c, const char *word)
{
    size_t before = c->statement != NULL ? strlen(c->statement) + 1 : 0;
    c->statement = realloc(c->statement, before + strlen(word) + 1);
    CHECK(c->statement != NULL);
    if (before > 0)
        c->statement[before - 1] = ' ';
    memcpy(c->statement + before, word, strlen(word) + 1);
}

/* Is argv[*i] this option? Then its value, of "--name=value" or "--name value", is in *value, NULL
 * when there is none, and *i stands on the last word of it. */
static bool take_option(const char *option, int argc, char *const argv[], int *i,
                        const char **value)
{
    size_t n = strlen(option);
    const char *word = argv[*i];
    if (strncmp(word, option, n) != 0 || (word[n] != '=' && word[n] != '\0'))
        return false;
    *value = word[n] == '=' ? word + n + 1 : NULL;
    if (*value == NULL && *i + 1 < argc)
        *value = argv[++*i];
    return true;
}

static bool take_arguments(struct ctl *c, int argc, char *const argv[])
{
    for (int i = 1; i < argc; i++) {
        const char *file = NULL;
        const char *socket = NULL;
        if (c->statement != NULL || argv[i][0] != '-') {
            add_word(c, argv[i]);
            continue;
        }
        if (!take_option("--config", argc, argv, &i, &file) &&
            !take_option("-c", argc, argv, &i, &file) &&
            !take_option("--socket", argc, argv, &i, &socket))
            (void)take_option("-S", argc, argv, &i, &socket);
        if (file == NULL && socket == NULL)
            return false;
        c->file = file != NULL ? file : c->file;
        if (socket != NULL && !text_copy(c->socket, sizeof c->socket, bytes_of_text(socket)))
            return false;
    }
    return c->statement != NULL;
}

/* As the mariadb and mysql command lines understand the end of a statement. */
static void take_end(struct ctl *c)
{
    size_t size = strlen(c->statement);
    while (size > 0 && strchr(" \t\n;", c->statement[size - 1]) != NULL)
        size--;
    c->upright = size >= 2 && memcmp(c->statement + size - 2, "\\G", 2) == 0;
    c->statement[c->upright ? size - 2 : size] = '\0';
}

/* Where the configuration says that the console is; the default when there is no file. */
static bool find_socket(struct ctl *c)
{
    struct options o = {.source = {.file = c->file}};
    struct config_errors errors = {0};
    const char *path = settings_find(SETTING_SCOPE_GLOBAL, "console_socket")->default_text;
    if (c->socket[0] != '\0')
        return true;
    options_find_file(&o);
    struct config *config = o.source.file != NULL ? config_load(&o.source, &errors, NULL) : NULL;
    for (size_t i = 0; i < errors.count; i++)
        fprintf(stderr, "weir ctl: %s\n", errors.lines[i]);
    bool good = errors.count == 0;
    if (config != NULL)
        path = config->global.console_socket;
    good = good && text_copy(c->socket, sizeof c->socket, bytes_of_text(path));
    if (good && path[0] == '\0') {
        fprintf(stderr, "weir ctl: console_socket is empty: this Weir has no socket to speak to\n");
        good = false;
    }
    config_release(config);
    config_errors_free(&errors);
    return good;
}

/* -------- bytes -------- */

static bool open_socket(struct ctl *c)
{
    struct address a;
    if (!address_from_path(&a, c->socket))
        return false;
    c->fd = socket_connect(&a);
    if (c->fd < 0) {
        fprintf(stderr, "weir ctl: cannot connect to %s: %s%s\n", c->socket, strerror(errno),
                errno == EACCES ? "; only root and the account that Weir runs as may" : "");
        return false;
    }
    int flags = fcntl(c->fd, F_GETFL);
    return fcntl(c->fd, F_SETFL, flags & ~O_NONBLOCK) == 0;
}

static bool read_all(struct ctl *c, uint8_t *out, size_t size)
{
    while (size > 0) {
        ssize_t n = read(c->fd, out, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        out += n;
        size -= (size_t)n;
    }
    return true;
}

static bool read_packet(struct ctl *c)
{
    uint8_t header[FRAME_HEADER_SIZE];
    if (!read_all(c, header, sizeof header))
        return false;
    c->packet_size = frame_header_read(header).size;
    c->packet = realloc(c->packet, c->packet_size + 1);
    CHECK(c->packet != NULL);
    return read_all(c, c->packet, c->packet_size) && c->packet_size > 0;
}

static bool write_all(const struct ctl *c, struct bytes data)
{
    while (data.size > 0) {
        ssize_t n = write(c->fd, data.data, data.size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        data = bytes_of(data.data + n, data.size - (size_t)n);
    }
    return true;
}

/* -------- the dialogue -------- */

static bool print_error(const struct ctl *c)
{
    struct err_packet err;
    if (!err_packet_decode(bytes_of(c->packet, c->packet_size), &err))
        return false;
    fprintf(stderr, "ERROR %u (%s): %.*s\n", err.code, err.sqlstate, (int)err.message.size,
            (const char *)err.message.data);
    return true;
}

static bool log_in(struct ctl *c)
{
    uint8_t frame[256];
    struct writer w = writer_over(frame, sizeof frame);
    struct login l = {
        .capabilities = CAP(PROTOCOL_41) | CAP(SECURE_CONNECTION) | CAP(TRANSACTIONS) |
                        CAP(LONG_PASSWORD) | CAP(DEPRECATE_EOF),
        .packet_size_max = FRAME_PAYLOAD_MAX,
        .collation = 45,
        .user = bytes_of_text("ctl"),
    };
    if (!read_packet(c) || c->packet[0] == 0xff)
        return false;
    login_encode(&w, 1, &l);
    return write_all(c, writer_written(&w)) && read_packet(c) && c->packet[0] == 0x00;
}

static bool send_query(struct ctl *c)
{
    size_t size = strlen(c->statement) + 1;
    uint8_t header[FRAME_HEADER_SIZE + 1];
    if (size >= PACKET_MAX)
        return false;
    frame_header_write(header, (uint32_t)size, 0);
    header[FRAME_HEADER_SIZE] = COMMAND_QUERY;
    return write_all(c, bytes_of(header, sizeof header)) &&
           write_all(c, bytes_of_text(c->statement));
}

/* -------- a result set -------- */

struct table {
    struct bytes *cells;
    size_t count;
    size_t capacity;
    size_t columns;
    bool numeric[COLUMNS_MAX];
};

static void add_cell(struct table *t, struct bytes cell)
{
    if (t->count == t->capacity) {
        t->capacity = t->capacity > 0 ? 2 * t->capacity : 256;
        t->cells = realloc(t->cells, t->capacity * sizeof *t->cells);
        CHECK(t->cells != NULL);
    }
    uint8_t *copy = NULL;
    if (cell.data != NULL) {
        copy = malloc(cell.size + 1);
        CHECK(copy != NULL);
        memcpy(copy, cell.data, cell.size);
    }
    t->cells[t->count++] = bytes_of(copy, cell.size);
}

static bool read_column(struct ctl *c, struct table *t, size_t i)
{
    struct bytes field;
    uint8_t type;
    if (!read_packet(c))
        return false;
    struct reader r = reader_over(bytes_of(c->packet, c->packet_size));
    for (int skipped = 0; skipped < 4; skipped++)
        if (!lenenc_read_text(&r, &field))
            return false;
    if (!lenenc_read_text(&r, &field))
        return false;
    add_cell(t, field);
    if (!lenenc_read_text(&r, &field) || !reader_skip(&r, 1 + 2 + 4) || !reader_u8(&r, &type))
        return false;
    t->numeric[i] = type < 10; /* the numbers come before the dates, and those before texts */
    return true;
}

static bool read_row(struct ctl *c, struct table *t)
{
    struct reader r = reader_over(bytes_of(c->packet, c->packet_size));
    for (size_t i = 0; i < t->columns; i++) {
        struct bytes cell = bytes_of(NULL, 0);
        if (r.left > 0 && r.data[0] == 0xfb) {
            if (!reader_skip(&r, 1))
                return false;
        } else if (!lenenc_read_text(&r, &cell)) {
            return false;
        }
        add_cell(t, cell);
    }
    return true;
}

static bool read_table(struct ctl *c, struct table *t)
{
    struct reader r = reader_over(bytes_of(c->packet, c->packet_size));
    uint64_t columns;
    if (!lenenc_read(&r, &columns) || columns == 0 || columns > COLUMNS_MAX)
        return false;
    t->columns = (size_t)columns;
    for (size_t i = 0; i < t->columns; i++)
        if (!read_column(c, t, i))
            return false;
    while (t->count < ROWS_MAX * t->columns) {
        if (!read_packet(c))
            return false;
        if (c->packet[0] == 0xfe && c->packet_size < 64)
            return true;
        if (c->packet[0] == 0xff || !read_row(c, t))
            return false;
    }
    return false;
}

static enum exit_code print_result_set(struct ctl *c)
{
    struct table t = {0};
    bool good = read_table(c, &t);
    if (good && t.count > t.columns && c->upright)
        ctl_table_print_upright(stdout, t.cells, t.count / t.columns, t.columns);
    else if (good && t.count > t.columns)
        ctl_table_print(stdout, t.cells, t.count / t.columns, t.columns, t.numeric);
    else if (good)
        fprintf(stderr, "Empty set\n");
    for (size_t i = 0; i < t.count; i++)
        free((void *)(uintptr_t)t.cells[i].data);
    free(t.cells);
    return good ? EXIT_CODE_CLEAN : EXIT_CODE_FAILURE;
}

static enum exit_code ask(struct ctl *c)
{
    if (!open_socket(c))
        return EXIT_CODE_FAILURE;
    take_end(c);
    bool spoken = log_in(c) && send_query(c) && read_packet(c);
    if (!spoken) {
        if (c->packet == NULL || !print_error(c))
            fprintf(stderr, "weir ctl: %s hung up\n", c->socket);
        return EXIT_CODE_FAILURE;
    }
    if (c->packet[0] == 0xff) {
        (void)print_error(c);
        return EXIT_CODE_FAILURE;
    }
    struct ok_packet ok;
    if (c->packet[0] != 0x00)
        return print_result_set(c);
    if (ok_packet_decode(bytes_of(c->packet, c->packet_size), &ok) && ok.info.size > 0)
        printf("%.*s\n", (int)ok.info.size, (const char *)ok.info.data);
    return EXIT_CODE_CLEAN;
}

enum exit_code ctl_run(int argc, char *const argv[])
{
    struct ctl c = {.fd = -1};
    enum exit_code code = EXIT_CODE_USAGE;
    if (!take_arguments(&c, argc, argv))
        fprintf(stderr, "Usage: weir ctl [--config=FILE | --socket=PATH] STATEMENT\n"
                        "weir ctl HELP lists the statements.\n");
    else if (find_socket(&c))
        code = ask(&c);
    if (c.fd >= 0)
        socket_close(c.fd);
    free(c.packet);
    free(c.statement);
    return code;
}
