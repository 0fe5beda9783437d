/* SPDX-License-Identifier: Apache-2.0
 * A list of locked pages, filled one after the other. */
#include "session/user_passwords.h"

#include "base/check.h"
#include "base/locked_memory.h"

#define USERS_OF_PAGE 20

struct user_passwords_page {
    struct user_passwords_page *before;
    unsigned used;
    struct user_password passwords[USERS_OF_PAGE][USER_PASSWORDS_MAX];
};

struct user_password *user_passwords_get(struct user_passwords_page **pages, bool *locked)
{
    struct user_passwords_page *page = *pages;
    *locked = true;
    if (page == NULL || page->used == USERS_OF_PAGE) {
        page = locked_memory_get(sizeof *page, locked);
        CHECK(page != NULL);
        page->before = *pages;
        *pages = page;
    }
    return page->passwords[page->used++];
}

void user_passwords_free(struct user_passwords_page *pages)
{
    while (pages != NULL) {
        struct user_passwords_page *before = pages->before;
        locked_memory_put(pages, sizeof *pages);
        pages = before;
    }
}
