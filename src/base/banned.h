/*
 * banned.h - functions that no file of ours may call: any mention is a compile error.
 *
 * The compiler is given it with -include, in front of every file of src/ and cmd/. It includes the system
 * headers first, because a poisoned name may not even be declared behind the pragma.
 */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* clang's fortified headers have them as macros, which must not be poisoned. */
#undef sprintf
#undef vsprintf
/* Write without knowing the room. */
#pragma GCC poison strcpy strcat stpcpy sprintf vsprintf gets
/* Take what is no number for one, and say nothing. */
#pragma GCC poison atoi atol atoll atof scanf sscanf fscanf
/* Keep hidden state, or do not end what they copy. */
#pragma GCC poison strtok strncpy strncat strerror localtime gmtime ctime asctime rand srand
/* Would make numbers depend on the user's locale. */
#pragma GCC poison setlocale

#endif
