/* SPDX-License-Identifier: Apache-2.0
 * Reading and writing PROXY headers. */
#include "net/proxy_header.h"

#include "base/reader.h"
#include "base/text.h"
#include "base/writer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#define V1_BEGIN "PROXY "
#define V1_MAX   107
#define V1_WORDS 6

#define V2_BEGIN       "\r\n\r\n\0\r\nQUIT\n"
#define V2_BEGIN_SIZE  12
#define V2_HEADER_SIZE 16
#define V2_LOCAL       0x20
#define V2_PROXY       0x21
#define V2_UNSPECIFIED 0x00
#define V2_TCP4        0x11
#define V2_TCP6        0x21
#define V2_UNIX        0x31
#define V2_TCP4_SIZE   12
#define V2_TCP6_SIZE   36
#define V2_UNIX_SIZE   216

static struct bytes begin_v2(void)
{
    return bytes_of(V2_BEGIN, V2_BEGIN_SIZE);
}

/* As much as there is of both is the same. */
static bool may_begin_with(struct bytes in, struct bytes begin)
{
    size_t n = in.size < begin.size ? in.size : begin.size;
    return n == 0 || memcmp(in.data, begin.data, n) == 0;
}

/* -------- version 1 -------- */

/* Words between single spaces; 0 when there are more than V1_WORDS. */
static size_t split(char *line, char *words[V1_WORDS])
{
    size_t count = 0;
    char *word;
    while ((word = strsep(&line, " ")) != NULL) {
        if (count == V1_WORDS)
            return 0;
        words[count++] = word;
    }
    return count;
}

static bool read_port(const char *text, uint16_t *port)
{
    uint64_t v;
    if (strlen(text) > 5 || !text_parse_u64(text, &v) || v > UINT16_MAX)
        return false;
    *port = (uint16_t)v;
    return true;
}

static bool read_end(struct address *out, const char *ip, const char *port, int family)
{
    uint16_t number;
    uint8_t unused[sizeof(struct in6_addr)];
    return inet_pton(family, ip, unused) == 1 && read_port(port, &number) &&
           address_from_ip(out, ip, number);
}

static enum proxy_header_result read_line(char *line, struct proxy_header *out)
{
    char *words[V1_WORDS];
    if (strncmp(line, "PROXY UNKNOWN", 13) == 0 && (line[13] == '\0' || line[13] == ' '))
        return PROXY_HEADER_COMPLETE;
    if (split(line, words) != V1_WORDS)
        return PROXY_HEADER_BROKEN;
    int family = strcmp(words[1], "TCP4") == 0   ? AF_INET
                 : strcmp(words[1], "TCP6") == 0 ? AF_INET6
                                                 : AF_UNSPEC;
    struct address destination;
    if (family == AF_UNSPEC || !read_end(&out->source, words[2], words[4], family) ||
        !read_end(&destination, words[3], words[5], family))
        return PROXY_HEADER_BROKEN;
    out->has_source = true;
    return PROXY_HEADER_COMPLETE;
}

static enum proxy_header_result read_v1(struct bytes in, struct proxy_header *out)
{
    size_t looked = in.size < V1_MAX ? in.size : V1_MAX;
    const uint8_t *end = memchr(in.data, '\n', looked);
    if (end == NULL)
        return in.size < V1_MAX ? PROXY_HEADER_MORE : PROXY_HEADER_BROKEN;
    size_t size = (size_t)(end - in.data);
    if (size == 0 || end[-1] != '\r' || memchr(in.data, '\0', size) != NULL)
        return PROXY_HEADER_BROKEN;
    char line[V1_MAX];
    memcpy(line, in.data, size - 1);
    line[size - 1] = '\0';
    out->size = size + 1;
    return read_line(line, out);
}

/* -------- version 2 -------- */

static bool read_ends(uint8_t family, struct bytes ends, struct address *source)
{
    *source = (struct address){0};
    if (family == V2_TCP4 && ends.size >= V2_TCP4_SIZE) {
        struct sockaddr_in *in = (struct sockaddr_in *)(void *)&source->storage;
        in->sin_family = AF_INET;
        memcpy(&in->sin_addr, ends.data, 4);
        memcpy(&in->sin_port, ends.data + 8, 2);
        source->size = sizeof *in;
        return true;
    }
    if (family == V2_TCP6 && ends.size >= V2_TCP6_SIZE) {
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)(void *)&source->storage;
        in6->sin6_family = AF_INET6;
        memcpy(&in6->sin6_addr, ends.data, 16);
        memcpy(&in6->sin6_port, ends.data + 32, 2);
        source->size = sizeof *in6;
        return true;
    }
    /* Its path says nothing here: clients of Unix sockets have none. */
    source->storage.ss_family = AF_UNIX;
    source->size = sizeof(sa_family_t);
    return family == V2_UNIX && ends.size >= V2_UNIX_SIZE;
}

