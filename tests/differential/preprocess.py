#!/usr/bin/env python3
"""Every op that has a twin in scikit-learn beside it, over real tables.

fit must learn what the twin learns to 1e-12 relative, and given the same parameters transform must give the twin's
numbers to the last bit of the float32. $XGBPIPE is the program.
"""
import csv
import os
import sys
import warnings

import numpy as np
import pandas as pd
from sklearn.feature_extraction import FeatureHasher
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (Binarizer, FunctionTransformer, KBinsDiscretizer, MinMaxScaler, OneHotEncoder,
                                   OrdinalEncoder, RobustScaler, StandardScaler)

from preprocess_tools import RECORDS, close, counts, fit, same_bits, sum_is_close, transform

warnings.filterwarnings('ignore')


def read_table(name, rng):
    """Numbers and texts of a real table, with holes, a constant, a nearly constant and a wild column."""
    with open(os.path.join(RECORDS, name), encoding='utf-8', newline='') as file:
        rows = list(csv.DictReader(file))
    numbers, texts = {}, {}
    for column in rows[0]:
        values = ['' if row[column] == 'NA' else row[column] for row in rows]
        try:
            numbers[column] = [float(v) if v else np.nan for v in values]
        except ValueError:
            texts[column] = [v or None for v in values]
    size = len(rows)
    numbers['constant'] = [0.1] * size
    numbers['nearly'] = list(1e6 + 1e-11 * rng.standard_normal(size))
    numbers['wild'] = list(rng.standard_cauchy(size) * 10.0 ** rng.integers(-8, 8, size))
    numbers['few'] = list(rng.integers(0, 4, size).astype(float))
    texts['colour'] = [('red', 'green', 'blue', 'Ünïcode', '10', '9', 'a b')[i] for i in rng.integers(0, 7, size)]
    texts['rare'] = ['v%d' % min(i, 40) for i in rng.zipf(1.6, size)]
    texts['binary'] = [('yes', 'no')[i] for i in rng.integers(0, 2, size)]
    texts['same'] = ['only'] * size
    for column in list(numbers)[1::2]:
        if column not in ('constant', 'nearly'):
            numbers[column] = [np.nan if rng.random() < 0.07 else v for v in numbers[column]]
    for column in ('colour', 'rare'):
        texts[column] = [None if rng.random() < 0.05 else v for v in texts[column]]
    return numbers, texts


def matrix(columns):
    return np.array(list(columns.values()), dtype=np.float64).T


def frame(columns):
    return pd.DataFrame({name: pd.Series([np.nan if v is None else v for v in values], dtype=object)
                         for name, values in columns.items()})


def split(columns, size):
    """Training records; all records; one record."""
    train = {name: values[:size] for name, values in columns.items()}
    return train, (columns, {name: values[-1:] for name, values in columns.items()})


def parameters(step, name, columns):
    return [step[name][column] for column in columns]


def compare(name, spec, tables, expected):
    """expected(table) gives the twin's float64 features."""
    for table in tables:
        _, ours = transform(spec, table)
        text = same_bits(ours, expected(table))
        counts.check(not text, name, text)


def with_step(step, columns):
    return {'spec': 1, 'steps': [dict(step, columns=list(columns))]}


def compare_imputers(where, numbers, texts):
    train, tables = split(numbers, 300)
    for strategy in ('mean', 'median', 'most_frequent'):
        for indicator in (False, True):
            name = '%s: impute %s%s' % (where, strategy, ' with indicator' if indicator else '')
            spec = fit(with_step({'op': 'impute', 'strategy': strategy, 'indicator': indicator}, numbers), train)
            twin = SimpleImputer(strategy=strategy).fit(matrix(train))
            ours = parameters(spec['steps'][0], 'values', numbers)
            counts.check(sum_is_close(ours, twin.statistics_, matrix(train)) if strategy == 'mean'
                         else list(ours) == list(twin.statistics_), name, 'statistics_')
            twin.statistics_ = np.array(ours)
            holes = MissingIndicator(features='all').fit(matrix(train))
            compare(name, spec, tables, lambda t, twin=twin, i=indicator: np.hstack(
                [twin.transform(matrix(t))] + ([holes.transform(matrix(t)).astype(float)] if i else [])))
    train, tables = split(texts, 300)
    spec = fit({'spec': 1, 'steps': [
        {'op': 'impute', 'columns': list(texts), 'strategy': 'most_frequent'},
        {'op': 'ordinal', 'columns': list(texts), 'unknown': -1}]}, train)
    twin = SimpleImputer(strategy='most_frequent').fit(frame(train))
    counts.check(parameters(spec['steps'][0], 'values', texts) == list(twin.statistics_), where + ': impute text')
    both = make_pipeline(twin, OrdinalEncoder(handle_unknown='use_encoded_value', unknown_value=-1)).fit(frame(train))
    compare(where + ': impute text, ordinal', spec, tables, lambda t: both.transform(frame(t)))


