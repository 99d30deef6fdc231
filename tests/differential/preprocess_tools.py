"""What the comparisons of preprocessing share: running fit and transform, and counting."""
import csv
import ctypes
import io
import json
import os
import subprocess
import tempfile

import numpy as np

PROGRAM = os.environ.get('XGBPIPE', 'build/xgbpipe')
RECORDS = os.path.join(os.environ.get('TESTDATA') or
                       os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'testdata'), 'records')


class Counts:
    passed = failed = skipped = 0

    def check(self, holds, name, text=''):
        if holds:
            self.passed += 1
        else:
            self.failed += 1
            print('not ok %s: %s' % (name, text[:400]))
        return holds

    def done(self):
        print('%d passed, %d failed, %d skipped' % (self.passed, self.failed, self.skipped))
        return 1 if self.failed else 0


counts = Counts()


def libm(name):
    """The C library's function over an array. NumPy has its own where there is AVX-512: its log, log1p, exp and expm1
    are the neighbouring float64 for one value in twenty, which shows where a number becomes a name or is compared."""
    function = getattr(ctypes.CDLL('libm.so.6'), name)
    function.restype, function.argtypes = ctypes.c_double, [ctypes.c_double]
    return np.vectorize(function, otypes=[np.float64])


def field(value):
    """None and NaN are empty fields; numbers read back to the same double."""
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ''
    return value if isinstance(value, str) else repr(float(value))


def write_csv(columns):
    """columns: {name: list}; a list with one None in a one-column table would be a blank line, so there is an id."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator='\n')
    writer.writerow(['row_id'] + list(columns))
    for row, values in enumerate(zip(*columns.values())):
        writer.writerow([row] + [field(value) for value in values])
    return out.getvalue()


def run(command, spec, table, *options):
    """Gives (exit status, stdout, stderr)."""
    with tempfile.NamedTemporaryFile('w', suffix='.json', encoding='utf-8', delete=False) as file:
        json.dump(spec, file)
    try:
        done = subprocess.run([PROGRAM, command, '-s', file.name, '--icsv', '--keep', 'row_id', *options],
                              input=table.encode(), capture_output=True, check=False)
    finally:
        os.unlink(file.name)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def fit(spec, columns, *options):
    status, out, err = run('fit', spec, write_csv(columns), *options)
    if status != 0:
        raise AssertionError('fit: exit %d: %s' % (status, err))
    return json.loads(out)


def transform(spec, columns, *options):
    """Gives (names, rows x features float32); a bad record's row is NaN, and in the third it is True."""
    status, out, err = run('transform', spec, write_csv(columns), '--on-error', 'null', '--ojsonl', '--threads', '1', *options)
    if status != 0:
        raise AssertionError('transform: exit %d: %s' % (status, err))
    rows = [json.loads(line) for line in out.splitlines()]
    names = [name for name in rows[0] if name != 'row_id'] if rows else []
    values = np.array([[np.nan if row[name] is None else row[name] for name in names] for row in rows],
                      dtype=np.float64).reshape(len(rows), len(names))
    return names, values.astype(np.float32)


def same_bits(ours, theirs):
    """Equal as XGBoost sees them: to the bit, but for the sign of zero; NaN is NaN. theirs: float64."""
    with np.errstate(over='ignore'):
        theirs = np.asarray(theirs, dtype=np.float64).astype(np.float32)
    if ours.shape != theirs.shape:
        return 'shape %s, expected %s' % (ours.shape, theirs.shape)
    differs = ~((ours == theirs) | (np.isnan(ours) & np.isnan(theirs)))
    if not differs.any():
        return ''
    row, column = np.argwhere(differs)[0]
    return '%d of %d differ, first row %d column %d: %r, expected %r' % (
        differs.sum(), differs.size, row, column, ours[row, column], theirs[row, column])


def close(ours, theirs):
    """To 1e-12 relative."""
    ours, theirs = np.asarray(ours, dtype=np.float64), np.asarray(theirs, dtype=np.float64)
    return ours.shape == theirs.shape and np.allclose(ours, theirs, rtol=1e-12, atol=0)


def sum_is_close(ours, theirs, values):
    """A mean's own rounding is relative to what was added up, not to what came out."""
    return np.all(np.abs(np.asarray(ours) - np.asarray(theirs)) <= 1e-12 * np.nanmean(np.abs(values), axis=0) + 1e-300)
