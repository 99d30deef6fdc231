"""The jobs that the tests of faults repeat: one of each kind of work that the program does, small enough to be run thousands of times."""
import json
import os
import re
import sqlite3
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
DATA = os.environ.get('TESTDATA') or os.path.join(ROOT, 'testdata')
PROGRAM = os.environ.get('XGBPIPE') or os.path.join(ROOT, 'build', 'xgbpipe')

# Every op of the spec, those that are fitted without what fit finds.
STEPS = [
    {'op': 'trim', 'columns': ['city']},
    {'op': 'lower', 'columns': ['city']},
    {'op': 'replace', 'columns': ['city'], 'table': {'sao paulo': 'lima'}},
    {'op': 'rename', 'table': {'size': 'height'}},
    {'op': 'drop', 'columns': ['unused']},
    {'op': 'constant', 'name': 'one', 'value': 1},
    {'op': 'impute', 'columns': ['age'], 'strategy': 'median', 'indicator': True},
    {'op': 'clip', 'columns': ['age'], 'quantiles': [0.1, 0.9]},
    {'op': 'log1p', 'columns': ['income']},
    {'op': 'standardize', 'columns': ['income']},
    {'op': 'minmax', 'columns': ['height']},
    {'op': 'robust', 'columns': ['weight']},
    {'op': 'affine', 'columns': ['weight'], 'scale': 2, 'offset': 1},
    {'op': 'derive', 'name': 'ratio', 'expr': 'if(ismissing(weight), 0, weight / (height * height + 1))'},
    {'op': 'bin', 'columns': ['score'], 'bins': 3, 'strategy': 'quantile'},
    {'op': 'binarize', 'columns': ['flag'], 'threshold': 0.5},
    {'op': 'ordinal', 'columns': ['grade'], 'unknown': 'missing'},
    {'op': 'one_hot', 'columns': ['city'], 'unknown': 'ignore'},
    {'op': 'map', 'columns': ['code'], 'table': {'x': 1, 'y': 2.5}, 'default': 'missing'},
    {'op': 'hash', 'columns': ['tag'], 'buckets': 4, 'seed': 7, 'signed': True},
    {'op': 'date', 'columns': ['time'], 'parts': ['weekday', 'hour']},
]
STEP_RECORDS = b'''age,income,size,weight,score,flag,city,grade,code,tag,time,unused
31,1000,1.8,80,1,1,Lima,b,x,red,2024-02-29T12:30:00,?
,2500.5,1.6,,2,0,"sao paulo",a,y,green,2023-12-31,!
44,3,1.7,60.5,3,1, PARIS ,c,z,"blue, light",2024-01-01 00:00:01,
29,70000,1.75,71,4,0,Lima,a,x,red,1999-06-15,
'''


class Job:
    """files: what stands in the folder before. outputs: files that the job replaces, with their old bytes."""

    def __init__(self, name, arguments, stdin=b'', files=None, outputs=None, **others):
        self.name = name
        self.arguments = arguments
        self.stdin = stdin
        self.files = files or {}
        self.outputs = outputs or {}
        # Whether libxgboost is loaded, whose calls go by the thousands.
        self.uses_xgboost = others.get('uses_xgboost', False)
        # Faults (calls, effect) that what the job writes to cannot have.
        self.leaves_out = others.get('leaves_out', ())
        # What it writes tells of the fault.
        self.may_say_otherwise = others.get('may_say_otherwise', False)

    def command(self):
        return [PROGRAM] + self.arguments


def data(*parts):
    return os.path.join(DATA, *parts)


def head(path, lines):
    with open(path, 'rb') as file:
        return b''.join(line for line, _ in zip(file, range(lines)))


def run_plain(arguments, stdin=b'', cwd=None):
    return subprocess.run([PROGRAM] + arguments, input=stdin, cwd=cwd, capture_output=True, check=True).stdout


def make_database(folder):
    path = os.path.join(folder, 'users.db')
    connection = sqlite3.connect(path)
    connection.executescript('CREATE TABLE users (user_id TEXT PRIMARY KEY, segment TEXT, spend REAL);'
                             "INSERT INTO users VALUES ('u1', 'gold', 12.5), ('u2', 'lead', NULL), ('u3', 'gold', 7);")
    connection.close()
    with open(path, 'rb') as file:
        content = file.read()
    os.unlink(path)
    return content


