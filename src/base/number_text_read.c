/*
 * number_text_read.c - decimal text to the nearest double or float32.
 *
 * Digits are gathered eight at a time. Up to 2^53 and 10^22 both are exact doubles, so one division or
 * multiplication rounds correctly (Clinger 1990). Else the Eisel-Lemire method multiplies by 128 bits of
 * a power of five (Lemire, "Number Parsing at a Gigabyte per Second", 2021). What more than 19 digits
 * leave undecided goes to strtod, with as many digits as can matter.
 */
#include <float.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/digit_word.h"
#include "base/number_text.h"
#include "base/number_text_powers.h"

_Static_assert(FLT_EVAL_METHOD == 0, "one division must be one rounding");

/* 10^0 ... 10^22 */
static const double exact_powers[23] = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
};

/* What a text says: digits x 10^exponent. */
struct decimal {
    uint64_t digits; /* the first 19 significant ones */
    int64_t exponent;
    bool is_negative;
    bool is_cut;       /* there are more than 19 */
    const char *begin; /* where is_cut: all the digits and the point */
    const char *end;
};

static bool is_digit(char byte)
{
    return (unsigned char)(byte - '0') <= 9;
}

/* Appends the digits at `at` to *digits (modulo 2^64), and returns where they end. */
static const char *scan_digits(const char *at, const char *end, uint64_t *digits)
{
    uint64_t value = *digits;
    while (end - at >= 8) {
        uint64_t word = digit_word_load(at);
        if (digit_word_count(word) != 8)
            break;
        value = value * 100000000 + digit_word_value(word, 8);
        at += 8;
    }
    for (; at != end && is_digit(*at); at++)
        value = value * 10 + (uint64_t)(*at - '0');
    *digits = value;
    return at;
}

/* Adds the exponent at `at` ("e-5"), if one is there; returns where it ends. */
static const char *scan_exponent(const char *at, const char *end, int64_t *exponent)
{
    /* So large that no number of digits in memory brings it back. */
    const int64_t exponent_max = INT64_C(1) << 60;
    const char *start = at;
    if (at == end || (*at | 0x20) != 'e')
        return start;
    at++;
    bool is_negative = at != end && *at == '-';
    if (at != end && (*at == '-' || *at == '+'))
        at++;
    if (at == end || !is_digit(*at))
        return start;
    int64_t value = 0;
    for (; at != end && is_digit(*at); at++) {
        if (value < exponent_max / 10)
            value = value * 10 + (*at - '0');
    }
    *exponent += is_negative ? -value : value;
    return at;
}

/* Keeps 19 significant digits of a decimal with more digits than that, leading zeros included. Its
 * exponent is that of the last digit of all. */
static void cut_digits(struct decimal *decimal, const char *begin, const char *end)
{
    const char *at = begin;
    while (at != end && (*at == '0' || *at == '.'))
        at++;
    decimal->begin = at;
    decimal->end = end;
    decimal->digits = 0;
    int count = 0;
    for (; at != end && count < 19; at++) {
        if (*at == '.')
            continue;
        decimal->digits = decimal->digits * 10 + (uint64_t)(*at - '0');
        count++;
    }
    const char *point = memchr(at, '.', (size_t)(end - at));
    int64_t left = end - at - (point != NULL);
    decimal->is_cut = left != 0;
    decimal->exponent += left;
}

static const char *scan_decimal(const char *text, const char *end, struct decimal *decimal)
{
    *decimal = (struct decimal){0};
    const char *at = text;
    if (at != end && (*at == '-' || *at == '+')) {
        decimal->is_negative = *at == '-';
        at++;
    }
    const char *begin = at;
    at = scan_digits(at, end, &decimal->digits);
    int64_t count = at - begin;
    if (at != end && *at == '.') {
        const char *fraction = at + 1;
        at = scan_digits(fraction, end, &decimal->digits);
        decimal->exponent = -(at - fraction);
        count += at - fraction;
    }
    if (count == 0)
        return NULL;
    if (count > 19)
        cut_digits(decimal, begin, at);
    return scan_exponent(at, end, &decimal->exponent);
}

/* An IEEE binary format, as the Eisel-Lemire method needs it. */
struct binary_format {
    int mantissa_bits;        /* stored ones */
    int exponent_min;         /* of the exponent field 0, unbiased */
    int exponent_field_max;   /* infinity's */
    int power_min, power_max; /* outside: zero, infinity, for any 19 digits */
    int tie_power_min,
        tie_power_max; /* where 64-bit digits x 10^q can be half way between neighbours */
};

