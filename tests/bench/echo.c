/*
 * echo.c - the least that a program in a pipe can do: what comes is written back at once.
 */
#include <unistd.h>

int main(void)
{
    static char bytes[65536];
    ssize_t count;

    while ((count = read(STDIN_FILENO, bytes, sizeof bytes)) > 0)
        if (write(STDOUT_FILENO, bytes, (size_t)count) != count)
            return 1;
    return count < 0;
}
