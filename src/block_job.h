/*
 * block_job.h - one block's way through decode, steps, predict, postprocess and encode, by one worker.
 * (The data half of the pipeline.)
 *
 * A job carries everything that the ordered writer needs: answers, rejects, messages and counters, so that
 * nothing depends on timing.
 */
#ifndef BLOCK_JOB_H
#define BLOCK_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/byte_buffer.h"
#include "base/error.h"
#include "pipeline.h"
#include "record_stream.h"
#include "run_plan.h"

enum { JOB_MESSAGES_MAX = 10, JOB_UNLIMITED = -1 };

/* How often a column was unseen or undefined in a job's records. */
struct event_count {
    struct span column;
    enum record_event_kind kind;
    uint64_t count;
};

struct job {
    struct block block;
    const struct binding *binding; /* NULL for an over-long record */

    struct byte_buffer answers;
    size_t
        *line_ends; /* owned: under --line-buffered, where each record's answer ends in answers */
    size_t line_end_count;
    size_t line_end_capacity;
    struct byte_buffer rejects;  /* JSON lines */
    struct byte_buffer messages; /* the first JOB_MESSAGES_MAX bad records, each NUL-terminated */
    uint32_t message_count;

    uint64_t records;
    uint64_t predictions;
    uint64_t rejected;
    struct postprocess_counts corrected;
    uint64_t *missing;          /* owned: by field */
    uint8_t *field_seen;        /* owned: by field */
    struct event_count *events; /* owned */
    size_t event_count;
    size_t event_capacity;
    double stage_seconds[STAGE_COUNT];

    bool
        is_limited; /* the record after the last one it may reject ended the job: err tells of it */
    enum status status; /* STATUS_OK, STATUS_BAD_RECORD (is_limited), STATUS_FAILED */
    struct error err;
};

enum status job_open(struct job **out, const struct run_plan *plan, struct error *err);
void job_close(struct job *job); /* NULL is allowed */

struct worker; /* one thread's scratch */

enum status worker_open(struct worker **out, const struct run_plan *plan, struct error *err);
void worker_close(struct worker *worker); /* NULL is allowed */

/* Takes the job's block through all stages. rejects_max: how many bad records may pass before one ends the job;
 * JOB_UNLIMITED: any number. The outcome is in job->status. May be run again with another limit. */
void worker_run(struct worker *worker, struct job *job, int64_t rejects_max);

#endif