static enum proxy_header_result read_v2(struct bytes in, struct proxy_header *out)
{
    if (in.size < V2_HEADER_SIZE)
        return PROXY_HEADER_MORE;
    uint8_t command = in.data[12];
    uint8_t family = in.data[13];
    size_t size = (size_t)in.data[14] << 8 | in.data[15];
    if ((command != V2_LOCAL && command != V2_PROXY) || size > PROXY_HEADER_MAX - V2_HEADER_SIZE)
        return PROXY_HEADER_BROKEN;
    if (in.size - V2_HEADER_SIZE < size)
        return PROXY_HEADER_MORE;
    out->size = V2_HEADER_SIZE + size;
    if (command == V2_LOCAL || family == V2_UNSPECIFIED)
        return PROXY_HEADER_COMPLETE;
    out->has_source = read_ends(family, bytes_of(in.data + V2_HEADER_SIZE, size), &out->source);
    return out->has_source ? PROXY_HEADER_COMPLETE : PROXY_HEADER_BROKEN;
}

enum proxy_header_result proxy_header_read(struct bytes in, struct proxy_header *out)
{
    *out = (struct proxy_header){0};
    struct bytes v1 = bytes_of_text(V1_BEGIN);
    bool may_be_v1 = may_begin_with(in, v1);
    bool may_be_v2 = may_begin_with(in, begin_v2());
    if (may_be_v1 && in.size >= v1.size)
        return read_v1(in, out);
    if (may_be_v2 && in.size >= V2_BEGIN_SIZE)
        return read_v2(in, out);
    return may_be_v1 || may_be_v2 ? PROXY_HEADER_MORE : PROXY_HEADER_NONE;
}

/* -------- writing -------- */

/* An address as IPv6, whatever it is; "any" when it is none. */
struct end {
    bool is_ipv4;
    uint8_t ip[16];
    uint16_t port;
};

static struct end end_of(const struct address *a)
{
    struct end e = {.is_ipv4 = true};
    e.ip[10] = e.ip[11] = 0xff;
    if (a->storage.ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)&a->storage;
        memcpy(e.ip + 12, &in->sin_addr, 4);
        e.port = ntohs(in->sin_port);
    } else if (a->storage.ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)&a->storage;
        e.is_ipv4 = IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr);
        memcpy(e.ip, &in6->sin6_addr, 16);
        e.port = ntohs(in6->sin6_port);
    }
    return e;
}

/* The same as an address of the family that is wanted; "any" with its port when it is none. */
static struct end in_family(struct end e, bool ipv4)
{
    if (ipv4 && !e.is_ipv4) {
        memset(e.ip, 0, 16);
        e.ip[10] = e.ip[11] = 0xff;
    } else if (!ipv4 && e.is_ipv4 && memcmp(e.ip + 12, "\0\0\0\0", 4) == 0) {
        memset(e.ip, 0, 16);
    }
    e.is_ipv4 = ipv4;
    return e;
}

static size_t write_v1(const struct end *from, const struct end *to, uint8_t *out)
{
    char source[INET6_ADDRSTRLEN], destination[INET6_ADDRSTRLEN], line[V1_MAX + 1];
    int family = from->is_ipv4 ? AF_INET : AF_INET6;
    size_t at = from->is_ipv4 ? 12 : 0;
    int size = 0;
    if (inet_ntop(family, from->ip + at, source, sizeof source) != NULL &&
        inet_ntop(family, to->ip + at, destination, sizeof destination) != NULL)
        size = snprintf(line, sizeof line, "PROXY %s %s %s %u %u\r\n",
                        from->is_ipv4 ? "TCP4" : "TCP6", source, destination, from->port, to->port);
    memcpy(out, line, (size_t)size);
    return (size_t)size;
}

static void write_u16(struct writer *w, size_t v)
{
    writer_u8(w, (uint8_t)(v >> 8));
    writer_u8(w, (uint8_t)v);
}

static size_t write_v2(const struct end *from, const struct end *to, uint8_t *out)
{
    struct writer w = writer_over(out, PROXY_HEADER_WRITE_MAX);
    writer_view(&w, begin_v2());
    writer_u8(&w, from != NULL ? V2_PROXY : V2_LOCAL);
    if (from == NULL) {
        writer_u8(&w, V2_UNSPECIFIED);
        write_u16(&w, 0);
        return w.size;
    }
    size_t at = from->is_ipv4 ? 12 : 0;
    writer_u8(&w, from->is_ipv4 ? V2_TCP4 : V2_TCP6);
    write_u16(&w, from->is_ipv4 ? V2_TCP4_SIZE : V2_TCP6_SIZE);
    writer_view(&w, bytes_of(from->ip + at, 16 - at));
    writer_view(&w, bytes_of(to->ip + at, 16 - at));
    write_u16(&w, from->port);
    write_u16(&w, to->port);
    return w.size;
}

size_t proxy_header_write(unsigned version, const struct address *source,
                          const struct address *destination, uint8_t out[PROXY_HEADER_WRITE_MAX])
{
    if (source == NULL && version == 1) {
        static const char unknown[] = "PROXY UNKNOWN\r\n";
        memcpy(out, unknown, sizeof unknown - 1);
        return sizeof unknown - 1;
    }
    if (source == NULL)
        return write_v2(NULL, NULL, out);
    struct end from = end_of(source);
    struct end to = in_family(end_of(destination), from.is_ipv4);
    return version == 1 ? write_v1(&from, &to, out) : write_v2(&from, &to, out);
}
