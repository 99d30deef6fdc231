#!/usr/bin/env python3
"""What the system may do to a run: limits, closed descriptors, full disks, an input that ends anywhere.

    tests/faults/system.py [TEST]...      those whose name contains one of the texts

$XGBPIPE is the program. Expected answers follow from how the records are made. tests/check.d/15-stream has the tests of timing and signals.
"""
import itertools
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import threading

import jobs

MISSING = ['-m', jobs.data('models', 'tiny', 'missing.json'), '--engine', 'native']  # 1 where a is missing, + 2 for b, + 4 for c
SECONDS = 60
NUMBER = re.compile(r'[ \t]*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?[ \t]*$')
tests = []


def test(function):
    tests.append(function)
    return function


class Skip(Exception):
    pass


def run(arguments, data=b'', cwd=None, before=None, **others):
    """Gives (status, stdout, stderr); a death by a signal is a negative status."""
    done = subprocess.run([jobs.PROGRAM] + arguments, input=data, cwd=cwd, capture_output=True, timeout=SECONDS, check=False,
                          preexec_fn=before, **others)
    return done.returncode, done.stdout, done.stderr


def same(got, expected, what):
    assert got == expected, '%s: %r, expected %r' % (what, got, expected)


def read(*path):
    with open(os.path.join(*path), 'rb') as file:
        return file.read()


def write(content, *path):
    with open(os.path.join(*path), 'wb') as file:
        file.write(content)


# ---- an input that ends anywhere ----

BAD = object()
OPEN_QUOTE = object()


def number(text):
    """The value of a field's text: '' where it is missing, BAD where it is none."""
    if text.strip(' \t') == '':
        return ''
    return '%g' % float(text) if NUMBER.match(text) else BAD


def csv_fields(text):
    """One record's fields, BAD where text follows a closing quote, OPEN_QUOTE where a quote is not closed."""
    fields, at = [], 0
    while True:
        if text[at:at + 1] == '"':
            field, at = '', at + 1
            while True:
                end = text.find('"', at)
                if end < 0:
                    return OPEN_QUOTE
                field += text[at:end]
                at = end + 1
                if text[at:at + 1] != '"':
                    break
                field, at = field + '"', at + 1
            if at < len(text) and text[at] != ',':
                return BAD
        else:
            end = (text + ',').index(',', at)
            field, at = text[at:end], end
        fields.append(field)
        if at >= len(text):
            return fields
        at += 1


def csv_verdicts(records):
    """The rows that transform writes for records of a, b, note, c, each with its line end; None behind them: a quote that
    is open. A carriage return without its newline is data."""
    for record in records:
        fields = csv_fields(re.sub(r'\r?\n\Z', '', record))
        if fields is OPEN_QUOTE:
            yield None
            return
        if fields == ['']:
            continue
        values = [number(fields[i]) for i in (0, 1, 3)] if fields is not BAD and len(fields) == 4 else [BAD]
        yield ',,' if BAD in values else ','.join(values)


@test
def csv_that_is_cut_anywhere_is_answered_up_to_there(scratch):
    write(json.dumps({'spec': 1, 'columns': dict.fromkeys('abc', 'number'), 'steps': [], 'features': ['a', 'b', 'c']}).encode(),
          scratch, 'spec.json')
    header = 'a,b,note,c'
    records = ['1.5,-2,"x\ny",3', ',25e1,"q"",",4\r', '', '-.5,+8,plain,7e-2\r', '1,2,3,4']
    whole = '\n'.join([header] + records) + '\n'
    starts = [sum(len(text) + 1 for text in [header] + records[:i]) for i in range(len(records) + 1)]
    for size in range(len(whole) + 1):
        text = whole[:size]
        if size < len(header):
            expected = (3 if text else 0), ''
            if set('abc') <= set(text.split(',')):
                expected = 0, 'a,b,c\n'
        else:
            cut = [text[begin:begin + len(record) + 1] for begin, record in zip(starts, records) if begin < size]
            rows = list(csv_verdicts(cut))
            expected = (4 if None in rows else 0), ''.join(row + '\n' for row in ['a,b,c'] + [row for row in rows if row is not None])
        status, out, err = run(['transform', '-s', 'spec.json', '--on-error', 'null', '-i', 'csv', '--threads', '1'], text.encode(), scratch)
        same((status, out.decode()), expected, 'cut after %d bytes, %r' % (size, text[-12:]))
        assert status == 0 or b'xgbpipe: ' in err, 'no message'
        if status == 4:
            line = 1 + text[:starts[len(cut) - 1]].count('\n')
            assert b'line %d' % line in err, 'the line where it opened, %d: %r' % (line, err)


