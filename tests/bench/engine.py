#!/usr/bin/env python3
"""Times the engines, and peers where pip brings them, on the same rows and one thread.

    engine.py BENCH_ENGINE FOLDER [MODEL...]

FOLDER keeps the models (trained once, minutes) and the peers. Prints one line of JSON for each engine and model;
a peer that cannot be had or cannot serve a model is a line with "skipped". Ends with the ratios to libxgboost
on stderr. XGBPIPE_BENCH_PEERS="" leaves the peers out; XGBPIPE_BENCH_SECONDS is the time for each (default 2),
XGBPIPE_BENCH_ROWS the number of rows (default 16384).
"""
import json
import os
import subprocess
import sys

import numpy as np
import xgboost as xgb

ROWS = int(os.environ.get('XGBPIPE_BENCH_ROWS', '16384'))
ISAS = ['neon'] if os.uname().machine == 'aarch64' else ['avx512', 'avx2', 'x86-64']
PEERS = {'lignum': ['pylignum'], 'treelite': ['treelite', 'tl2cgen'], 'onnxruntime': ['onnxruntime', 'onnxmltools']}
PLAIN = {'objective': 'binary:logistic', 'eta': 0.1, 'min_child_weight': 0.1}

# Name -> parameters, rounds, features, rows to train on.
MODELS = {
    '100x6': ({'max_depth': 6}, 100, 28, 20000),
    '500x8': ({'max_depth': 8}, 500, 28, 20000),
    '1000x6': ({'max_depth': 6}, 1000, 28, 10000),
    '500x8-exact': ({'max_depth': 8, 'tree_method': 'exact'}, 500, 28, 5000),
    '300x12-lossguide': ({'max_depth': 12, 'max_leaves': 256, 'grow_policy': 'lossguide'}, 300, 28, 10000),
    '10-classes': ({'max_depth': 6, 'objective': 'multi:softprob', 'num_class': 10}, 50, 28, 10000),
    '64-features': ({'max_depth': 6}, 300, 64, 10000),
    '2000-features': ({'max_depth': 6, 'max_bin': 64, 'colsample_bytree': 0.2}, 100, 2000, 2000),
    'stumps': ({'max_depth': 1}, 500, 28, 10000),
}


def make_rows(count, features, seed):
    random = np.random.default_rng(seed)
    x = random.standard_normal((count, features)).astype(np.float32)
    x[:, ::5] = np.exp(x[:, ::5])
    z = np.sin(2 * x[:, 0]) + x[:, 1] * x[:, 2] + x[:, 3] + x[:, 5] * (x[:, 6] > 0)
    z += 0.3 * random.standard_normal(count)
    x[random.random(x.shape) < 0.03] = np.nan
    return x, z


def model_path(folder, name):
    parameters, rounds, features, count = MODELS[name]
    path = os.path.join(folder, name + '.ubj')
    if not os.path.exists(path):
        print('training %s' % name, file=sys.stderr, flush=True)
        x, z = make_rows(count, features, 1)
        classes = parameters.get('num_class', 2)
        labels = np.argsort(np.argsort(z)) * classes // count
        booster = xgb.train(dict(PLAIN, **parameters), xgb.DMatrix(x, labels), rounds)
        booster.save_model(path + '.new.ubj')
        os.replace(path + '.new.ubj', path)
    return path


def fetch_peer(folder, peer):
    """Installs it beside the models; returns why it cannot be had, or ''."""
    target = os.path.join(folder, 'peers', peer)
    if os.path.exists(os.path.join(target, 'complete')):
        return ''
    ran = subprocess.run([sys.executable, '-m', 'pip', 'install', '-q', '--only-binary', ':all:', '--target', target]
                         + PEERS[peer], capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        return 'pip: ' + (ran.stderr.strip().splitlines() or ['failed'])[-1][:200]
    with open(os.path.join(target, 'complete'), 'w', encoding='ascii'):
        return ''


def emit(line, results):
    print(json.dumps(line), flush=True)
    results.setdefault(line['model'], {})[line['engine'] + (':' + line['isa'] if line.get('isa') else '')] = line


def run_peer(folder, peer, name, path, matrix, features, seconds):
    why = fetch_peer(folder, peer)
    if not why:
        environment = dict(os.environ, OMP_NUM_THREADS='1',
                           PYTHONPATH=os.path.join(folder, 'peers', peer))
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'engine_peer.py')
        try:
            ran = subprocess.run([sys.executable, '-W', 'ignore', script, peer, path, matrix, str(ROWS), str(features),
                                  str(seconds)], capture_output=True, text=True, check=False, env=environment,
                                 timeout=600)
            lines, why = ran.stdout, ''
            if ran.returncode != 0:
                why = (ran.stderr.strip().splitlines() or ['failed'])[-1][:200]
        except subprocess.TimeoutExpired as late:  # compiling large models may
            lines, why = (late.stdout or b'').decode(), 'takes more than 10 minutes'
        done = [dict(json.loads(line), model=name) for line in lines.splitlines() if line.startswith('{')]
        if not why:
            return done
        return done + [{'engine': peer, 'isa': 'rest', 'model': name, 'skipped': why}]
    return [{'engine': peer, 'model': name, 'skipped': why}]


def main():
    bench, folder = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    names = sys.argv[3:] or list(MODELS)
    peers = os.environ.get('XGBPIPE_BENCH_PEERS', ' '.join(PEERS)).split()
    seconds = float(os.environ.get('XGBPIPE_BENCH_SECONDS', '2'))
    os.makedirs(folder, exist_ok=True)
    results = {}
    for name in names:
        path, features = model_path(folder, name), MODELS[name][2]
        matrix = os.path.join(folder, 'rows.%d' % features)
        make_rows(ROWS, features, 2)[0].tofile(matrix)
        engines = ['xgboost'] + ['native:' + isa for isa in ISAS]
        ran = subprocess.run([bench, path, matrix, str(ROWS), str(features), name, str(seconds)] + engines,
                             capture_output=True, text=True, check=False)
        if ran.returncode != 0:
            sys.exit('%s: %s' % (name, ran.stderr.strip()))
        for line in ran.stdout.splitlines():
            emit(json.loads(line), results)
        for peer in peers:
            for line in run_peer(folder, peer, name, path, matrix, features, seconds):
                emit(line, results)
        os.remove(matrix)
    for name, lines in results.items():
        base = lines['xgboost'].get('ns_per_row')
        if base is None:
            continue
        ratios = ['%s %.1f' % (engine, base / line['ns_per_row']) for engine, line in lines.items()
                  if 'ns_per_row' in line]
        print('%-18s %s' % (name, ', '.join(ratios)), file=sys.stderr)


if __name__ == '__main__':
    main()
