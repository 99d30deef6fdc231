/*
 * name_texts.h - lists of names on the command line: A,B or @FILE.
 *
 * A,B is read as one record of csv, so a name that holds a comma can stand in quotes: 'id,"a,b"'. @FILE
 * holds one name a line, with LF or CRLF; its last line end may be missing.
 */
#ifndef NAME_TEXTS_H
#define NAME_TEXTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/byte_buffer.h"
#include "base/error.h"
#include "base/span.h"

struct name_texts {
    uint32_t count;
    struct span *names;       /* owned; their bytes lie in `bytes` */
    struct byte_buffer bytes; /* owned */
};

/* ERROR_USAGE for text between a closing quote and a comma, a quote that is not closed or a NUL; ERROR_SYSTEM where FILE cannot
 * be read; ERROR_MEMORY. */
enum status name_texts_read(struct name_texts *texts, const char *argument, bool allows_file,
                            struct error *err);
void name_texts_release(struct name_texts *texts); /* all-zero is allowed */

#endif
