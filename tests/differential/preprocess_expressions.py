"""Random expressions of derive: their text, and what they come to, by the rules of the manual.

Missing operands make the result missing, but for ismissing and for the branch that if does not take; a result that
is not a number, or a pole, is missing.
"""
import math

MISSING = math.nan
PRECEDENCE = {'or': 1, 'and': 2, 'not': 3, '<': 4, '<=': 4, '>': 4, '>=': 4, '==': 4, '!=': 4, '+': 5, '-': 5, '*': 6, '/': 6,
              'neg': 7, 'atom': 8}
RESERVED = {'and', 'or', 'not', 'if'}


def settle(function, *operands):
    try:
        return function(*operands)
    except OverflowError:  # Python's math refuses what C makes infinite
        return math.inf
    except (ValueError, ZeroDivisionError):
        return MISSING


def multiply(a, b):
    return a * b


def power(a, b):
    if a == 0 and b < 0:
        return MISSING
    try:
        return math.pow(a, b)
    except OverflowError:
        return -math.inf if a < 0 and b % 2 == 1 else math.inf
    except ValueError:
        return MISSING


BINARY = {'+': lambda a, b: a + b, '-': lambda a, b: a - b, '*': multiply,
          '/': lambda a, b: MISSING if b == 0 else a / b,
          '<': lambda a, b: a < b, '<=': lambda a, b: a <= b, '>': lambda a, b: a > b, '>=': lambda a, b: a >= b,
          '==': lambda a, b: a == b, '!=': lambda a, b: a != b,
          'and': lambda a, b: a != 0 and b != 0, 'or': lambda a, b: a != 0 or b != 0}
UNARY = {'neg': lambda a: -a, 'not': lambda a: a == 0}
FUNCTIONS = {'abs': abs, 'log': math.log, 'exp': math.exp, 'sqrt': math.sqrt,
             'sin': lambda a: math.sin(a) if math.isfinite(a) else MISSING,
             'cos': lambda a: math.cos(a) if math.isfinite(a) else MISSING,
             'floor': lambda a: float(math.floor(a)) if math.isfinite(a) else a}


class Expression:
    def __init__(self, kind, parts, text, level):
        self.kind, self.parts, self.text, self.level = kind, parts, text, level

    def evaluate(self, row):
        return float(self.value(row))

    def value(self, row):
        kind, parts = self.kind, self.parts
        if kind == 'number':
            return parts
        if kind == 'column':
            return row[parts]
        if kind == 'ismissing':
            value = row[parts.parts] if parts.kind == 'column' else parts.value(row)
            return float(value is None or value != value)
        if kind == 'if':
            test = parts[0].value(row)
            return test if test != test else parts[1 if test != 0 else 2].value(row)
        operands = [part.value(row) for part in parts]
        if any(o != o for o in operands):
            return MISSING
        if kind in BINARY:
            return float(settle(BINARY[kind], *operands))
        if kind in UNARY:
            return float(UNARY[kind](*operands))
        if kind in FUNCTIONS:
            return float(settle(FUNCTIONS[kind], *operands))
        if kind == 'pow':
            return power(*operands)
        return float({'min': min, 'max': max}[kind](operands))


def name_text(name, rng):
    plain = name.replace('_', 'a').isalnum() and not name[0].isdigit() and name not in RESERVED
    return name if plain and rng.random() < 0.7 else '[%s]' % name.replace(']', ']]')


def wrap(part, level, rng):
    """In parentheses where precedence asks for them, and now and then where not."""
    return '(%s)' % part.text if part.level < level or rng.random() < 0.1 else part.text


def random_expression(rng, numbers, columns, depth):
    """numbers: columns of numbers; columns: all, for ismissing."""
    choice = rng.random()
    if depth == 0 or choice < 0.15:
        if numbers and rng.random() < 0.7:
            name = str(rng.choice(numbers))
            return Expression('column', name, name_text(name, rng), 8)
        number = float(rng.choice([0, 1, 2, 0.5, 10, 1e3, 3.25, 1e-2]))
        return Expression('number', number, ['%r', '%g', '%.3e'][rng.integers(0, 3)] % number, 8)

    def inner():
        return random_expression(rng, numbers, columns, depth - 1)
    space = ['', ' ', '  '][rng.integers(0, 3)]
    if choice < 0.6:
        kind = str(rng.choice(list(BINARY)))
        level = PRECEDENCE[kind]
        left, right = inner(), inner()
        # The right operand of a chain from the left, and both of a comparison, bind more tightly.
        text = '%s %s %s' % (wrap(left, level + (level == 4), rng), kind, wrap(right, level + 1, rng))
        return Expression(kind, [left, right], text.replace(' %s ' % kind, space + kind + space)
                          if kind not in ('and', 'or') and kind not in left.text + right.text else text, level)
    if choice < 0.7:
        kind = ['neg', 'not'][rng.integers(0, 2)]
        part = inner()
        text = ('-' + space if kind == 'neg' else 'not ') + wrap(part, PRECEDENCE[kind], rng)
        return Expression(kind, [part], text, PRECEDENCE[kind])
    if choice < 0.75:
        name = str(rng.choice(columns))
        part = Expression('column', name, name_text(name, rng), 8)
        if rng.random() < 0.4:
            part = inner()
        return Expression('ismissing', part, 'ismissing(%s)' % part.text, 8)
    if choice < 0.83:
        parts = [inner() for _ in range(3)]
        return Expression('if', parts, 'if(%s)' % (space + ',' + space).join(p.text for p in parts), 8)
    if choice < 0.9:
        kind = ['min', 'max', 'pow'][rng.integers(0, 3)]
        parts = [inner() for _ in range(2 if kind == 'pow' else rng.integers(2, 4))]
        return Expression(kind, parts, '%s%s(%s)' % (kind, space, ', '.join(p.text for p in parts)), 8)
    kind = str(rng.choice(list(FUNCTIONS)))
    part = inner()
    return Expression(kind, [part], '%s(%s)' % (kind, part.text), 8)
