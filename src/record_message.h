/*
 * record_message.h - how a bad record is told of: "FILE: line 7: column 'age': 'abc' is not a number".
 */
#ifndef RECORD_MESSAGE_H
#define RECORD_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/byte_buffer.h"
#include "base/error.h"
#include "base/span.h"

/* Where a record stands. */
struct record_place {
    const char *file; /* NULL where there is one FILE only */
    uint64_t line;
    struct span column; /* size 0: the whole record */
};

/* Appends the message. False for memory. */
bool record_message(struct byte_buffer *out, const struct record_place *place, struct span reason);

/* Makes the message an error (ERROR_RECORD, with the line). False for memory. */
bool record_message_error(struct error *err, const struct record_place *place, struct span reason);

/* Appends a line of --rejects: {"line":7,"column":"age","reason":"...","record":"..."} (with "file" in front where
 * there are several; column null: the whole record). False for memory. */
bool record_reject(struct byte_buffer *out, const struct record_place *place, struct span reason,
                   struct span record);

#endif
