/*
 * number_fast.c - the plain decimals that do not fit 16 bytes: still a word at a time.
 */
#include "decode/number_fast.h"

const char *number_fast_long(const char *at, double *value, bool is_json, bool is_float)
{
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
    (void)at, (void)value, (void)is_json, (void)is_float;
    return NULL;
#else
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    static const uint32_t small_powers[] = {1,      10,      100,      1000,     10000,
                                            100000, 1000000, 10000000, 100000000};
    const uint64_t negative = *at == '-';
    at += negative;
    const char *digits = at;
    uint64_t word = number_fast_word(at);
    unsigned count = number_fast_digits(word);
    uint64_t mantissa = number_fast_value(word, count);
    at += count;
    if (__builtin_expect(count == 8, 0)) {
        word = number_fast_word(at);
        unsigned more = number_fast_digits(word);
        if (more == 8)
            return NULL;
        mantissa = mantissa * small_powers[more] + number_fast_value(word, more);
        at += more;
        count += more;
    }
    if (is_json && (count == 0 || (*digits == '0' && count > 1)))
        return NULL;
    unsigned decimals = 0;
    if (*at == '.') {
        at++;
        word = number_fast_word(at);
        decimals = number_fast_digits(word);
        mantissa = mantissa * small_powers[decimals] + number_fast_value(word, decimals);
        at += decimals;
        if (__builtin_expect(decimals == 8, 0)) {
            /* At most 15 + 8 digits stood there: past 19 the mantissa may have overflowed. */
            word = number_fast_word(at);
            unsigned more = number_fast_digits(word);
            mantissa = mantissa * small_powers[more] + number_fast_value(word, more);
            at += more;
            decimals += more;
            if (more == 8) {
                word = number_fast_word(at);
                more = number_fast_digits(word);
                if (more > 3)
                    return NULL;
                mantissa = mantissa * small_powers[more] + number_fast_value(word, more);
                at += more;
                decimals += more;
            }
            if (count + decimals > 19 && !(count + decimals == 20 && *digits == '0'))
                return NULL;
        }
        if (is_json && decimals == 0)
            return NULL;
    }
    if (count + decimals == 0 || (*at | 0x20) == 'e')
        return NULL;
    double magnitude = (double)mantissa / powers[decimals];
    if (__builtin_expect(mantissa > (uint64_t)1 << 53, 0)) {
        /* Two roundings instead of one: at most two ulps away. Where no float32 boundary (half way
         * between two floats: bit 28 and zeros below it) is near, the float32 is the same. */
        uint64_t bits;
        memcpy(&bits, &magnitude, sizeof bits);
        uint64_t below = bits & 0x1FFFFFFFu;
        if (!is_float || (below >= 0x10000000u - 8 && below <= 0x10000000u + 8))
            return NULL;
    }
    uint64_t bits;
    memcpy(&bits, &magnitude, sizeof bits);
    bits |= negative << 63;
    memcpy(value, &bits, sizeof bits);
    return at;
#endif
}
