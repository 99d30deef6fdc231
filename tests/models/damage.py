#!/usr/bin/env python3
"""Damages models in every way that is thought of here, and asks the model reader about each.

    damage.py MODEL_DUMP [--bare STEP] [--keep DIR]

MODEL_DUMP is the program of tests/models/model_dump.c, best with the sanitizers. No file may end it by a signal or keep it
longer than a few seconds; each damaged model must be refused with a sentence, each harmless change accepted, and random
damage may be either. --bare also gives every STEP-th file that must be
refused to libxgboost by itself (a process each), and counts what it does.
"""
import collections
import copy
import json
import math
import os
import pathlib
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
CORPUS = HERE.parent / 'fuzz' / 'corpus' / 'model'
KINDS = ['tree', 'softprob', 'dart', 'linear', 'categories', 'vector', 'quantile', 'pruned', 'expectile']
FLOATS = {'base_weights', 'loss_changes', 'sum_hessian', 'split_conditions', 'leaf_weights', 'weights'}
TYPED = {'left_children': 'l', 'right_children': 'l', 'parents': 'l', 'split_indices': 'l', 'default_left': 'U',
         'split_type': 'U', 'categories': 'l', 'categories_nodes': 'l', 'categories_segments': 'L',
         'categories_sizes': 'L', 'offsets': 'l', 'feature_segments': 'l', 'sorted_idx': 'l', 'values': 'i'}
WIDTHS = {'i': 'b', 'U': 'B', 'I': '>h', 'l': '>i', 'L': '>q'}


class Again(str):
    """A key that stands beside an equal one."""
    __hash__ = object.__hash__

    def __eq__(self, other):
        return self is other


def ubjson(value, key=None):
    def text(string):
        raw = string.encode('utf-8', 'surrogateescape')
        return b'L' + struct.pack('>q', len(raw)) + raw

    if isinstance(value, dict):
        return b'{' + b''.join(text(str(k)) + ubjson(v, str(k)) for k, v in value.items()) + b'}'
    if isinstance(value, bool):
        return b'T' if value else b'F'
    if value is None:
        return b'Z'
    if isinstance(value, str):
        return b'S' + text(value)
    if isinstance(value, int):
        return next(m.encode() + struct.pack(WIDTHS[m], value) for m in 'iIlL' if fits(value, m))
    if isinstance(value, float):
        return b'd' + real(value)
    if key in FLOATS and all(isinstance(v, float) for v in value):
        return b'[$d#L' + struct.pack('>q', len(value)) + b''.join(real(v) for v in value)
    if key in TYPED and all(isinstance(v, int) for v in value):
        marker = TYPED[key] if all(fits(v, TYPED[key]) for v in value) else 'L'
        return b'[$' + marker.encode() + b'#L' + struct.pack('>q', len(value)) + b''.join(
            struct.pack(WIDTHS[marker], v) for v in value)
    return b'[#L' + struct.pack('>q', len(value)) + b''.join(ubjson(v) for v in value)


def real(value):
    try:
        return struct.pack('>f', value)
    except OverflowError:
        return struct.pack('>f', math.inf)


def fits(value, marker):
    bits = {'i': 8, 'U': 8, 'I': 16, 'l': 32, 'L': 64}[marker]
    return 0 <= value < 256 if marker == 'U' else -(1 << bits - 1) <= value < 1 << bits - 1


