/* SPDX-License-Identifier: Apache-2.0
 * Pages of their own: the kernel locks pages, and whatever else lay on them would be locked too. */
#include "base/locked_memory.h"

#include "base/check.h"

#include <string.h>
#include <sys/mman.h>

void *locked_memory_get(size_t size, bool *locked)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *locked = false;
    if (memory == MAP_FAILED)
        return NULL;
    (void)madvise(memory, size, MADV_DONTDUMP);
    *locked = mlock(memory, size) == 0;
    return memory;
}

void locked_memory_put(void *memory, size_t size)
{
    if (memory == NULL)
        return;
    explicit_bzero(memory, size);
    CHECK(munmap(memory, size) == 0); /* which unlocks it */
}
