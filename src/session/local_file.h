/* SPDX-License-Identifier: Apache-2.0
 * LOAD DATA LOCAL of clients that did not agree to LOCAL_FILES. Links have the capability, so the
 * server would ask such a client for a file. When the text shows it, the request goes to a link
 * without the capability, where the server itself refuses; when it does not (a prepared statement,
 * a transaction that has its link already), the server gets an empty file and the client the
 * server's error. And a server that asks for the file of a client whose statement wants none is no
 * server that may be believed: whoever answers in a server's place reads the clients' files so. */
#ifndef WEIR_SESSION_LOCAL_FILE_H
#define WEIR_SESSION_LOCAL_FILE_H

#include "session/client.h"

NODISCARD bool local_file_is_agreed(const struct client *c);

/* The server has asked the client for a file. False when its statement can be none that wants one.
 */
NODISCARD bool local_file_is_invited(const struct client *c);

/* Before the client gets a link for its request. */
void local_file_choose_pool(struct client *c);

/* The server has asked for a file that the client will not be asked for: the last packet of the
 * reply. False when the client is gone. */
NODISCARD bool local_file_refuse(struct link *l);

/* The server's answer to the empty file is complete. */
void local_file_refused(struct link *l);

#endif