def compare_scalers(where, numbers):
    train, tables = split(numbers, 300)
    name = where + ': standardize'
    spec = fit(with_step({'op': 'standardize'}, numbers), train)
    step = spec['steps'][0]
    twin = StandardScaler().fit(matrix(train))
    counts.check(sum_is_close(parameters(step, 'mean', numbers), twin.mean_, matrix(train)), name, 'mean_')
    counts.check(close(parameters(step, 'scale', numbers), twin.scale_), name, 'scale_ %s, expected %s' % (
        parameters(step, 'scale', numbers), list(twin.scale_)))
    twin.mean_, twin.scale_ = np.array(parameters(step, 'mean', numbers)), np.array(parameters(step, 'scale', numbers))
    compare(name, spec, tables, lambda t: twin.transform(matrix(t)))

    name = where + ': minmax'
    spec = fit(with_step({'op': 'minmax'}, numbers), train)
    step = spec['steps'][0]
    minmax = MinMaxScaler().fit(matrix(train))
    counts.check(parameters(step, 'min', numbers) == list(minmax.data_min_), name, 'data_min_')
    counts.check(parameters(step, 'max', numbers) == list(minmax.data_max_), name, 'data_max_')
    compare(name, spec, tables, lambda t: minmax.transform(matrix(t)))

    name = where + ': robust'
    spec = fit(with_step({'op': 'robust'}, numbers), train)
    step = spec['steps'][0]
    robust = RobustScaler().fit(matrix(train))
    counts.check(close(parameters(step, 'center', numbers), robust.center_), name, 'center_')
    counts.check(close(parameters(step, 'scale', numbers), robust.scale_), name, 'scale_')
    robust.center_ = np.array(parameters(step, 'center', numbers))
    robust.scale_ = np.array(parameters(step, 'scale', numbers))
    compare(name, spec, tables, lambda t: robust.transform(matrix(t)))


def compare_bins(where, numbers):
    whole = {name: values for name, values in numbers.items() if not np.isnan(values).any()}
    train, tables = split(whole, 300)
    for strategy in ('uniform', 'quantile'):
        for bins in (2, 3, 10):
            name = '%s: %d bins, %s' % (where, bins, strategy)
            spec = fit(with_step({'op': 'bin', 'bins': bins, 'strategy': strategy}, whole), train)
            twin = KBinsDiscretizer(bins, encode='ordinal', strategy=strategy, subsample=None,
                                    quantile_method='linear').fit(matrix(train))
            ours = parameters(spec['steps'][0], 'edges', whole)
            for column, edges, theirs in zip(whole, ours, twin.bin_edges_):
                # A column of one value has edges at infinity there.
                counts.check(close(edges, theirs) or (edges[0] == edges[-1] and len(theirs) == 2),
                             name, '%s: %s, expected %s' % (column, edges, list(theirs)))
            twin.bin_edges_ = np.array([np.array(edges) for edges in ours] + [None], dtype=object)[:-1]
            compare(name, spec, tables, lambda t, twin=twin: twin.transform(matrix(t)))
    threshold = float(np.nanmedian(matrix(train)[:, 0]))
    compare(where + ': binarize', with_step({'op': 'binarize', 'threshold': threshold}, whole), tables,
            lambda t: Binarizer(threshold=threshold).fit(matrix(t)).transform(matrix(t)))


def compare_functions(where, numbers):
    tables = split(numbers, 300)[1]
    functions = {'log': np.log, 'log1p': np.log1p, 'sqrt': np.sqrt, 'abs': np.abs, 'expm1': np.expm1}
    for op, function in functions.items():
        def expected(table, function=function):
            with np.errstate(all='ignore'):
                values = FunctionTransformer(function).transform(matrix(table))
            values[np.isneginf(values)] = np.nan  # a pole: missing, and counted
            with np.errstate(over='ignore'):  # beyond float32: the whole record is bad
                values[np.isinf(values.astype(np.float32)).any(axis=1)] = np.nan
            return values
        compare('%s: %s' % (where, op), with_step({'op': op}, numbers), tables, expected)
    train = split(numbers, 300)[0]
    spec = fit(with_step({'op': 'clip', 'quantiles': [0.05, 0.9]}, numbers), train)
    step = spec['steps'][0]
    low, high = parameters(step, 'min', numbers), parameters(step, 'max', numbers)
    counts.check(close([low, high], np.nanquantile(matrix(train), [0.05, 0.9], axis=0)), where + ': clip quantiles')
    compare(where + ': clip', spec, tables, lambda t: np.clip(matrix(t), low, high))
    compare(where + ': affine', with_step({'op': 'affine', 'scale': 0.3, 'offset': -7.1}, numbers), tables,
            lambda t: matrix(t) * 0.3 + -7.1)


def categories_of(values):
    """As our spec writes them: null for NaN."""
    return [None if isinstance(v, float) and np.isnan(v) else v for v in values]


