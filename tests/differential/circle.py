#!/usr/bin/env python3
"""fit, transform, train in Python, predict: the whole circle, for both worked examples and for a table with holes.

    circle.py PROGRAM

What fit learns is compared with what scikit-learn learnt (testdata/generate_examples.py), the features with those that
Python makes, in every format that transform writes, and the answers with those of the model in Python. What a model
sees in predict is told by a linear model whose weights are all 1: its contributions are the features themselves.
"""
import csv
import io
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import pandas as pd
import xgboost as xgb

ROOT = pathlib.Path(__file__).resolve().parents[2]
TESTDATA = ROOT / 'testdata'
sys.dont_write_bytecode = True
sys.path.insert(0, str(TESTDATA))
import generate_examples  # noqa: E402

PROGRAM = os.path.abspath(sys.argv[1])
counts = {'passed': 0, 'failed': 0}
xgb.set_config(verbosity=0)


def judge(name, complaint=''):
    counts['failed' if complaint else 'passed'] += 1
    if complaint:
        print('not ok circle/%s\n    %s' % (name, complaint))


def run(*arguments, given=None):
    done = subprocess.run([PROGRAM] + [str(argument) for argument in arguments], input=given, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=120, check=False)
    if done.returncode != 0:
        raise SystemExit('xgbpipe %s: exit status %d: %s' % (arguments, done.returncode, done.stderr.decode()))
    return done.stdout.decode('utf-8')


# ---- reading what transform wrote, as a trainer does ----

def from_csv(text, names, separator=','):
    return pd.read_csv(io.StringIO(text), sep=separator, na_values=['\\N'])[names].to_numpy(dtype=np.float32)


def from_jsonl(text, names):
    rows = [json.loads(line) for line in text.splitlines()]
    return np.array([[np.nan if row[name] is None else row[name] for name in names] for row in rows], dtype=np.float64).astype(np.float32)


def from_libsvm(text, names):
    lines = text.splitlines()
    found = np.full((len(lines), len(names)), np.nan)
    for row, line in enumerate(lines):
        for pair in line.split()[1:]:
            index, value = pair.split(':')
            found[row, int(index)] = float(value)
    return found.astype(np.float32)


def difference(got, expected, names):
    """The first place where two tables are not the same bits; NaN is NaN, and -0 is 0 to a model."""
    got, expected = np.asarray(got, dtype=np.float32), np.asarray(expected, dtype=np.float32)
    if got.shape != expected.shape:
        return '%s features, expected %s' % (got.shape, expected.shape)
    same = (got == expected) | (np.isnan(got) & np.isnan(expected))
    if same.all():
        return ''
    row, column = np.argwhere(~same)[0]
    return 'record %d, %s: %r, expected %r' % (row + 1, names[column], got[row, column], expected[row, column])


def seen_by_a_model(names, folder, spec, records):
    """The features as predict hands them to a model: 0 where they are missing."""
    random = np.random.default_rng(3)
    matrix = xgb.DMatrix(random.normal(size=(16, len(names))), random.normal(size=16), feature_names=names)
    booster = xgb.train({'booster': 'gblinear', 'updater': 'coord_descent', 'base_score': 0, 'nthread': 1}, matrix, 1)
    document = json.loads(booster.save_raw('json'))
    document['learner']['gradient_booster']['model']['weights'] = [1.0] * len(names) + [0.0]
    path = folder / 'ones.json'
    path.write_text(json.dumps(document), encoding='utf-8')
    rows = list(csv.reader(io.StringIO(run('predict', '-m', path, '-s', spec, '-t', 'contribs', '--ocsv', '--output-header', records))))
    assert rows[0] == ['contrib_' + name for name in names + ['bias']], rows[0]
    return np.array(rows[1:], dtype=np.float64).astype(np.float32)[:, :-1]


# ---- what fit learns ----

def is_close(one, other):
    return abs(one - other) <= 1e-12 * max(abs(one), abs(other))


