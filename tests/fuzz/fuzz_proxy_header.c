/* SPDX-License-Identifier: Apache-2.0
 * Headers of the PROXY protocol: a header has an end within what there is, no shorter piece of it
 * is anything but "perhaps", and the address that was read can be written and read again. */
#include "net/proxy_header.h"

#include "base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_again(const struct address *source)
{
    char before[ADDRESS_TEXT_SIZE];
    address_format(source, before);
    for (unsigned version = 1; version <= 2; version++) {
        uint8_t out[PROXY_HEADER_WRITE_MAX];
        struct proxy_header again;
        size_t size = proxy_header_write(version, source, source, out);
        CHECK(size > 0 && size <= sizeof out);
        CHECK(proxy_header_read(bytes_of(out, size), &again) == PROXY_HEADER_COMPLETE);
        char after[ADDRESS_TEXT_SIZE];
        address_format(&again.source, after);
        CHECK(again.has_source && strcmp(before, after) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct proxy_header h;
    enum proxy_header_result whole = proxy_header_read(bytes_of(data, size), &h);
    if (whole == PROXY_HEADER_MORE)
        CHECK(size < PROXY_HEADER_MAX);
    if (whole != PROXY_HEADER_COMPLETE)
        return 0;
    CHECK(h.size > 0 && h.size <= size && h.size <= PROXY_HEADER_MAX);
    for (size_t n = 0; n < h.size; n++) {
        struct proxy_header part;
        CHECK(proxy_header_read(bytes_of(data, n), &part) == PROXY_HEADER_MORE);
    }
    if (h.has_source && !address_is_unix(&h.source))
        write_again(&h.source);
    return 0;
}
