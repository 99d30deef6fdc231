/*
 * sha256.h - the SHA-256 digest of bytes (FIPS 180-4): which model, which file it was.
 */
#ifndef BASE_SHA256_H
#define BASE_SHA256_H

#include "base/span.h"

enum { SHA256_HEX_SIZE = 65 }; /* 64 lower-case hex digits and a NUL */

void sha256_hex(struct span bytes, char hex[SHA256_HEX_SIZE]);

#endif
