/* SPDX-License-Identifier: Apache-2.0
 * What SET PERSIST keeps: a file of its own beside the configuration's, read after it. Only Weir
 * writes it, whole and atomically. */
#ifndef WEIR_CONF_PERSIST_H
#define WEIR_CONF_PERSIST_H

#include "conf/config.h"

/* "weir.cnf" → "weir.cnf.persist": an ending that !includedir passes over. */
#define PERSIST_ENDING ".persist"

/* Writes the file that belongs to `file` again with these changes; a value NULL takes one out, no
 * changes take all out; a file with nothing in it is removed. The changes must be good ones
 * (config_change). False, with the reason, when it cannot be; the old file is whole then. */
NODISCARD bool persist_write(const char *file, const struct config_override *changes, size_t count,
                             struct config_errors *errors);

#endif
