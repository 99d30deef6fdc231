/*
 * date_text.h - private to src/preprocess: dates and times in texts, without locale or time zone of the machine.
 *
 * Formats are a part of strptime's: %Y %m %d %H %M %S, %y (69..99 are 1969..1999), %j, %I %p, %f (a
 * fraction of a second), %b %B %h and %a %A (English names, any case), %z (Z, +HH, +HHMM, +HH:MM), %s (seconds since
 * 1970), %e %F %T %R %D, %%. White space stands for any amount of it. Numbers may lack leading zeros, but for %Y and %y.
 */
#ifndef PREPROCESS_DATE_TEXT_H
#define PREPROCESS_DATE_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

/* A moment in UTC. */
struct date_moment {
    int64_t unix_seconds; /* whole seconds since 1970-01-01T00:00:00Z, rounded down */
    double fraction;      /* of a second, 0 <= fraction < 1 */
};

/* Its parts. */
struct date_parts {
    int64_t year;
    int month;   /* 1..12 */
    int day;     /* 1..31 */
    int weekday; /* 0 is Monday */
    int yearday; /* 1..366 */
    int hour, minute, second;
};

/* NULL where every directive of the format is known, else the place of the first that is not. */
const char *date_format_check(struct span format);

/* True when all of text is a date of the format; format.data NULL: ISO 8601, YYYY-MM-DD, then
 * perhaps T or a space and HH:MM[:SS[.fraction]], then perhaps Z or an offset. What a format does not
 * say is 1900-01-01T00:00:00Z. White space around is allowed. */
bool date_text_parse(struct span text, struct span format, struct date_moment *moment);

void date_parts_of(const struct date_moment *moment, struct date_parts *parts);

#endif
