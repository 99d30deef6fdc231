/*
 * number_text_write.c - the fewest digits that read back as the same number, the nearest ones to it.
 *
 * R. Giulietti's Schubfach ("The Schubfach way to render doubles", 2020), after the form A. Bolz gave it
 * in "Drachennest": one multiplication by a power of ten for the number and for each end of the interval
 * that rounds to it, then the shortest decimal in between. No printf, no division by big integers.
 */
#include <stdint.h>
#include <string.h>

#include "base/number_text.h"
#include "base/number_text_powers.h"

/* The decimal digits x 10^exponent. */
struct shortest {
    uint64_t digits;
    int exponent;
};

/* The ends of the interval around a number that round to it, as Schubfach computes them. */
struct interval {
    uint64_t lower, middle, upper; /* 4 x the scaled value, rounded to odd */
};

static int floor_log2_power10(int exponent)
{
    return (exponent * 1741647) >> 19;
}

static int floor_log10_power2(int exponent)
{
    return (exponent * 1262611) >> 22;
}

/* Of 3/4 x 2^exponent. */
static int floor_log10_three_quarters_power2(int exponent)
{
    return (exponent * 1262611 - 524031) >> 22;
}

/* 10^q as 128 bits, rounded up. */
static struct number_text_power power_rounded_up(int q)
{
    struct number_text_power power = number_text_powers[q - NUMBER_TEXT_POWER_MIN];
    if (q < NUMBER_TEXT_POWER_EXACT_MIN || q > NUMBER_TEXT_POWER_EXACT_MAX) {
        power.low++;
        power.high += power.low == 0;
    }
    return power;
}

/* 10^q as 64 bits, rounded up. */
static uint64_t short_power_rounded_up(int q)
{
    const struct number_text_power *power = &number_text_powers[q - NUMBER_TEXT_POWER_MIN];
    return power->high + (power->low != 0);
}

static uint32_t round_to_odd_float(uint64_t power, uint32_t scaled)
{
    unsigned __int128 product = (unsigned __int128)power * scaled;
    uint32_t high = (uint32_t)(product >> 64);
    uint32_t low = (uint32_t)(product >> 32);
    return high | (low > 1);
}

static uint64_t round_to_odd_double(struct number_text_power power, uint64_t scaled)
{
    uint64_t carried = (uint64_t)((unsigned __int128)power.low * scaled >> 64);
    unsigned __int128 product = (unsigned __int128)power.high * scaled + carried;
    return (uint64_t)(product >> 64) | ((uint64_t)product > 1);
}

/* The shortest decimal in the interval, the nearest one if several are; k is the decimal exponent at
 * which the interval is at least one unit long. Without branches: which case it is, is a coin toss. */
static inline struct shortest pick_shortest(struct interval interval, int k, bool is_even)
{
    /* The ends themselves round to the number only where its mantissa is even. */
    uint64_t lower = interval.lower + !is_even;
    uint64_t upper = interval.upper - !is_even;
    uint64_t digits = interval.middle / 4;
    uint64_t tens = digits / 10;
    bool is_tens_below_in = lower <= 40 * tens;
    bool is_tens_above_in = 40 * tens + 40 <= upper;
    bool is_below_in = lower <= 4 * digits;
    bool is_above_in = 4 * digits + 4 <= upper;
    uint64_t middle = 4 * digits + 2;
    bool rounds_up = (interval.middle > middle) | ((interval.middle == middle) & (digits & 1));
    bool is_one = is_below_in ^ is_above_in;
    bool is_shorter = (digits >= 10) & (is_tens_below_in ^ is_tens_above_in);
    uint64_t single = digits + ((is_one & is_above_in) | (!is_one & rounds_up));
    uint64_t mask = -(uint64_t)is_shorter;
    return (struct shortest){((tens + is_tens_above_in) & mask) | (single & ~mask), k + is_shorter};
}

