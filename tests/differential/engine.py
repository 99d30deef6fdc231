#!/usr/bin/env python3
"""Scores random models' records with every engine and compares each bit with Python XGBoost.

    engine.py DRIVER [SECONDS [SEED]]

DRIVER is the program engine_driver. First come all objectives and all shapes of model once, then random
mixtures of them until SECONDS are over (45 unless told). A failing case prints the seed that makes it again.
Ends with "N passed, N failed, N skipped": models times engines, and engines that this machine cannot run.
"""
import json
import os
import subprocess
import sys
import tempfile
import time

import numpy as np
import xgboost as xgb

ENGINES = ['xgboost', 'native:avx512', 'native:avx2', 'native:x86-64']
if os.uname().machine == 'aarch64':
    ENGINES = ['xgboost', 'native:neon']
if os.environ.get('XGBPIPE_DIFFERENTIAL_ENGINES'):
    ENGINES = os.environ['XGBPIPE_DIFFERENTIAL_ENGINES'].split()

OBJECTIVES = {
    'reg:squarederror': {}, 'reg:squaredlogerror': {}, 'reg:logistic': {}, 'reg:pseudohubererror': {},
    'reg:absoluteerror': {}, 'binary:logistic': {}, 'binary:logitraw': {}, 'binary:hinge': {},
    'count:poisson': {}, 'reg:gamma': {}, 'reg:tweedie': {'tweedie_variance_power': 1.3},
    'survival:cox': {}, 'survival:aft': {}, 'rank:pairwise': {}, 'rank:ndcg': {}, 'rank:map': {},
    'multi:softmax': {'num_class': 4}, 'multi:softprob': {'num_class': 7},
    'reg:quantileerror': {'quantile_alpha': [0.1, 0.5, 0.9]},
    'reg:expectileerror': {'expectile_alpha': [0.2, 0.5, 0.8]},
}