static const struct binary_format format_double = {52, -1023, 0x7FF, -342, 308, -4, 23};
static const struct binary_format format_float = {23, -127, 0xFF, -65, 38, -17, 10};

/* The bits of the number nearest to digits x 10^exponent. False where 128 bits do not decide it. */
static inline __attribute__((always_inline)) bool
decimal_to_bits(const struct binary_format *format, uint64_t digits, int64_t exponent,
                uint64_t *bits)
{
    const int bits_kept = format->mantissa_bits;
    if (digits == 0 || exponent < format->power_min) {
        *bits = 0;
        return true;
    }
    if (exponent > format->power_max) {
        *bits = (uint64_t)format->exponent_field_max << bits_kept;
        return true;
    }
    int q = (int)exponent;
    int leading_zeros = __builtin_clzll(digits);
    digits <<= leading_zeros;

    const struct number_text_power *power = &number_text_powers[q - NUMBER_TEXT_POWER_MIN];
    unsigned __int128 product = (unsigned __int128)digits * power->high;
    uint64_t high = (uint64_t)(product >> 64);
    uint64_t low = (uint64_t)product;
    const uint64_t undecided = UINT64_MAX >> (bits_kept + 3);
    if ((high & undecided) == undecided) {
        uint64_t more = (uint64_t)((unsigned __int128)digits * power->low >> 64);
        low += more;
        high += low < more;
    }
    if (low == UINT64_MAX && (q < NUMBER_TEXT_POWER_EXACT_MIN || q > NUMBER_TEXT_POWER_EXACT_MAX))
        return false;

    int upper_bit = (int)(high >> 63);
    int shift = upper_bit + 64 - bits_kept - 3;
    uint64_t mantissa = high >> shift;
    /* floor(log2(10^q)) + 63, exact for these q. */
    int64_t field = ((int64_t)(152170 + 65536) * q >> 16) + 63 + upper_bit - leading_zeros -
                    format->exponent_min;
    if (field <= 0) {
        if (-field + 1 >= 64) {
            *bits = 0;
            return true;
        }
        mantissa >>= -field + 1;
        /* Rounding up the largest subnormal carries into the exponent field, as it must. */
        *bits = (mantissa + (mantissa & 1)) >> 1;
        return true;
    }
    if (low <= 1 && q >= format->tie_power_min && q <= format->tie_power_max &&
        (mantissa & 3) == 1 && mantissa << shift == high)
        mantissa &= ~UINT64_C(1); /* a tie goes to the even neighbour */
    mantissa = (mantissa + (mantissa & 1)) >> 1;
    if (mantissa >= UINT64_C(2) << bits_kept) {
        mantissa = UINT64_C(1) << bits_kept;
        field++;
    }
    if (field >= format->exponent_field_max) {
        *bits = (uint64_t)format->exponent_field_max << bits_kept;
        return true;
    }
    *bits = (mantissa & ~(UINT64_C(1) << bits_kept)) | (uint64_t)field << bits_kept;
    return true;
}

static bool cut_decimal_to_bits(const struct binary_format *format, const struct decimal *decimal,
                                uint64_t *bits)
{
    if (!decimal_to_bits(format, decimal->digits, decimal->exponent, bits))
        return false;
    if (!decimal->is_cut)
        return true;
    /* The cut digits lie between none and one more of the last: where both round alike, so does it. */
    uint64_t bits_above;
    return decimal_to_bits(format, decimal->digits + 1, decimal->exponent, &bits_above) &&
           *bits == bits_above;
}

/* No double, and no half way between two, has more significant digits than 768: what lies beyond
 * matters only by being zero or not. */
enum { DIGITS_MAX = 770, FALLBACK_TEXT_SIZE = DIGITS_MAX + 32 };

/* Writes the decimal's magnitude as "digits e exponent" for strtod: without a point, so that no locale
 * could matter. NUL-terminated. */
