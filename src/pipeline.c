/*
 * pipeline.c - hands blocks to workers and puts their answers back in order.
 *
 * The calling thread reads. A block that came in one piece while nothing is in flight is run right there (a
 * hand-off between threads costs more than a small block); a full one goes to a worker, and the reading
 * thread lends a hand whenever it would have to wait. Threads are started when the first block is handed on, so
 * a small input starts none.
 *
 * Whoever finishes the block that is next in order writes it, and those behind it that are done. So there is no
 * writing thread, and no block waits for one. A job belongs to one thread at a time; the queue's mutex passes it on.
 */
#include "pipeline.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "block_job.h"
#include "pipeline_counters.h"
#include "record_stream.h"
#include "run_plan.h"
#include "run_sandbox.h"

enum slot_state { SLOT_FREE, SLOT_FILLED, SLOT_RUNNING, SLOT_DONE };

struct slot {
    enum slot_state state;
    struct job *job; /* owned */
};

struct pipeline {
    const struct pipeline_config *config;
    const struct pipeline_events *events;
    struct pipeline_counters *counters;

    struct run_plan plan;
    bool has_plan;
    bool has_warned_of_absent;
    struct record_stream *stream;
    const struct stream_file *first_file;
    struct binding **bindings; /* owned */
    size_t binding_count;
    size_t binding_capacity;

    struct slot *slots; /* owned: a ring, indexed by sequence number modulo slot_count */
    size_t slot_count;
    uint64_t fill_next;  /* sequence number of the next block to hand on */
    uint64_t take_next;  /* ... to be taken by a worker */
    uint64_t write_next; /* ... to be written */
    bool is_writing;     /* some thread writes: the others leave it their blocks */
    bool is_closing;     /* workers: nothing more will come */
    bool is_over; /* a job ended the run: status and err tell; what comes behind is dropped */
    enum status status;
    struct error *err;

    struct job *filling;          /* the job whose block is being read */
    struct worker *inline_worker; /* the reading thread's */
    pthread_t *threads;
    struct worker **workers; /* owned, thread_count */
    uint32_t thread_count;   /* started beside the reading thread */
    bool has_started;
    pthread_mutex_t mutex;
    pthread_cond_t has_work;
    pthread_cond_t has_room;
    int wake_fd;
    double read_seconds; /* the reading thread's own, until the workers have stopped */
};

/* ---- Writing, in order ---- */

static bool is_cancelled(const struct pipeline *pipeline)
{
    struct pollfd polled = {.fd = pipeline->config->run.cancel_fd, .events = POLLIN};
    return polled.fd >= 0 && poll(&polled, 1, 0) > 0;
}

/* Where the piece that begins at `begin` ends: behind a line, so that a run may stop between two pieces. */
static size_t piece_end(const struct job *job, size_t begin)
{
    enum { PIECE_BYTES = 64 * 1024 };
    const char *bytes = job->answers.data;
    size_t size = job->answers.size;
    if (size - begin <= PIECE_BYTES)
        return size;
    const char *last = memrchr(bytes + begin, '\n', PIECE_BYTES);
    if (last == NULL)
        last = memchr(bytes + begin, '\n', size - begin);
    return last == NULL ? size : (size_t)(last - bytes) + 1;
}

/* STATUS_END: cancelled between two lines. A reader that is slow must not keep a run alive that was told to stop. */
static enum status write_answers(struct pipeline *pipeline, const struct job *job,
                                 struct error *err)
{
    bool by_line = pipeline->config->run.is_line_buffered;
    size_t begin = 0;
    for (size_t i = 0; begin < job->answers.size; i++) {
        size_t end = by_line ? job->line_ends[i] : piece_end(job, begin);
        if (begin != 0 && is_cancelled(pipeline))
            return STATUS_END;
        enum status status =
            byte_sink_write(pipeline->config->answers, job->answers.data + begin, end - begin, err);
        if (status != STATUS_OK)
            return status;
        begin = end;
    }
    return STATUS_OK;
}

