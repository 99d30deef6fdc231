/*
 * read_simdjson.cpp - simdjson on the work of our JSON lines decoder: bench_decode's mark.
 *
 *     read_simdjson FILE PASSES       prints {"seconds": ..., "records": ..., "sum": "...", ...}
 *
 * Each record's feature_0 to feature_27 by their keys as double, made float, into columns of a batch
 * of 960 records; null and what is not there are NaN; the id is skipped. The file is in memory, one
 * thread, its CPU time, the best pass of the fastest way: each way takes PASSES passes. The sum is
 * over all floats' bits (decode_file.c makes the same), in a pass of its own.
 */
#include <simdjson.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <limits>
#include <string>
#include <utility>
#include <vector>

using namespace simdjson;

namespace {

constexpr size_t columns = 28, batch_rows = 960;
constexpr float missing = std::numeric_limits<float>::quiet_NaN();
std::string names[columns];

struct batch {
    float values[columns][batch_rows];
    size_t row = 0;
    uint64_t records = 0, sum = 0;
    bool is_summed = false;

    /* The place of a new record, whose columns are all missing. */
    size_t begin()
    {
        if (row == batch_rows)
            end();
        if (row == 0)
            std::fill_n(&values[0][0], columns * batch_rows, missing);
        return row++;
    }

    void end()
    {
        for (size_t i = 0; is_summed && i < row; i++) {
            for (size_t column = 0; column < columns; column++) {
                uint32_t bits = 0x7fc00000;
                if (!std::isnan(values[column][i]))
                    std::memcpy(&bits, &values[column][i], sizeof bits);
                sum += bits * (2 * ((records + i) * columns + column) + 1);
            }
        }
        records += row;
        row = 0;
    }
};

[[noreturn]] void fail(const char *what)
{
    fprintf(stderr, "read_simdjson: %s\n", what);
    exit(1);
}

inline void set(batch &out, size_t column, size_t row, ondemand::value value)
{
    double number;
    if (value.get_double().get(number) == SUCCESS)
        out.values[column][row] = (float)number;
    else if (!value.is_null())
        fail("no number");
}

/* The keys in the order they are expected in. */
void find_fields(ondemand::object object, batch &out)
{
    size_t row = out.begin();
    for (size_t column = 0; column < columns; column++) {
        ondemand::value value;
        if (object.find_field(names[column]).get(value) == SUCCESS)
            set(out, column, row, value);
    }
}

/* Every field; its key is compared with the one that is expected first. */
void each_field(ondemand::object object, batch &out)
{
    size_t row = out.begin(), expected = 0;
    for (auto found : object) {
        ondemand::field field;
        if (std::move(found).get(field) != SUCCESS)
            fail("no field");
        size_t column = expected;
        if (column >= columns || !(field.key() == names[column])) {
            for (column = 0; column < columns && !(field.key() == names[column]); column++)
                continue;
        }
        if (column == columns)
            continue;
        set(out, column, row, field.value());
        expected = column + 1;
    }
}

template <void decode(ondemand::object, batch &), size_t window>
void on_demand(const padded_string &text, batch &out)
{
    static ondemand::parser parser;
    ondemand::document_stream stream;
    if (parser.iterate_many(text, window).get(stream) != SUCCESS)
        fail("no records");
    for (auto document : stream) {
        ondemand::object object;
        if (document.get_object().get(object) != SUCCESS)
            fail("no object");
        decode(object, out);
    }
    out.end();
}

template <size_t window> void whole_tree(const padded_string &text, batch &out)
{
    static dom::parser parser;
    dom::document_stream stream;
    if (parser.parse_many(text, window).get(stream) != SUCCESS)
        fail("no records");
    for (auto document : stream) {
        dom::object object;
        if (document.get(object) != SUCCESS)
            fail("no object");
        size_t row = out.begin(), expected = 0;
        for (auto field : object) {
            size_t column = expected;
            if (column >= columns || field.key != names[column]) {
                for (column = 0; column < columns && field.key != names[column]; column++)
                    continue;
            }
            double number;
            if (column == columns)
                continue;
            if (field.value.get(number) == SUCCESS)
                out.values[column][row] = (float)number;
            else if (!field.value.is_null())
                fail("no number");
            expected = column + 1;
        }
    }
    out.end();
}

struct way {
    const char *name;
    void (*run)(const padded_string &, batch &);
};

constexpr way ways[] = {
    {"on demand, find_field", on_demand<find_fields, 1000000>},
    {"on demand, find_field, windows of 128 KiB", on_demand<find_fields, 1 << 17>},
    {"on demand, each field", on_demand<each_field, 1000000>},
    {"on demand, each field, windows of 128 KiB", on_demand<each_field, 1 << 17>},
    {"whole trees", whole_tree<1000000>},
};

double now()
{
    timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

} // namespace

int main(int argc, char **argv)
{
    if (argc != 3)
        fail("usage: read_simdjson FILE PASSES");
    for (size_t column = 0; column < columns; column++)
        names[column] = "feature_" + std::to_string(column);
    padded_string text;
    if (padded_string::load(argv[1]).get(text) != SUCCESS)
        fail("cannot read the file");

    static batch out;
    double best = INFINITY;
    const way *best_way = nullptr;
    uint64_t sum = 0, records = 0;
    for (const way &way : ways) {
        out = batch();
        out.is_summed = true;
        way.run(text, out);
        if (best_way != nullptr && (out.sum != sum || out.records != records))
            fail("the ways disagree");
        sum = out.sum;
        records = out.records;
        double least = INFINITY;
        for (int pass = 0; pass < atoi(argv[2]); pass++) {
            out = batch();
            double begin = now();
            way.run(text, out);
            least = std::fmin(least, now() - begin);
        }
        fprintf(stderr, "%-45s %7.1f ns/record %6.2f GB/s\n", way.name, least / (double)records * 1e9,
                (double)text.size() / least * 1e-9);
        if (best_way == nullptr || least < best) {
            best = least;
            best_way = &way;
        }
    }
    printf("{\"seconds\": %.9f, \"records\": %llu, \"sum\": \"%016llx\", \"way\": \"%s\", \"kernel\": \"%s\", "
           "\"version\": \"%s\"}\n",
           best, (unsigned long long)records, (unsigned long long)sum, best_way->name,
           get_active_implementation()->name().c_str(), SIMDJSON_STRINGIFY(SIMDJSON_VERSION));
    return 0;
}
