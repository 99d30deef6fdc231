/*
 * sanitizer_defaults.c - linked into every program that SANITIZE=address or memory builds: what the sanitizer is told.
 *
 * Told by the program and not by a file, which a sealed process may not read when it ends.
 */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_options(void);
const char *__asan_default_options(void);
const char *__msan_default_options(void);

/* Memory that a library keeps until the process ends; none of ours. */
const char *__lsan_default_suppressions(void)
{
    return "leak:libxgboost\n"
           "leak:libgomp\n";
}

const char *__lsan_default_options(void)
{
    return "print_suppressions=0";
}

/* A sealed process may not start a symbolizer either, and would die by SIGPIPE without its report.
 * The report has addresses then, for addr2line. */
const char *__asan_default_options(void)
{
    return "external_symbolizer_path=";
}

const char *__msan_default_options(void)
{
    return "external_symbolizer_path=";
}