/* Writes one finished job. Called by one thread at a time, in order, without the mutex. worker is the calling
 * thread's. Returns STATUS_OK, STATUS_END for a cancel, or STATUS_FAILED: what ends the run is *err. */
static enum status deliver(struct pipeline *pipeline, struct worker *worker, struct job *job,
                           struct error *err)
{
    const struct run_config *run = &pipeline->config->run;
    uint64_t before = pipeline->counters->rejected;
    if (run->has_max_errors && run->on_error != ON_ERROR_FAIL && job->status == STATUS_OK &&
        before + job->rejected > run->max_errors)
        /* This block holds the record that is one too many: run it again up to there. */
        worker_run(worker, job, (int64_t)(run->max_errors - before));
    double begin = run->wants_times ? clock_seconds() : 0;
    enum status status = write_answers(pipeline, job, err);
    if (status == STATUS_OK && pipeline->config->rejects != NULL)
        status =
            byte_sink_write(pipeline->config->rejects, job->rejects.data, job->rejects.size, err);
    if (run->wants_times)
        job->stage_seconds[STAGE_WRITE] += clock_seconds() - begin;
    if (status == STATUS_OK)
        status = pipeline_counters_merge(pipeline->counters, &pipeline->plan.fields.plan, job, err);
    if (status != STATUS_OK)
        return status;
    const char *message = job->messages.data;
    for (uint32_t i = 0; i < job->message_count; i++, message += strlen(message) + 1)
        pipeline->events->bad_record(pipeline->events->context, message);
    /* A wait for a database ends when the run is told to stop: that is no fault. */
    if (job->status == STATUS_FAILED && is_cancelled(pipeline))
        return STATUS_END;
    if (job->status != STATUS_OK) {
        *err = job->err;
        if (job->is_limited && run->on_error != ON_ERROR_FAIL) {
            err->kind = ERROR_LIMIT;
            error_prefix(err, "more than %llu bad records, the last one: ",
                         (unsigned long long)run->max_errors);
        }
        return STATUS_FAILED;
    }
    pipeline->events->progress(pipeline->events->context, pipeline->counters->records,
                               pipeline->counters->bytes_read);
    return STATUS_OK;
}

/* status: STATUS_FAILED with err, or STATUS_END for a cancel. Holds the mutex on entry and return. */
static void end_run(struct pipeline *pipeline, enum status status, const struct error *err)
{
    pipeline->is_over = true;
    pipeline->status = status;
    if (status == STATUS_FAILED)
        *pipeline->err = *err;
}

/* Writes the jobs that are next in order and done, unless another thread is at it. Holds the mutex on
 * entry and return. */
static void write_in_order(struct pipeline *pipeline, struct worker *worker)
{
    if (pipeline->is_writing)
        return;
    pipeline->is_writing = true;
    for (;;) {
        struct slot *slot = &pipeline->slots[pipeline->write_next % pipeline->slot_count];
        if (pipeline->write_next == pipeline->fill_next || slot->state != SLOT_DONE)
            break;
        if (!pipeline->is_over) {
            struct error err;
            pthread_mutex_unlock(&pipeline->mutex);
            enum status status = deliver(pipeline, worker, slot->job, &err);
            pthread_mutex_lock(&pipeline->mutex);
            if (status != STATUS_OK)
                end_run(pipeline, status, &err);
        }
        slot->state = SLOT_FREE;
        pipeline->write_next++;
        pthread_cond_signal(&pipeline->has_room);
    }
    pipeline->is_writing = false;
    if (pipeline->write_next == pipeline->fill_next || pipeline->is_over) {
        /* Nothing is in flight: a reading thread that waits for input may go on alone. */
        uint64_t one = 1;
        ssize_t ignored = write(pipeline->wake_fd, &one, sizeof one);
        (void)ignored; /* a full eventfd is readable, which is all that is wanted */
    }
}

/* Takes one block that waits for a worker and runs it. Holds the mutex on entry and return. False when there is
 * none. */
