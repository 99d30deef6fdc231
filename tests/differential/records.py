#!/usr/bin/env python3
"""The whole program beside Python XGBoost: random models, random records as text, random ways to pass them.

    records.py PROGRAM SECONDS SEED      (and 50 rounds at least)

Texts become numbers by numpy.float32(float(text)), missing ones NaN; Python predicts from those. Margins must be the
same bits; values may be one step of float32 apart, because libm's expf differs from machine to machine. Each round draws
a model (objective, booster, depth, names, types, categories), records with numbers in odd forms, a format (csv, tsv,
jsonl, libsvm), the order of the columns, an engine, a number of threads and how the bytes arrive. A round that fails keeps
its files and says how to run it again.
"""
import json
import math
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import time

import numpy
import pandas
import xgboost

OBJECTIVES = ['reg:squarederror', 'reg:logistic', 'binary:logistic', 'binary:logitraw', 'binary:hinge', 'count:poisson',
              'reg:gamma', 'reg:tweedie', 'reg:pseudohubererror', 'reg:absoluteerror', 'multi:softprob', 'multi:softmax',
              'rank:ndcg', 'survival:cox', 'reg:quantileerror']
NULLS = ['', 'NA', 'N/A', 'NaN', 'nan', 'null', 'NULL', 'None', ' ']
CITIES = ['Paris', 'Seoul', 'São Paulo', 'Lima, Peru', 'say "hi"', 'NA', '12', 'x' * 40, 'tab\there']


def steps_between(a, b):
    def order(value):
        bits = struct.unpack('<i', struct.pack('<f', value))[0]
        return bits if bits >= 0 else -(bits & 0x7fffffff)
    return abs(order(a) - order(b))


