#!/usr/bin/env python3
"""Makes models/old/ and expected/old/: models that older XGBoosts saved and what those versions predicted.

    python3 testdata/generate_old.py [VERSION]...

Each version is installed in a virtual environment that is thrown away, runs this file with --worker, and writes its
own answers: no other version is asked. Python 3.11 does; the versions before 1.7 take an older numpy.
"""
import csv
import json
import math
import pathlib
import random
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
# Version and what it needs. The old binary format, for its refusal, comes from the first and the last with it.
VERSIONS = {
    '1.0.2': ['numpy==1.23.5', 'scipy==1.9.3'],
    '1.3.3': ['numpy==1.23.5', 'scipy==1.9.3'],
    '1.7.6': ['numpy==1.26.4', 'scipy==1.11.4'],
    '2.1.4': ['numpy==1.26.4', 'scipy==1.11.4'],
    '3.0.5': ['numpy==2.2.6', 'scipy==1.15.3'],
    '3.1.3': ['numpy==2.2.6', 'scipy==1.15.3'],
    '3.2.0': ['numpy==2.2.6', 'scipy==1.15.3'],
}
COLUMNS = ['x%d' % number for number in range(8)]
ROWS = 40
# What libxgboost 3.4.1 itself does with these files when it loads them (the manifest says so as "libxgboost").
LIBXGBOOST = {
    'pruned-1.0.2': 'refuses: 1.0 wrote num_deleted 0 for trees that have deleted nodes',
    'vector_leaves-2.1.4': 'crashes: vector leaves had another layout before 3.2',
    'vector_leaves-3.0.5': 'crashes: vector leaves had another layout before 3.2',
    'vector_leaves-3.1.3': 'crashes: vector leaves had another layout before 3.2',
}
# 1.0 wrote its numbers with too few digits to come back as they were.
TOLERANCE = {'1.0.2': 2e-5}