static struct shortest shortest_float(uint32_t mantissa_field, uint32_t exponent_field)
{
    const int bias = 127 + 23;
    uint32_t mantissa = mantissa_field;
    int exponent = 1 - bias;
    if (exponent_field != 0) {
        mantissa |= UINT32_C(1) << 23;
        exponent = (int)exponent_field - bias;
        if (exponent <= 0 && exponent > -24 && (mantissa & ((UINT32_C(1) << -exponent) - 1)) == 0)
            return (struct shortest){mantissa >> -exponent, 0}; /* a small integer is exact */
    }
    /* Below a power of two the neighbour is only half as far. */
    bool is_lower_closer = mantissa_field == 0 && exponent_field > 1;
    int k = is_lower_closer ? floor_log10_three_quarters_power2(exponent)
                            : floor_log10_power2(exponent);
    int shift = exponent + floor_log2_power10(-k) + 1;
    uint64_t power = short_power_rounded_up(-k);
    struct interval interval = {
        round_to_odd_float(power, (4 * mantissa - 2 + is_lower_closer) << shift),
        round_to_odd_float(power, (4 * mantissa) << shift),
        round_to_odd_float(power, (4 * mantissa + 2) << shift),
    };
    return pick_shortest(interval, k, mantissa % 2 == 0);
}

static struct shortest shortest_double(uint64_t mantissa_field, uint32_t exponent_field)
{
    const int bias = 1023 + 52;
    uint64_t mantissa = mantissa_field;
    int exponent = 1 - bias;
    if (exponent_field != 0) {
        mantissa |= UINT64_C(1) << 52;
        exponent = (int)exponent_field - bias;
        if (exponent <= 0 && exponent > -53 && (mantissa & ((UINT64_C(1) << -exponent) - 1)) == 0)
            return (struct shortest){mantissa >> -exponent, 0};
    }
    bool is_lower_closer = mantissa_field == 0 && exponent_field > 1;
    int k = is_lower_closer ? floor_log10_three_quarters_power2(exponent)
                            : floor_log10_power2(exponent);
    int shift = exponent + floor_log2_power10(-k) + 1;
    struct number_text_power power = power_rounded_up(-k);
    struct interval interval = {
        round_to_odd_double(power, (4 * mantissa - 2 + is_lower_closer) << shift),
        round_to_odd_double(power, (4 * mantissa) << shift),
        round_to_odd_double(power, (4 * mantissa + 2) << shift),
    };
    return pick_shortest(interval, k, mantissa % 2 == 0);
}

/* The 8 digits of a value below 10^8, one a byte (0..9), the first in the lowest byte. */
static uint64_t eight_digit_bytes(uint32_t value)
{
    uint64_t fours = value / 10000 | (uint64_t)(value % 10000) << 32;
    uint64_t upper_pairs = (fours * 10486 >> 20) & 0x0000007F0000007Fu; /* each / 100 */
    uint64_t pairs = upper_pairs | (fours - 100 * upper_pairs) << 16;
    uint64_t tens = (pairs * 103 >> 10) & 0x000F000F000F000Fu; /* each / 10 */
    return tens | (pairs - 10 * tens) << 8;
}

static void store_word(char *at, uint64_t word)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    memcpy(at, &word, sizeof word);
}

static size_t write_exponent(char *out, int exponent)
{
    out[0] = 'e';
    out[1] = exponent < 0 ? '-' : '+';
    return 2 + number_text_write_uint64(out + 2, (unsigned)(exponent < 0 ? -exponent : exponent));
}

enum { DIGITS_SIZE = 24 };

/* Lays `count` digits out as JavaScript does; the number is 0.DIGITS x 10^point. digits has DIGITS_SIZE
 * bytes, '0' behind the digits; copies are of a constant size, which is faster than the exact one, and
 * stay within NUMBER_TEXT_MAX - 1 bytes. */