# Name -> what it changes of the plain case.
SHAPES = {
    'stumps': {'max_depth': 1, 'rounds': 40},
    'depth-2': {'max_depth': 2},
    'depth-3': {'max_depth': 3},
    'depth-5': {'max_depth': 5},
    'depth-7': {'max_depth': 7, 'rows': 1500, 'min_child_weight': 0},
    'depth-8': {'max_depth': 8, 'rows': 2500, 'min_child_weight': 0},
    'depth-9': {'max_depth': 9, 'rows': 2500, 'min_child_weight': 0},
    'depth-12': {'max_depth': 12, 'rows': 2500, 'min_child_weight': 0, 'rounds': 6},
    'bins-16': {'max_bin': 16},
    'bins-1024': {'max_bin': 1024, 'rows': 3000, 'max_depth': 7, 'rounds': 20},
    'exact': {'tree_method': 'exact', 'rows': 1500, 'max_depth': 7},
    'exact-gamma': {'tree_method': 'exact', 'gamma': 0.4, 'rows': 1200},
    'many-thresholds': {'tree_method': 'exact', 'rows': 5000, 'features': 2, 'max_depth': 8, 'rounds': 25,
                        'min_child_weight': 0, 'subsample': 0.7},
    'lossguide': {'grow_policy': 'lossguide', 'max_leaves': 40, 'max_depth': 0},
    'lossguide-12': {'grow_policy': 'lossguide', 'max_leaves': 200, 'max_depth': 12, 'rows': 2500},
    'lopsided': {'grow_policy': 'lossguide', 'max_leaves': 30, 'max_depth': 0, 'steps': True, 'rounds': 5},
    'categorical': {'categories': 12, 'max_cat_to_onehot': 1},
    'categorical-onehot': {'categories': 6, 'max_cat_to_onehot': 20},
    'categorical-many': {'categories': 700, 'max_cat_to_onehot': 1, 'rows': 3000},
    'dart': {'booster': 'dart', 'rate_drop': 0.3, 'skip_drop': 0.2},
    'dart-forest': {'booster': 'dart', 'rate_drop': 0.5, 'num_parallel_tree': 3, 'subsample': 0.5},
    'forest': {'num_parallel_tree': 5, 'subsample': 0.6, 'colsample_bynode': 0.5, 'rounds': 4},
    'many-classes': {'objective': 'multi:softprob', 'num_class': 40, 'rounds': 3},
    'targets': {'targets': 3},
    'targets-base': {'targets': 2, 'objective': 'reg:pseudohubererror'},
    'vectors': {'targets': 3, 'multi_strategy': 'multi_output_tree'},
    'vectors-many': {'targets': 25, 'multi_strategy': 'multi_output_tree', 'rounds': 4},
    'vectors-deep': {'targets': 2, 'multi_strategy': 'multi_output_tree', 'max_depth': 12, 'rows': 2500,
                     'min_child_weight': 0, 'rounds': 6},
    'vectors-depth-7': {'targets': 2, 'multi_strategy': 'multi_output_tree', 'max_depth': 7, 'rows': 1500,
                        'min_child_weight': 0, 'rounds': 20},
    'vectors-lossguide': {'targets': 2, 'multi_strategy': 'multi_output_tree', 'grow_policy': 'lossguide',
                          'max_leaves': 500, 'max_depth': 0, 'rows': 2500, 'min_child_weight': 0, 'rounds': 5},
    'vectors-categorical': {'targets': 2, 'multi_strategy': 'multi_output_tree', 'categories': 12, 'max_cat_to_onehot': 1},
    'vectors-categorical-many': {'targets': 2, 'multi_strategy': 'multi_output_tree', 'categories': 6000,
                                 'max_cat_to_onehot': 1, 'rows': 9000, 'rounds': 4},
    'vectors-dart': {'targets': 2, 'multi_strategy': 'multi_output_tree', 'booster': 'dart', 'rate_drop': 0.3},
    'vectors-forest': {'targets': 3, 'multi_strategy': 'multi_output_tree', 'num_parallel_tree': 5, 'subsample': 0.6,
                       'rounds': 4},
    'vectors-rounds': {'targets': 3, 'multi_strategy': 'multi_output_tree', 'slice': True},
    'vectors-base-margin': {'targets': 3, 'multi_strategy': 'multi_output_tree', 'base_margin': True},
    'vectors-sparse': {'targets': 2, 'multi_strategy': 'multi_output_tree', 'sparse': True, 'missing': 0.8, 'features': 60},
    'vectors-chunks-5': {'targets': 3, 'multi_strategy': 'multi_output_tree', 'chunk': 5, 'records': 90},
    'vectors-single-leaves': {'targets': 2, 'multi_strategy': 'multi_output_tree', 'min_child_weight': 1e9},
    'vectors-classes': {'multi_strategy': 'multi_output_tree', 'objective': 'multi:softprob', 'num_class': 5},
    'vectors-quantiles': {'multi_strategy': 'multi_output_tree', 'objective': 'reg:quantileerror',
                          'quantile_alpha': [0.1, 0.5, 0.9]},
    'vectors-labels': {'targets': 3, 'multi_strategy': 'multi_output_tree', 'objective': 'binary:logistic'},
    'constant': {'constant': 3},
    'one-feature': {'features': 1},
    'features-400': {'features': 400, 'rounds': 10},
    'features-2000': {'features': 2000, 'rows': 200, 'rounds': 8, 'max_bin': 64, 'records': 150},
    'odd-thresholds': {'odd': True},
    'odd-thresholds-deep': {'odd': True, 'max_depth': 10, 'rows': 2000, 'min_child_weight': 0},
    'no-missing': {'missing': 0},
    'mostly-missing': {'missing': 0.9, 'rows': 2000},
    'base-margin': {'base_margin': True},
    'base-margin-classes': {'base_margin': True, 'objective': 'multi:softprob', 'num_class': 3},
    'rounds': {'slice': True},
    'rounds-dart': {'slice': True, 'booster': 'dart', 'rate_drop': 0.3},
    'sparse': {'sparse': True, 'missing': 0.8, 'features': 60},
    'sparse-wide': {'sparse': True, 'missing': 0.97, 'features': 1500, 'rows': 300, 'rounds': 8, 'max_bin': 64, 'records': 300},
    'chunks-1': {'chunk': 1, 'records': 40},
    'chunks-5': {'chunk': 5, 'records': 90},
    'chunks-100': {'chunk': 100},
    'no-trees': {'rounds': 0},
    'no-trees-given': {'rounds': 0, 'base_score': 0.3},
    'single-leaves': {'min_child_weight': 1e9},
}

OWN = {'rounds', 'rows', 'features', 'categories', 'targets', 'constant', 'odd', 'missing', 'base_margin',
       'sweep', 'slice', 'sparse', 'chunk', 'steps', 'records', 'leaf'}


