/*
 * lookup_library.c - loads a database's library when the first lookup needs it.
 *
 * Linked in, libpq and what it needs would cost every start of the program 9 ms and 6 MB, look-ups or not. And a
 * machine without a database's library can do all the rest.
 */
#include <dlfcn.h>
#include <string.h>

#include "base/memory.h"
#include "lookup/lookup_source.h"

enum status lookup_library_open(void ***functions, const struct lookup_library *library,
                                struct error *err)
{
    size_t count = 0;
    while (library->names[count] != NULL)
        count++;
    /* Never unloaded: libpq's own libraries leave handlers for the process's end behind. */
    void *handle = dlopen(library->file, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (handle == NULL) {
        const char *fault = dlerror();
        char text[LOOKUP_MESSAGE_SIZE];
        return error_set(
            err, ERROR_USAGE,
            "needs a library that cannot be loaded (%s): install Debian's %s or its like",
            lookup_message(text, sizeof text, fault != NULL ? fault : library->file),
            library->package);
    }
    void **found = memory_new(count, sizeof *found);
    enum status status = found == NULL ? error_memory(err) : STATUS_OK;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        found[i] = dlsym(handle, library->names[i]);
        if (found[i] == NULL)
            status =
                error_set(err, ERROR_USAGE,
                          "needs a newer %s: this one has no %s: install Debian's %s or its like",
                          library->file, library->names[i], library->package);
    }
    dlclose(handle);
    if (status != STATUS_OK) {
        memory_release(found);
        return status;
    }
    *functions = found;
    return STATUS_OK;
}