class Round:
    def __init__(self, program, folder, seed):
        self.program, self.folder, self.seed = program, folder, seed
        self.random = random.Random(seed)
        self.numpy = numpy.random.default_rng(seed)

    def path(self, name):
        return os.path.join(self.folder, name)

    # ---- the model ----

    def make_features(self, row_count):
        count = self.random.choice([1, 2, 3, 5, 8, 13, 40])
        columns, self.types = {}, []
        for i in range(count):
            name = self.random.choice(['f%d', 'col %d', 'größe_%d', 'x%d']) % i
            kind = self.random.choices(['number', 'integer', 'boolean', 'category'], [6, 2, 1, 1 if self.may_categories else 0])[0]
            if kind == 'number':
                scale = 10.0 ** self.random.choice([-30, -5, 0, 0, 0, 3, 20])
                values = self.numpy.normal(size=row_count) * scale
                values = numpy.round(values, 3) if self.random.random() < .5 else values
                column = pandas.Series(values.astype(numpy.float32))
            elif kind == 'integer':
                column = pandas.Series(self.numpy.integers(-5, 1000, row_count))
            elif kind == 'boolean':
                column = pandas.Series(self.numpy.random(row_count) < .5)
            else:
                column = pandas.Series(self.numpy.choice(CITIES[:6], row_count)).astype('category')
            columns[name], _ = column, self.types.append(kind)
        return pandas.DataFrame(columns)

    def train(self):
        pick = self.random.choice
        row_count = pick([60, 300])
        booster = self.random.choices(['gbtree', 'dart', 'gblinear'], [8, 1, 1])[0]
        self.objective = pick(OBJECTIVES)
        if booster == 'gblinear':
            self.objective = pick(OBJECTIVES[:8])
        self.may_categories = booster != 'gblinear'
        frame = self.make_features(row_count)
        classes = 3 if self.objective.startswith('multi') else 0
        first = frame.iloc[:, 0]
        signal = numpy.asarray(pandas.to_numeric(first.cat.codes if self.types[0] == 'category' else first), dtype=float)
        signal = (signal - signal.mean()) / (signal.std() or 1) + self.numpy.normal(size=row_count)
        label = signal
        if classes:
            label = numpy.digitize(signal, [-.5, .5])
        elif self.objective.startswith('binary') or self.objective == 'reg:logistic' or self.objective.startswith('rank'):
            label = (signal > 0).astype(int)
        elif self.objective in ('count:poisson', 'reg:gamma', 'reg:tweedie', 'survival:cox'):
            label = numpy.abs(signal) + .01
        parameters = {'objective': self.objective, 'booster': booster, 'max_depth': pick([1, 2, 4, 6, 9]), 'eta': pick([.1, .3, 1.0]),
                      'seed': self.seed % 2**31, 'nthread': 2, 'verbosity': 0}
        if classes:
            parameters['num_class'] = classes
        if self.objective == 'reg:quantileerror':
            parameters['quantile_alpha'] = [.1, .5, .9]
        if booster == 'gbtree':
            parameters['tree_method'] = 'hist' if 'category' in self.types else pick(['hist', 'exact', 'approx'])
            parameters['num_parallel_tree'] = pick([1, 1, 1, 3])
            parameters['subsample'] = .8
        self.has_names = 'category' in self.types or self.random.random() < .8
        data = {'enable_categorical': True} if 'category' in self.types else {}
        features = frame if self.has_names else frame.to_numpy(dtype=numpy.float32)
        matrix = xgboost.DMatrix(features, label, **data)
        if self.objective.startswith('rank'):
            matrix.set_group([row_count // 2, row_count - row_count // 2])
        self.booster = xgboost.train(parameters, matrix, pick([1, 3, 10, 30]))
        self.model = self.path('model.' + pick(['json', 'ubj']))
        self.booster.save_model(self.model)
        self.names = list(frame.columns)

    # ---- the records ----

    def number_text(self, value):
        """A text that float() reads, of about this value."""
        form = self.random.randrange(9)
        text = repr(float(value))
        if form == 1:
            text = '%.9g' % value
        elif form == 2:
            text = '%.17e' % value
        elif form == 3:
            text = '%.40f' % value if abs(value) < 1e6 else text
        elif form == 4:
            text = '%.3E' % value
        elif form == 5 and text.startswith('0.'):
            text = text[1:]
        elif form == 6 and '-' not in text[:1]:
            text = '+' + text
        elif form == 7:
            text = '000' + text if '-' not in text[:1] else '-00' + text[1:]
        elif form == 8:
            text = '  ' + text + ' '
        return text

    def make_cell(self, kind):
        """(text, value as Python sees it)"""
        if self.random.random() < .08:
            text = self.random.choice(NULLS[:-1] if kind == 'category' else NULLS)
            if kind == 'category' and text == 'NA':
                return text, text
            return text, math.nan
        if kind == 'boolean':
            truth = self.random.random() < .5
            return self.random.choice([['false', 'False', 'FALSE', '0', 'f'], ['true', 'True', 'TRUE', '1', 't']][truth][:5 if self.has_names else 4]), float(truth)
        if kind == 'integer':
            number = self.random.randint(-5, 1000)
            return self.random.choice([str(number), '%d.0' % number, '%de0' % number]), float(number)
        if kind == 'category':
            city = self.random.choice(self.categories)
            return city, city
        exponent = self.random.choice([-45, -40, -10, -3, 0, 0, 0, 0, 2, 10, 30, 37])
        text = self.number_text(self.random.uniform(-3, 3) * 10.0 ** exponent)
        return text, float(text)

    def as_json(self, text, value, kind):
        if isinstance(value, float) and math.isnan(value):
            return self.random.choice(['null', json.dumps(text)])
        if kind == 'category':
            return json.dumps(text, ensure_ascii=self.random.random() < .5)
        if text.lower() in ('true', 'false'):
            return text.lower()
        if text in ('t', 'f'):
            return json.dumps(text)
        try:
            json.loads(text)
            return text.strip() if self.random.random() < .8 else json.dumps(text)
        except ValueError:
            return json.dumps(text)

    @staticmethod
    def csv_field(text, force):
        if force or any(c in text for c in ',"\n\r') or text != text.strip(' '):
            return '"' + text.replace('"', '""') + '"'
        return text

    def write_records(self):
        pick = self.random.choice
        may_libsvm = 'category' not in self.types and 'boolean' not in self.types
        self.format = pick(['csv', 'csv', 'tsv', 'jsonl'] + (['libsvm'] if may_libsvm else []))
        if not self.has_names and self.format == 'jsonl':
            self.format = 'csv'
        self.categories = CITIES[:6]
        row_count = pick([1, 3, 50, 700])
        order = list(range(len(self.names)))
        if self.has_names and self.format != 'libsvm':
            self.random.shuffle(order)
        lines, values, end = [], [], pick(['\n', '\n', '\r\n'])
        if self.format in ('csv', 'tsv'):
            separator = ',' if self.format == 'csv' else '\t'
            header = ['id'] + [self.names[i] for i in order]
            lines.append(separator.join(header))
        for row in range(row_count):
            cells = [self.make_cell(kind) for kind in self.types]
            values.append([value for _, value in cells])
            if self.format == 'jsonl':
                fields = ['%s: %s' % (json.dumps(self.names[i]), self.as_json(*cells[i], self.types[i])) for i in order]
                fields.insert(self.random.randint(0, len(fields)), '"id":%d' % row)
                lines.append('{' + ', '.join(fields) + '}')
            elif self.format == 'libsvm':
                lines.append(' '.join(['0'] + ['%d:%s' % (i, cells[i][0].strip()) for i in range(len(cells))
                                               if not math.isnan(cells[i][1])]))
            elif self.format == 'csv':
                lines.append(','.join([str(row)] + [self.csv_field(cells[i][0], self.random.random() < .05) for i in order]))
            else:
                lines.append('\t'.join([str(row)] + [cells[i][0].replace('\\', '\\\\').replace('\t', '\\t').replace('\n', '\\n')
                                                     for i in order]))
        self.rows = values
        self.records = self.path('records.' + self.format)
        with open(self.records, 'wb') as file:
            text = end.join(lines) + pick(['', end])
            file.write((pick(['', '\ufeff']) + text).encode() if self.format != 'libsvm' else text.encode())

    def expected(self):
        frame = {}
        for i, (name, kind) in enumerate(zip(self.names, self.types)):
            column = [row[i] for row in self.rows]
            if kind == 'category':
                column = [None if isinstance(v, float) else v for v in column]
                frame[name] = pandas.Series(pandas.Categorical(column, categories=sorted(set(self.categories))))
            else:
                frame[name] = pandas.Series(numpy.array(column, dtype=numpy.float64).astype(numpy.float32))
        frame = pandas.DataFrame(frame)
        self.booster.set_param({'nthread': 2})
        if self.has_names:
            matrix = xgboost.DMatrix(frame, enable_categorical='category' in self.types)
            matrix.feature_types = None if 'category' not in self.types else matrix.feature_types
            names = dict(validate_features=False)
        else:
            matrix, names = xgboost.DMatrix(frame.to_numpy(dtype=numpy.float32)), {}
        margin = self.booster.predict(matrix, output_margin=True, **names)
        value = self.booster.predict(matrix, **names)
        rows = len(self.rows)
        return value.reshape(rows, -1), margin.reshape(rows, -1)

    # ---- the comparison ----

    def run(self):
        self.train()
        self.write_records()
        value, margin = self.expected()
        pick = self.random.choice
        command = [self.program, '-m', self.model, '-i', self.format, '-O', 'csv', '-t', 'value,margin', '--no-output-header',
                   '--threads', str(pick([1, 2, 5])), '-q', '--engine', pick(['auto', 'xgboost']), '--on-error', 'null']
        if not self.has_names and self.format != 'libsvm':
            command += ['--features', ','.join(self.names)]
        self.command = command
        with open(self.records, 'rb') as file:
            if self.random.random() < .5:
                done = subprocess.run(command, stdin=file, capture_output=True, check=False)
            else:
                done = self.feed(command, file.read())
        if done.returncode != 0:
            return 'exit status %d: %s' % (done.returncode, done.stderr.decode(errors='replace').strip())
        lines = done.stdout.decode().splitlines()
        if len(lines) != len(self.rows):
            return '%d answers for %d records' % (len(lines), len(self.rows))
        for row, line in enumerate(lines):
            wanted = list(value[row]) + list(margin[row])
            if not numpy.isfinite(wanted).all():
                # An answer that cannot be true is refused: all of the record's answers are empty.
                if line != ',' * (len(wanted) - 1):
                    return 'record %d: %r, but an answer is not finite: %r' % (row, line, wanted)
                continue
            got = [float(text) for text in line.split(',')]
            if len(got) != len(wanted):
                return 'record %d: %d answers, expected %d' % (row, len(got), len(wanted))
            for column, (a, b) in enumerate(zip(got, wanted)):
                if steps_between(a, float(b)) > (1 if column < value.shape[1] else 0):
                    return 'record %d: answer %d is %r, expected %r' % (row, column, a, float(b))
        return None

    def feed(self, command, data):
        """The same bytes in pieces of any size."""
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            at = 0
            while at < len(data) and len(data) < 60000:
                size = self.random.choice([1, 7, 100, 4096])
                if process.poll() is not None:
                    break
                try:
                    process.stdin.write(data[at:at + size])
                    process.stdin.flush()
                except BrokenPipeError:
                    break
                at += size
            out, err = process.communicate(data[at:] if at < len(data) else None)
            return subprocess.CompletedProcess(command, process.returncode, out, err)


def main():
    program, seconds, seed = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
    end, passed, failed = time.monotonic() + seconds, 0, 0
    while (time.monotonic() < end or passed < 50) and failed < 5:
        folder = tempfile.mkdtemp(prefix='xgbpipe-records-')
        trial = Round(program, folder, seed)
        complaint = trial.run()
        if complaint is None:
            passed += 1
            shutil.rmtree(folder)
        else:
            failed += 1
            print('not ok seed %d (%s, %s, types %s): %s' % (seed, trial.objective, trial.format, set(trial.types), complaint))
            print('  again: %s < %s' % (' '.join(trial.command), trial.records))
        seed += 1
    print('%d passed, %d failed, 0 skipped' % (passed, failed))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