static bool run_one(struct pipeline *pipeline, struct worker *worker)
{
    if (pipeline->take_next == pipeline->fill_next)
        return false;
    struct slot *slot = &pipeline->slots[pipeline->take_next++ % pipeline->slot_count];
    slot->state = SLOT_RUNNING;
    if (!pipeline->is_over) {
        pthread_mutex_unlock(&pipeline->mutex);
        int64_t limit = pipeline->config->run.on_error == ON_ERROR_FAIL ? 0 : JOB_UNLIMITED;
        worker_run(worker, slot->job, limit);
        pthread_mutex_lock(&pipeline->mutex);
    }
    slot->state = SLOT_DONE;
    write_in_order(pipeline, worker);
    return true;
}

struct thread_start {
    struct pipeline *pipeline;
    struct worker *worker;
};

static void *run_thread(void *argument)
{
    struct thread_start *start = argument;
    struct pipeline *pipeline = start->pipeline;
    struct worker *worker = start->worker;
    memory_release(start);
    pthread_mutex_lock(&pipeline->mutex);
    for (;;) {
        if (run_one(pipeline, worker))
            continue;
        if (pipeline->is_closing)
            break;
        pthread_cond_wait(&pipeline->has_work, &pipeline->mutex);
    }
    pthread_mutex_unlock(&pipeline->mutex);
    return NULL;
}

/* Starts the workers. A thread that cannot be had is done without: the reading thread works as well. */
static enum status start_threads(struct pipeline *pipeline, struct error *err)
{
    pipeline->has_started = true;
    uint32_t wanted = pipeline->config->run.threads - 1;
    pipeline->threads = memory_new(wanted, sizeof *pipeline->threads);
    pipeline->workers = memory_new(wanted, sizeof *pipeline->workers);
    if (pipeline->threads == NULL || pipeline->workers == NULL)
        return error_memory(err);
    /* Signals are the reading thread's: the workers must never be the ones that are interrupted. But
     * SIGPIPE goes to the thread that writes, whichever that is. */
    sigset_t all, old;
    sigfillset(&all);
    sigdelset(&all, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &all, &old);
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < wanted && status == STATUS_OK; i++) {
        struct thread_start *start = memory_new(1, sizeof *start);
        status = start == NULL ? error_memory(err)
                               : worker_open(&pipeline->workers[i], &pipeline->plan, err);
        if (status == STATUS_OK) {
            *start = (struct thread_start){pipeline, pipeline->workers[i]};
            if (pthread_create(&pipeline->threads[i], NULL, run_thread, start) == 0) {
                pipeline->thread_count++;
                continue;
            }
            worker_close(pipeline->workers[i]);
            pipeline->workers[i] = NULL;
        }
        memory_release(start);
        break;
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return status;
}

/* ---- The reading thread ---- */

static enum status make_plan(struct pipeline *pipeline, const struct stream_file *file,
                             enum input_format format, struct error *err)
{
    const struct pipeline_config *config = pipeline->config;
    enum status status = run_plan_make(&pipeline->plan, config, file, format, err);
    pipeline->has_plan = true;
    pipeline->first_file = file;
    if (status == STATUS_OK)
        status = pipeline_counters_make(pipeline->counters, &pipeline->plan.fields.plan, err);
    if (status == STATUS_OK)
        status = worker_open(&pipeline->inline_worker, &pipeline->plan, err);
    for (size_t i = 0; i < pipeline->slot_count && status == STATUS_OK; i++)
        status = job_open(&pipeline->slots[i].job, &pipeline->plan, err);
    if (status == STATUS_OK)
        status = job_open(&pipeline->filling, &pipeline->plan, err);
    if (status == STATUS_OK)
        record_stream_limit(pipeline->stream, pipeline->plan.block_records_max);
    return status;
}