def compare_encoders(where, numbers, texts):
    coded = dict({name: texts[name] for name in texts}, few=numbers['few'])
    train, tables = split(coded, 250)
    ordinal = OrdinalEncoder(handle_unknown='use_encoded_value', unknown_value=-2).fit(frame(train))
    spec = dict(with_step({'op': 'ordinal', 'unknown': -2}, coded), columns={'few': 'number'})
    spec = fit(spec, train)
    for column, theirs in zip(coded, ordinal.categories_):
        counts.check(spec['steps'][0]['categories'][column] == [c for c in categories_of(theirs) if c is not None],
                     where + ': ordinal categories', column)
    compare(where + ': ordinal', spec, tables, lambda t: ordinal.transform(frame(t)))

    for drop in (None, 'first', 'if_binary'):
        for unknown in ('error', 'ignore', 'infrequent'):
            for frequency in (None, 5, 0.2):
                compare_one_hot(where, coded, train, tables, drop, unknown, frequency)


def compare_one_hot(where, coded, train, tables, drop, unknown, frequency):
    name = '%s: one_hot drop %s unknown %s min_frequency %s' % (where, drop, unknown, frequency)
    step = {'op': 'one_hot', 'unknown': unknown}
    if drop:
        step['drop'] = drop
    if frequency:
        step['min_frequency'] = frequency
    spec = fit(dict(with_step(step, coded), columns={'few': 'number'}), train)
    twin = OneHotEncoder(drop=drop, min_frequency=frequency, sparse_output=False,
                         handle_unknown='infrequent_if_exist' if unknown == 'infrequent' else unknown).fit(frame(train))
    for column, theirs in zip(coded, twin.categories_):
        counts.check(spec['steps'][0]['categories'][column] == categories_of(theirs), name, 'categories ' + column)
    names = [n[:-2] if n.startswith('few_') and n.endswith('.0') else n for n in twin.get_feature_names_out()]
    counts.check(spec['features'] == names, name, 'names %s, expected %s' % (spec['features'], names))
    if unknown != 'error':
        compare(name, spec, tables, lambda t: twin.transform(frame(t)))
        return

    def expected(table):
        whole = frame(table)
        known = np.ones(len(whole), dtype=bool)
        for column, categories in zip(coded, twin.categories_):
            known &= whole[column].map(lambda v, c=set(categories_of(categories)): categories_of([v])[0] in c).to_numpy()
        result = np.full((len(whole), len(names)), np.nan)
        if known.any():
            result[known] = twin.transform(whole[known])
        return result
    compare(name, spec, tables, expected)


def compare_hashes(where, texts):
    for column in texts:
        whole = {column: [v or '' for v in texts[column]]}
        there = [bool(v) for v in whole[column]]
        for buckets in (1, 7, 16):
            for signed in (True, False):
                spec = with_step({'op': 'hash', 'buckets': buckets, 'signed': signed}, whole)

                def expected(table, buckets=buckets, signed=signed, there=there):
                    hasher = FeatureHasher(buckets, input_type='string', alternate_sign=signed)
                    values = hasher.transform([[v] for v in list(table.values())[0]]).toarray()
                    values[[not v for v in there]] = np.nan
                    return values
                compare('%s: hash %s %d %s' % (where, column, buckets, signed), spec, [whole], expected)


def compare_chain(where, numbers, texts):
    """A scikit-learn pipeline: each step fitted on the output of those before it."""
    train, tables = split(numbers, 300)
    ours = fit({'spec': 1, 'steps': [
        {'op': 'impute', 'columns': list(numbers), 'strategy': 'median'},
        {'op': 'robust', 'columns': list(numbers)},
        {'op': 'clip', 'columns': list(numbers), 'min': -3, 'max': 3},
        {'op': 'standardize', 'columns': list(numbers)}]}, train)
    twin = make_pipeline(SimpleImputer(strategy='median'), RobustScaler(),
                         FunctionTransformer(np.clip, kw_args={'a_min': -3, 'a_max': 3}), StandardScaler())
    twin.fit(matrix(train))
    mean, scale = (np.array(parameters(ours['steps'][3], p, numbers)) for p in ('mean', 'scale'))
    counts.check(np.allclose(mean, twin[3].mean_, rtol=1e-12, atol=1e-13), where + ': chain', 'mean_')
    counts.check(close(scale, twin[3].scale_), where + ': chain', 'scale_')
    twin[0].statistics_ = np.array(parameters(ours['steps'][0], 'values', numbers))
    twin[1].center_ = np.array(parameters(ours['steps'][1], 'center', numbers))
    twin[1].scale_ = np.array(parameters(ours['steps'][1], 'scale', numbers))
    twin[3].mean_, twin[3].scale_ = mean, scale
    compare(where + ': chain', ours, tables, lambda t: twin.transform(matrix(t)))


def main():
    rng = np.random.default_rng(20260807)
    for name in ('Boston.csv', 'Bikeshare.csv', 'made.csv', 'houses.csv'):
        numbers, texts = read_table(name, rng)
        numbers = {column: values[:2000] for column, values in numbers.items() if not np.isnan(values[:300]).all()}
        texts = {column: values[:2000] for column, values in texts.items() if column != 'id' and any(values[:250])}
        compare_imputers(name, numbers, texts)
        compare_scalers(name, numbers)
        compare_bins(name, numbers)
        compare_functions(name, numbers)
        compare_encoders(name, numbers, texts)
        compare_hashes(name, texts)
        compare_chain(name, numbers, texts)
    return counts.done()


if __name__ == '__main__':
    sys.exit(main())