def compare_specs(ours, theirs, path=''):
    """What differs between two JSON values; numbers may by 1e-12 of their size."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        if set(ours) != set(theirs):
            return '%s has %s, expected %s' % (path, sorted(ours), sorted(theirs))
        return next(filter(None, (compare_specs(ours[key], theirs[key], path + '.' + key) for key in ours)), '')
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        pairs = enumerate(zip(ours, theirs))
        return next(filter(None, (compare_specs(*pair, '%s[%d]' % (path, number)) for number, pair in pairs)), '')
    numbers = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in (ours, theirs))
    if ours == theirs or (numbers and is_close(ours, theirs)):
        return ''
    return '%s is %r, expected %r' % (path, ours, theirs)


def plain(spec):
    """The ordinal's categories by hand hold for every column; golden records are put in later."""
    spec = {key: value for key, value in spec.items() if key != 'golden'}
    for step in spec['steps']:
        if isinstance(step.get('categories'), list):
            step['categories'] = {column: step['categories'] for column in step['columns']}
    return spec


# ---- the circle ----

def features_in_every_format(name, spec, records, names, expected):
    readers = {'csv': from_csv, 'tsv': lambda text, columns: from_csv(text, columns, '\t'), 'jsonl': from_jsonl,
               'libsvm': from_libsvm}
    for output, reader in readers.items():
        got = reader(run('transform', '-s', spec, '-O', output, records), names)
        judge('%s: features of %s as %s' % (name, records.name, output), difference(got, expected, names))


def answers_of(text, column):
    return np.array([float(row[column]) for row in csv.DictReader(io.StringIO(text))]).astype(np.float32)


def train_and_serve(name, spec, train, serve, target, folder, objective):
    """Trains on what transform wrote, and compares what is served with what the model says in Python."""
    output = 'csv' if train.suffix == '.csv' else 'jsonl'
    text = run('transform', '-s', spec, '-O', output, '--keep', target, train)
    names = json.loads(spec.read_text(encoding='utf-8'))['features']
    if output == 'csv':
        table = pd.read_csv(io.StringIO(text))
    else:
        table = pd.DataFrame([json.loads(line) for line in text.splitlines()])
    judge(name + ': header of the training table', '' if list(table) == [target] + names else str(list(table)))
    label = table.pop(target)
    booster = xgb.train({'nthread': 1, 'seed': 3, 'max_depth': 6, 'eta': 0.4, **objective},
                        xgb.DMatrix(table.astype(np.float64), label), 15)
    model = folder / (name + '.json')
    booster.save_model(model)
    features = from_jsonl(run('transform', '-s', spec, '--ojsonl', serve), names)
    seen = seen_by_a_model(names, folder, spec, serve)
    judge(name + ': what the model sees', difference(seen, np.nan_to_num(features, nan=0.0), names))
    matrix = xgb.DMatrix(features, feature_names=names)
    rows = list(csv.reader(io.StringIO(run('predict', '-m', model, '-s', spec, '-t', 'margin,leaf', '--ocsv', '--output-header', serve))))
    got = np.array(rows[1:], dtype=np.float64).astype(np.float32)
    judge(name + ': margins', difference(got[:, :1], booster.predict(matrix, output_margin=True)[:, None], ['margin']))
    leaves = booster.predict(matrix, pred_leaf=True).reshape(len(got), -1)
    judge(name + ': leaves', difference(got[:, 1:], leaves, rows[0][1:]))
    return model, booster, matrix