static enum status write_header(struct pipeline *pipeline, const struct stream_file *file,
                                struct error *err)
{
    if (!pipeline->plan.writes_header)
        return STATUS_OK;
    struct byte_buffer line = {0};
    const struct header *header = run_plan_header(&pipeline->plan, file);
    struct span record = span_of(file->header_line.data, file->header_line.size);
    enum status status = STATUS_OK;
    if (pipeline->config->input.has_no_header && header != NULL) {
        /* A header that was given by name stands in front as text. */
        struct byte_buffer made = {0};
        bool has_memory = true;
        for (uint32_t i = 0; i < header->column_count && has_memory; i++)
            has_memory = (i == 0 || byte_buffer_append_byte(&made, pipeline->plan.delimiter)) &&
                         byte_buffer_append_span(&made, header->names[i]);
        has_memory = has_memory &&
                     encoder_header(pipeline->plan.encoder, span_of(made.data, made.size), &line);
        byte_buffer_release(&made);
        status = has_memory ? STATUS_OK : error_memory(err);
    } else if (!encoder_header(pipeline->plan.encoder, record, &line)) {
        status = error_memory(err);
    }
    if (status == STATUS_OK)
        status = byte_sink_write(pipeline->config->answers, line.data, line.size, err);
    byte_buffer_release(&line);
    return status;
}

/* Waits until all that is in flight is written, working along. */
static void drain(struct pipeline *pipeline)
{
    pthread_mutex_lock(&pipeline->mutex);
    while (pipeline->write_next != pipeline->fill_next)
        if (!run_one(pipeline, pipeline->inline_worker) &&
            pipeline->write_next != pipeline->fill_next)
            pthread_cond_wait(&pipeline->has_room, &pipeline->mutex);
    pthread_mutex_unlock(&pipeline->mutex);
}

static bool is_over(struct pipeline *pipeline)
{
    pthread_mutex_lock(&pipeline->mutex);
    bool is_over = pipeline->is_over;
    pthread_mutex_unlock(&pipeline->mutex);
    return is_over;
}

static enum status on_file(void *context, struct stream_file *file, enum input_format format,
                           bool is_check, struct error *err)
{
    struct pipeline *pipeline = context;
    bool is_first = !pipeline->has_plan;
    if (is_first && make_plan(pipeline, file, format, err) != STATUS_OK)
        return STATUS_FAILED;
    struct binding *binding = NULL;
    enum status status = run_plan_bind(&pipeline->plan, file, pipeline->first_file, &binding, err);
    if (status != STATUS_OK || is_check) {
        binding_close(binding);
        return status;
    }
    if (!memory_grow(&pipeline->bindings, &pipeline->binding_capacity, pipeline->binding_count + 1,
                     sizeof *pipeline->bindings)) {
        binding_close(binding);
        return error_memory(err);
    }
    pipeline->bindings[pipeline->binding_count++] = binding;
    file->binding = binding;
    struct error absent;
    if (!pipeline->has_warned_of_absent && run_plan_find_absent(file, &absent)) {
        pipeline->has_warned_of_absent = true;
        /* Behind what is said of the FILEs before, and not at the same time. */
        drain(pipeline);
        if (!is_over(pipeline))
            pipeline->events->warning(pipeline->events->context, absent.text);
    }
    return STATUS_OK;
}

static bool is_idle(struct pipeline *pipeline)
{
    pthread_mutex_lock(&pipeline->mutex);
    bool is_idle = pipeline->write_next == pipeline->fill_next;
    pthread_mutex_unlock(&pipeline->mutex);
    return is_idle;
}

/* Runs the filled job on this thread; nothing else is in flight. */
static void run_inline(struct pipeline *pipeline)
{
    struct error err;
    int64_t limit = pipeline->config->run.on_error == ON_ERROR_FAIL ? 0 : JOB_UNLIMITED;
    worker_run(pipeline->inline_worker, pipeline->filling, limit);
    enum status status = deliver(pipeline, pipeline->inline_worker, pipeline->filling, &err);
    if (status != STATUS_OK) {
        pthread_mutex_lock(&pipeline->mutex);
        end_run(pipeline, status, &err);
        pthread_mutex_unlock(&pipeline->mutex);
    }
    block_clear(&pipeline->filling->block);
}

