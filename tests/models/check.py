#!/usr/bin/env python3
"""Compares what the model reader found with what XGBoost says of the same file.

    check.py MODEL_DUMP FILE...

For each model: every number against the JSON that XGBoost writes of it (for UBJSON and old files too: XGBoost loads them and
saves JSON), the trees against Booster.trees_to_dataframe, and, on random records, margins that are added up here, one
float32 after the other, from the reader's trees against predict(output_margin=True), to the bit. The last line counts.
"""
import hashlib
import json
import pathlib
import subprocess
import sys
import warnings

import numpy as np
import xgboost as xgb

BOOSTERS = ['gbtree', 'dart', 'gblinear']
TYPES = {'float': 0, 'q': 0, 'int': 1, 'i': 2, 'c': 3}


class Difference(Exception):
    pass


class Skip(Exception):
    """libxgboost cannot be asked about this model."""


def same(what, ours, theirs):
    if ours != theirs:
        raise Difference('%s: %r, but XGBoost has %r' % (what, ours, theirs))


def same_floats(what, ours, theirs):
    if ours is None:
        raise Difference('%s: nothing, but XGBoost has numbers' % what)
    ours, theirs = np.asarray(ours, 'f4'), np.asarray(theirs, 'f4')
    if ours.shape != theirs.shape or not np.array_equal(ours.view('u4'), theirs.view('u4')):
        both_nan = np.isnan(ours) & np.isnan(theirs) if ours.shape == theirs.shape else False
        if not np.all(both_nan | (ours == theirs)):
            raise Difference('%s: %r, but XGBoost has %r' % (what, ours[:9], theirs[:9]))


def check_tree(index, ours, theirs, outputs):
    what = 'tree %d ' % index
    count = int(theirs['tree_param']['num_nodes'])
    size = int(theirs['tree_param']['size_leaf_vector'])
    same(what + 'nodes', ours['nodes'], count)
    left, right = theirs['left_children'], theirs['right_children']
    same(what + 'left', ours['left'], left)
    same(what + 'right', ours['right'], [r if l != -1 else -1 for l, r in zip(left, right)])
    same(what + 'feature', ours['feature'], theirs['split_indices'])
    same(what + 'default', ours['default_left'], theirs['default_left'])
    live = live_nodes(left, right)
    same(what + 'leaves', ours['leaves'], sum(left[n] == -1 for n in live))
    same_floats(what + 'gain', ours['gain'], theirs['loss_changes'])
    same_floats(what + 'cover', ours['cover'], theirs['sum_hessian'])
    inner = [n for n in range(count) if left[n] != -1 or size <= 1]
    same_floats(what + 'values', [ours['value'][n] for n in inner], [theirs['split_conditions'][n] for n in inner])
    if size > 1:
        for node in live:
            if left[node] == -1:
                slot, wanted = ours['leaf_slot'][node], right[node]
                same_floats(what + 'vector', ours['leaf_vector'][slot * outputs:(slot + 1) * outputs],
                            theirs['leaf_weights'][wanted * size:(wanted + 1) * size])
    sets = {}
    for node, begin, length in zip(theirs['categories_nodes'], theirs['categories_segments'], theirs['categories_sizes']):
        sets[node] = theirs['categories'][begin:begin + length]
    flags = ours['is_categorical'] or [0] * count
    same(what + 'categorical', [n for n in range(count) if flags[n]], sorted(n for n in sets if left[n] != -1))
    for node in sets:
        begin = ours['category_begin'][node]
        same(what + 'categories', ours['category_values'][begin:begin + ours['category_size'][node]], sets[node])


def live_nodes(left, right):
    found, stack = [], [0]
    while stack:
        node = stack.pop()
        found.append(node)
        if left[node] != -1:
            stack += [left[node], right[node]]
    return found


def check_features(ours, learner, count):
    names, types = learner['feature_names'], learner['feature_types']
    same('features', len(ours['features']), count)
    same('has_names', bool(ours['has_names']), bool(names))
    if names:
        same('names', [f['name'] for f in ours['features']], names)
    if types:
        same('types', [f['type'] for f in ours['features']], [TYPES[t] for t in types])
    encodings = learner['gradient_booster'].get('model', {}).get('cats', {'enc': []})['enc']
    for feature, encoding in zip(ours['features'], encodings):
        if 'offsets' in encoding:
            raw = bytes(v & 255 for v in encoding['values'])
            offsets = encoding['offsets']
            texts = [raw[a:b].decode() for a, b in zip(offsets, offsets[1:])]
        else:
            texts = [str(v) for v in encoding['values']]
        same('categories', feature['categories'] or [], texts)


def leaf(tree, row):
    node = 0
    while tree['left'][node] != -1:
        value = row[tree['feature'][node]]
        if np.isnan(value):
            goes_left = tree['default_left'][node] == 1
        elif tree['is_categorical'] and tree['is_categorical'][node]:
            begin = tree['category_begin'][node]
            goes_left = int(value) not in tree['category_values'][begin:begin + tree['category_size'][node]]
        else:
            goes_left = value < np.float32(tree['value'][node])
        node = tree['left'][node] if goes_left else tree['right'][node]
    return node