@test
def json_lines_that_are_cut_anywhere_are_answered_up_to_there(scratch):
    write(json.dumps({'spec': 1, 'columns': dict.fromkeys('abc', 'number'), 'steps': [], 'features': ['a', 'b', 'c']}).encode(),
          scratch, 'spec.json')
    whole = '{"a":1.5,"b":-2,"c":3}\n\n {"b": 25e1, "x": {"y": [1, "\\u00e9}"]}, "a": null}\r\n{"c":"7"}'
    for size in range(len(whole) + 1):
        rows = []
        for line in whole[:size].split('\n'):
            if line.strip() == '':
                continue
            try:
                record = json.loads(line)
                rows.append(','.join('' if record.get(name) is None else '%g' % float(record[name]) for name in 'abc'))
            except ValueError:
                rows.append(',,')
        status, out, _ = run(['transform', '-s', 'spec.json', '--on-error', 'null', '-i', 'jsonl', '-O', 'csv', '--no-output-header',
                              '--threads', '1'], whole[:size].encode(), scratch)
        same((status, out.decode()), (0, ''.join(row + '\n' for row in rows)), 'cut after %d bytes' % size)


@test
def tsv_and_libsvm_that_are_cut_anywhere_are_answered_up_to_there(scratch):
    del scratch
    whole = 'a\tb\tc\tnote\n1.5\t\t3\tx\\ty\n\\N\t25e1\t4\t\r\n1\t2\t3\t"'
    for size in range(len('a\tb\tc'), len(whole) + 1):
        lines = whole[:size].split('\n')
        rows = ['prediction']
        for line in lines[1:]:
            fields = line.rstrip('\r').split('\t')
            if fields == ['']:
                continue
            width = len(lines[0].split('\t'))
            values = [BAD] if len(fields) != width else ['' if field == '\\N' else number(field) for field in fields[:3]]
            rows.append('""' if BAD in values else str(sum(1 << i for i, value in enumerate(values) if value == '')))
        status, out, _ = run(MISSING + ['-i', 'tsv', '--on-error', 'null', '--threads', '1'], whole[:size].encode())
        same((status, out.decode()), (0, ''.join(row + '\n' for row in rows)), 'tsv, cut after %d bytes' % size)
    whole = '3 0:1.5 2:-2 # 1:5\n\n-1 qid:7 1:25e1\r\n0.5 0:1 1:2 2:3'
    for size in range(len(whole) + 1):
        rows = []
        for line in whole[:size].split('\n'):
            tokens = line.split('#')[0].split()
            if not tokens:
                continue
            pairs = [token.split(':') for token in tokens[1:] if not token.startswith('qid:')]
            good = number(tokens[0]) is not BAD and all(len(pair) == 2 and pair[0].isdigit() and number(pair[1]) not in (BAD, '')
                                                        for pair in pairs) and 'qid:' not in tokens
            rows.append(str(7 - sum(1 << int(pair[0]) for pair in pairs)) if good else 'nan')
        status, out, _ = run(MISSING + ['-i', 'libsvm', '--on-error', 'null', '--threads', '1'], whole[:size].encode())
        same((status, out.decode()), (0, ''.join(row + '\n' for row in rows)), 'libsvm, cut after %d bytes: %r' % (size, whole[:size][-8:]))


# ---- descriptors ----

INPUT = b'a,b,c\n1,2,3\n,2,\nx,2,3\n4,,6\n'
ANSWERS = b'prediction\n0\n5\n""\n2\n'


def closing(closed):
    def close():
        for fd in closed:
            os.close(fd)
    return close


@test
def descriptors_that_are_closed_get_nothing_that_is_meant_for_others(scratch):
    write(INPUT, scratch, 'in.csv')
    plain = MISSING + ['--on-error', 'null', '--threads', '1']
    for closed in itertools.chain.from_iterable(itertools.combinations(range(3), count) for count in range(4)):
        what = 'closed: %s' % (closed, )
        files = ['in.csv', '-o', 'out.csv', '--rejects', 'bad.jsonl', '--summary', 'sum.json']
        status, out, err = run(plain + files, b'', scratch, closing(closed))
        same((status, out), (0, b''), what + ', files')
        same(read(scratch, 'out.csv'), ANSWERS, what + ', the answers')
        same(read(scratch, 'bad.jsonl').count(b'\n'), 1, what + ', the rejects')
        same(json.loads(read(scratch, 'sum.json'))['rejected'], 1, what + ', the summary')
        assert (b'line 4' in err) == (2 not in closed), what + ', the messages: %r' % err
        status, out, _ = run(plain + ['in.csv'], b'', scratch, closing(closed))
        same((status, out), (1, b'') if 1 in closed else (0, ANSWERS), what + ', to standard output')
        status, out, _ = run(plain, INPUT, scratch, closing(closed))
        same((status, out), (1, b'') if {0, 1} & set(closed) else (0, ANSWERS), what + ', from standard input')
        same(read(scratch, 'in.csv'), INPUT, what + ', the input')
        for name in ('out.csv', 'bad.jsonl', 'sum.json'):
            os.unlink(os.path.join(scratch, name))
        same(os.listdir(scratch), ['in.csv'], what + ', what is left')


