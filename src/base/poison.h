/* SPDX-License-Identifier: Apache-2.0
 * Tells AddressSanitizer about memory that we keep but that nobody may touch (objects at rest in a
 * cache). Nothing at all in other builds. */
#ifndef WEIR_BASE_POISON_H
#define WEIR_BASE_POISON_H

#include <stddef.h>

#if defined(__SANITIZE_ADDRESS__)
#define WEIR_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WEIR_ASAN 1
#endif
#endif

#ifdef WEIR_ASAN
#include <sanitizer/asan_interface.h>
#endif

static inline void memory_poison(const void *memory, size_t size)
{
#ifdef WEIR_ASAN
    __asan_poison_memory_region(memory, size);
#else
    (void)memory;
    (void)size;
#endif
}

static inline void memory_unpoison(const void *memory, size_t size)
{
#ifdef WEIR_ASAN
    __asan_unpoison_memory_region(memory, size);
#else
    (void)memory;
    (void)size;
#endif
}

#endif
