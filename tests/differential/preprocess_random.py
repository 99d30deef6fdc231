#!/usr/bin/env python3
"""Random specs over random tables beside a model of the ops in Python; random expressions, dates and letters.

    preprocess_random.py [SPECS [SEED]]

Each spec is fitted by the program; the model learns the same on its own columns, compares what was learnt (1e-12
relative), takes over the program's parameters, and must come to the same float32 features and bad records.
"""
import datetime
import math
import sys
import unicodedata
import warnings

import numpy as np

from preprocess_expressions import random_expression
from preprocess_tools import counts, fit, libm, run, same_bits, transform

warnings.filterwarnings('ignore')
LOG, LOG1P, EXPM1 = libm('log'), libm('log1p'), libm('expm1')
WORDS = ['Paris', 'paris', 'Seoul', 'São Paulo', 'ÉCOLE', 'x', '10', '9', 'Ω', 'ß', ' pad ', '\u2003wide\u00a0', 'a,b', 'say "hi"']


class Column:
    """values: float64 with NaN, or texts with None."""

    def __init__(self, values, is_text):
        self.values = list(values) if is_text else np.asarray(values, dtype=np.float64)
        self.is_text = is_text


class Bad(Exception):
    pass


class Model:
    """The columns as they stand, in order, and which rows are bad."""

    def __init__(self, table, types):
        self.columns = {name: Column([math.nan if v is None and not types[name] else v for v in values], types[name])
                        for name, values in table.items()}
        self.size = len(next(iter(table.values())))
        self.bad = np.zeros(self.size, dtype=bool)

    def replace(self, name, made):
        self.columns = {new: column for old, kept in self.columns.items()
                        for new, column in (made.items() if old == name else [(old, kept)])}

    def good(self, name):
        column = self.columns[name]
        return [v for v, bad in zip(column.values, self.bad) if not bad and v is not None and v == v]


def value_of(step, name, column):
    value = step.get(name)
    return value[column] if isinstance(value, dict) and column in value else value


def order(values):
    return sorted(values, key=lambda v: v.encode() if isinstance(v, str) else v)


def most_frequent(values):
    tally = {}
    for v in values:
        tally[v] = tally.get(v, 0) + 1
    return order(v for v in tally if tally[v] == max(tally.values()))[0]


def learn(model, step, name):
    """What fit should find for one column: {parameter: value}."""
    op, values = step['op'], model.good(name)
    if op == 'impute':
        how = {'mean': np.mean, 'median': np.median, 'most_frequent': most_frequent}
        return {} if step['strategy'] == 'constant' else {'values': how[step['strategy']](values)}
    if op == 'standardize':
        deviation = np.std(values)
        return {'mean': np.mean(values), 'scale': deviation if deviation > 1e-12 else 1.0}
    if op == 'minmax':
        return {'min': min(values), 'max': max(values)}
    if op == 'robust':
        low, high = np.quantile(values, [0.25, 0.75])
        return {'center': np.median(values), 'scale': high - low if high - low > 1e-12 else 1.0}
    if op == 'clip' and 'quantiles' in step:
        low, high = np.quantile(values, step['quantiles'])
        return {'min': low, 'max': high}
    if op in ('ordinal', 'one_hot'):
        categories = order(set(values))
        column = model.columns[name]
        if op == 'one_hot' and any(v is None or v != v for v, bad in zip(column.values, model.bad) if not bad):
            categories.append(None)
        return {'categories': categories}
    return {}


def is_learnt(ours, theirs):
    if isinstance(theirs, (list, str)) or theirs is None:
        return ours == theirs
    return math.isclose(ours, theirs, rel_tol=1e-12, abs_tol=1e-12)


def simple_lower(text):
    return ''.join('i' if c == '\u0130' else c.lower() for c in text)


def parse_date(text):
    when = datetime.datetime.fromisoformat(text)
    return when.astimezone(datetime.timezone.utc) if when.tzinfo else when.replace(tzinfo=datetime.timezone.utc)