@test
def an_input_that_cannot_be_read_is_no_end(scratch):
    del scratch
    for path in ('/proc/self/mem', '/proc/self/attr/exec'):
        try:
            with open(path, 'rb', buffering=0) as file:
                file.read(1)
        except OSError as error:
            if error.errno != 5:
                continue
            with open(path, 'rb') as file:
                done = subprocess.run([jobs.PROGRAM] + MISSING, stdin=file, capture_output=True, timeout=SECONDS, check=False)
            same((done.returncode, done.stdout), (1, b''), path)
            assert b'cannot read standard input: Input/output error' in done.stderr, done.stderr
            return
    raise Skip('nothing here that answers EIO')


# ---- limits ----

def limiting(kind, value):
    return lambda: resource.setrlimit(kind, (value, value))


def is_clean(got, expected, what):
    """Right, or status 1 (3: of the model) with a message and a beginning of what is right. Gives whether it is right."""
    status, out, err = got
    if status == 0:
        same(out, expected, what)
        return True
    assert status in (1, 3), '%s: status %d (%r)' % (what, status, err[-200:])
    assert b'xgbpipe: ' in err, what + ', no message: %r' % err
    assert expected.startswith(out) and (not out or out.endswith(b'\n')), what + ', standard output: %r' % out
    return False


def sweep_limit(kind, values, scratch):
    """Runs with each value, from the first with which a bare --help works: below it the loader or the kernel ends it."""
    write(INPUT, scratch, 'in.csv')
    job_list = [('native', MISSING + ['--on-error', 'null'], INPUT, ANSWERS),
                ('two threads', MISSING + ['--on-error', 'null', '--threads', '2'], INPUT * 20000, None),
                ('libxgboost', MISSING[:2] + ['--engine', 'xgboost', '--on-error', 'null'], INPUT, ANSWERS),
                ('steps', ['transform', '-s', jobs.data('specs', 'houses_fitted.json')],
                 read(jobs.data('records', 'houses.csv')), None)]
    tried = works = 0
    for name, arguments, data, expected in job_list:
        if expected is None:
            expected = run(arguments, data, scratch)[1]
        is_begun = False
        for value in values:
            before = limiting(kind, value)
            is_begun = is_begun or run(['--help'], b'', scratch, before)[0] == 0
            if not is_begun:
                continue
            tried += 1
            works += is_clean(run(arguments, data, scratch, before), expected, '%s, a limit of %d' % (name, value))
            assert os.listdir(scratch) == ['in.csv'], 'left behind: %s' % os.listdir(scratch)
    assert 0 < works < tried, '%d of %d work' % (works, tried)


@test
def a_small_address_space_is_a_clean_end(scratch):
    if b'AddressSanitizer' in run(['--help'], b'', scratch, limiting(resource.RLIMIT_AS, 1 << 30))[2]:
        raise Skip('AddressSanitizer needs an address space without limit')
    mib = 1 << 20
    values = [size * mib for size in list(range(24, 160, 5)) + list(range(160, 600, 45)) + [1200]]
    sweep_limit(resource.RLIMIT_AS, values, scratch)


@test
def few_descriptors_are_a_clean_end(scratch):
    sweep_limit(resource.RLIMIT_NOFILE, range(3, 16), scratch)


@test
def a_limit_of_file_size_leaves_the_old_file(scratch):
    write(INPUT, scratch, 'in.csv')
    for size in range(0, len(ANSWERS) + 3):
        write(b'old', scratch, 'out.csv')
        got = run(MISSING + ['-o', 'out.csv', '--on-error', 'null', 'in.csv'], b'', scratch, limiting(resource.RLIMIT_FSIZE, size))
        is_right = is_clean(got, b'', 'a file of %d bytes' % size)
        same(is_right, size >= len(ANSWERS), 'a file of %d bytes' % size)
        same(read(scratch, 'out.csv'), ANSWERS if is_right else b'old', 'a file of %d bytes' % size)
        same(sorted(os.listdir(scratch)), ['in.csv', 'out.csv'], 'what is left')
        # Standard output may be a file too; what was written of it stays.
        with open(os.path.join(scratch, 'stdout'), 'wb') as file:
            done = subprocess.run([jobs.PROGRAM] + MISSING + ['--on-error', 'null', 'in.csv'], cwd=scratch, stdout=file, stderr=subprocess.PIPE,
                                  timeout=SECONDS, check=False, preexec_fn=limiting(resource.RLIMIT_FSIZE, size))
        same(done.returncode, 0 if is_right else 1, 'standard output of %d bytes' % size)
        same(read(scratch, 'stdout'), ANSWERS[:size], 'standard output of %d bytes' % size)
        os.unlink(os.path.join(scratch, 'stdout'))


