/*
 * sandbox.h - what a process may still open, once all is open that it needs: Landlock, where the kernel has it.
 *
 * A list is filled while things are opened, by whoever will open something again, and entered once. The rest of the
 * file system, and (Landlock ABI 4) every TCP connection, is then out of reach of the thread that entered and of all
 * that it starts later; descriptors that are open stay as they are. There is no way back. A kernel without Landlock
 * changes nothing: the run goes on, and `outcome` tells.
 */
#ifndef BASE_SANDBOX_H
#define BASE_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

enum sandbox_right {
    SANDBOX_READ,        /* this file, as it is now: not one that takes its name later */
    SANDBOX_READ_WRITE,  /* likewise */
    SANDBOX_READ_BESIDE, /* every file in the folder of this one (links followed), and below */
    SANDBOX_REPLACE /* to create, rename and remove files in the folder of this one, not to write them */
};

struct sandbox {
    struct sandbox_rule *rules; /* owned */
    size_t rule_count;
    size_t rule_capacity;
    bool allows_servers;
    char outcome
        [160]; /* "" before sandbox_enter; then "yes", or "no: WHY", or what is shut off and why not all */
};

/* Adds what is needed still. A path that is not there when the sandbox is entered is passed over. False for memory. */
bool sandbox_allow(struct sandbox *sandbox, enum sandbox_right right, const char *path);

/* Servers will be connected to, and whatever files a foreign library reads for that: only writing is shut off. */
void sandbox_allow_servers(struct sandbox *sandbox);

/* Shuts off all that was not allowed. Never fails: where the kernel refuses any of it, all of it is left out. */
void sandbox_enter(struct sandbox *sandbox);

void sandbox_release(struct sandbox *sandbox);

#endif
