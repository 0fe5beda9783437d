/* SPDX-License-Identifier: Apache-2.0
 * Who a client was before its COM_CHANGE_USER. MySQL ends the connection of a client that is
 * refused there. MariaDB lets it live on as who it was, with an empty session; after three refusals
 * it judges no more (error 1047). */
#ifndef WEIR_SESSION_FORMER_H
#define WEIR_SESSION_FORMER_H

#include "base/attrs.h"

#include <stdbool.h>

struct client;

/* The change begins: keeps what a refusal gives back. False when out of memory. On MySQL nothing is
 * kept. */
NODISCARD bool former_keep(struct client *c);

/* Has it been refused too often to be judged once more? */
NODISCARD bool former_is_spent(const struct client *c);

/* It was refused, and told so by an ERR that is queued. True: it is who it was and IDLE. False:
 * there is nothing to go back to, and it is to be closed. */
NODISCARD bool former_return(struct client *c);

/* The change is through, or the client goes. */
void former_forget(struct client *c);

#endif
