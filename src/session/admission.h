/* SPDX-License-Identifier: Apache-2.0
 * Who is let in: the limits on clients, from the socket to the end of the login. Counts live in the
 * proxy, in users and in the databases that clients named at their logins. */
#ifndef WEIR_SESSION_ADMISSION_H
#define WEIR_SESSION_ADMISSION_H

#include "session/proxy.h"

struct admission;
struct client;

/* The longest name of a database, in bytes. */
#define ADMISSION_DATABASE_MAX 256

/* NULL when out of memory. */
struct admission *admission_create(void);
void admission_destroy(struct admission *a);

/* How many clients there may be: max_connections, or fewer when open files do not suffice beside
 * links and console. Says so in the log when that changes. Any thread, one at a time. */
void admission_configure(struct proxy *p, const struct config *c);
unsigned admission_ceiling(const struct proxy *p);

/* A socket was accepted on this worker. False: there are max_connections clients and one in the
 * reserve slot already; it was told so (an ERR without SQLSTATE as the first packet, as a server
 * does it) and closed. */
NODISCARD bool admission_take_socket(struct worker *w, int fd, const struct address *peer);

/* May its login begin? False: others are in progress (max_logins), it is greeted when they end. */
NODISCARD bool admission_begin_login(struct client *c);
/* It has proved who it is, or leaves. */
void admission_end_login(struct client *c);
/* It has waited for its greeting for too long. */
void admission_refuse_login(struct client *c);
/* Greets those who have waited; runs as a task of their worker. */
void admission_on_logins(struct loop_task *task);

/* It has proved who it is: counts it, or tells it which limit is reached and closes it. */
NODISCARD bool admission_admit(struct client *c);
/* It is another user's from now on, or leaves: COM_CHANGE_USER admits it anew. */
void admission_leave_account(struct client *c);
/* What it is counted for, to be taken back whatever the limits when a COM_CHANGE_USER was refused.
 */
struct admission_place {
    bool of_user;
    char database[ADMISSION_DATABASE_MAX + 1];
};
struct admission_place admission_place(const struct client *c);
void admission_take_back(struct client *c, const struct admission_place *place);
/* It leaves. */
void admission_leave(struct client *c);

#endif
