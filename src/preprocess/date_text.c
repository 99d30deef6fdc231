/*
 * date_text.c - a small strptime, and the proleptic Gregorian calendar.
 *
 * Days are counted as in Howard Hinnant's "chrono-compatible low-level date algorithms": years begin in March, so
 * that the leap day is the last one.
 */
#include "preprocess/date_text.h"

#include <string.h>

struct date_reader {
    const char *at;
    const char *end;
    int64_t year;
    int month, day, yearday; /* 0: not given */
    int hour, minute, second;
    int half; /* %p: 0 none, 1 AM, 2 PM */
    bool has_hour12;
    double fraction;
    int offset; /* seconds east of UTC */
    bool has_unix;
    int64_t unix_seconds;
};

static const char *const month_names[] = {"january",   "february", "march",    "april",
                                          "may",       "june",     "july",     "august",
                                          "september", "october",  "november", "december"};
static const char *const day_names[] = {"monday", "tuesday",  "wednesday", "thursday",
                                        "friday", "saturday", "sunday"};

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_space(char byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

static bool is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int month_days(int64_t year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && is_leap(year));
}

static int64_t days_of(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468;
}

/* least..most digits, whose value is low..high. */
static bool read_digits(struct date_reader *reader, int least, int most, int low, int high,
                        int *value)
{
    int count = 0;
    *value = 0;
    while (count < most && reader->at != reader->end && is_digit(*reader->at)) {
        *value = *value * 10 + (*reader->at++ - '0');
        count++;
    }
    return count >= least && *value >= low && *value <= high;
}

static bool read_fraction(struct date_reader *reader)
{
    double value = 0, scale = 1;
    int count = 0;
    while (reader->at != reader->end && is_digit(*reader->at)) {
        int digit = *reader->at++ - '0';
        /* Beyond 15 digits a double of this size holds no more. */
        if (count++ < 15) {
            value = value * 10 + digit;
            scale *= 10;
        }
    }
    reader->fraction = value / scale;
    return count != 0;
}

/* Z, +HH, +HHMM, +HH:MM. */
static bool read_offset(struct date_reader *reader)
{
    if (reader->at == reader->end)
        return false;
    char sign = *reader->at++;
    if (sign == 'Z' || sign == 'z')
        return true;
    int hours, minutes = 0;
    if ((sign != '+' && sign != '-') || !read_digits(reader, 2, 2, 0, 23, &hours))
        return false;
    bool has_colon = reader->at != reader->end && *reader->at == ':';
    reader->at += has_colon;
    if ((has_colon || (reader->at != reader->end && is_digit(*reader->at))) &&
        !read_digits(reader, 2, 2, 0, 59, &minutes))
        return false;
    reader->offset = (hours * 60 + minutes) * 60 * (sign == '-' ? -1 : 1);
    return true;
}

static bool matches_name(const struct date_reader *reader, const char *name, size_t size)
{
    if ((size_t)(reader->end - reader->at) < size)
        return false;
    for (size_t i = 0; i < size; i++) {
        char byte = reader->at[i];
        if ((byte >= 'A' && byte <= 'Z' ? byte - 'A' + 'a' : byte) != name[i])
            return false;
    }
    return true;
}

/* A name, whole or by its first three letters; its number from 0. */
static bool read_name(struct date_reader *reader, const char *const *names, int count, int *number)
{
    for (int i = 0; i < count; i++) {
        size_t size = strlen(names[i]);
        if (!matches_name(reader, names[i], size)) {
            size = 3;
            if (!matches_name(reader, names[i], size))
                continue;
        }
        reader->at += size;
        *number = i;
        return true;
    }
    return false;
}

static bool read_half(struct date_reader *reader)
{
    if (!matches_name(reader, "am", 2) && !matches_name(reader, "pm", 2))
        return false;
    reader->half = *reader->at == 'a' || *reader->at == 'A' ? 1 : 2;
    reader->at += 2;
    return true;
}

static bool read_unix(struct date_reader *reader)
{
    bool is_negative = reader->at != reader->end && *reader->at == '-';
    reader->at += is_negative;
    int count = 0;
    int64_t value = 0;
    for (; reader->at != reader->end && is_digit(*reader->at) && count < 15; count++)
        value = value * 10 + (*reader->at++ - '0');
    reader->unix_seconds = is_negative ? -value : value;
    reader->has_unix = true;
    return count != 0;
}

static bool read_format(struct date_reader *reader, struct span format);

static bool read_directive(struct date_reader *reader, char directive)
{
    int number;
    switch (directive) {
    case 'Y':
        if (!read_digits(reader, 4, 4, 0, 9999, &number))
            return false;
        reader->year = number;
        return true;
    case 'y':
        if (!read_digits(reader, 2, 2, 0, 99, &number))
            return false;
        reader->year = number + (number < 69 ? 2000 : 1900);
        return true;
    case 'm': return read_digits(reader, 1, 2, 1, 12, &reader->month);
    case 'e':
        if (reader->at != reader->end && *reader->at == ' ')
            reader->at++;
        /* fall through */
    case 'd': return read_digits(reader, 1, 2, 1, 31, &reader->day);
    case 'j': return read_digits(reader, 1, 3, 1, 366, &reader->yearday);
    case 'H': return read_digits(reader, 1, 2, 0, 23, &reader->hour);
    case 'I': reader->has_hour12 = true; return read_digits(reader, 1, 2, 1, 12, &reader->hour);
    case 'M': return read_digits(reader, 1, 2, 0, 59, &reader->minute);
    case 'S': return read_digits(reader, 1, 2, 0, 60, &reader->second);
    case 'f': return read_fraction(reader);
    case 'p': return read_half(reader);
    case 'z': return read_offset(reader);
    case 's': return read_unix(reader);
    case 'b':
    case 'B':
    case 'h':
        if (!read_name(reader, month_names, 12, &number))
            return false;
        reader->month = number + 1;
        return true;
    case 'a':
    case 'A': return read_name(reader, day_names, 7, &number);
    case 'F': return read_format(reader, span_of_text("%Y-%m-%d"));
    case 'T': return read_format(reader, span_of_text("%H:%M:%S"));
    case 'R': return read_format(reader, span_of_text("%H:%M"));
    case 'D': return read_format(reader, span_of_text("%m/%d/%y"));
    default: return reader->at != reader->end && *reader->at++ == '%';
    }
}

