/* SPDX-License-Identifier: Apache-2.0
 * What Weir knows of a password: made from a setting, asked, wiped. */
#include "auth/auth_method.h"
#include "auth/native_password.h"
#include "base/text.h"

#include <openssl/crypto.h>

/* '*' and 40 hex digits, as mysql.user shows it. */
static bool parse_stored_hash(const char *text, uint8_t stage2[AUTH_HASH_SIZE])
{
    return text[0] == '*' && text_parse_hex(bytes_of_text(text + 1), stage2, AUTH_HASH_SIZE);
}

bool auth_secret_from_setting(const char *text, struct auth_secret *out)
{
    *out = (struct auth_secret){.is_empty = text[0] == '\0'};
    if (out->is_empty)
        return true;
    if (parse_stored_hash(text, out->stage2)) {
        out->has_stage2 = true;
        return true;
    }
    if (!text_copy(out->password, sizeof(out->password), bytes_of_text(text))) {
        auth_secret_wipe(out);
        return false;
    }
    out->has_password = out->has_stage1 = out->has_stage2 = true;
    native_password_hash(bytes_of_text(text), out->stage1, out->stage2);
    return true;
}

bool auth_secret_can_log_in(const struct auth_secret *s)
{
    return s->is_empty || s->has_stage1 || s->has_password;
}

void auth_secret_wipe(struct auth_secret *s)
{
    OPENSSL_cleanse(s, sizeof(*s));
}