def make_jobs(scratch):
    model = data('models', 'squared_error.json')
    csv = head(data('records', 'made.csv'), 6)
    tsv = '\n'.join('\t'.join(re.findall(r'(?:^|,)(?:"([^"]*)"|[^,]*)', line) and
                              [field.strip('"') for field in re.findall(r'"[^"]*"|[^,]+|(?<=,)(?=,|$)', line)])
                    for line in csv.decode().splitlines()).encode() + b'\n'
    jsonl = head(data('records', 'made.jsonl'), 4)
    libsvm = head(data('records', 'made.libsvm'), 4)
    bad = b'a,b,c,note\n1,2,3,x\nno,2,3,y\n,,,"z\n"\n1,2\n3,2,1,end\n'
    missing = ['-m', data('models', 'tiny', 'missing.json'), '--engine', 'native']
    native = ['-m', model, '--engine', 'native', '--threads', '1']
    steps = {'spec': 1, 'columns': {'code': 'text', 'tag': 'text'}, 'steps': STEPS}
    unfitted = json.dumps(steps, indent=1).encode()
    folder = os.path.join(scratch, 'making')
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, 'steps.json'), 'wb') as file:
        file.write(unfitted)
    fitted = run_plain(['fit', '-s', 'steps.json'], STEP_RECORDS, folder)
    lookup = json.dumps({'spec': 1, 'steps': [
        {'op': 'lookup', 'source': 'sqlite:users.db', 'query': 'SELECT segment, spend FROM users WHERE user_id = $1',
         'key': ['user_id'], 'columns': ['segment', 'spend']},
        {'op': 'ordinal', 'columns': ['segment'], 'categories': ['gold', 'lead']}],
        'features': ['n', 'segment', 'spend']}).encode()
    golden = json.dumps({'spec': 1, 'steps': [{'op': 'affine', 'columns': ['a'], 'scale': 1, 'offset': 0}], 'golden': [
        {'record': {'a': 1, 'b': 2, 'c': 3}, 'prediction': 0}, {'record': {'a': None, 'b': 2, 'c': 3}, 'prediction': 1}]}).encode()
    old = b'old\n'
    return [
        Job('csv', native + ['--keep', 'id,city'], csv),
        Job('tsv', native + ['--itsv', '--keep', 'id'], tsv),
        Job('jsonl', native + ['--keep', 'id', '-O', 'csv', '--line-buffered'], jsonl),
        Job('libsvm', native + ['--ilibsvm', '-t', 'value,leaf'], libsvm),
        Job('binary_model', ['-m', data('models', 'categories_partition.ubj'), '--engine', 'native', '--keep-all', '-O', 'jsonl', '--threads', '1'], csv),
        Job('files', missing + ['-o', 'out.csv', '--rejects', 'bad.jsonl', '--summary', 'sum.json', '--on-error', 'null', 'in.csv', 'in.csv'],
            files={'in.csv': bad}, outputs={'out.csv': old, 'bad.jsonl': old, 'sum.json': old}),
        Job('new_files', missing + ['-o', 'out.csv', '--rejects', 'bad.jsonl', '--summary', '-', '--on-error', 'skip'],
            bad, outputs={'out.csv': None, 'bad.jsonl': None}),
        Job('threads', missing + ['--threads', '2', '--on-error', 'null', '-q'],
            b'a,b,c,note\n' + b''.join(b'%d,,3,"some\nmore %s"\n' % (i, b'x' * 200) if i % 100 else b'bad,,,\n'
                                       for i in range(1500))),
        Job('steps', ['transform', '-s', 'steps.json', '--keep', 'tag', '--threads', '1'], STEP_RECORDS, {'steps.json': fitted}),
        Job('predict_with_steps', ['-m', data('models', 'rentals.ubj'), '-s', data('specs', 'rentals_fitted.json'), '--engine', 'native', '--threads', '1'],
            head(data('records', 'rentals.csv'), 4)),
        Job('fit', ['fit', '-s', 'steps.json', '--rejects', 'bad.jsonl', '-o', 'fitted.json'], STEP_RECORDS, {'steps.json': unfitted},
            {'fitted.json': old, 'bad.jsonl': old}),
        Job('check', ['check'] + missing + ['-s', 'golden.json'], files={'golden.json': golden},
            leaves_out=[('write', 'EAGAIN')]),
        Job('check_add', ['check', '-s', 'golden.json', '--add', 'in.csv', '-o', 'out.json'],
            files={'golden.json': golden, 'in.csv': b'a,b,c,prediction\n1,2,,4\n'}, outputs={'out.json': old}),
        Job('inspect', ['inspect', data('models', 'categories_partition.json')]),
        Job('inspect_json', ['inspect', '--json', model]),
        Job('lookup', ['transform', '-s', 'lookup.json', '--threads', '1'],
            b'user_id,n\nu1,1\nu2,2\nu9,3\nu1,4\n', {'lookup.json': lookup, 'users.db': make_database(folder)}),
        Job('version', ['--version'], uses_xgboost=True, may_say_otherwise=True),
        Job('help', ['--help']),
        Job('xgboost', ['-m', model, '--engine', 'xgboost', '--threads', '1', '-t', 'value,contribs'], csv, uses_xgboost=True),
        Job('linear', ['-m', data('models', 'tiny', 'sum.json'), '--threads', '1', '-o', 'out.csv'], b'a,b,c\n1,2,3\n4,5,6\n',
            outputs={'out.csv': old}, uses_xgboost=True),
    ]
