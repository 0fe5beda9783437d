/* SPDX-License-Identifier: Apache-2.0
 * Keeping the attributes that matter in a small block, and finding them again. */
#include "mysql/connect_attributes.h"

#include "mysql/lenenc.h"
#include "mysql/login.h"

#define NAME_MAX_SIZE 64

/* The drivers of MySQL and MariaDB send all but the last; Connector/J names its versions so. */
static const char *const wanted[] = {
    "program_name", "_pid", "_client_name", "_client_version", "_os", "_runtime_version",
};

enum worth { WORTH_MOST, WORTH_SOMETHING, WORTH_NOTHING };

/* Names with an underscore are the driver's own; what an application adds has none. */
static enum worth worth_of(struct bytes name)
{
    for (size_t i = 0; i < countof(wanted); i++)
        if (bytes_equal_text(name, wanted[i]))
            return WORTH_MOST;
    return name.size > 0 && name.data[0] != '_' ? WORTH_SOMETHING : WORTH_NOTHING;
}

static void add(struct writer *out, struct bytes name, struct bytes value)
{
    if (value.size > CONNECT_ATTRIBUTE_VALUE_MAX)
        value.size = CONNECT_ATTRIBUTE_VALUE_MAX;
    /* Both lengths take one byte. */
    if (value.size == 0 || name.size == 0 || name.size > NAME_MAX_SIZE ||
        name.size + value.size + 2 > out->capacity - out->size)
        return;
    lenenc_write_text(out, name);
    lenenc_write_text(out, value);
}

void connect_attributes_add(struct writer *out, const char *name, struct bytes value)
{
    add(out, bytes_of_text(name), value);
}

void connect_attributes_pack(struct bytes all, struct writer *out)
{
    for (enum worth worth = WORTH_MOST; worth < WORTH_NOTHING; worth++) {
        struct bytes rest = all, name, value;
        while (rest.size > 0 && login_next_attribute(&rest, &name, &value))
            if (worth_of(name) == worth)
                add(out, name, value);
    }
}

struct bytes connect_attributes_find(struct bytes block, const char *name)
{
    struct bytes key, value;
    while (block.size > 0 && login_next_attribute(&block, &key, &value))
        if (bytes_equal_text(key, name))
            return value;
    return bytes_of(NULL, 0);
}
