/*
 * xgboost_library.c - finds libxgboost, checks its version and words its errors.
 *
 * A library that is found but cannot be used (too old, a function missing) does not end the search:
 * a stale copy in one place must not hide a good one in the next. What was wrong with each is kept
 * for the message.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memrchr */
#endif

#include "predict/xgboost_library.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/span.h"

#ifdef XGBPIPE_STATIC_XGBOOST
#include <xgboost/c_api.h>
#endif

#ifndef XGBPIPE_LIBDIR_FROM_BINDIR
#define XGBPIPE_LIBDIR_FROM_BINDIR "../lib"
#endif

static void log_nothing(const char *text)
{
    (void)text;
}

void xgboost_library_enter(const struct xgboost_library *library)
{
    library->XGBRegisterLogCallback(log_nothing);
    /* Where a version does not take it, the booster's own nthread still holds. */
    library->XGBSetGlobalConfig("{\"nthread\":1}");
}

/* "[12:34:56] /build/src/learner.cc:12: words\nStack trace: ..." -> "words" */
static struct span first_words(const char *text)
{
    size_t size = strcspn(text, "\n");

    if (text[0] == '[') {
        const char *place_end = strstr(text, "] ");
        const char *words = place_end == NULL ? NULL : strstr(place_end + 2, ": ");

        if (words != NULL && (size_t)(words - text) < size) {
            size -= (size_t)(words + 2 - text);
            text = words + 2;
        }
    }
    return span_of(text, size);
}

enum status xgboost_library_error(const struct xgboost_library *library, enum error_kind kind,
                                  const char *what, struct error *err)
{
    char quoted[512];
    const char *text = library->XGBGetLastError();
    struct span words = first_words(text);

    if (strstr(text, "bad_alloc") != NULL)
        return error_memory(err);
    return error_set(err, kind, "%s: %s", what,
                     error_quote(quoted, sizeof quoted, words.data, words.size));
}

#ifdef XGBPIPE_STATIC_XGBOOST

enum status xgboost_library_open(struct xgboost_library *library, const char *path,
                                 struct error *err)
{
    (void)path;
    (void)err;
    library->handle = NULL;
#define XGBOOST_ASSIGN(result, name, parameters) library->name = name;
    XGBOOST_FUNCTIONS(XGBOOST_ASSIGN)
#undef XGBOOST_ASSIGN
    library->XGBoostVersion(&library->version[0], &library->version[1], &library->version[2]);
    return STATUS_OK;
}

void xgboost_library_close(struct xgboost_library *library)
{
    (void)library;
}

#else

/* What was tried, for the message. */
struct search {
    char text[2048];
    size_t size;
};

static void search_note(struct search *search, const char *path, const char *reason)
{
    size_t room = sizeof search->text - search->size;
    char quoted_path[512];
    int size =
        snprintf(search->text + search->size, room, "%s%s (%s)", search->size == 0 ? "" : ", ",
                 error_quote(quoted_path, sizeof quoted_path, path, strlen(path)), reason);

    if (size > 0 && (size_t)size < room)
        search->size += (size_t)size;
    else
        search->text[search->size] = '\0';
}

/* The first function that the library lacks, or NULL. */
static const char *find_functions(struct xgboost_library *library)
{
    void *address;

    /* POSIX wants an object pointer to hold a function's address; ISO C has no cast for it. */
#define XGBOOST_FIND(result, name, parameters)                                                     \
    address = dlsym(library->handle, #name);                                                       \
    if (address == NULL)                                                                           \
        return #name;                                                                              \
    memcpy(&library->name, &address, sizeof address);
    XGBOOST_FUNCTIONS(XGBOOST_FIND)
#undef XGBOOST_FIND
    return NULL;
}

static bool try_library(struct xgboost_library *library, const char *path, struct search *search)
{
    char reason[256];
    const char *missing;
    const char *fault;

    if (strchr(path, '/') != NULL && access(path, F_OK) != 0) {
        search_note(search, path, "not there");
        return false;
    }
    /* NODELETE: it leaves thread-local buffers and handlers for the process's end behind, so that its
     * code must stay when an engine is closed. */
    library->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (library->handle == NULL) {
        fault = dlerror();
        search_note(search, path,
                    error_quote(reason, sizeof reason, fault == NULL ? "" : fault,
                                fault == NULL ? 0 : strlen(fault)));
        return false;
    }
    missing = find_functions(library);
    if (library->XGBoostVersion != NULL)
        library->XGBoostVersion(&library->version[0], &library->version[1], &library->version[2]);
    if (library->XGBoostVersion == NULL) {
        snprintf(reason, sizeof reason, "it is no libxgboost");
    } else if (library->version[0] < XGBOOST_MAJOR_MIN ||
               (library->version[0] == XGBOOST_MAJOR_MIN &&
                library->version[1] < XGBOOST_MINOR_MIN)) {
        snprintf(
            reason, sizeof reason,
            "version %d.%d.%d, too old: it would misread today's models; %d.%d or later is needed",
            library->version[0], library->version[1], library->version[2], XGBOOST_MAJOR_MIN,
            XGBOOST_MINOR_MIN);
    } else if (missing != NULL) {
        snprintf(reason, sizeof reason, "it has no %s", missing);
    } else {
        return true;
    }
    search_note(search, path, reason);
    dlclose(library->handle);
    memset(library, 0, sizeof *library);
    return false;
}

/* Tries `<folder of the program>/<below>`. */
static bool try_beside_program(struct xgboost_library *library, const char *below,
                               struct search *search)
{
    char path[PATH_MAX];
    ssize_t size = readlink("/proc/self/exe", path, sizeof path);
    size_t below_size = strlen(below);
    char *folder_end;

    if (size <= 0 || (size_t)size >= sizeof path)
        return false;
    folder_end = memrchr(path, '/', (size_t)size);
    if (folder_end == NULL || (size_t)(folder_end + 1 - path) + below_size >= sizeof path)
        return false;
    memcpy(folder_end + 1, below, below_size + 1);
    return try_library(library, path, search);
}

enum status xgboost_library_open(struct xgboost_library *library, const char *path,
                                 struct error *err)
{
    struct search search = {.size = 0};

    memset(library, 0, sizeof *library);
    if (path != NULL) {
        if (try_library(library, path, &search))
            return STATUS_OK;
        return error_set(err, ERROR_SYSTEM, "libxgboost cannot be used: %s", search.text);
    }
#ifdef XGBPIPE_XGBOOST_LIBRARY
    if (try_library(library, XGBPIPE_XGBOOST_LIBRARY, &search))
        return STATUS_OK;
#endif
    if (try_beside_program(library, "libxgboost/xgboost/lib/libxgboost.so.3", &search) ||
        try_beside_program(
            library, XGBPIPE_LIBDIR_FROM_BINDIR "/xgbpipe/xgboost/lib/libxgboost.so.3", &search) ||
        try_library(library, "libxgboost.so.3", &search))
        return STATUS_OK;
    return error_set(err, ERROR_SYSTEM,
                     "libxgboost %d.%d or later is needed and was not found; looked for %s; "
                     "'make install' puts it where it is found, XGBOOST_PREFIX= names one that is "
                     "installed already",
                     XGBOOST_MAJOR_MIN, XGBOOST_MINOR_MIN, search.text);
}

void xgboost_library_close(struct xgboost_library *library)
{
    if (library->handle != NULL)
        dlclose(library->handle);
    memset(library, 0, sizeof *library);
}

#endif