PARTS = {'year': lambda d: d.year, 'month': lambda d: d.month, 'day': lambda d: d.day, 'weekday': lambda d: d.weekday(),
         'yearday': lambda d: d.timetuple().tm_yday, 'hour': lambda d: d.hour, 'minute': lambda d: d.minute,
         'second': lambda d: d.second, 'unix': lambda d: d.timestamp()}


def no_poles(values):
    return np.where(np.isneginf(values), np.nan, values)


NUMERIC = {
    'log': lambda x, p: no_poles(LOG(x)),
    'log1p': lambda x, p: no_poles(LOG1P(x)),
    'sqrt': lambda x, p: np.sqrt(x),
    'abs': lambda x, p: np.abs(x),
    'expm1': lambda x, p: EXPM1(x),
    'affine': lambda x, p: x * p('scale', 1) + p('offset', 0),
    'clip': lambda x, p: np.minimum(np.maximum(x, p('min', -math.inf)), p('max', math.inf)),
    'standardize': lambda x, p: (x - p('mean')) / p('scale'),
    'robust': lambda x, p: (x - p('center')) / p('scale'),
    'binarize': lambda x, p: np.where(np.isnan(x), x, (x > p('threshold', 0)).astype(float)),
    'bin': lambda x, p: np.where(np.isnan(x), x, np.searchsorted(
        p('edges')[1:-1], x, side='left' if p('right') else 'right').astype(float)),
}


def minmax(x, low, high):
    scale = 1 / (high - low if high - low >= 10 * np.finfo(float).eps else 1)
    return x * scale + (0 - low * scale)


def apply_to_column(model, step, name):
    op = step['op']
    column = model.columns[name]

    def parameter(key, otherwise=None):
        value = value_of(step, key, name)
        return otherwise if value is None else value
    if op in NUMERIC:
        column.values = NUMERIC[op](column.values, parameter)
    elif op == 'minmax':
        column.values = minmax(column.values, parameter('min'), parameter('max'))
    elif op == 'impute':
        holes = [v is None or v != v for v in column.values]
        filled = [parameter('values') if hole else v for v, hole in zip(column.values, holes)]
        column.values = filled if column.is_text else np.array(filled)
        if step.get('indicator'):
            model.columns[name + '_missing'] = Column(np.array(holes, dtype=float), False)
    elif op in ('lower', 'trim', 'replace'):
        change = {'lower': simple_lower, 'trim': lambda t: t.strip() or None,
                  'replace': lambda t: step['table'].get(t, t)}[op]
        column.values = [None if v is None else change(v) for v in column.values]
    elif op in ('ordinal', 'map'):
        code(model, step, name)
    elif op == 'one_hot':
        one_hot(model, step, name)
    elif op == 'date':
        date(model, step, name)
    elif op == 'drop':
        model.replace(name, {})
    else:
        raise AssertionError(op)


def code(model, step, name):
    column = model.columns[name]
    if step['op'] == 'ordinal':
        table = {v: i for i, v in enumerate(value_of(step, 'categories', name))}
        unknown = step.get('unknown', 'error')
    else:
        table, unknown = step['table'], step.get('default', 'error')
    out = np.full(model.size, np.nan)
    for row, v in enumerate(column.values):
        if v is None or v != v:
            continue
        if v in table:
            out[row] = math.nan if table[v] is None else table[v]
        elif unknown == 'error':
            model.bad[row] = True
        elif unknown != 'missing':
            out[row] = unknown
    model.columns[name] = Column(out, False)


def shortest(v):
    return str(int(v)) if v == int(v) and abs(v) < 1e15 else repr(float(v))


def one_hot(model, step, name):
    column = model.columns[name]
    categories = value_of(step, 'categories', name)
    drop = step.get('drop')
    kept = categories[1:] if drop == 'first' or (drop == 'if_binary' and len(categories) == 2) else categories
    made = {'%s_%s' % (name, 'nan' if c is None else c if isinstance(c, str) else shortest(c)): np.zeros(model.size)
            for c in kept}
    places = {c: values for c, values in zip(kept, made.values())}
    for row, v in enumerate(column.values):
        v = None if v is None or v != v else v
        if v in places:
            places[v][row] = 1
        elif v not in categories and step.get('unknown', 'error') == 'error':
            model.bad[row] = True
    model.replace(name, {key: Column(values, False) for key, values in made.items()})


