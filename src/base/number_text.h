/*
 * number_text.h - text <-> number, without locale, printf or strtod in the common path.
 *
 * Reading follows one grammar, [+-]digits[.digits][e[+-]digits] with a digit before or after the
 * point, and is correctly rounded: the nearest double, as Python's float(). A float32 is that double
 * rounded again ((float)value), as numpy.float32(float(text)).
 * Writing gives the fewest digits that read back as the same value, laid out as JavaScript does. Of all
 * float32, 7.038531e-26 and its negative alone do not read back by way of a double, whoever writes them.
 */
#ifndef BASE_NUMBER_TEXT_H
#define BASE_NUMBER_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

/* Reads the longest number at the start of [text, end) into *value and returns where it ends, or NULL
 * if there is none. No spaces are skipped. What would overflow a double becomes infinity (callers
 * refuse it); "nan", "inf" and hex floats are no numbers. "1e" or "1e+" ends after the 1.
 * Time is linear in the digits. Reads nothing at or beyond end. */
const char *number_text_scan(const char *text, const char *end, double *value);

/* True when all of text is one number of that grammar. */
bool number_text_parse(struct span text, double *value);

/* As number_text_parse by RFC 8259's grammar: no +, no leading zeros, digits on both sides of the point. */
bool number_text_is_json(struct span text);

/* Reads text as XGBoost reads a number of a JSON model: the nearest float32 directly (strtof, one
 * rounding). Accepts the grammar of number_text_scan plus NaN, Infinity and -Infinity. */
bool number_text_parse_float32(struct span text, float *value);

enum { NUMBER_TEXT_MAX = 32 }; /* bytes that a written number may need */

/* Write value into out (NUMBER_TEXT_MAX bytes, not NUL-terminated) and return the number of bytes:
 * 3, 0.5, 1e-7, -0 is "0", 1.5e+21 as JavaScript's Number.prototype.toString lays it out.
 * NaN is "nan", infinities "inf" and "-inf": the caller decides before. */
size_t number_text_write_float32(char *out, float value);
size_t number_text_write_double(char *out, double value);
size_t number_text_write_uint64(char *out, unsigned long long value);

/* The nearest double to digits x 10^exponent; infinite where it would overflow. */
double number_text_from_digits(uint64_t digits, int exponent);

#endif