def worker(version):
    import numpy as np
    import xgboost as xgb

    assert xgb.__version__ == version, xgb.__version__
    with open(HERE / 'records' / 'made.csv', encoding='utf-8', newline='') as file:
        records = list(csv.DictReader(file))
    data = np.array([[float(record[name] or 'nan') for name in COLUMNS] for record in records], dtype=np.float32)
    dice = random.Random(11)
    weights = [dice.gauss(0, 1) for _ in COLUMNS]
    ranks = np.argsort(np.argsort(np.nan_to_num(data), axis=0), axis=0) / len(data)
    signal = ranks @ np.array(weights)
    signal = (signal - signal.mean()) / signal.std()
    three = np.digitize(signal, [-0.5, 0.5])
    two = (signal > 0).astype(int)
    new = tuple(int(part) for part in version.split('.'))
    cases = {
        'regression': (signal, {'objective': 'reg:squarederror', 'base_score': 0.75}),
        'logistic': (two, {'objective': 'binary:logistic', 'base_score': 0.3}),
        'softprob': (three, {'objective': 'multi:softprob', 'num_class': 3}),
        'softmax': (three, {'objective': 'multi:softmax', 'num_class': 3}),
        'poisson': ((three * 2).astype(float), {'objective': 'count:poisson'}),
        'cox': (np.where(two, 1, -1) * (np.exp(signal) + 0.1), {'objective': 'survival:cox'}),
        'hinge': (two, {'objective': 'binary:hinge'}),
        'ndcg': (three, {'objective': 'rank:ndcg'}),
        'dart': (signal, {'booster': 'dart', 'rate_drop': 0.4, 'one_drop': 1}),
        'forest': (three, {'objective': 'multi:softprob', 'num_class': 3, 'num_parallel_tree': 3}),
        'linear': (signal, {'booster': 'gblinear', 'updater': 'coord_descent'}),
        'pruned': (signal, {'tree_method': 'exact', 'gamma': 1.5, 'max_depth': 6}),
        'stopped': (two, {'objective': 'binary:logistic', 'eval_metric': 'logloss'}),
        'no_names': (signal, {}),
    }
    if new >= (1, 6, 0):
        cases['categorical'] = (signal + 2 * (data[:, 0] > 0), {'tree_method': 'hist', 'max_cat_to_onehot': 1})
        cases['multi_target'] = (np.stack([signal, signal ** 2], axis=1), {'tree_method': 'hist'})
    if new >= (2, 0, 0):
        cases['vector_leaves'] = (cases['multi_target'][0], {'tree_method': 'hist', 'multi_strategy': 'multi_output_tree'})
        cases['quantiles'] = (signal, {'objective': 'reg:quantileerror', 'quantile_alpha': [0.1, 0.9]})
    entries = []
    for kind, (label, parameters) in cases.items():
        used, types = data, None
        if kind == 'categorical':  # codes without categories: older models carry none
            grade = np.array([float(record['grade']) for record in records], dtype=np.float32)
            used, types = np.column_stack([data[:, :7], grade]), ['q'] * 7 + ['c']
        features = COLUMNS[:7] + ['grade'] if types else COLUMNS
        names = None if kind == 'no_names' else features
        more = {'feature_types': types, 'enable_categorical': True} if types else {}
        if kind == 'linear':
            used = np.nan_to_num(used)
        matrix = xgb.DMatrix(used, label, feature_names=names, nthread=1, **more)
        if kind == 'ndcg':
            matrix.set_group([12] * (len(data) // 12))
        stop = {}
        if kind == 'stopped':
            noisy = [1 - value if dice.random() < 0.35 else value for value in two]
            stop = {'evals': [(xgb.DMatrix(used, noisy, feature_names=names, nthread=1), 'test')],
                    'early_stopping_rounds': 3, 'verbose_eval': False}
        settings = {'nthread': 1, 'seed': 7, 'max_depth': 3, 'verbosity': 0, **parameters}
        booster = xgb.train(settings, matrix, 40 if stop else 6, **stop)
        name = '%s-%s' % (kind, version)
        files = ['models/old/%s.json' % name]
        booster.save_model(str(HERE / files[0]))
        if new >= (1, 6, 0) and kind in ('softprob', 'dart', 'categorical', 'linear'):
            files.append('models/old/%s.ubj' % name)
            booster.save_model(str(HERE / files[1]))
        if new < (3, 1, 0) and kind == 'logistic':
            binary = HERE / 'models' / 'old' / ('%s.%s' % (name, 'deprecated' if new >= (1, 6, 0) else 'model'))
            booster.save_model(str(binary))
        rows = xgb.DMatrix(used[:ROWS], feature_names=names, nthread=1, **more)
        best = booster.attr('best_iteration')
        extra = {}
        if best is not None:
            extra = {'iteration_range': (0, int(best) + 1)} if new >= (1, 4, 0) else {'ntree_limit': int(best) + 1}
        answers = []
        for score, option in (('value', {}), ('margin', {'output_margin': True})):
            values = np.asarray(booster.predict(rows, **option, **extra), dtype=np.float32).reshape(ROWS, -1)
            path = 'expected/old/%s.%s.csv' % (name, score)
            with open(HERE / path, 'w', encoding='utf-8', newline='') as out:
                writer = csv.writer(out, lineterminator='\n')
                writer.writerow(headers(values.shape[1], kind))
                writer.writerows([['%.9g' % value for value in row] for row in values])
            answers.append({'type': score, 'file': path, 'rows': ROWS})
        assert all(math.isfinite(value) for value in values.ravel())
        records_name = 'records/made_filled.csv' if kind == 'linear' else 'records/made.csv'
        entries.append({'name': name, 'version': version, 'about': '%s, saved by XGBoost %s' % (kind, version), 'models': files,
                        'records': records_name, 'features': features, 'has_names': has_names(HERE / files[0]),
                        'tolerance': TOLERANCE.get(version, 2e-6), 'answers': answers, **({'libxgboost': LIBXGBOOST[name]} if name in LIBXGBOOST else {})})
    print(json.dumps(entries))


def has_names(path):
    return bool(json.loads(path.read_text(encoding='utf-8'))['learner'].get('feature_names'))


def headers(count, kind):
    if kind == 'quantiles':
        return ['prediction_q0.1', 'prediction_q0.9']
    return ['prediction'] if count == 1 else ['prediction_%d' % number for number in range(count)]


def main():
    if sys.argv[1:2] == ['--worker']:
        worker(sys.argv[2])
        return
    wanted = sys.argv[1:] or list(VERSIONS)
    for folder in ('models/old', 'expected/old'):
        (HERE / folder).mkdir(parents=True, exist_ok=True)
    manifest_path = HERE / 'manifest_old.json'
    manifest = json.loads(manifest_path.read_text()) if manifest_path.exists() else []
    for version in wanted:
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([sys.executable, '-m', 'venv', folder], check=True)
            python = folder + '/bin/python3'
            subprocess.run([python, '-m', 'pip', 'install', '-q', '--no-deps', '--only-binary=:all:', 'xgboost==' + version]
                           + VERSIONS[version], check=True)
            done = subprocess.run([python, str(HERE / 'generate_old.py'), '--worker', version], check=True, stdout=subprocess.PIPE)
        entries = json.loads(done.stdout.decode().splitlines()[-1])
        manifest = [entry for entry in manifest if entry['version'] != version] + entries
        manifest.sort(key=lambda entry: [int(part) for part in entry['version'].split('.')])
        manifest_path.write_text(json.dumps(manifest, indent=1) + '\n', encoding='utf-8')


if __name__ == '__main__':
    main()