/* Hands the filled job to the workers, helping them while there is no room. */
static void hand_on(struct pipeline *pipeline)
{
    pthread_mutex_lock(&pipeline->mutex);
    while (pipeline->fill_next - pipeline->write_next == pipeline->slot_count) {
        if (!run_one(pipeline, pipeline->inline_worker) &&
            pipeline->fill_next - pipeline->write_next == pipeline->slot_count)
            pthread_cond_wait(&pipeline->has_room, &pipeline->mutex);
    }
    struct slot *slot = &pipeline->slots[pipeline->fill_next % pipeline->slot_count];
    struct job *job = slot->job;
    slot->job = pipeline->filling;
    slot->state = SLOT_FILLED;
    pipeline->filling = job;
    pipeline->fill_next++;
    pthread_cond_signal(&pipeline->has_work);
    pthread_mutex_unlock(&pipeline->mutex);
    block_clear(&pipeline->filling->block);
}

/* A block that is much longer than others goes alone, so that one budget holds for all of them. */
static bool is_huge(const struct block *block)
{
    enum { HUGE_BYTES = 1024 * 1024 };
    return block->bytes.capacity > HUGE_BYTES;
}

static void send_block(struct pipeline *pipeline, enum fill_result result)
{
    struct job *job = pipeline->filling;
    job->binding = job->block.file->binding;
    if (is_huge(&job->block))
        drain(pipeline);
    bool runs_alone = pipeline->config->run.threads == 1 || is_huge(&job->block) ||
                      (result == FILL_PART && is_idle(pipeline));
    if (!runs_alone && !pipeline->has_started) {
        struct error err;
        if (start_threads(pipeline, &err) != STATUS_OK) {
            drain(pipeline);
            pthread_mutex_lock(&pipeline->mutex);
            end_run(pipeline, STATUS_FAILED, &err);
            pthread_mutex_unlock(&pipeline->mutex);
            return;
        }
    }
    if (runs_alone || pipeline->thread_count == 0)
        run_inline(pipeline);
    else
        hand_on(pipeline);
}

/* Reads to the end, to a cancel (STATUS_END), or to a fault (*err). */
static enum status read_blocks(struct pipeline *pipeline, struct error *err)
{
    const struct run_config *run = &pipeline->config->run;
    struct block unbound = {0}; /* until the first FILE makes the plan and with it the jobs */
    enum status status = STATUS_OK;
    bool writes_header = true;
    for (;;) {
        /* Looked at before any wait: what ends the run must not need more input to be told. */
        if (is_over(pipeline))
            break;
        struct block *block = pipeline->filling != NULL ? &pipeline->filling->block : &unbound;
        double begin = run->wants_times ? clock_seconds() : 0;
        bool waits = !is_idle(pipeline);
        enum fill_result result = record_stream_fill(pipeline->stream, block, true, waits, err);
        if (run->wants_times)
            pipeline->read_seconds += clock_seconds() - begin;
        if (pipeline->filling != NULL && block == &unbound) {
            /* The first block was read into a buffer of its own. */
            struct byte_buffer empty = pipeline->filling->block.bytes;
            pipeline->filling->block = unbound;
            unbound = (struct block){.bytes = empty};
            block = &pipeline->filling->block;
        }
        if (writes_header && pipeline->has_plan && result != FILL_FAILED) {
            writes_header = false;
            status = run_sandbox_enter(pipeline->config->sandbox, &pipeline->config->input,
                                       pipeline->plan.preprocess, err);
            if (status == STATUS_OK)
                status = write_header(pipeline, pipeline->first_file, err);
            if (status != STATUS_OK)
                break;
        }
        if (result == FILL_FAILED || result == FILL_CANCELLED || result == FILL_END) {
            status = result == FILL_FAILED      ? STATUS_FAILED
                     : result == FILL_CANCELLED ? STATUS_END
                                                : STATUS_OK;
            break;
        }
        if (result == FILL_WOKEN || result == FILL_NOTHING)
            continue;
        if (!record_stream_take(pipeline->stream, block)) {
            status = error_memory(err);
            break;
        }
        send_block(pipeline, result);
    }
    block_release(&unbound);
    return status;
}