def date(model, step, name):
    made = {part: np.full(model.size, np.nan) for part in step['parts']}
    for row, text in enumerate(model.columns[name].values):
        if text is None:
            continue
        try:
            when = parse_date(text)
        except ValueError:
            model.bad[row] = True
            continue
        for part, values in made.items():
            values[row] = PARTS[part](when)
    model.replace(name, {'%s_%s' % (name, part): Column(values, False) for part, values in made.items()})


def apply(model, step, expressions):
    if step['op'] == 'derive':
        model.columns[step['name']] = Column(
            [expressions[step['name']].evaluate({n: c.values[row] for n, c in model.columns.items()})
             for row in range(model.size)], False)
        return
    if step['op'] == 'constant':
        model.columns[step['name']] = Column([step['value']] * model.size, False)
        return
    if step['op'] == 'rename':
        model.columns = {step['table'].get(name, name): column for name, column in model.columns.items()}
        return
    for name in step['columns']:
        apply_to_column(model, step, name)


# ---- Random tables and specs ----

def random_table(rng, size):
    """{name: values}, {name: is a text}."""
    table, types = {}, {}
    for i in range(rng.integers(2, 6)):
        kind = rng.integers(0, 4)
        values = (rng.standard_normal(size) * 10.0 ** rng.integers(-3, 6) if kind == 0
                  else rng.integers(-3, 4, size).astype(float) if kind == 1
                  else np.abs(rng.standard_cauchy(size)) if kind == 2 else np.round(rng.random(size), 2))
        table['n%d' % i] = [None if rng.random() < 0.1 else float(v) for v in values]
        types['n%d' % i] = False
    for i in range(rng.integers(1, 4)):
        words = rng.choice(WORDS, rng.integers(1, len(WORDS)), replace=False)
        table['t%d' % i] = [None if rng.random() < 0.1 else str(w) for w in rng.choice(words, size)]
        types['t%d' % i] = True
    table['when'] = [None if rng.random() < 0.1 else random_date(rng) for _ in range(size)]
    types['when'] = True
    return table, types


def random_date(rng):
    when = datetime.datetime(1900, 1, 1) + datetime.timedelta(seconds=int(rng.integers(0, 6_000_000_000)))
    text = [when.strftime('%Y-%m-%d'), when.isoformat(), when.isoformat(' '), when.strftime('%Y-%m-%dT%H:%M'),
            when.isoformat() + '.5'][rng.integers(0, 5)]
    if len(text) > 10:
        text += ['', '', 'Z', '+09:00', '-0330'][rng.integers(0, 5)]
    return text


