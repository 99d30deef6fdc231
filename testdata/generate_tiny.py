#!/usr/bin/env python3
"""Makes the models of the command line cases: so small that their answers can be told by heart.

    build/oracle/bin/python3 testdata/generate_tiny.py

Each is trained by XGBoost, then its weights or leaves are set by hand, and XGBoost loads it again and must answer
what the comment beside it says. Needs XGBoost 3.4.1, NumPy and pandas.
"""
import json
import os

import numpy as np
import pandas as pd
import xgboost as xgb

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'models', 'tiny')
NAN = float('nan')


def linear(name, names, weights, bias=0.0, objective='reg:squarederror', classes=0, types=None):
    """The answer is bias + the sum of weight x feature; a missing feature adds nothing."""
    random = np.random.default_rng(1)
    groups = max(1, classes)
    features = random.normal(size=(64, len(weights) // groups))
    target = np.arange(64) % max(2, classes)
    params = {'booster': 'gblinear', 'objective': objective, 'base_score': {'binary': 0.5, 'count:': 1.0}.get(objective[:6], 0.0),
              'updater': 'coord_descent'}
    if classes:
        params['num_class'] = classes
    matrix = xgb.DMatrix(features, target, feature_names=names, feature_types=types)
    booster = xgb.train(params, matrix, 1)
    document = json.loads(booster.save_raw('json'))
    document['learner']['gradient_booster']['model']['weights'] = list(map(float, weights)) + [float(bias)] * groups
    return save(name, document)


def save(name, document):
    path = os.path.join(FOLDER, name + '.json')
    with open(path, 'w', encoding='utf-8') as file:
        json.dump(document, file, separators=(',', ':'))
        file.write('\n')
    return xgb.Booster(model_file=path)


def answers(booster, rows, names=None, types=None):
    return booster.predict(xgb.DMatrix(np.array(rows, dtype=np.float64), feature_names=names, feature_types=types))


def expect(got, wanted):
    assert np.array_equal(np.asarray(got, dtype=np.float32), np.asarray(wanted, dtype=np.float32)), (got, wanted)


def stump_per_feature(name, names):
    """Adds 2^i when feature i is missing: the answer is a bit mask of the missing features."""
    random = np.random.default_rng(2)
    count = len(names)
    rows = random.normal(size=(256, count))
    rows[random.random(rows.shape) < 0.5] = NAN
    mask = (np.isnan(rows) * 2.0 ** np.arange(count)).sum(axis=1)
    document = None
    booster = xgb.train({'base_score': 0.0, 'max_depth': 1, 'learning_rate': 1, 'lambda': 0}, xgb.DMatrix(rows, mask, feature_names=names), count)
    document = json.loads(booster.save_raw('json'))
    for index, tree in enumerate(document['learner']['gradient_booster']['model']['trees']):
        assert tree['tree_param']['num_nodes'] == '3'
        # Nothing is less than the threshold but what is missing, which goes left by default.
        tree['split_indices'][0] = index
        tree['split_conditions'] = [-3e38, 2.0 ** index, 0.0]
        tree['default_left'] = [1, 0, 0]
        tree['base_weights'] = [0.0, 2.0 ** index, 0.0]
    booster = save(name, document)
    expect(answers(booster, [[0] * count, [NAN] * count, [NAN] + [1] * (count - 1)], names), [0, 2 ** count - 1, 1])


def lookup(name, frame):
    """The answer is the code of category a plus ten times that of b."""
    target = frame['a'].cat.codes + 10.0 * frame['b'].cat.codes
    booster = xgb.train({'base_score': 0.0, 'max_depth': 6, 'learning_rate': 1, 'lambda': 0, 'min_child_weight': 0,
                         'max_cat_to_onehot': 100}, xgb.DMatrix(frame, target, enable_categorical=True), 1)
    booster.save_model(os.path.join(FOLDER, name + '.json'))
    expect(booster.predict(xgb.DMatrix(frame, enable_categorical=True)), target)


def main():
    os.makedirs(FOLDER, exist_ok=True)
    # echo: the answer is the feature x itself, as float32; 0 where it is missing.
    expect(answers(linear('echo', ['x'], [1]), [[1.1], [-3e38]], ['x']), [1.1, -3e38])
    # sum: a + 10 b + 100 c.
    expect(answers(linear('sum', ['a', 'b', 'c'], [1, 10, 100]), [[1, 2, 3]], ['a', 'b', 'c']), [321])
    # unnamed: the same without names.
    expect(answers(linear('unnamed', None, [1, 10, 100]), [[1, 2, 3]]), [321])
    # flags: a + 10 b, where a is a boolean (type i).
    types = ['i', 'float']
    expect(answers(linear('flags', ['a', 'b'], [1, 10], types=types), [[1, 2]], ['a', 'b'], types), [21])
    # missing: 1 where a is missing, + 2 for b, + 4 for c.
    stump_per_feature('missing', ['a', 'b', 'c'])
    # logistic: the margin is x.
    expect(answers(linear('logistic', ['x'], [1], objective='binary:logistic'), [[0.0]], ['x']), [0.5])
    # three: the margins of the classes are a, b, and a + b.
    three = linear('three', ['a', 'b'], [1, 0, 1, 0, 1, 1], objective='multi:softprob', classes=3)
    matrix = xgb.DMatrix(np.array([[1.0, 2.0]]), feature_names=['a', 'b'])
    expect(three.predict(matrix, output_margin=True), [[1, 2, 3]])
    # exp: exp(x), of which float32 holds only so much.
    expect(answers(linear('exp', ['x'], [1], objective='count:poisson'), [[0.0]], ['x']), [1])
    # texts and numbers as categories, kept in the model.
    texts = ['Paris', 'NA', '20', 'a,b', 'true']
    numbers = [20, 3, -1]
    frame = pd.DataFrame([(text, number) for text in texts for number in numbers], columns=['a', 'b'])
    frame['a'] = pd.Categorical(frame['a'], categories=texts)
    frame['b'] = pd.Categorical(frame['b'], categories=numbers)
    lookup('categories', frame)
    # codes: categories by code only, as models before XGBoost 3.1 have them.
    codes = xgb.DMatrix(np.array([[0.0], [1.0], [2.0]]), np.array([5.0, 7.0, 9.0]), feature_names=['a'], feature_types=['c'],
                        enable_categorical=True)
    booster = xgb.train({'base_score': 0.0, 'max_depth': 3, 'learning_rate': 1, 'lambda': 0, 'min_child_weight': 0,
                         'max_cat_to_onehot': 100}, codes, 1)
    booster.save_model(os.path.join(FOLDER, 'codes.json'))
    expect(booster.predict(codes), [5, 7, 9])


if __name__ == '__main__':
    main()
