/* SPDX-License-Identifier: Apache-2.0
 * Guests that nobody uses any more are given back: their passwords, pools and catalogues. A guest
 * is unused while nobody holds it (user_store.h): it has no client, no link, and no errand goes on
 * for it. It is first taken out of everything that leads to it; whoever comes by that name then
 * makes it anew. It is freed when every worker has come to the end of the turn in which it might
 * still have met it. */
#ifndef WEIR_SESSION_GUEST_FORGET_H
#define WEIR_SESSION_GUEST_FORGET_H

#include "session/proxy.h"

/* On worker 0, before it runs: gives back those that were unused for unknown_user_timeout. */
void guest_forget_watch(struct worker *w);
void guest_forget_stop(struct worker *w);

/* Any worker: room is needed for another guest, so the one that was unused for longest goes now.
 * False: all are in use. */
NODISCARD bool guest_forget_one(struct worker *w);

#endif