def random_step(rng, model, number, expressions):
    numbers = [n for n, c in model.columns.items() if not c.is_text]
    texts = [n for n, c in model.columns.items() if c.is_text and n != 'when']

    def some(names):
        return [str(n) for n in rng.choice(names, rng.integers(1, len(names) + 1), replace=False)]
    ops = ['derive', 'constant'] + (['rename'] if number % 2 else [])
    ops += ['impute', 'standardize', 'minmax', 'robust', 'clip', 'log', 'log1p', 'sqrt', 'abs', 'expm1', 'affine', 'bin',
            'binarize', 'one_hot_number'] if numbers else []
    ops += ['impute_text', 'ordinal', 'one_hot', 'map', 'lower', 'trim', 'replace'] * 2 if texts else []
    ops += ['date'] * 3 if 'when' in model.columns else []
    op = str(rng.choice(ops))
    if op == 'derive':
        expression = random_expression(rng, numbers, list(model.columns), 4)
        expressions['d%d' % number] = expression
        return {'op': op, 'name': 'd%d' % number, 'expr': expression.text}
    if op == 'constant':
        return {'op': op, 'name': 'c%d' % number, 'value': float(rng.integers(-5, 5))}
    if op == 'rename':
        name = str(rng.choice(list(model.columns)))
        return {'op': op, 'table': {name: name if name == 'when' else 'r%d %s' % (number, name)}}
    if op == 'impute_text':
        step = {'op': 'impute', 'columns': some(texts), 'strategy': 'most_frequent'}
        return dict(step, indicator=can_indicate(rng, model, step))
    if op == 'one_hot_number':
        few = [n for n in numbers if 0 < len(set(model.good(n))) < 9]
        if few:
            return {'op': 'one_hot', 'columns': few[:1], 'unknown': 'ignore'}
        op = 'abs'
    if op in ('lower', 'trim'):
        return {'op': op, 'columns': some(texts)}
    if op == 'replace':
        return {'op': op, 'columns': some(texts), 'table': {'Paris': 'Lutetia', 'x': None, '9': '10'}}
    if op == 'ordinal':
        return {'op': op, 'columns': some(texts), 'unknown': [-1, 'missing', 'error'][rng.integers(0, 3)]}
    if op == 'one_hot':
        step = {'op': op, 'columns': some(texts), 'unknown': ['ignore', 'error'][rng.integers(0, 2)]}
        return dict(step, drop=['first', 'if_binary'][rng.integers(0, 2)]) if rng.integers(0, 2) else step
    if op == 'map':
        return {'op': op, 'columns': some(texts), 'table': {'Paris': 1.5, 'paris': None, '10': -2},
                'default': [0.25, 'missing'][rng.integers(0, 2)]}
    if op == 'date':
        return {'op': op, 'columns': ['when'], 'parts': [str(p) for p in rng.choice(list(PARTS), 4, replace=False)]}
    step = {'op': op, 'columns': some(numbers)}
    if op == 'impute':
        step['strategy'] = ['mean', 'median', 'most_frequent', 'constant'][rng.integers(0, 4)]
        step['indicator'] = can_indicate(rng, model, step)
        if step['strategy'] == 'constant':
            step['values'] = -1.0
    elif op == 'clip':
        step.update({'quantiles': [0.1, 0.8]} if rng.integers(0, 2) else {'min': -1, 'max': 2.5})
    elif op == 'affine':
        step.update(scale=float(rng.standard_normal()), offset=float(rng.standard_normal()))
    elif op == 'bin':
        step.update(edges=[-10, -0.5, 0, 0.25, 1, 100], right=bool(rng.integers(0, 2)))
    elif op == 'binarize':
        step['threshold'] = 0.25
    return step


def can_indicate(rng, model, step):
    return bool(rng.integers(0, 2)) and not any(name + '_missing' in model.columns for name in step['columns'])


def can_learn(model, step):
    """Every column has a value, none is infinite, and most_frequent of numbers is one of them."""
    columns = [model.columns[name] for name in step.get('columns', [])]
    if not all(np.isfinite(c.values[~np.isnan(c.values)]).all() for c in columns if not c.is_text):
        return False
    return all(model.good(name) for name in step.get('columns', []))


def take_learnt(model, spec, index, complaints):
    """Compares what fit learnt for a step with what the model would."""
    step = spec['steps'][index]
    for name in step.get('columns', []):
        for key, theirs in learn(model, step, name).items():
            ours = value_of(step, key, name)
            if not is_learnt(ours, theirs):
                complaints.append('steps[%d].%s.%s is %r, expected %r' % (index, key, name, ours, theirs))


def unseen(rng, table, types):
    """Other records: new words, dates that are none, and twenty copied ones."""
    fresh, _ = random_table(rng, 60)
    out = {}
    for name, values in table.items():
        made = fresh.get(name) or [None] * 60
        if types[name] and name != 'when':
            made = [v if rng.random() < 0.7 else 'never seen' for v in made]
        if name == 'when':
            made = [v if rng.random() < 0.9 else ['2024-02-30', '31.12.2024', 'soon', '2024-01-01T25:00'][rng.integers(0, 4)]
                    for v in made]
        out[name] = made + values[:20]
    return out


