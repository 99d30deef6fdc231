/*
 * number_text_powers.h - the 128 leading bits of the powers of five: private to number_text.
 */
#ifndef BASE_NUMBER_TEXT_POWERS_H
#define BASE_NUMBER_TEXT_POWERS_H

#include <stdint.h>

struct number_text_power {
    uint64_t high; /* its top bit is set */
    uint64_t low;
};

enum {
    NUMBER_TEXT_POWER_MIN = -342,
    NUMBER_TEXT_POWER_MAX = 324,
    /* Between these the entry is exact (q >= 0), or already rounded up (q < 0); outside it is cut. */
    NUMBER_TEXT_POWER_EXACT_MIN = -27,
    NUMBER_TEXT_POWER_EXACT_MAX = 55
};

/* Of 5^q, at index q - NUMBER_TEXT_POWER_MIN. */
extern const struct number_text_power number_text_powers[];

#endif