def walk(value, path=()):
    """All paths to the keys below value."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield path + (key,)
            yield from walk(item, path + (key,))
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        yield from walk(value[0], path + (0,))


def at(model, path):
    for key in path:
        model = model[key]
    return model


OPTIONAL = {'version', 'boost_from_average', 'num_target', 'feature_names', 'feature_types', 'cats', 'iteration_indptr',
            'num_parallel_tree', 'num_deleted', 'boosted_rounds', 'weight_drop', 'split_type', 'objective_param'}
# Keys that the reader need not look at: nothing that is predicted depends on them.
UNREAD = {'boost_from_average', 'reg_loss_param', 'scale_pos_weight', 'softmax_multiclass_param', 'objective_param'}


def remove(path):
    def change(model):
        del at(model, path[:-1])[path[-1]]
    return change


class Damage:
    def __init__(self, kind, model):
        self.kind, self.model, self.files = kind, model, []

    def add(self, name, expected, change, forms=('json', 'ubj')):
        model = copy.deepcopy(self.model)
        changed = change(model)
        model = model if changed is None else changed
        for form in forms:
            raw = json.dumps(model).encode() if form == 'json' else ubjson(model)
            self.raw('%s.%s' % (name, form), expected, raw)

    def raw(self, name, expected, raw):
        self.files.append(('%s.%s' % (self.kind, name), expected, raw))

    def put(self, name, path, value, expected='refused', forms=('json', 'ubj')):
        def change(model):
            at(model, path[:-1])[path[-1]] = value
        self.add(name, expected, change, forms)


def learner(key):
    return ('learner', 'learner_model_param', key)


def damage_keys(d):
    """Each key away, twice, and of each wrong type."""
    for path in list(walk(d.model)):
        key, name = path[-1], '.'.join(map(str, path[1:]))
        value = at(d.model, path)
        read = not any(part in UNREAD for part in path) and 'attributes' not in path[:-1]
        if key not in OPTIONAL and read:
            d.add('without.' + name, 'refused', remove(path))

        def twice(model):
            parent = at(model, path[:-1])
            parent[Again(key)] = copy.deepcopy(parent[key])
        if not any(part in UNREAD for part in path[:-1]):
            d.add('twice.' + name, 'refused', twice)
        if not read:
            continue
        for label, wrong in (('null', None), ('number', 1.5), ('integer', 3), ('text', 'x'), ('object', {}),
                             ('array', [[]]), ('true', True)):
            if type(wrong) is type(value) and not isinstance(value, (list, dict)):
                continue
            if key == 'learner' or (label == 'object' and isinstance(value, dict)):
                if not value or label == 'object' and key in ('attributes',):
                    continue
            if key == 'base_score' and label in ('number', 'integer'):
                continue
            d.put('%s.is.%s' % (name, label), path, wrong)


def damage_learner(d):
    outputs = max(int(at(d.model, learner('num_class'))), int(at(d.model, learner('num_target'))), 1)
    for value in ('NaN', 'Infinity', 'abc', '', '[]', '1e39', '[1,2,3,4,5,6,7]', '[1', '1]', '0x10', '[1,,2]', '1e', '-'):
        d.put('base_score.%s' % value, learner('base_score'), value)
    for value in ('-1', '', 'x', '1.0', '4294967296', '99999999999999999999', '2000000', str(outputs + 1)):
        d.put('num_class.%s' % value, learner('num_class'), value)
        d.put('num_target.%s' % value, learner('num_target'), value)
    d.put('num_target.0', learner('num_target'), '0')
    for value in ('0', '-1', '1', '2', '99999999999', '1e3', ' 3'):
        d.put('num_feature.%s' % value, learner('num_feature'), value)
    d.put('objective.unknown', ('learner', 'objective', 'name'), 'reg:unheardof')
    d.put('objective.long', ('learner', 'objective', 'name'), 'x' * 100000)
    d.put('booster.unknown', ('learner', 'gradient_booster', 'name'), 'gbforest')
    d.put('booster.dart', ('learner', 'gradient_booster', 'name'), 'dart')
    for value in ([1, 2], [1, 2, 'x'], [1, 2, -3], 'x', [1, 2, 3, 4]):
        d.put('version.%s' % value, ('version',), value)
    d.put('best_iteration.text', ('learner', 'attributes'), {'best_iteration': 'x'},
          'refused' if d.kind != 'linear' else 'accepted')
    d.put('best_iteration.large', ('learner', 'attributes'), {'best_iteration': '77'},
          'refused' if d.kind != 'linear' else 'accepted')
    d.put('attribute.number', ('learner', 'attributes'), {'x': 3})
    d.put('snapshot', ('Model',), {})
    count = int(at(d.model, learner('num_feature')))
    d.put('names.few', ('learner', 'feature_names'), ['a'])
    d.put('names.many', ('learner', 'feature_names'), ['a%d' % i for i in range(count + 1)])
    d.put('names.equal', ('learner', 'feature_names'), ['a'] * count)
    d.put('names.number', ('learner', 'feature_names'), [3] * count)
    d.put('types.few', ('learner', 'feature_types'), ['float'])
    d.put('types.unknown', ('learner', 'feature_types'), ['complex'] * count)
    # Harmless changes.
    d.put('more.keys', ('learner', 'something'), {'a': [1, {'b': None}], 'c': 'x', 'd': True}, 'accepted')
    d.put('names.odd', ('learner', 'feature_names'), ['', 'ü', 'a"b\\'][:count], 'accepted')
    d.put('attributes.any', ('learner', 'attributes'), {'scikit_learn': '{broken', 'best_score': 'x', '': ''}, 'accepted')
    d.add('keys.reversed', 'accepted', reverse_keys)
    d.raw('spaces.json', 'accepted', b' \n' + json.dumps(d.model, indent=3).encode() + b'\n \t\r\n')


def reverse_keys(value):
    if isinstance(value, dict):
        return {k: reverse_keys(v) for k, v in reversed(list(value.items()))}
    return [reverse_keys(v) for v in value] if isinstance(value, list) else value


BOOSTER = ('learner', 'gradient_booster', 'model')


def damage_booster(d):
    model = at(d.model, BOOSTER)
    if 'trees' not in model:
        weights = model['weights']
        d.put('weights.short', BOOSTER + ('weights',), weights[:-1])
        d.put('weights.long', BOOSTER + ('weights',), weights + [0.5])
        d.put('weights.nan', BOOSTER + ('weights',), [math.nan] + weights[1:])
        d.put('weights.infinite', BOOSTER + ('weights',), [math.inf] + weights[1:])
        d.put('weights.too_large', BOOSTER + ('weights',), [1e39] + weights[1:])
        d.put('weights.none', BOOSTER + ('weights',), [], 'accepted')
        d.put('rounds.negative', BOOSTER + ('boosted_rounds',), -1)
        d.put('trees.and.weights', BOOSTER + ('trees',), [])
        return
    trees, count = model['trees'], len(model['trees'])
    param = BOOSTER + ('gbtree_model_param',)
    for value in (str(count + 1), str(count - 1), '-1', 'x', '', '9999999999'):
        d.put('num_trees.%s' % value, param + ('num_trees',), value)
    for value in ('0', '-1', 'x', '9999999999'):
        d.put('num_parallel_tree.%s' % value, param + ('num_parallel_tree',), value)
    info = model['tree_info']
    d.put('tree_info.short', BOOSTER + ('tree_info',), info[:-1])
    d.put('tree_info.long', BOOSTER + ('tree_info',), info + [0])
    for value in (-1, 77, 1 << 31, 1 << 40, 1 << 62):
        d.put('tree_info.%d' % value, BOOSTER + ('tree_info',), [value] + info[1:])
    begins = model['iteration_indptr']
    for label, value in (('empty', []), ('short', begins[:-1]), ('from.one', [1] + begins[1:]), ('end', begins[:-1] + [count + 1]),
                         ('down', [0, count + 1] + begins[1:]), ('negative', [0, -1] + begins[1:])):
        d.put('iteration_indptr.' + label, BOOSTER + ('iteration_indptr',), value)
    d.put('trees.fewer', BOOSTER + ('trees',), trees[:-1])
    d.put('trees.more', BOOSTER + ('trees',), trees + trees[:1])
    d.put('weights.and.trees', BOOSTER + ('weights',), [0.5])
    if 'weight_drop' in model:
        drop = model['weight_drop']
        for label, value in (('short', drop[:-1]), ('long', drop + [1.0]), ('nan', [math.nan] + drop[1:]), ('infinite', [math.inf] + drop[1:])):
            d.put('weight_drop.' + label, BOOSTER + ('weight_drop',), value)

        def nest(m):
            inner = m['learner']['gradient_booster']
            weights = inner['model'].pop('weight_drop')
            m['learner']['gradient_booster'] = {'name': 'dart', 'gbtree': inner, 'weight_drop': weights}
        d.add('nested.dart', 'accepted', nest)

        def nest_twice(m):
            inner = m['learner']['gradient_booster']
            m['learner']['gradient_booster'] = {'name': 'dart', 'gbtree': inner, 'weight_drop': [1.0] * count}
        d.add('weights.twice', 'refused', nest_twice)
    else:
        d.put('weight_drop.none', BOOSTER + ('weight_drop',), [], 'accepted')
    for index in {0, count - 1}:
        damage_tree(d, index)
    d.add('without.rounds', 'accepted', remove(BOOSTER + ('iteration_indptr',)))


def damage_tree(d, index):
    path = BOOSTER + ('trees', index)
    tree = at(d.model, path)
    nodes = len(tree['left_children'])
    name = 'tree%d.' % index

    def set_item(key, node, value, label=None, expected='refused'):
        items = list(tree[key])
        if node >= len(items):
            return
        items[node] = value
        if items != tree[key]:
            d.put('%s%s.%d.%s' % (name, key, node, label or value), path + (key,), items, expected)

    for key, value in tree.items():
        if isinstance(value, list) and len(value) > 0:
            d.put(name + key + '.short', path + (key,), value[:-1])
            d.put(name + key + '.long', path + (key,), value + value[-1:])
            d.put(name + key + '.empty', path + (key,), [])
            # Of vector leaves, any multiple of the nodes is a number of split targets.
            either = key == 'base_weights' and len(value) > nodes
            d.put(name + key + '.doubled', path + (key,), value + value, 'either' if either else 'refused')
    for value in (nodes + 1, nodes - 1, 0, -1, 1 << 31, 'x'):
        d.put('%snum_nodes.%s' % (name, value), path + ('tree_param', 'num_nodes'), str(value))
    deleted = int(tree['tree_param']['num_deleted'])
    for value in (deleted + 1, -1, 'x', 1 << 31) + ((deleted - 1,) if deleted else ()):
        d.put('%snum_deleted.%s' % (name, value), path + ('tree_param', 'num_deleted'), str(value))
    size = int(tree['tree_param']['size_leaf_vector'])
    for value in (size + 1, 77, -1, 'x', 1 << 31):
        d.put('%ssize_leaf_vector.%s' % (name, value), path + ('tree_param', 'size_leaf_vector'), str(value))
    d.put(name + 'id', path + ('id',), index + 1)

    left, right = tree['left_children'], tree['right_children']
    live, stack = [], [0]
    while stack:
        live.append(stack.pop())
        if left[live[-1]] != -1:
            stack += [left[live[-1]], right[live[-1]]]
    splits = [n for n in live if left[n] != -1]
    leaves = [n for n in live if left[n] == -1]
    for node in (splits[:1] + splits[-1:]):
        for value in (node, 0, nodes, nodes + 5, -2, 1 << 30, (1 << 31) - 1, 1 << 31, 1 << 40, -(1 << 31)):
            set_item('left_children', node, value)
            set_item('right_children', node, value)
        set_item('left_children', node, -1, 'leaf')
        items, others = list(left), list(right)
        items[node], others[node] = right[node], left[node]
        d.add('%sswapped.%d' % (name, node), 'refused',
              lambda m: at(m, path).update(left_children=items, right_children=others))
        for value in (int(at(d.model, learner('num_feature'))), -1, (1 << 31) - 1, 1 << 31, 1 << 32, 1 << 40):
            set_item('split_indices', node, value)
        if not tree['split_type'][node]:
            set_item('split_conditions', node, math.nan, 'nan')
            set_item('split_conditions', node, math.inf, 'infinite', 'accepted')
        items = list(tree['split_conditions'])
        items[node] = 1e39
        d.put('%ssplit_conditions.%d.too_large' % (name, node), path + ('split_conditions',), items, forms=('json',))
        set_item('split_type', node, 1 - tree['split_type'][node])
    for node in leaves[:1] + leaves[-1:]:
        if size <= 1:
            for label, value in (('nan', math.nan), ('infinite', math.inf), ('minus.infinite', -math.inf)):
                set_item('split_conditions', node, value, label)
        for value in (0, 1, node, nodes, -2):
            set_item('left_children', node, value)
        for value in (-2, nodes + 7, 1 << 31) + ((1,) if size <= 1 else ()):
            set_item('right_children', node, value)
        if nodes > 1:
            for value in (-1, nodes, (1 << 31) - 1, 1 << 31):
                set_item('parents', node, value)
            set_item('parents', node, node)
    set_item('parents', 0, 0)
    for node in {0, nodes - 1}:
        for value in (2, -1, 255, 77):
            set_item('default_left', node, value)
            set_item('split_type', node, value)
    for node in (n for n in range(nodes) if n not in live):
        for key, value in (('split_indices', 0), ('default_left', 0), ('parents', nodes), ('parents', (1 << 31) - 1)):
            set_item(key, node, value, expected='refused')
    if len(splits) > 1: # a second way to a node, and a circle
        first, second = splits[0], splits[-1]
        d.add(name + 'shared', 'refused', lambda m: at(m, path).update(
            left_children=[left[first] if n == second else v for n, v in enumerate(left)],
            right_children=[right[first] if n == second else v for n, v in enumerate(right)]))
    for key in ('leaf_weights',):
        if key in tree:
            for label, value in (('nan', math.nan), ('infinite', math.inf)):
                set_item(key, 0, value, label)
            set_item('right_children', leaves[0], right[leaves[1]], 'taken')
    if tree['categories_nodes']:
        for key, values in (('categories', (-1, 1 << 24, 1 << 31, 1 << 40)), ('categories_nodes', (-1, nodes, 1 << 31)),
                            ('categories_segments', (-1, 77, 1 << 31, 1 << 62)), ('categories_sizes', (-1, 0, 77, 1 << 31, 1 << 62))):
            for value in values:
                set_item(key, 0, value)
        d.put(name + 'categories_nodes.reversed', path + ('categories_nodes',), tree['categories_nodes'][::-1]
              if len(tree['categories_nodes']) > 1 else [leaves[0]])
        d.add(name + 'without.categories', 'refused', remove(path + ('categories',)))


def damage_categories(d):
    path = BOOSTER + ('cats',)
    cats = at(d.model, path)
    if not cats['enc']:
        d.put('cats.sorted', path + ('sorted_idx',), [0])
        d.put('cats.segments', path + ('feature_segments',), [0], 'accepted')
        return
    for label, value in (('short', cats['enc'][:-1]), ('long', cats['enc'] + cats['enc'][:1]), ('mixed', [1] + cats['enc'][1:])):
        d.put('cats.enc.' + label, path + ('enc',), value)
    for key in ('feature_segments', 'sorted_idx'):
        items = cats[key]
        for label, value in (('short', items[:-1]), ('long', items + [0]), ('negative', items[:-1] + [-1]), ('large', items[:-1] + [1 << 31]),
                             ('down', items[:1] + [9] + items[2:])):
            d.put('cats.%s.%s' % (key, label), path + (key,), value)
    for number, encoding in enumerate(cats['enc']):
        here = path + ('enc', number)
        if 'type' in encoding:
            for value in (7, 8, 0, 17, -1, 99, 1 << 40, 10):
                d.put('cats.type.%d' % value, here + ('type',), value)
            d.put('cats.integers.equal', here + ('values',), [3] * len(encoding['values']))
            d.put('cats.integers.fewer', here + ('values',), encoding['values'][:-1])
        elif encoding['offsets']:
            offsets = encoding['offsets']
            for label, value in (('short', offsets[:-1]), ('down', [0, offsets[-1] + 1] + offsets[2:]), ('from.one', [1] + offsets[1:]),
                                 ('negative', [0, -1] + offsets[2:]), ('empty', []), ('large', offsets[:-1] + [1 << 31])):
                d.put('cats.offsets.' + label, here + ('offsets',), value)
            d.put('cats.bytes.large', here + ('values',), [300] + encoding['values'][1:])
            d.put('cats.bytes.fewer', here + ('values',), encoding['values'][:-1])
            d.put('cats.texts.equal', here, {'offsets': [0, 1, 2], 'values': [65, 65]})
    d.put('cats.of.numbers', ('learner', 'feature_types'), ['float'] * len(cats['enc']))


def damage_bytes(d, dice):
    for form in ('json', 'ubj'):
        raw = json.dumps(d.model).encode() if form == 'json' else ubjson(d.model)
        for length in sorted({0, 1, 2, 3, 7, len(raw) // 2, len(raw) - 1} | {dice.randrange(len(raw)) for _ in range(20)}):
            d.raw('cut.%d.%s' % (length, form), 'refused', raw[:length])
        for label, tail in (('x', b'x'), ('twice', raw), ('nul', b'\0'), ('brace', b'}'), ('object', b'{}')):
            d.raw('tail.%s.%s' % (label, form), 'refused', raw + tail)
        for number in range(60):
            flipped = bytearray(raw)
            for _ in range(dice.choice((1, 1, 1, 2, 5))):
                flipped[dice.randrange(len(flipped))] = dice.randrange(256)
            d.raw('flip.%d.%s' % (number, form), 'either', bytes(flipped))
        for number in range(20):
            begin = dice.randrange(len(raw))
            end = min(len(raw), begin + dice.randrange(1, 60))
            d.raw('gone.%d.%s' % (number, form), 'either', raw[:begin] + raw[end:])
            d.raw('copied.%d.%s' % (number, form), 'either', raw[:end] + raw[begin:])
    raw = ubjson(d.model)
    for number in range(raw.count(b'L') and 40):
        place = dice.choice([i for i in range(len(raw) - 9) if raw[i:i + 1] == b'L'])
        for value in (-1, 1 << 62, 1 << 31, len(raw)):
            d.raw('length.%d.%d.ubj' % (number, value), 'refused' if raw[place - 1:place] == b'#' else 'either',
                  raw[:place + 1] + struct.pack('>q', value) + raw[place + 9:])


def others():
    deep = 100000
    files = [
        ('empty', b''), ('blank', b' \n'), ('brace', b'{'), ('braces', b'{}'), ('array', b'[1,2]'), ('null', b'null'),
        ('deep.json', b'{"learner":' * deep), ('deep.array.json', b'{"a":' + b'[' * deep), ('deep.closed.json', b'{"a":' + b'[' * deep + b']' * deep + b'}'),
        ('deep.ubj', (b'{L' + struct.pack('>q', 1) + b'a') * deep), ('deep.array.ubj', b'{L' + struct.pack('>q', 1) + b'a' + b'[' * deep),
        ('pickle', b'\x80\x04\x95'), ('gzip', b'\x1f\x8b\x08\0'), ('zip', b'PK\x03\x04'), ('csv', b'a,b,c\n1,2,3\n'),
        ('lightgbm', b'tree\nversion=v4\nnum_class=1\n'), ('onnx', b'\x08\x08\x12\x0bonnxmltools'), ('binf', b'binf' + bytes(200)),
        ('raw', bytes(136) + b'\x0f\0\0\0\0\0\0\0reg:squarederror\x06\0\0\0\0\0\0\0gbtree' + bytes(99)), ('bom', b'\xef\xbb\xbf{"learner":{}}'),
        ('utf16', '{"learner":{}}'.encode('utf-16')), ('dump', b'booster[0]:\n0:[f0<1] yes=1,no=2,missing=1\n'),
        ('random', random.Random(1).randbytes(5000)), ('nul', bytes(1000)),
        ('huge.array.ubj', b'{L' + struct.pack('>q', 1) + b'a[$d#L' + struct.pack('>q', 1 << 60)),
        ('many.keys.json', b'{' + b','.join(b'"k%d":%d' % (i, i) for i in range(50000)) + b'}'),
        ('wide.json', b'{"learner":{"learner_model_param":{"base_score":"0.5","num_class":"1000000","num_feature":"16777216"},"attributes":{},'
                      b'"objective":{"name":"reg:squarederror"},"gradient_booster":{"name":"gblinear","model":{"weights":[]}}}}'),
    ]
    return [(name, 'refused', raw) for name, raw in files]


def damaged():
    files = others()
    for number, kind in enumerate(KINDS):
        model = json.loads((CORPUS / (kind + '.json')).read_bytes())
        d = Damage(kind, model)
        for form in ('json', 'ubj'):
            d.raw('whole.' + form, 'accepted', json.dumps(model).encode() if form == 'json' else ubjson(model))
        damage_keys(d)
        damage_learner(d)
        damage_booster(d)
        if 'cats' in at(model, BOOSTER):
            damage_categories(d)
        damage_bytes(d, random.Random(number))
        files += d.files
    return files


def ask_bare(path):
    """What libxgboost does with the file by itself: in a process of its own, three seconds at most."""
    import xgboost as xgb
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(3)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        answer = b'refused'
        try:
            booster = xgb.Booster({'nthread': 1}, model_file=path)
            import numpy as np
            booster.inplace_predict(np.ones((3, min(booster.num_features(), 100)), 'f4'))
            answer = b'accepted'
        except Exception: # pylint: disable=broad-except
            pass
        os.write(writer, answer)
        os._exit(0)
    os.close(writer)
    answer = os.read(reader, 99).decode()
    os.close(reader)
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        return 'hung' if os.WTERMSIG(status) == signal.SIGALRM else 'crashed'
    return answer or 'crashed'


def main():
    dump = sys.argv[1]
    keep = sys.argv[sys.argv.index('--keep') + 1] if '--keep' in sys.argv else None
    folder = pathlib.Path(keep or tempfile.mkdtemp())
    folder.mkdir(exist_ok=True)
    files, paths = damaged(), []
    for number, (name, expected, raw) in enumerate(files):
        path = folder / ('%05d.%s' % (number, ''.join(c if c.isalnum() or c in '._-' else '_' for c in name)[:90]))
        path.write_bytes(raw)
        paths.append(str(path))
    counts, failed, bare = collections.Counter(), 0, collections.Counter()
    for begin in range(0, len(files), 400):
        batch = range(begin, min(begin + 400, len(files)))
        run = subprocess.run([dump] + [paths[i] for i in batch], capture_output=True, timeout=300, check=False)
        lines = run.stdout.decode('utf-8', 'replace').splitlines()
        if run.returncode != 0 or len(lines) != len(batch):
            failed += 1
            print('exit status %d behind %s\n%s' % (run.returncode, lines[-1:], run.stderr.decode()[:2000]))
            continue
        for i, line in zip(batch, lines):
            name, expected, _ = files[i]
            said = line[len(paths[i]) + 2:]
            answer = 'accepted' if said.startswith('ok') else 'refused' if said.startswith('error 4: ') and len(said) > 15 else 'broken'
            counts[answer] += 1
            if answer == 'broken' or expected not in (answer, 'either'):
                failed += 1
                print('%s: %s, not %s: %s' % (name, answer, expected, said[:200]))
    if '--bare' in sys.argv:
        step = int(sys.argv[sys.argv.index('--bare') + 1])
        for path in [path for path, (_, expected, _) in zip(paths, files) if expected == 'refused'][::step]:
            bare[ask_bare(path)] += 1
        print('bare libxgboost on those that must be refused: %s' % dict(bare))
    if not keep:
        shutil.rmtree(folder)
    print('%d damaged or changed models: %d refused, %d accepted' % (len(files), counts['refused'], counts['accepted']))
    print('%d passed, %d failed, 0 skipped' % (len(files) - failed, failed))
    return failed != 0


if __name__ == '__main__':
    sys.exit(main())