static inline size_t write_layout(char *out, const char *digits, int count, int point)
{
    if (point > 0 && point <= 21) {
        memcpy(out, digits, DIGITS_SIZE);
        if (count <= point)
            return (size_t)point;
        memmove(out + point + 1, digits + point, (size_t)(count - point));
        out[point] = '.';
        return (size_t)count + 1;
    }
    if (point <= 0 && point > -6) {
        memcpy(out, "0.000000", 8);
        memcpy(out + 2 - point, digits, DIGITS_SIZE);
        return (size_t)(2 - point + count);
    }
    out[0] = digits[0];
    size_t size = 1;
    if (count > 1) {
        out[1] = '.';
        memcpy(out + 2, digits + 1, (size_t)count - 1);
        size = (size_t)count + 1;
    }
    return size + write_exponent(out + size, point - 1);
}

/* Writes a positive decimal. Its digits are made 8 at a time into one field of 24, whose leading and
 * trailing zeros are then counted by the bit. */
static inline size_t write_decimal(char *out, struct shortest decimal, bool is_short)
{
    const uint64_t zeros = 0x3030303030303030u;
    uint64_t digits = decimal.digits;
    char field[1 + 16 + DIGITS_SIZE];
    int first,
        last; /* the first digit's place in field, and the one behind the last that is not 0 */
    uint64_t high = 0;
    uint64_t low = eight_digit_bytes((uint32_t)(digits % 100000000));
    digits /= 100000000;
    if (!is_short) {
        high = eight_digit_bytes((uint32_t)(digits % 100000000));
        digits /= 100000000;
    }
    int size = is_short ? 9 : 17;
    field[0] = (char)('0' + digits);
    if (!is_short)
        store_word(field + 1, high | zeros);
    store_word(field + size - 8, low | zeros);
    memset(field + size, '0', DIGITS_SIZE - 1);
    if (digits != 0)
        first = 0;
    else if (high != 0)
        first = 1 + __builtin_ctzll(high) / 8;
    else
        first = size - 8 + (low != 0 ? __builtin_ctzll(low) / 8 : 8);
    if (low != 0)
        last = size - __builtin_clzll(low) / 8;
    else if (high != 0)
        last = size - 8 - __builtin_clzll(high) / 8;
    else
        last = 1;
    return write_layout(out, field + first, last - first, size - first + decimal.exponent);
}

static size_t write_text(char *out, const char *text)
{
    size_t size = strlen(text);
    memcpy(out, text, size);
    return size;
}

static size_t write_special(char *out, bool is_negative, bool is_zero, bool is_nan)
{
    if (is_zero)
        return write_text(out, "0");
    if (is_nan)
        return write_text(out, "nan");
    return write_text(out, is_negative ? "-inf" : "inf");
}

size_t number_text_write_float32(char *out, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint32_t mantissa_field = bits & 0x7FFFFF;
    uint32_t exponent_field = bits >> 23 & 0xFF;
    size_t sign = bits >> 31;
    if (exponent_field == 0xFF || (bits & 0x7FFFFFFF) == 0)
        return write_special(out, sign != 0, (bits & 0x7FFFFFFF) == 0, mantissa_field != 0);
    out[0] = '-';
    return sign + write_decimal(out + sign, shortest_float(mantissa_field, exponent_field), true);
}

size_t number_text_write_double(char *out, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint64_t mantissa_field = bits & ((UINT64_C(1) << 52) - 1);
    uint32_t exponent_field = bits >> 52 & 0x7FF;
    size_t sign = bits >> 63;
    if (exponent_field == 0x7FF || bits << 1 == 0)
        return write_special(out, sign != 0, bits << 1 == 0, mantissa_field != 0);
    out[0] = '-';
    return sign + write_decimal(out + sign, shortest_double(mantissa_field, exponent_field), false);
}

size_t number_text_write_uint64(char *out, unsigned long long value)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    memcpy(out, digits + at, sizeof digits - at);
    return sizeof digits - at;
}
