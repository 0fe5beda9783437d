/* SPDX-License-Identifier: Apache-2.0
 * Pins: named reasons why a lease may not end yet, from pins.def. */
#ifndef WEIR_SESSION_PINS_H
#define WEIR_SESSION_PINS_H

#include "mysql/sql_scan.h"

#define PIN(name, effects, until, cure, text) PIN_##name,
enum pin {
#include "session/pins.def"
    PIN_COUNT
};
#undef PIN

enum pin_until {
    PIN_UNTIL_STATEMENT, /* the client's next statement */
    PIN_UNTIL_TABLE,     /* a statement that touches a table and leaves no warnings */
    PIN_UNTIL_CLIENT,    /* the client leaves or resets its session */
};

/* What makes the link usable for others once the client has left. */
enum pin_cure {
    PIN_CURE_NONE,  /* nothing: it was only about what the client may still ask */
    PIN_CURE_RESET, /* COM_RESET_CONNECTION */
    PIN_CURE_CLOSE, /* nothing that we would trust */
};

typedef uint64_t pins_t; /* a set of pins */
#define PIN_BIT(name) (UINT64_C(1) << PIN_##name)

/* The pins that statements with these effects begin. */
pins_t pins_of_effects(sql_effects_t effects);

/* Those of `pins` that end at this event. */
pins_t pins_until(pins_t pins, enum pin_until event);

/* The strongest cure that any of them needs. */
enum pin_cure pins_cure(pins_t pins);

const char *pin_name(enum pin pin);
const char *pin_text(enum pin pin);

/* The text of the first pin of a set, "" for none. */
const char *pins_first_text(pins_t pins);

#endif
