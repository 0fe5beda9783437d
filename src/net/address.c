/* SPDX-License-Identifier: Apache-2.0
 * Text to socket addresses and back. */
#include "net/address.h"

#include "base/check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

/* sockaddr_storage is made to be read as the type that its family names. */
static struct sockaddr_in *as_ipv4(struct address *a)
{
    return (struct sockaddr_in *)(void *)&a->storage;
}

static struct sockaddr_in6 *as_ipv6(struct address *a)
{
    return (struct sockaddr_in6 *)(void *)&a->storage;
}

bool address_from_ip(struct address *out, const char *ip, uint16_t port)
{
    *out = (struct address){0};
    if (strcmp(ip, "*") == 0 || ip[0] == '\0')
        ip = "0.0.0.0";
    if (inet_pton(AF_INET, ip, &as_ipv4(out)->sin_addr) == 1) {
        out->storage.ss_family = AF_INET;
        as_ipv4(out)->sin_port = htons(port);
        out->size = sizeof(struct sockaddr_in);
        return true;
    }
    if (inet_pton(AF_INET6, ip, &as_ipv6(out)->sin6_addr) == 1) {
        out->storage.ss_family = AF_INET6;
        as_ipv6(out)->sin6_port = htons(port);
        out->size = sizeof(struct sockaddr_in6);
        return true;
    }
    return false;
}

bool address_from_path(struct address *out, const char *path)
{
    *out = (struct address){0};
    struct sockaddr_un *un = (struct sockaddr_un *)(void *)&out->storage;
    size_t size = strlen(path);
    if (size == 0 || size >= sizeof un->sun_path)
        return false;
    un->sun_family = AF_UNIX;
    memcpy(un->sun_path, path, size + 1);
    out->size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size + 1);
    return true;
}

bool address_is_unix(const struct address *a)
{
    return a->storage.ss_family == AF_UNIX;
}

/* The numeric IP without port; false when the address is none. IPv6 with an IPv4 address inside is
 * what a dual-stack listener sees of an IPv4 client: shown as the IPv4 address that people know. */
static bool format_ip(const struct address *a, char out[INET6_ADDRSTRLEN], uint16_t *port,
                      bool *is_ipv6)
{
    *is_ipv6 = false;
    if (a->storage.ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)&a->storage;
        *port = ntohs(in->sin_port);
        return inet_ntop(AF_INET, &in->sin_addr, out, INET6_ADDRSTRLEN) != NULL;
    }
    if (a->storage.ss_family != AF_INET6)
        return false;
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)&a->storage;
    *port = ntohs(in6->sin6_port);
    if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
        return inet_ntop(AF_INET, &in6->sin6_addr.s6_addr[12], out, INET6_ADDRSTRLEN) != NULL;
    *is_ipv6 = true;
    return inet_ntop(AF_INET6, &in6->sin6_addr, out, INET6_ADDRSTRLEN) != NULL;
}

static void format_unix(const struct address *a, char out[ADDRESS_TEXT_SIZE])
{
    const struct sockaddr_un *un = (const struct sockaddr_un *)(const void *)&a->storage;
    size_t header = offsetof(struct sockaddr_un, sun_path);
    size_t size = a->size > header ? a->size - header : 0;
    if (size > 0 && un->sun_path[0] != '\0')
        (void)snprintf(out, ADDRESS_TEXT_SIZE, "%.*s", (int)size, un->sun_path);
    else
        (void)snprintf(out, ADDRESS_TEXT_SIZE, "unix socket");
}

void address_format(const struct address *a, char out[ADDRESS_TEXT_SIZE])
{
    char ip[INET6_ADDRSTRLEN];
    uint16_t port;
    bool is_ipv6;
    if (address_is_unix(a))
        format_unix(a, out);
    else if (format_ip(a, ip, &port, &is_ipv6))
        (void)snprintf(out, ADDRESS_TEXT_SIZE, is_ipv6 ? "[%s]:%u" : "%s:%u", ip, (unsigned)port);
    else
        (void)snprintf(out, ADDRESS_TEXT_SIZE, "unknown address");
}

struct bytes address_text_host(const char *text)
{
    const char *end = text[0] == '[' ? strchr(text, ']') : strrchr(text, ':');
    if (end == NULL || text[0] == '/')
        return bytes_of_text("localhost");
    const char *begin = text[0] == '[' ? text + 1 : text;
    return bytes_of(begin, (size_t)(end - begin));
}

void address_format_host(const struct address *a, char out[ADDRESS_TEXT_SIZE])
{
    char ip[INET6_ADDRSTRLEN];
    uint16_t port;
    bool is_ipv6;
    bool is_ip = format_ip(a, ip, &port, &is_ipv6);
    (void)snprintf(out, ADDRESS_TEXT_SIZE, "%s", is_ip ? ip : "localhost");
}