static void stop_threads(struct pipeline *pipeline)
{
    pthread_mutex_lock(&pipeline->mutex);
    pipeline->is_closing = true;
    pthread_cond_broadcast(&pipeline->has_work);
    pthread_mutex_unlock(&pipeline->mutex);
    for (uint32_t i = 0; i < pipeline->thread_count; i++)
        pthread_join(pipeline->threads[i], NULL);
}

static void pipeline_release(struct pipeline *pipeline)
{
    for (uint32_t i = 0; pipeline->workers != NULL && i < pipeline->config->run.threads - 1; i++)
        worker_close(pipeline->workers[i]);
    memory_release(pipeline->workers);
    memory_release(pipeline->threads);
    worker_close(pipeline->inline_worker);
    job_close(pipeline->filling);
    for (size_t i = 0; pipeline->slots != NULL && i < pipeline->slot_count; i++)
        job_close(pipeline->slots[i].job);
    memory_release(pipeline->slots);
    for (size_t i = 0; i < pipeline->binding_count; i++)
        binding_close(pipeline->bindings[i]);
    memory_release(pipeline->bindings);
    record_stream_close(pipeline->stream);
    run_plan_release(&pipeline->plan);
    if (pipeline->wake_fd >= 0)
        close(pipeline->wake_fd);
    pthread_mutex_destroy(&pipeline->mutex);
    pthread_cond_destroy(&pipeline->has_work);
    pthread_cond_destroy(&pipeline->has_room);
}

enum status pipeline_run(const struct pipeline_config *config, const struct pipeline_events *events,
                         struct pipeline_counters *counters, struct error *err)
{
    *counters = (struct pipeline_counters){0};
    struct pipeline pipeline = {
        .config = config,
        .events = events,
        .counters = counters,
        .err = err,
        .slot_count = 2 * (size_t)config->run.threads + 2,
        .wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
    };
    pthread_mutex_init(&pipeline.mutex, NULL);
    pthread_cond_init(&pipeline.has_work, NULL);
    pthread_cond_init(&pipeline.has_room, NULL);
    struct record_stream_config stream_config = {
        .input = &config->input,
        .block_records_max = 1,
        .cancel_fd = config->run.cancel_fd,
        .wake_fd = pipeline.wake_fd,
        .on_file = on_file,
        .context = &pipeline,
    };
    struct error read_err;
    enum status status = STATUS_OK;
    if (pipeline.wake_fd < 0)
        status = error_set(err, ERROR_SYSTEM, "cannot make an event descriptor: %s",
                           strerrordesc_np(errno));
    pipeline.slots = memory_new(pipeline.slot_count, sizeof *pipeline.slots);
    if (status == STATUS_OK && pipeline.slots == NULL)
        status = error_memory(err);
    if (status == STATUS_OK)
        status = record_stream_open(&pipeline.stream, &stream_config, err);
    if (status == STATUS_OK) {
        status = read_blocks(&pipeline, &read_err);
        if (status == STATUS_END) {
            /* Cancelled: what is being written is finished, nothing else is begun. */
            pthread_mutex_lock(&pipeline.mutex);
            pipeline.is_over = true;
            pthread_mutex_unlock(&pipeline.mutex);
        }
        /* Blocks that were read before the fault come first: they may end the run themselves. */
        drain(&pipeline);
        if (pipeline.status != STATUS_OK)
            status = pipeline.status;
        else if (status == STATUS_FAILED)
            *err = read_err;
        stop_threads(&pipeline);
        counters->stage_seconds[STAGE_READ] = pipeline.read_seconds;
        counters->bytes_read = record_stream_bytes_read(pipeline.stream);
        if (pipeline.plan.preprocess != NULL)
            counters->lookup_count =
                preprocess_add_lookup_counts(pipeline.plan.preprocess, &counters->lookups);
        if (status == STATUS_OK && pipeline.plan.input == INPUT_JSONL)
            pipeline_counters_warn(counters, events);
    }
    pipeline_release(&pipeline);
    return status;
}