static void write_for_strtod(char text[FALLBACK_TEXT_SIZE], const struct decimal *decimal)
{
    size_t size = 0;
    int64_t exponent = decimal->exponent;
    if (!decimal->is_cut) {
        size = number_text_write_uint64(text, decimal->digits);
    } else {
        bool is_sticky = false;
        int64_t dropped = 0;
        for (const char *at = decimal->begin; at != decimal->end; at++) {
            if (*at == '.')
                continue;
            if (size < DIGITS_MAX) {
                text[size++] = *at;
            } else {
                is_sticky |= *at != '0';
                dropped++;
            }
        }
        /* decimal->exponent belongs to the 19th digit. */
        exponent = decimal->exponent + 19 - (int64_t)size;
        if (is_sticky) {
            text[size++] = '1';
            exponent--;
        }
    }
    const int64_t enough = 9999;
    exponent = exponent > enough ? enough : exponent < -enough ? -enough : exponent;
    text[size++] = 'e';
    if (exponent < 0)
        text[size++] = '-';
    size += number_text_write_uint64(text + size, (uint64_t)(exponent < 0 ? -exponent : exponent));
    text[size] = '\0';
}

static double decimal_to_double(const struct decimal *decimal)
{
    if (!decimal->is_cut && decimal->digits <= UINT64_C(1) << 53 && decimal->exponent >= -22 &&
        decimal->exponent <= 22) {
        double digits = (double)(int64_t)decimal->digits; /* signed: one instruction */
        return decimal->exponent < 0 ? digits / exact_powers[-decimal->exponent]
                                     : digits * exact_powers[decimal->exponent];
    }
    uint64_t bits;
    if (cut_decimal_to_bits(&format_double, decimal, &bits)) {
        double value;
        memcpy(&value, &bits, sizeof value);
        return value;
    }
    char text[FALLBACK_TEXT_SIZE];
    write_for_strtod(text, decimal);
    return strtod(text, NULL);
}

static float decimal_to_float(const struct decimal *decimal)
{
    if (!decimal->is_cut && decimal->digits <= UINT64_C(1) << 24 && decimal->exponent >= -10 &&
        decimal->exponent <= 10) {
        float digits = (float)(int64_t)decimal->digits;
        return decimal->exponent < 0 ? digits / (float)exact_powers[-decimal->exponent]
                                     : digits * (float)exact_powers[decimal->exponent];
    }
    uint64_t wide_bits;
    if (cut_decimal_to_bits(&format_float, decimal, &wide_bits)) {
        uint32_t bits = (uint32_t)wide_bits;
        float value;
        memcpy(&value, &bits, sizeof value);
        return value;
    }
    char text[FALLBACK_TEXT_SIZE];
    write_for_strtod(text, decimal);
    return strtof(text, NULL);
}

double number_text_from_digits(uint64_t digits, int exponent)
{
    struct decimal decimal = {.digits = digits, .exponent = exponent};
    return decimal_to_double(&decimal);
}

const char *number_text_scan(const char *text, const char *end, double *value)
{
    struct decimal decimal;
    const char *number_end = scan_decimal(text, end, &decimal);
    if (number_end == NULL)
        return NULL;
    double magnitude = decimal_to_double(&decimal);
    *value = decimal.is_negative ? -magnitude : magnitude;
    return number_end;
}

bool number_text_parse(struct span text, double *value)
{
    if (text.size == 0)
        return false;
    const char *end = text.data + text.size;
    double parsed;
    if (number_text_scan(text.data, end, &parsed) != end)
        return false;
    *value = parsed;
    return true;
}

bool number_text_parse_float32(struct span text, float *value)
{
    if (text.size == 0)
        return false;
    const char *end = text.data + text.size;
    struct decimal decimal;
    if (scan_decimal(text.data, end, &decimal) == end) {
        float magnitude = decimal_to_float(&decimal);
        *value = decimal.is_negative ? -magnitude : magnitude;
        return true;
    }
    if (span_equal_text(text, "NaN"))
        *value = __builtin_nanf("");
    else if (span_equal_text(text, "Infinity"))
        *value = __builtin_inff();
    else if (span_equal_text(text, "-Infinity"))
        *value = -__builtin_inff();
    else
        return false;
    return true;
}

bool number_text_is_json(struct span text)
{
    if (text.size == 0)
        return false;
    const char *at = text.data;
    const char *end = text.data + text.size;
    uint64_t ignored = 0;
    at += *at == '-';
    const char *digits = at;
    at = scan_digits(digits, end, &ignored);
    if (at == digits || (*digits == '0' && at - digits > 1))
        return false;
    if (at != end && *at == '.') {
        digits = at + 1;
        at = scan_digits(digits, end, &ignored);
        if (at == digits)
            return false;
    }
    int64_t exponent = 0;
    return scan_exponent(at, end, &exponent) == end;
}