def make_data(case, random):
    rows, features = case['rows'], case['features']
    x = random.standard_normal((rows, features)).astype(np.float32)
    for j in range(0, features, 3):
        x[:, j] = np.round(x[:, j] * 4) / 4
    for j in range(1, features, 7):
        x[:, j] = np.exp(3 * x[:, j])
    x[:, features - case['constant']:] = 1.5
    if case['steps']:
        x[:, 0] = np.arange(rows)
    types = ['q'] * features
    if case['categories']:
        for j in range(0, features, 2):
            x[:, j] = random.integers(0, case['categories'], rows)
            types[j] = 'c'
    z = np.sin(2 * x[:, 0]) + random.standard_normal(rows) * 0.3
    for j in range(1, min(features, 8)):
        z += np.tanh(x[:, j]) * (1 if j % 2 else np.sign(x[:, j - 1]))
    if case['steps']:
        z = 2.0 ** (x[:, 0] / rows * 40)
    if case['missing']:
        x[random.random(x.shape) < case['missing']] = np.nan
    return x, z, types


def make_labels(case, z, random):
    objective, rows = case['objective'], len(z)
    groups = None
    if case['targets'] > 1:
        y = np.stack([z * (k + 1) + random.standard_normal(rows) for k in range(case['targets'])], 1)
        return (y > 0).astype(np.float32) if objective.startswith('binary:') else y, None
    if objective.startswith('multi:'):
        y = np.argsort(np.argsort(z)) * case['num_class'] // rows
    elif objective.startswith(('binary:', 'reg:logistic', 'rank:map')):
        y = (z > np.median(z)).astype(np.float32)
    elif objective.startswith('rank:'):
        y = np.clip(np.round(z), 0, 4)
    elif objective.startswith(('count:', 'reg:tweedie')):
        y = np.round(np.exp(z / 3))
    elif objective.startswith(('reg:gamma', 'survival:', 'reg:squaredlogerror')):
        y = np.exp(z / 3) + 0.1
    else:
        y = z
    if objective.startswith('rank:'):
        groups = np.arange(rows) * 20 // rows
    return y, groups


def train(case, x, z, types, random):
    y, groups = make_labels(case, z, random)
    params = {k: v for k, v in case.items() if k not in OWN}
    data = xgb.DMatrix(x, feature_types=types, enable_categorical=True, qid=groups)
    if case['objective'] == 'survival:aft':
        data.set_float_info('label_lower_bound', y)
        data.set_float_info('label_upper_bound', np.where(random.random(len(y)) < 0.3, np.inf, y))
    else:
        data.set_label(y)
    return xgb.train(params, data, case['rounds'])


def make_odd(model, random):
    """Thresholds that training seldom makes."""
    odd = [0.0, -0.0, 1e-45, -1e-45, 1.1754944e-38, 3.4028235e38, -3.4028235e38, 1e30, -1e-30, 16777216.0]
    for tree in model['learner']['gradient_booster']['model']['trees']:
        for i, left in enumerate(tree['left_children']):
            if left >= 0 and random.random() < 0.4:
                tree['split_conditions'][i] = odd[random.integers(len(odd))]
            if left >= 0:
                tree['default_left'][i] = int(random.integers(2))
    return model


def splits(model):
    """Feature -> thresholds, feature -> category codes."""
    booster = model['learner']['gradient_booster']
    trees = booster.get('gbtree', booster)['model']['trees']
    thresholds, codes = {}, {}
    for tree in trees:
        kinds = tree.get('split_type') or [0] * len(tree['left_children'])
        for i, left in enumerate(tree['left_children']):
            if left >= 0 and not kinds[i]:
                thresholds.setdefault(tree['split_indices'][i], set()).add(np.float32(tree['split_conditions'][i]))
        for begin, size, node in zip(tree['categories_segments'], tree['categories_sizes'], tree['categories_nodes']):
            codes.setdefault(tree['split_indices'][node], set()).update(tree['categories'][begin:begin + size])
    return thresholds, codes


