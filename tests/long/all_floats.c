/*
 * all_floats.c - writes and reads each of the 2^32 float32 once: `make check-all-floats`, or
 *
 *     all_floats [THREADS [FIRST LAST]]      (bits, hexadecimal; default 2 threads, all of them)
 *
 * Each text must read back as the same bits, by our reader and by the C library's strtof; the decimals
 * next to it with a digit less must not (nothing is shorter); and its digits must be the nearest ones of
 * their number, or else the nearest ones must not read back. Takes
 * half an hour or so of one core.
 */
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number_text.h"

enum { CHUNK = 1 << 20, THREADS_MAX = 64, POWER_MIN = -60, POWER_MAX = 40 };

static long double powers[POWER_MAX - POWER_MIN + 1]; /* 10^POWER_MIN ... 10^POWER_MAX */

static _Atomic uint64_t next_bits;
static uint64_t last_bits = UINT32_MAX;
static atomic_ulong checked_count, wrong_count;

static float float_of_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void complain(const char *what, uint32_t bits, const char *text)
{
    if (atomic_fetch_add(&wrong_count, 1) < 20)
        printf("%08" PRIx32 " is written %s: %s\n", bits, text, what);
}

/* Whether strtof reads digits x 10^exponent as these bits. */
static bool reads_as(uint64_t digits, int exponent, uint32_t bits)
{
    char text[48];
    char *at = text + sizeof text;
    *--at = '\0';
    unsigned magnitude = (unsigned)abs(exponent);
    do {
        *--at = (char)('0' + magnitude % 10);
        magnitude /= 10;
    } while (magnitude != 0);
    if (exponent < 0)
        *--at = '-';
    *--at = 'e';
    do {
        *--at = (char)('0' + digits % 10);
        digits /= 10;
    } while (digits != 0);
    float value = strtof(at, NULL);
    uint32_t read;
    memcpy(&read, &value, sizeof read);
    return read == bits;
}

/* Takes a positive text apart into digits without trailing zeros, and an exponent. */
static uint64_t take_apart(const char *text, int *exponent)
{
    uint64_t digits = 0;
    int places = 0;
    bool is_behind_point = false;
    const char *at = text;
    for (; *at != '\0' && *at != 'e'; at++) {
        if (*at == '.') {
            is_behind_point = true;
            continue;
        }
        /* Of an integer's zeros no more than 64 bits hold. */
        if (*at == '0' && digits > 1000000000 && !is_behind_point) {
            places--;
            continue;
        }
        digits = digits * 10 + (uint64_t)(*at - '0');
        places += is_behind_point;
    }
    *exponent = (*at == 'e' ? (int)strtol(at + 1, NULL, 10) : 0) - places;
    while (digits != 0 && digits % 10 == 0) {
        digits /= 10;
        (*exponent)++;
    }
    return digits;
}

static void check(uint32_t bits)
{
    char text[NUMBER_TEXT_MAX + 1];
    float value = float_of_bits(bits);
    size_t size = number_text_write_float32(text, value);
    text[size] = '\0';
    if (!isfinite(value) || value == 0) {
        const char *expected = value == 0 ? "0" : isnan(value) ? "nan" : value < 0 ? "-inf" : "inf";
        if (strcmp(text, expected) != 0)
            complain("that is not its name", bits, text);
        return;
    }
    float back;
    uint32_t back_bits = 0;
    if (number_text_parse_float32(span_of(text, size), &back))
        memcpy(&back_bits, &back, sizeof back_bits);
    if (back_bits != bits)
        complain("our reader does not read it back", bits, text);
    if (bits >> 31 != 0) {
        /* A minus and its magnitude, which is checked in its own turn. */
        char magnitude[NUMBER_TEXT_MAX];
        if (text[0] != '-' || number_text_write_float32(magnitude, -value) != size - 1 ||
            memcmp(magnitude, text + 1, size - 1) != 0)
            complain("the sign is wrong", bits, text);
        return;
    }
    back = strtof(text, NULL);
    memcpy(&back_bits, &back, sizeof back_bits);
    if (back_bits != bits)
        complain("strtof does not read it back", bits, text);
    int exponent;
    uint64_t digits = take_apart(text, &exponent);
    if (digits >= 10 && (reads_as(digits / 10, exponent + 1, bits) ||
                         reads_as(digits / 10 + 1, exponent + 1, bits)))
        complain("there is a shorter text", bits, text);
    /* The unit of the last digit and the distance from it, far finer than half a unit: a tie does not
     * count, either neighbour is nearest. */
    long double unit = powers[exponent - POWER_MIN];
    long double distance = (long double)fabsf(value) - (long double)digits * unit;
    if (fabsl(distance) > unit * 0.5000000001L) {
        /* Not the nearest: then the nearest must not read back. Only "1e-45" is off by more. */
        uint64_t nearest = distance > 0 ? digits + 1 : digits - 1;
        if (nearest != 0 && reads_as(nearest, exponent, bits))
            complain("there is a nearer text", bits, text);
    }
}

static void *work(void *unused)
{
    (void)unused;
    for (;;) {
        uint64_t begin = atomic_fetch_add(&next_bits, CHUNK);
        if (begin > last_bits)
            return NULL;
        uint64_t end = begin + CHUNK <= last_bits ? begin + CHUNK : last_bits + 1;
        for (uint64_t bits = begin; bits < end; bits++)
            check((uint32_t)bits);
        unsigned long done = atomic_fetch_add(&checked_count, end - begin) + (end - begin);
        if (done / CHUNK % 256 == 0) {
            fprintf(stderr, "%lu million checked\n", done / 1000000);
            fflush(stderr);
        }
    }
}

int main(int argc, char **argv)
{
    int thread_count = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 2;
    if (thread_count < 1 || thread_count > THREADS_MAX)
        return 2;
    if (argc > 3) {
        atomic_store(&next_bits, strtoull(argv[2], NULL, 16));
        last_bits = strtoull(argv[3], NULL, 16);
    }
    for (int i = POWER_MIN; i <= POWER_MAX; i++)
        powers[i - POWER_MIN] = powl(10, i);
    pthread_t threads[THREADS_MAX];
    int started = 0;
    while (started < thread_count && pthread_create(&threads[started], NULL, work, NULL) == 0)
        started++;
    for (int i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    printf("%lu float32 checked, %lu wrong\n", atomic_load(&checked_count),
           atomic_load(&wrong_count));
    return started == 0 || atomic_load(&wrong_count) != 0;
}