@test
def a_small_disk_that_fills_leaves_the_old_file(scratch):
    write(b'a,b,c\n' + b'1,2,3\n' * 300000, scratch, 'in.csv')
    os.mkdir(os.path.join(scratch, 'disk'))
    script = '''mount -t tmpfs -o size=64k none disk 2> mount.err || exit 99
        echo old > disk/out.csv
        "$@" -o disk/out.csv in.csv; echo "status $?"; cat disk/out.csv; ls -A disk
        "$@" in.csv > disk/other; echo "status $?"; tail -c 2 disk/other | od -An -c'''
    for unshare in (['unshare', '-m'], ['unshare', '-rm']):
        if not shutil.which('unshare'):
            raise Skip('no unshare')
        done = subprocess.run(unshare + ['bash', '-c', script, 'bash', jobs.PROGRAM] + MISSING, cwd=scratch, capture_output=True, timeout=SECONDS,
                              check=False)
        if done.stdout:
            break
    else:
        raise Skip('may not mount a tmpfs: %r' % done.stderr[-100:])
    lines = done.stdout.decode().splitlines()
    same(lines[:4], ['status 1', 'old', 'out.csv', 'status 1'], 'a disk of 64 KiB')
    same(done.stderr.count(b'No space left on device'), 2, 'the messages')


# ---- the locale ----

@test
def the_locale_changes_nothing(scratch):
    folder = os.path.join(scratch, 'locale')
    os.mkdir(folder)
    made = shutil.which('localedef') and subprocess.run(
        ['localedef', '-i', 'de_DE', '-f', 'UTF-8', os.path.join(folder, 'de_DE.UTF-8')], capture_output=True, check=False)
    if not made or not os.path.isdir(os.path.join(folder, 'de_DE.UTF-8')):
        raise Skip('no locale with a decimal comma can be made (localedef, de_DE)')
    environment = dict(os.environ, LOCPATH=folder, LC_ALL='de_DE.UTF-8')
    point = subprocess.run(['bash', '-c', 'printf "%.1f" 1,5'], env=environment, capture_output=True, check=False).stdout
    same(point, b'1,5', 'the decimal comma of that locale')
    for arguments, data in (([*MISSING, '--on-error', 'null', '-v'], b'a,b,c\n1.5,"1,5",3\n,2.5e-1,\n'),
                            (['transform', '-s', jobs.data('specs', 'houses_fitted.json'), '-O', 'jsonl'],
                             read(jobs.data('records', 'houses.csv')))):
        german = run(arguments, data, env=environment)
        english = run(arguments, data, env=dict(os.environ, LC_ALL='C'))
        same(german[:2], english[:2], ' '.join(arguments[:1]))


# ---- sizes ----

@test
def a_json_record_of_a_gibibyte_takes_bounded_memory(scratch):
    del scratch
    piece = b'z' * (1 << 20)
    for begin, end in ((b'{"a":1}\n{"a":1,"z":"', b'"}\n{"b":2}\n'), (b'{"a":1}\n{"a":1,"' + b'[' * 100, b'\n{"b":2}\n')):
        with subprocess.Popen([jobs.PROGRAM] + MISSING + ['-i', 'jsonl', '--on-error', 'null', '-q'], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0) as process:
            out = []
            reader = threading.Thread(target=lambda process=process, out=out: out.append(process.stdout.read()))
            reader.start()
            process.stdin.write(begin)
            for _ in range(1024):
                view = memoryview(piece)
                while view:
                    view = view[process.stdin.write(view):]
            process.stdin.write(end)
            process.stdin.close()
            reader.join()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        same((process.returncode, out[0]), (0, b'{"prediction":6}\n{"prediction":null}\n{"prediction":5}\n'), 'answers')
        assert usage.ru_maxrss < 160 * 1024, '%d KiB' % usage.ru_maxrss


def main():
    passed = failed = skipped = 0
    for function in tests:
        if len(sys.argv) > 1 and not any(part in function.__name__ for part in sys.argv[1:]):
            continue
        scratch = tempfile.mkdtemp(prefix='xgbpipe-system-')
        try:
            function(scratch)
            passed += 1
        except Skip as reason:
            skipped += 1
            print('skipped %s: %s' % (function.__name__, reason), flush=True)
        except (AssertionError, subprocess.TimeoutExpired) as complaint:
            failed += 1
            print('not ok %s: %s' % (function.__name__, str(complaint)[:2000]), flush=True)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    print('%d passed, %d failed, %d skipped' % (passed, failed, skipped))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