def make_records(case, model, features, random):
    count = case['records']
    with np.errstate(over='ignore'):
        pools = [np.array([0, -0.0, 1, 3e38, -3e38, 1e-45, np.inf, -np.inf, 0.5, 16777216], np.float32)] * features
        thresholds, codes = splits(model)
        for j, values in thresholds.items():
            t = np.array(sorted(values), np.float32)
            pools[j] = np.concatenate([t, np.nextafter(t, np.float32(-np.inf)), np.nextafter(t, np.float32(np.inf)),
                                       pools[j][:max(2, len(t) // 4)]])
        for j, values in codes.items():
            c = np.array(sorted(values), np.float32)
            pools[j] = np.concatenate([c, c, c + 1, c + np.float32(0.5), pools[j][:0],
                                       np.array([-1, -0.5, 16777215, 16777216, 3e9, np.inf, -np.inf, 1e6], np.float32)])
    x = np.stack([pool[random.integers(len(pool), size=count)] for pool in pools], 1).astype(np.float32)
    x[random.random(x.shape) < max(case['missing'], 0.05 if case['missing'] else 0)] = np.nan
    if case['missing']:
        x[0] = np.nan
    return np.ascontiguousarray(x)


def same(got, expected):
    return got.shape == expected.shape and bool(
        np.all((got.view(np.uint32) == expected.view(np.uint32)) | (np.isnan(got) & np.isnan(expected))))


def run_case(driver, folder, name, case, seed):
    """Returns (passed, failed, {engine: why not served})."""
    random = np.random.default_rng(seed)
    x, z, types = make_data(case, random)
    booster = train(case, x, z, types, random)
    path = os.path.join(folder, 'model.json' if case['odd'] or random.integers(2) else 'model.ubj')
    booster.save_model(path)
    model = json.loads(bytes(booster.save_raw('json')))
    if case['odd']:
        with open(path, 'w', encoding='ascii') as file:
            json.dump(make_odd(model, random), file)
        booster = xgb.Booster(model_file=path)
    records = make_records(case, model, x.shape[1], random)
    if case['sparse'] or case['leaf']:
        records[np.isinf(records)] = 7
    records.tofile(os.path.join(folder, 'matrix'))
    arguments = [driver, path, os.path.join(folder, 'matrix'), str(len(records)), str(x.shape[1]),
                 os.path.join(folder, 'out')]
    rounds = (0, 0)
    if case['slice']:
        rounds = (2, max(3, booster.num_boosted_rounds() - 3))
        arguments += ['--rounds', '%d:%d' % rounds]
    base_margin = None
    if case['base_margin']:
        outputs = int(case.get('num_class', len(case.get('quantile_alpha', case.get('expectile_alpha', [0])))))
        outputs = max(outputs, case['targets'])
        base_margin = random.standard_normal((len(records), outputs)).astype(np.float32)
        if case['sweep']:
            base_margin *= np.exp(random.uniform(-12, 5, base_margin.shape)).astype(np.float32)
            base_margin[:9, 0] = [0, -0.0, 88.7, -88.8, 104, -104, 1e-45, 3e38, -3e38]
        base_margin.tofile(os.path.join(folder, 'base'))
        arguments += ['--base-margin', os.path.join(folder, 'base')]
    if case['sparse']:
        arguments.append('--sparse')
    if case['leaf']:
        arguments.append('--leaf')
    if case['chunk']:
        arguments += ['--chunk', str(case['chunk'])]
    ran = subprocess.run(arguments + ['--as'] + ENGINES, capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        print('# %s: the driver failed: %s' % (name, (ran.stderr or str(ran.returncode)).strip()[-300:]))
        return 0, len(ENGINES), {}
    expected = {}
    booster.set_param({'nthread': 1})
    for kind in ('margin', 'value'):
        expected[kind] = booster.inplace_predict(records, iteration_range=rounds, predict_type=kind, missing=np.nan,
                                                 base_margin=base_margin, validate_features=False)
    if case['leaf']:
        data = xgb.DMatrix(records, feature_types=types, enable_categorical=True)
        expected['leaf'] = booster.predict(data, pred_leaf=True, iteration_range=rounds)
    passed = failed = 0
    refused = {}
    for line in ran.stdout.splitlines():
        engine, _, rest = line.partition(' ')
        if rest != 'ok':
            refused[engine] = rest
            continue
        bad = []
        for kind, values in expected.items():
            got = np.fromfile(os.path.join(folder, 'out.%s.%s' % (engine, kind)), np.float32)
            values = np.ascontiguousarray(values, np.float32).ravel()
            if not same(got, values):
                where = np.flatnonzero(got.view(np.uint32) != values.view(np.uint32)) if len(got) == len(values) else []
                bad.append('%s (%d of %d differ%s)' % (kind, len(where), len(values), ', first at %d: %r, expected %r' % (
                    where[0], got[where[0]], values[where[0]]) if len(where) else ''))
        if bad:
            failed += 1
            print('# %s, %s, seed %d: %s' % (name, engine, seed, '; '.join(bad)))
        else:
            passed += 1
    return passed, failed, refused


def plain():
    return {'objective': 'reg:squarederror', 'rounds': 12, 'rows': 600, 'features': 9, 'max_depth': 4, 'eta': 0.3,
            'nthread': 1, 'categories': 0, 'targets': 1, 'constant': 0, 'odd': False, 'missing': 0.05,
            'base_margin': False, 'sweep': False, 'slice': False, 'sparse': False, 'chunk': 0, 'steps': False, 'records': 700,
            'leaf': False}


def mixture(random):
    """A random case: an objective and up to three shapes that do not exclude each other."""
    case = plain()
    names = [str(random.choice(list(OBJECTIVES)))]
    case.update(objective=names[0], **OBJECTIVES[names[0]])
    for shape in random.choice(list(SHAPES), size=int(random.integers(1, 4)), replace=False):
        changes = SHAPES[str(shape)]
        merged = dict(case, **{k: v for k, v in changes.items() if k not in ('objective', 'num_class', 'targets')})
        if merged['categories'] and merged.get('tree_method') == 'exact':
            continue
        if merged['odd'] and (merged['categories'] or merged.get('booster') == 'dart'):
            continue
        if merged['base_margin'] and case['objective'] in ('reg:quantileerror', 'reg:expectileerror'):
            continue
        if merged['steps'] and not case['objective'].startswith('reg:squarederror'):
            continue
        case = merged
        names.append(str(shape))
    case['max_depth'] = int(random.integers(1, 13)) if random.random() < 0.3 else case['max_depth']
    case['leaf'] = bool(random.random() < 0.3)
    return '+'.join(names), case


def main():
    driver = os.path.abspath(sys.argv[1])
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 45.0
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 20260807
    cases = [(name, dict(plain(), objective=name, **extra)) for name, extra in OBJECTIVES.items()]
    for name, extra in OBJECTIVES.items(): # many margins through each transform, trees or not
        cases.append((name + ' transform', dict(plain(), objective=name, rounds=1, max_depth=1, features=1,
                                                records=20000, base_margin=True, sweep=True, **extra)))
        for shape in ('no-trees', 'no-trees-given'): # where the base score is a margin, and where it is none
            cases.append((name + ' ' + shape, dict(plain(), objective=name, records=70, **SHAPES[shape], **extra)))
    for name, changes in SHAPES.items():
        case = dict(plain(), **changes)
        cases.append((name, case))
    for i, (_, case) in enumerate(cases):
        case['leaf'] = i % 4 == 0 and case['rounds'] > 1
    random = np.random.default_rng(seed)
    begin = time.monotonic()
    passed = failed = number = 0
    missing_engines = {}
    with tempfile.TemporaryDirectory() as folder:
        while number < len(cases) or time.monotonic() - begin < seconds:
            if number < len(cases):
                name, case = cases[number]
            else:
                name, case = mixture(random)
            if case['rounds'] == 0:
                case['leaf'] = case['slice'] = False
            if case['slice']: # leaves of a round range that does not begin at 0 are not XGBoost's to give
                case['rounds'] = max(case['rounds'], 8)
                case['leaf'] = False
            started = time.monotonic()
            try:
                ok, bad, refused = run_case(driver, folder, name, case, seed + number)
            except xgb.core.XGBoostError as error:
                if number < len(cases): # a mixture may be one that XGBoost refuses
                    print('# %s: XGBoost: %s' % (name, str(error).strip().splitlines()[0][:200]))
                    failed += 1
                number += 1
                continue
            passed += ok
            failed += bad
            for engine, why in refused.items():
                if 'instruction set' in why:
                    missing_engines[engine] = why
                else:
                    failed += 1
                    print('# %s: %s %s' % (name, engine, why))
            if os.environ.get('XGBPIPE_DIFFERENTIAL_VERBOSE'):
                print('# %.2f s %s' % (time.monotonic() - started, name))
            number += 1
    for engine, why in missing_engines.items():
        print('# skipped %s: %s' % (engine, why))
    print('# %d models, %.0f s, seed %d' % (number, time.monotonic() - begin, seed))
    print('%d passed, %d failed, %d skipped' % (passed, failed, len(missing_engines)))
    return failed != 0


if __name__ == '__main__':
    sys.exit(main())
