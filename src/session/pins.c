/* SPDX-License-Identifier: Apache-2.0
 * Pins, from their table. */
#include "session/pins.h"

#include "base/check.h"

static const struct {
    const char *name;
    sql_effects_t effects;
    enum pin_until until;
    enum pin_cure cure;
    const char *text;
} rows[] = {
#define PIN(name, effects, until, cure, text) {#name, (effects), (until), (cure), (text)},
#include "session/pins.def"
#undef PIN
};

_Static_assert(PIN_COUNT <= 64, "pins_t is a set of 64");

pins_t pins_of_effects(sql_effects_t effects)
{
    /* Most statements begin none. */
    static const sql_effects_t beginning = 0
#define PIN(name, effects, until, cure, text) | (effects)
#include "session/pins.def"
#undef PIN
        ;
    if ((effects & beginning) == 0)
        return 0;
    pins_t pins = 0;
    for (unsigned i = 0; i < PIN_COUNT; i++)
        if ((rows[i].effects & effects) != 0)
            pins |= UINT64_C(1) << i;
    return pins;
}

pins_t pins_until(pins_t pins, enum pin_until event)
{
    pins_t ending = 0;
    for (unsigned i = 0; pins != 0 && i < PIN_COUNT; i++)
        if ((pins >> i & 1) != 0 && rows[i].until <= event)
            ending |= UINT64_C(1) << i;
    return ending;
}

enum pin_cure pins_cure(pins_t pins)
{
    enum pin_cure cure = PIN_CURE_NONE;
    for (unsigned i = 0; i < PIN_COUNT; i++)
        if ((pins >> i & 1) != 0 && rows[i].cure > cure)
            cure = rows[i].cure;
    return cure;
}

const char *pin_name(enum pin pin)
{
    CHECK(pin < PIN_COUNT);
    return rows[pin].name;
}

const char *pin_text(enum pin pin)
{
    CHECK(pin < PIN_COUNT);
    return rows[pin].text;
}

const char *pins_first_text(pins_t pins)
{
    for (unsigned i = 0; i < PIN_COUNT; i++)
        if ((pins >> i & 1) != 0)
            return rows[i].text;
    return "";
}