def try_spec(rng, number):
    name = 'spec %d' % number
    table, types = random_table(rng, int(rng.integers(30, 400)))
    expressions = {}
    model = Model(table, types)
    steps = [{'op': 'impute', 'columns': ['n0'], 'strategy': 'median'}]
    for i in range(rng.integers(1, 9)):
        # The model of what stands so far decides what can come next.
        step = steps[0] if not i else random_step(rng, model, i, expressions)
        if not can_learn(model, step):
            continue
        if i:
            steps.append(step)
        learnt = dict(step)
        for column in step.get('columns', []):
            for key, value in learn(model, step, column).items():
                learnt[key] = dict(learnt[key], **{column: value}) if isinstance(learnt.get(key), dict) else {column: value}
        apply(model, learnt, expressions)
    steps += [{'op': 'drop', 'columns': [n for n, c in model.columns.items() if c.is_text]}] if any(
        c.is_text for c in model.columns.values()) else []
    spec = {'spec': 1, 'columns': {n: 'text' if t else 'number' for n, t in types.items()}, 'steps': steps}
    try:
        fitted = fit(spec, table)
        complaints = []
        model = Model(table, types)
        for i, step in enumerate(fitted['steps']):
            take_learnt(model, fitted, i, complaints)
            apply(model, step, expressions)
        if not counts.check(not complaints, name, '; '.join(complaints)):
            return
        for part in (table, unseen(rng, table, types), {n: v[:1] for n, v in table.items()}):
            model = Model(part, types)
            for step in fitted['steps']:
                apply(model, step, expressions)
            names, ours = transform(fitted, part)
            if not counts.check(names == list(model.columns), name, 'columns %s, expected %s' % (names, list(model.columns))):
                return
            expected = np.array([c.values for c in model.columns.values()], dtype=np.float64).T
            with np.errstate(over='ignore'):
                model.bad |= np.isinf(expected.astype(np.float32)).any(axis=1)
            expected[model.bad] = np.nan
            text = same_bits(ours, expected)
            column = names[int(text.rsplit('column ', 1)[1].split(':')[0])] if 'column ' in text else ''
            counts.check(not text, name, '%s %s %s' % (column, text, steps))
    except AssertionError as error:
        counts.check(False, name, '%s %s' % (error, steps))


def try_letters():
    """Every letter there is."""
    if unicodedata.unidata_version != '14.0.0':
        counts.skipped += 1
        return
    letters = [chr(c) for c in range(33, 0x110000) if not 0xD800 <= c < 0xE000 and chr(c) not in '",' and chr(c).strip()]
    table = {'t': [''.join(letters[i:i + 64]) for i in range(0, len(letters), 64)]}
    expected = [simple_lower(t) for t in table['t']]
    spec = {'spec': 1, 'steps': [{'op': 'lower', 'columns': ['t']},
                                 {'op': 'map', 'columns': ['t'], 'table': {t: i for i, t in enumerate(expected)}}]}
    _, ours = transform(spec, table)
    counts.check((ours[:, 0] == np.arange(len(expected))).all(), 'lower of every letter')
    spaces = [chr(c) for c in range(0x3100) if chr(c).isspace() and not 0x1c <= c <= 0x1f]
    table = {'t': [s + 'x' + s for s in spaces] + ['x' + s + 'x' for s in spaces]}
    spec = {'spec': 1, 'steps': [{'op': 'trim', 'columns': ['t']},
                                 {'op': 'map', 'columns': ['t'], 'table': {'x': 1}, 'default': 2}]}
    _, ours = transform(spec, table)
    counts.check((ours[:, 0] == [1] * len(spaces) + [2] * len(spaces)).all(), 'trim of every space')


FORMATS = ['%Y-%m-%d %H:%M:%S', '%d/%m/%y', '%b %d %Y %I:%M %p', '%A, %d. %B %Y', '%Y%m%d', '%Y-%j', '%m/%d/%Y %H:%M:%S.%f',
           '%d %b %Y %H:%M %z', '%H:%M', '%Y']


