/*
 * format.h - the text formats of records, by name.
 */
#ifndef DATA_FORMAT_H
#define DATA_FORMAT_H

enum input_format { INPUT_AUTO, INPUT_CSV, INPUT_TSV, INPUT_JSONL, INPUT_LIBSVM };

enum output_format { OUTPUT_AUTO, OUTPUT_CSV, OUTPUT_TSV, OUTPUT_JSONL, OUTPUT_RAW, OUTPUT_LIBSVM };

#endif
