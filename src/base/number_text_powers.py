#!/usr/bin/env python3
"""Writes number_text_powers.c: the 128 leading bits of 5^q, for reading and writing numbers.

    python3 src/base/number_text_powers.py > src/base/number_text_powers.c

As in D. Lemire, "Number Parsing at a Gigabyte per Second" (2021): powers that are not exact are cut,
but for -27 <= q < 0, where the reciprocal is rounded up, which makes those products exact.
"""

FIRST, LAST = -342, 324


def leading_bits(q):
    if q >= 0:
        power = 5**q
        shift = 128 - power.bit_length()
        return power << shift if shift >= 0 else power >> -shift
    power = 5**-q
    # 2^bits / power has exactly 128 bits (a power of 5 is never a power of 2).
    bits = power.bit_length() + 127
    return (1 << bits) // power + (1 if q >= -27 else 0)


print(f"""/*
 * number_text_powers.c - written by number_text_powers.py; not to be changed by hand.
 */
#include "base/number_text_powers.h"

/* clang-format off */
const struct number_text_power number_text_powers[] = {{""")
row = []
for q in range(FIRST, LAST + 1):
    bits = leading_bits(q)
    assert 1 << 127 <= bits < 1 << 128
    row.append(f"{{0x{bits >> 64:016x}, 0x{bits & (1 << 64) - 1:016x}}},")
    if len(row) == 2 or q == LAST:
        print("    " + " ".join(row))
        row = []
print("""};
/* clang-format on */

_Static_assert(sizeof number_text_powers / sizeof number_text_powers[0] ==
                   NUMBER_TEXT_POWER_MAX - NUMBER_TEXT_POWER_MIN + 1,
               "one entry for each power");""")