def try_dates(rng):
    """Formats beside datetime.strptime."""
    for form in FORMATS:
        whens = [datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc) +
                 datetime.timedelta(seconds=int(rng.integers(0, 3_100_000_000))) for _ in range(200)]
        texts = [w.strftime(form) for w in whens]
        texts += [t + 'x' for t in texts[:10]] + ['', 'x', '2024-13-01', '2024-02-30', '20240230', '29/02/23']
        if form != '%Y%m%d':  # Python splits 1978110 into 1978, 1 and 10
            texts += [t[:-1] for t in texts[:10]]
        expected = np.full((len(texts), len(PARTS)), np.nan)
        for row, text in enumerate(texts):
            try:
                when = datetime.datetime.strptime(text, form)
            except ValueError:
                continue
            when = when.replace(tzinfo=when.tzinfo or datetime.timezone.utc).astimezone(datetime.timezone.utc)
            expected[row] = [part(when) for part in PARTS.values()]
        spec = {'spec': 1, 'steps': [{'op': 'date', 'columns': ['t'], 'format': form, 'parts': list(PARTS)}]}
        text = same_bits(transform(spec, {'t': texts})[1], expected)
        counts.check(not text, 'date ' + form, text)


def try_expressions(rng, number):
    """Many expressions over the same records at once."""
    names = ['a', 'b', 'c d', 'e]f', 'and', 'x1', 'Größe']
    table = {n: [None if rng.random() < 0.2 else float(rng.choice([0, 1, -1, 0.5, 2, -3, 1e3, 1e-3, 7]))
                 for _ in range(150)] for n in names}
    table['t'] = [None if rng.random() < 0.3 else 'word' for _ in range(150)]
    expressions = [random_expression(rng, names, names + ['t'], 5) for _ in range(number)]
    spec = {'spec': 1, 'steps': [{'op': 'derive', 'name': 'd%d' % i, 'expr': e.text} for i, e in enumerate(expressions)],
            'features': ['d%d' % i for i in range(number)]}
    _, ours = transform(spec, table)
    rows = [dict(zip(table, values)) for values in zip(*table.values())]
    rows = [{n: math.nan if v is None and n != 't' else v for n, v in row.items()} for row in rows]
    expected = np.array([[e.evaluate(row) for e in expressions] for row in rows])
    with np.errstate(over='ignore'):
        bad = np.isinf(expected.astype(np.float32)).any(axis=1)
    expected[bad] = np.nan
    for i, expression in enumerate(expressions):
        text = same_bits(ours[:, [i]], expected[:, [i]])
        counts.check(not text, expression.text, text)


def try_bad_expressions():
    """Each is refused at its column."""
    for text, column in (('', 1), ('a +', 4), ('a b', 3), ('(a', 3), ('a)', 2), ('1.5.2', 4), ('min(a)', 1), ('if(a, 1)', 1),
                         ('a < b < c', 7), ('foo(a)', 1), ('[a', 1), ('[]', 1), ('and', 1), ('a ** b', 4), ('not', 4),
                         ('a == ', 6), ('é +', 4), ('1e999', 1), ('a = b', 3), ('2x', 2), ('zz + 1', 1), ('a + zz', 5),
                         ('t + 1', 1), ('ismissing(t + 1)', 11), ('(' * 500 + 'a' + ')' * 500, 101)):
        spec = {'spec': 1, 'columns': {'a': 'number', 't': 'text'}, 'steps': [{'op': 'derive', 'name': 'd', 'expr': text}],
                'features': ['d']}
        status, _, err = run('transform', spec, 'row_id,a,b,c,t,é\n1,1,2,3,x,4\n')
        counts.check(status == 3 and 'steps[0].expr: column %d: ' % column in err, 'refused: ' + text[:40], err)


def main():
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 150
    rng = np.random.default_rng(int(sys.argv[2]) if len(sys.argv) > 2 else 20260807)
    try_letters()
    try_dates(rng)
    try_bad_expressions()
    for _ in range(10):
        try_expressions(rng, 40)
    for i in range(number):
        try_spec(rng, i)
    return counts.done()


if __name__ == '__main__':
    sys.exit(main())
