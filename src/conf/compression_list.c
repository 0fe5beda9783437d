/* SPDX-License-Identifier: Apache-2.0
 * Reads a list of compression algorithms. */
#include "conf/compression_list.h"

#include "base/text.h"

#include <string.h>

static const char *const names[COMPRESSION_CHOICE_COUNT] = {
    [COMPRESSION_CHOICE_ZLIB] = "zlib",
    [COMPRESSION_CHOICE_ZSTD] = "zstd",
    [COMPRESSION_CHOICE_UNCOMPRESSED] = "uncompressed",
};

bool compression_list_has(const struct compression_list *l, enum compression_choice c)
{
    for (unsigned i = 0; i < l->count; i++)
        if (l->choices[i] == c)
            return true;
    return false;
}

static bool add(struct compression_list *l, struct bytes word)
{
    for (unsigned i = 0; i < countof(names); i++) {
        if (!text_equal_nocase(word, names[i]))
            continue;
        if (compression_list_has(l, (enum compression_choice)i))
            return false;
        l->choices[l->count++] = (enum compression_choice)i;
        return true;
    }
    return false;
}

bool compression_list_parse(struct compression_list *out, const char *text)
{
    *out = (struct compression_list){0};
    for (;;) {
        text += strspn(text, " \t");
        size_t size = strcspn(text, ", \t");
        if (!add(out, bytes_of((const uint8_t *)text, size)))
            return false;
        text += size;
        text += strspn(text, " \t");
        if (*text == '\0')
            return true;
        if (*text++ != ',')
            return false;
    }
}
