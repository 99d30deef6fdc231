/*
 * tool_file.h - whole files and sudden ends, for the programs that Python scripts drive.
 */
#ifndef DIFFERENTIAL_TOOL_FILE_H
#define DIFFERENTIAL_TOOL_FILE_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static inline void die(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, why);
    exit(1);
}

/* The bytes of a file; the caller frees them. Ends the program where there is none. */
static inline char *read_file(const char *path, size_t *size_bytes)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0)
        die(path, "cannot be read");
    *size_bytes = (size_t)ftell(file);
    rewind(file);
    char *bytes = malloc(*size_bytes + 1);
    if (bytes == NULL || fread(bytes, 1, *size_bytes, file) != *size_bytes)
        die(path, "cannot be read");
    fclose(file);
    return bytes;
}

#endif
