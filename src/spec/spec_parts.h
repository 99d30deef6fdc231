/*
 * spec_parts.h - private to src/spec: the parts of a spec that have files of their own.
 */
#ifndef SPEC_SPEC_PARTS_H
#define SPEC_SPEC_PARTS_H

#include "base/error.h"
#include "spec/spec.h"

/* Fails where object has a key that is not among names: "output: unknown key 'rouns' (did you mean 'round'?)".
 * place is empty for the root. */
enum status spec_check_keys(const struct spec_node *object, const char *place,
                            const char *const *names, struct error *err);

/* "output". */
enum status spec_output_read(struct spec_output *output, struct arena *arena,
                             const struct spec_node *node, struct error *err);

/* "golden". */
enum status spec_golden_read(struct spec *spec, const struct spec_node *list, struct error *err);

#endif
