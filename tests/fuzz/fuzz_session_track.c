/* SPDX-License-Identifier: Apache-2.0
 * Session-track blocks, read and filtered. The first byte chooses the filter. */
#include "mysql/session_track.h"

#include "base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t count_changes(struct bytes trackers, bool *malformed)
{
    struct session_track_reader r = session_track_over(trackers);
    struct session_change change;
    size_t count = 0;
    while (session_track_next(&r, &change)) {
        CHECK(change.value.size <= trackers.size && change.name.size <= trackers.size);
        count++;
    }
    *malformed = r.malformed;
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t memory[65536];
    if (size < 1 || size > sizeof(memory))
        return 0;
    struct session_track_filter filter = {
        .schema = (data[0] & 1) != 0,
        .state_change = (data[0] & 2) != 0,
        .default_variables = (data[0] & 4) != 0,
        .everything = (data[0] & 8) != 0,
    };
    struct bytes trackers = bytes_of(data + 1, size - 1);
    bool malformed, malformed_after;
    size_t before = count_changes(trackers, &malformed);
    struct writer w = writer_over(memory, sizeof(memory));
    session_track_filter(trackers, &filter, &w);
    CHECK(!w.overflow && w.size <= trackers.size);
    size_t after = count_changes(writer_written(&w), &malformed_after);
    if (malformed)
        return 0;
    CHECK(!malformed_after && after <= before);
    CHECK(!filter.everything || after == before);
    return 0;
}