const char *date_format_check(struct span format)
{
    for (size_t i = 0; i < format.size; i++) {
        if (format.data[i] != '%')
            continue;
        if (i + 1 == format.size || format.data[i + 1] == '\0' ||
            strchr("YymedjHIMSfpzsbBhaAFTRD%", format.data[i + 1]) == NULL)
            return format.data + i;
        i++;
    }
    return NULL;
}

static bool read_format(struct date_reader *reader, struct span format)
{
    for (size_t i = 0; i < format.size; i++) {
        char wanted = format.data[i];
        if (wanted == '%') {
            if (++i == format.size || !read_directive(reader, format.data[i]))
                return false;
        } else if (is_space(wanted)) {
            if (reader->at == reader->end || !is_space(*reader->at))
                return false;
            while (reader->at != reader->end && is_space(*reader->at))
                reader->at++;
        } else if (reader->at == reader->end || *reader->at++ != wanted) {
            return false;
        }
    }
    return true;
}

static bool take_byte(struct date_reader *reader, char byte)
{
    if (reader->at == reader->end || *reader->at != byte)
        return false;
    reader->at++;
    return true;
}

static bool read_iso(struct date_reader *reader)
{
    int year;
    if (!read_digits(reader, 4, 4, 0, 9999, &year) || !take_byte(reader, '-') ||
        !read_digits(reader, 2, 2, 1, 12, &reader->month) || !take_byte(reader, '-') ||
        !read_digits(reader, 2, 2, 1, 31, &reader->day))
        return false;
    reader->year = year;
    if (reader->at == reader->end)
        return true;
    if (!take_byte(reader, 'T') && !take_byte(reader, 't') && !take_byte(reader, ' '))
        return false;
    if (!read_digits(reader, 2, 2, 0, 23, &reader->hour) || !take_byte(reader, ':') ||
        !read_digits(reader, 2, 2, 0, 59, &reader->minute))
        return false;
    if (take_byte(reader, ':')) {
        if (!read_digits(reader, 2, 2, 0, 60, &reader->second))
            return false;
        if ((take_byte(reader, '.') || take_byte(reader, ',')) && !read_fraction(reader))
            return false;
    }
    return reader->at == reader->end || read_offset(reader);
}

bool date_text_parse(struct span text, struct span format, struct date_moment *moment)
{
    while (text.size != 0 && is_space(text.data[0]))
        text = span_of(text.data + 1, text.size - 1);
    while (text.size != 0 && is_space(text.data[text.size - 1]))
        text.size--;
    if (text.size == 0)
        return false;
    struct date_reader reader = {.at = text.data, .end = text.data + text.size, .year = 1900};
    bool is_read = format.data == NULL ? read_iso(&reader) : read_format(&reader, format);
    if (!is_read || reader.at != reader.end)
        return false;
    if (reader.has_hour12)
        reader.hour = reader.hour % 12 + (reader.half == 2 ? 12 : 0);
    if (reader.yearday != 0 && reader.month == 0 && reader.day == 0) {
        if (reader.yearday > 365 + is_leap(reader.year))
            return false;
        reader.month = 1;
        reader.day = 1;
    } else {
        reader.yearday = 1;
        reader.month = reader.month != 0 ? reader.month : 1;
        reader.day = reader.day != 0 ? reader.day : 1;
    }
    if (reader.day > month_days(reader.year, reader.month))
        return false;
    int64_t days = days_of(reader.year, reader.month, reader.day) + reader.yearday - 1;
    moment->unix_seconds = reader.has_unix ? reader.unix_seconds
                                           : days * 86400 + reader.hour * 3600 +
                                                 reader.minute * 60 + reader.second - reader.offset;
    moment->fraction = reader.fraction;
    return true;
}

void date_parts_of(const struct date_moment *moment, struct date_parts *parts)
{
    int64_t days = moment->unix_seconds / 86400;
    int64_t seconds = moment->unix_seconds % 86400;
    if (seconds < 0) {
        seconds += 86400;
        days--;
    }
    parts->hour = (int)(seconds / 3600);
    parts->minute = (int)(seconds / 60 % 60);
    parts->second = (int)(seconds % 60);
    int64_t weekday = (days + 3) % 7; /* 1970-01-01 was a Thursday */
    parts->weekday = (int)(weekday < 0 ? weekday + 7 : weekday);
    int64_t shifted = days + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153; /* from March */
    parts->day = (int)(day_of_year - (153 * month + 2) / 5 + 1);
    parts->month = (int)(month < 10 ? month + 3 : month - 9);
    parts->year = year_of_era + era * 400 + (parts->month <= 2);
    parts->yearday = (int)(days - days_of(parts->year, 1, 1)) + 1;
}
