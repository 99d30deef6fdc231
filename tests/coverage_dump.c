/*
 * coverage_dump.c - linked into the program by COVERAGE=1 alone: a run that ends by a signal is counted too.
 *
 * gcov's counters are written at exit, which a death by signal is not; signals.c dies by raise.
 */
void __gcov_dump(void);
int __real_raise(int number);
int __wrap_raise(int number);

int __wrap_raise(int number)
{
    __gcov_dump();
    return __real_raise(number);
}
