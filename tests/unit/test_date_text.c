/*
 * test_date_text.c - texts that are dates, and their parts. Expected moments are GNU date's (date -u -d ... +%s).
 */
#include <stdlib.h>

#include "preprocess/date_text.h"
#include "unit/unit_test.h"

static bool parse(const char *text, const char *format, struct date_moment *moment)
{
    size_t size = strlen(text);
    char *tight = malloc(size + !size);
    memcpy(tight, text, size);
    struct span form = format != NULL ? span_of_text(format) : (struct span){0};
    bool is_date = date_text_parse(span_of(tight, size), form, moment);
    free(tight);
    return is_date;
}

static void is(const char *text, const char *format, int64_t seconds, double fraction)
{
    struct date_moment moment = {0};
    CHECK_THAT(parse(text, format, &moment), "'%s' is no date", text);
    CHECK_THAT(moment.unix_seconds == seconds && moment.fraction == fraction, "'%s' is %lld + %g",
               text, (long long)moment.unix_seconds, moment.fraction);
}

static void is_none(const char *text, const char *format)
{
    struct date_moment moment;
    CHECK_THAT(!parse(text, format, &moment), "'%s' is a date", text);
}

TEST(iso_8601_is_read_without_a_format)
{
    is("1970-01-01", NULL, 0, 0);
    is("2024-02-29", NULL, 1709164800, 0);
    is("2024-05-31T13:45", NULL, 1717163100, 0);
    is("2024-05-31 13:45:59", NULL, 1717163159, 0);
    is("2024-05-31t13:45:59z", NULL, 1717163159, 0);
    is("2024-05-31T13:45:59.25Z", NULL, 1717163159, 0.25);
    is("2024-05-31T13:45:59,5+02:00", NULL, 1717155959, 0.5);
    is("2024-05-31T13:45:59-0930", NULL, 1717197359, 0);
    is("2024-05-31T13:45:59+09", NULL, 1717130759, 0);
    is("  2024-05-31 ", NULL, 1717113600, 0);
    is("0001-01-01", NULL, -62135596800, 0);
    is("9999-12-31T23:59:59", NULL, 253402300799, 0);
    is("1969-12-31T23:59:59.5", NULL, -1, 0.5);
    is("2016-12-31T23:59:60Z", NULL, 1483228800, 0);
}