def worked_example(name, example, folder):
    records = TESTDATA / 'records'
    train, serve = records / example.train, records / example.serve
    by_hand, fitted = TESTDATA / 'specs' / (name + '.json'), TESTDATA / 'specs' / (name + '_fitted.json')
    learnt = folder / (name + '_spec.json')
    learnt.write_text(run('fit', '-s', by_hand, '--label', example.target, train), encoding='utf-8')
    judge(name + ': fit', compare_specs(plain(json.loads(learnt.read_text())), plain(json.loads(fitted.read_text()))))

    spec = json.loads(by_hand.read_text())
    example.fit(spec, generate_examples.read(example.train))
    for path in (train, serve):
        expected = example.features(spec, generate_examples.read(path.name))
        features_in_every_format(name, fitted, path, list(expected), expected)

    model, booster, matrix = train_and_serve(name, learnt, train, serve, example.target, folder, {})
    served = answers_of(run('predict', '-m', model, '-s', learnt, serve), spec['output'].get('name', 'prediction'))
    answers = [example.correct(float(value)) for value in booster.predict(matrix)]
    judge(name + ': answers', difference(served[:, None], np.array(answers)[:, None], ['prediction']))

    golden = folder / 'golden.csv'
    known = pd.read_csv(serve, dtype=str)[:30].assign(prediction=answers[:30])
    known.to_csv(golden, index=False)
    replayed = folder / 'replayed.json'
    replayed.write_text(run('check', '-s', learnt, '--add', golden), encoding='utf-8')
    judge(name + ': check --add', '' if len(json.loads(replayed.read_text())['golden']) == 30 else 'not 30 golden records')
    judge(name + ': check', run('check', '--exact', '-m', model, '-s', replayed))


HOLES = {
    'spec': 1,
    'steps': [
        {'op': 'robust', 'columns': ['x0', 'x3']},
        {'op': 'minmax', 'columns': ['x1', 'x2']},
        {'op': 'derive', 'name': 'ratio', 'expr': 'x4 / (x5 * x5 + 1) + if(ismissing(x6), 7, 0)'},
        {'op': 'bin', 'columns': ['x7'], 'bins': 5, 'strategy': 'quantile'},
        {'op': 'ordinal', 'columns': ['code'], 'unknown': 'missing'},
        {'op': 'one_hot', 'columns': ['city'], 'drop': 'first', 'unknown': 'ignore'},
        {'op': 'hash', 'columns': ['grade'], 'buckets': 4},
        {'op': 'drop', 'columns': ['id', 'offset', 'offset_0', 'offset_1', 'offset_2']},
    ],
}


def with_holes(folder):
    """Missing values that no step fills, and JSON lines all the way."""
    with open(TESTDATA / 'records' / 'made.csv', encoding='utf-8', newline='') as file:
        rows = list(csv.DictReader(file))
    texts = ('id', 'city', 'grade')
    train = folder / 'train.jsonl'
    with open(train, 'w', encoding='utf-8') as out:
        for row in rows[:200]:
            record = {key: value if key in texts else None if value == '' else value == 'true' if key == 'flag' else float(value)
                      for key, value in row.items()}
            out.write(json.dumps(record) + '\n')
    serve = folder / 'serve.jsonl'
    with open(serve, 'w', encoding='utf-8') as out:
        for row in rows[100:]:
            out.write(json.dumps({key: value for key, value in row.items() if value != ''}) + '\n')
    open_spec, spec = folder / 'open.json', folder / 'holes.json'
    open_spec.write_text(json.dumps(dict(HOLES, columns={'grade': 'text'})), encoding='utf-8')
    spec.write_text(run('fit', '-s', open_spec, '--label', 'count', train), encoding='utf-8')
    for objective in ({'objective': 'count:poisson'}, {'booster': 'dart', 'rate_drop': 0.3, 'objective': 'reg:tweedie'}):
        train_and_serve('holes, ' + objective['objective'].replace(':', ' '), spec, train, serve, 'count', folder, objective)


def main():
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        worked_example('houses', generate_examples.Houses(), folder)
        worked_example('rentals', generate_examples.Rentals(), folder)
        with_holes(folder)
    print('%(passed)d passed, %(failed)d failed, 0 skipped' % counts)
    return 1 if counts['failed'] else 0


if __name__ == '__main__':
    sys.exit(main())