def check_margins(ours, booster):
    outputs, count = ours['outputs'], len(ours['features'])
    dice = np.random.default_rng(7)
    rows = dice.normal(scale=2, size=(23, count)).astype('f4')
    for i, feature in enumerate(ours['features']):
        if feature['type'] == 3:
            rows[:, i] = dice.integers(0, len(feature['categories'] or range(9)) or 1, len(rows))
        if feature['type'] in (1, 2):
            rows[:, i] = np.round(rows[:, i])
    rows[dice.random(rows.shape) < .15] = np.nan
    margins = np.tile(np.array(ours['base_margin'], 'f4'), (len(rows), 1))
    for r, row in enumerate(rows):
        for tree in ours['trees']:
            node, weight = leaf(tree, row), np.float32(tree['weight'][0])
            if tree['leaf_slot']:
                slot = tree['leaf_slot'][node]
                vector = np.array(tree['leaf_vector'][slot * outputs:(slot + 1) * outputs], 'f4')
                margins[r] = margins[r] + vector * weight
            else:
                margins[r, tree['output']] += np.float32(tree['value'][node]) * weight
    types = booster.feature_types
    theirs = booster.predict(xgb.DMatrix(rows, feature_names=booster.feature_names, feature_types=types,
                                         enable_categorical=True), output_margin=True, strict_shape=True,
                             iteration_range=(0, 0))
    same_floats('margins', margins.ravel(), np.asarray(theirs).ravel())


def check(dump, path):
    answer = subprocess.run([dump, '--dump', str(path)], capture_output=True, text=True, check=True).stdout
    if not answer.startswith('{'):
        raise Difference(answer.strip())
    ours = json.loads(answer)
    if ours['obstacle']:
        raise Skip(ours['obstacle'])
    booster = xgb.Booster(model_file=str(path))
    theirs = json.loads(booster.save_raw('json'))
    learner = theirs['learner']
    param = learner['learner_model_param']
    machine = learner['gradient_booster']
    classes, targets = int(param['num_class']), int(param.get('num_target', 1))
    outputs = max(classes, targets, 1)
    same('objective', ours['objective'].replace('reg:linear', 'reg:squarederror'), learner['objective']['name'])
    same('outputs', [ours['classes'], ours['targets'], ours['outputs']], [classes, targets, outputs])
    same_floats('base_score', ours['base_score'], json.loads(param['base_score']))
    for key, value in learner['attributes'].items():
        same('attribute', ours['attributes'][key], value)
    same('best', ours['best'], int(booster.attr('best_iteration') or -1) if machine['name'] != 'gblinear' else -1)
    same('rounds', ours['rounds'], booster.num_boosted_rounds())
    check_features(ours, learner, booster.num_features())
    model = machine['model']
    if machine['name'] == 'gblinear':
        weights = model['weights'] or [0] * ((booster.num_features() + 1) * outputs)
        same_floats('weights', ours['linear'], weights)
        return
    same('round_begin', ours['round_begin'], model['iteration_indptr'])
    same('tree_info', [t['output'] for t in ours['trees']], model['tree_info'])
    weights = model.get('weight_drop') or [1] * len(model['trees'])
    same_floats('weight_drop', [t['weight'][0] for t in ours['trees']], weights)
    for index, (tree, other) in enumerate(zip(ours['trees'], model['trees'])):
        check_tree(index, tree, other, outputs)
    if ours['trees']:
        counts = [0] * booster.num_features()
        for tree in ours['trees']:
            for node in live_nodes(tree['left'], tree['right']):
                if tree['left'][node] != -1:
                    counts[tree['feature'][node]] += 1
        same('use', ours['use'], counts)
        score = booster.get_score(importance_type='weight')
        same('splits', sum(ours['use']), int(sum(score.values())))
        if not ours['vectors'] and not ours['categorical']:
            same('nodes', len(booster.trees_to_dataframe()),
                 sum(len(live_nodes(t['left'], t['right'])) for t in ours['trees']))
    check_margins(ours, booster)
    if ours['trees']:
        check_summary(dump, path, booster)


def check_summary(dump, path, booster):
    """The importances of inspect --json are those of Booster.get_score, the depths those of the trees."""
    summary = json.loads(subprocess.run([dump, '--json', str(path)], capture_output=True, text=True, check=True).stdout)
    names = booster.feature_names or ['f%d' % i for i in range(booster.num_features())]
    for kind in ('weight', 'gain', 'total_gain', 'cover', 'total_cover'):
        score = booster.get_score(importance_type=kind)
        for name, feature in zip(names, summary['features']):
            theirs, ours = score.get(name, 0), feature[kind]
            if abs(ours - theirs) > 1e-5 * abs(theirs): # XGBoost adds in float32
                raise Difference('%s of %s: %r, but XGBoost has %r' % (kind, name, ours, theirs))
    dumps = booster.get_dump()
    depths = [max(len(line) - len(line.lstrip('\t')) for line in text.splitlines()) for text in dumps]
    depth = {'min': min(depths), 'mean': sum(depths) / len(depths), 'max': max(depths)}
    if not summary['trees']['vector_leaves']:
        same('depth', {k: round(v, 9) for k, v in summary['trees']['depth'].items()},
             {k: round(v, 9) for k, v in depth.items()})
    same('digest', summary['file']['sha256'], hashlib.sha256(path.read_bytes()).hexdigest())


def main():
    warnings.filterwarnings('ignore')
    xgb.set_config(verbosity=0)
    passed = failed = skipped = 0
    for name in sys.argv[2:]:
        path = pathlib.Path(name)
        if not path.is_file():
            continue
        try:
            check(sys.argv[1], path)
            passed += 1
        except Skip as reason:
            skipped += 1
            print('%s: skipped: %s' % (path, reason))
        except (Difference, xgb.core.XGBoostError) as difference:
            failed += 1
            print('%s: %s' % (path, difference))
    print('%d passed, %d failed, %d skipped' % (passed, failed, skipped))
    return failed != 0


if __name__ == '__main__':
    sys.exit(main())