TEST(what_is_no_iso_date_is_refused)
{
    static const char *const texts[] = {"",
                                        " ",
                                        "2024",
                                        "2024-05",
                                        "2024-5-31",
                                        "24-05-31",
                                        "2024-13-01",
                                        "2024-00-01",
                                        "2024-02-30",
                                        "2023-02-29",
                                        "1900-02-29",
                                        "2024-05-31T",
                                        "2024-05-31T13",
                                        "2024-05-31T24:00",
                                        "2024-05-31T13:60",
                                        "2024-05-31T13:45:61",
                                        "2024-05-31T13:45:59.",
                                        "2024-05-31T13:45:59+2",
                                        "2024-05-31T13:45:59+24:00",
                                        "2024-05-31T13:45:59+02:60",
                                        "2024-05-31Z",
                                        "2024-05-31x",
                                        "+2024-05-31",
                                        "2024-05-31T13:45:59ZZ",
                                        "20240531",
                                        "2024/05/31"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        is_none(texts[i], NULL);
}

TEST(formats_are_those_of_strptime)
{
    is("31/05/24", "%d/%m/%y", 1717113600, 0);
    is("1/5/69", "%d/%m/%y", -21168000, 0);
    is("1/5/68", "%d/%m/%y", 3103056000, 0);
    is("May 31 2024  1:45 PM", "%b %d %Y %I:%M %p", 1717163100, 0);
    is("may 31 2024 12:05 am", "%b %d %Y %I:%M %p", 1717113900, 0);
    is("Friday, 31. MAY 2024", "%A, %d. %B %Y", 1717113600, 0);
    is("2024-152", "%Y-%j", 1717113600, 0);
    is("2024-366", "%Y-%j", 1735603200, 0);
    is("1717163159.125", "%s.%f", 1717163159, 0.125);
    is("-1", "%s", -1, 0);
    is("20240531134559", "%Y%m%d%H%M%S", 1717163159, 0);
    is("2024-05-31T13:45:59+0200", "%FT%T%z", 1717155959, 0);
    is("05/31/24 13:45", "%D %R", 1717163100, 0);
    is("100% 2024", "100%% %Y", 1704067200, 0);
    is("13:45", "%H:%M", -2208939300, 0);
    is_none("2023-366", "%Y-%j");
    is_none("2024-000", "%Y-%j");
    is_none("31/02/2024", "%d/%m/%Y");
    is_none("31/05/2024 ", "%d/%m/%Y %H");
    is_none("31/05/2024x", "%d/%m/%Y");
    is_none("13:45 PM", "%I:%M %p");
    is_none("Mai 31", "%b %d");
    is_none("31-05-2024", "%d/%m/%Y");
}

TEST(an_unknown_directive_is_found)
{
    struct span known =
        span_of_text("%Y %m %d %H %M %S %y %j %I %p %f %b %B %h %a %A %z %s %e %F %T %R %D %%");
    CHECK(date_format_check(known) == NULL);
    struct span unknown = span_of_text("%Y %q");
    CHECK(date_format_check(unknown) == unknown.data + 3);
    struct span cut = span_of_text("%Y %");
    CHECK(date_format_check(cut) == cut.data + 3);
}

TEST(parts_are_taken_from_utc)
{
    struct date_moment moment;
    struct date_parts parts;
    CHECK(parse("2024-12-31T23:30:15-01:00", NULL, &moment));
    date_parts_of(&moment, &parts);
    CHECK(parts.year == 2025 && parts.month == 1 && parts.day == 1 && parts.hour == 0);
    CHECK(parts.minute == 30 && parts.second == 15 && parts.yearday == 1);
    CHECK_INT(parts.weekday, 2); /* a Wednesday */
    CHECK(parse("1900-03-01", NULL, &moment));
    date_parts_of(&moment, &parts);
    CHECK(parts.yearday == 60 && parts.weekday == 3);
    CHECK(parse("2024-12-31", NULL, &moment));
    date_parts_of(&moment, &parts);
    CHECK(parts.yearday == 366 && parts.weekday == 1);
}

/* Every day of five centuries: the parts give the day that was written, and the days follow each other. */
TEST(every_day_comes_back)
{
    static const int month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t expected = -11676096000; /* 1600-01-01, a Saturday */
    int weekday = 5;
    for (int year = 1600; year < 2100; year++) {
        bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        int yearday = 0;
        for (int month = 1; month <= 12; month++) {
            for (int day = 1; day <= month_days[month - 1] + (month == 2 && is_leap); day++) {
                char text[40];
                snprintf(text, sizeof text, "%04d-%02d-%02d", year, month, day);
                struct date_moment moment;
                struct date_parts parts;
                yearday++;
                if (!date_text_parse(span_of_text(text), (struct span){0}, &moment)) {
                    CHECK_THAT(false, "%s is no date", text);
                    return;
                }
                date_parts_of(&moment, &parts);
                CHECK_THAT(moment.unix_seconds == expected && parts.year == year &&
                               parts.month == month && parts.day == day &&
                               parts.yearday == yearday && parts.weekday == weekday,
                           "%s", text);
                expected += 86400;
                weekday = (weekday + 1) % 7;
            }
        }
    }
}

int main(void)
{
    RUN(iso_8601_is_read_without_a_format);
    RUN(what_is_no_iso_date_is_refused);
    RUN(formats_are_those_of_strptime);
    RUN(an_unknown_directive_is_found);
    RUN(parts_are_taken_from_utc);
    RUN(every_day_comes_back);
    return unit_test_done();
}
