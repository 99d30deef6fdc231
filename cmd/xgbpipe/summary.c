/*
 * summary.c - counters to one line of JSON.
 */
#include "summary.h"

#include <stddef.h>

#include "base/span.h"

static bool write_columns(struct byte_buffer *out, const char *key,
                          const struct pipeline_counters *counters, size_t offset)
{
    bool is_first = true;

    if (!byte_buffer_printf(out, ",\"%s\":{", key))
        return false;
    for (uint32_t i = 0; i < counters->column_count; i++) {
        const struct column_count *column = &counters->columns[i];
        uint64_t count = *(const uint64_t *)((const char *)column + offset);

        if (count == 0)
            continue;
        if ((!is_first && !byte_buffer_append_byte(out, ',')) ||
            !byte_buffer_append_json(out, span_of_text(column->name)) ||
            !byte_buffer_printf(out, ":%llu", (unsigned long long)count))
            return false;
        is_first = false;
    }
    return byte_buffer_append_byte(out, '}');
}

/* Only where a spec looks something up. */
static bool write_lookups(struct byte_buffer *out, const struct pipeline_counters *counters)
{
    const struct lookup_counts *lookups = &counters->lookups;

    return counters->lookup_count == 0 ||
           byte_buffer_printf(out,
                              ",\"lookups\":{\"keys\":%llu,\"distinct\":%llu,\"cache_hits\":%llu,"
                              "\"round_trips\":%llu,\"seconds\":%.3f}",
                              (unsigned long long)lookups->keys,
                              (unsigned long long)lookups->distinct,
                              (unsigned long long)lookups->cache_hits,
                              (unsigned long long)lookups->round_trips, lookups->seconds);
}

bool summary_write(const struct summary *summary, struct byte_buffer *out)
{
    const struct pipeline_counters *counters = summary->counters;

    if (!byte_buffer_printf(
            out,
            "{\"records\":%llu,\"predictions\":%llu,\"rejected\":%llu,"
            "\"clamped\":%llu,\"nonfinite\":%llu",
            (unsigned long long)counters->records, (unsigned long long)counters->predictions,
            (unsigned long long)counters->rejected, (unsigned long long)counters->clamped,
            (unsigned long long)counters->nonfinite) ||
        !write_columns(out, "missing", counters, offsetof(struct column_count, missing)) ||
        !write_columns(out, "unseen", counters, offsetof(struct column_count, unseen)) ||
        !write_columns(out, "undefined", counters, offsetof(struct column_count, undefined)) ||
        !write_lookups(out, counters) ||
        !byte_buffer_printf(out, ",\"seconds\":%.3f", summary->seconds))
        return false;
    if (summary->model != NULL &&
        !byte_buffer_printf(out,
                            ",\"engine\":\"%s\",\"isa\":\"%s\",\"verified_by\":\"%s\","
                            "\"verify_ms\":%.1f,\"model\":\"%s\",\"rounds\":%u",
                            summary->facts->name, summary->facts->isa, summary->facts->verified_by,
                            summary->facts->verify_ms, summary->model->digest, summary->rounds))
        return false;
    return byte_buffer_printf(out, ",\"sealed\":\"%s\",\"version\":\"%s\"}\n", summary->sealed,
                              XGBPIPE_VERSION);
}
