#!/usr/bin/env python3
"""Polluted records with their verdicts: every row of csv and JSON lines is made together with what must become of it.

    polluted.py PROGRAM ROWS SEED

A row is good, and Python XGBoost's answer from the values that were written into it is the answer, to the bit; or it has one
fault, and the line, the column and the reason of its reject are known because the fault was put there. Values come from Python's
float() and numpy.float32, never from a parser of ours. Each stream draws its delimiter, its line ends, the order of its columns, a
byte order mark, blank lines; what is kept must come back byte for byte. A part of each stream runs again on other numbers of threads
and in pieces of any size, under the other policies, and cut off inside a quote. A stream that fails is kept.
"""
import concurrent.futures
import json
import math
import multiprocessing
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import threading

import numpy
import pandas
import xgboost

CITIES = ['Paris', 'Lima, Peru', 'say "hi"', 'NA', '12', 'line\nbreak', 'São Paulo', 'tab\there', 'x;y|z']
FEATURES = ['age', 'größe', 'with,comma', 'say "hi"', 'flag', 'city']
NULLS = ['', 'NA', 'N/A', 'NaN', 'nan', 'null', 'NULL', 'None', ' ', '  ', ' NA ']
NOT_NUMBERS = ['1,5', '1_000', '0x10', '0b1', '1e', 'e5', '.', '+', '-', '--1', '+-1', '1.2.3', '1e5.0', '1 2', 'abc', '١٢', '１２',
               '½', '−5', '\u00a05', '5%', '$5', '(5)', '5L', '1e+', 'NAN', 'Nan', 'nul', 'TrUe', 'yes', 'y', 'T', '#N/A', '?',
               '1\n', '1\r', '\x0c1', '1\x0b', 'nan(1)', '1e5f', '0x1p3', "'5'", '\ufeff5', '12:30', '1/2', 'True1', 'é', '1\x7f']
INFINITE = ['inf', 'Inf', '-inf', '+INF', 'Infinity', '-infinity']
UNSEEN = ['paris', 'Pariss', ' Paris', 'Paris ', '12.0', '012', 'na', 'Lima', '\x01', 'line\r\nbreak', 'São  Paulo', 'x' * 300, '0', 'true']
MAX_RECORD = 20000
STREAM_ROWS = 5000
JSON_NUMBER = re.compile(r'-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9]+)?')


def float32(value):
    with numpy.errstate(over='ignore'):
        return numpy.float32(value)


class Stream:
    """One stream: rows of (bytes, verdict), and the program's answers to them."""

    def __init__(self, booster, model, program, folder, seed):
        self.booster, self.model, self.program, self.folder, self.seed = booster, model, program, folder, seed
        self.random = random.Random(seed)
        self.data = bytearray()
        self.line = 1
        self.offsets = []     # where each row ends
        self.good = []        # (row, kept bytes, values)
        self.bad = []         # (row, line, column, part of the reason, record or None)
        self.row_count = 0

    # ---- values ----

    def number(self):
        """(text, float32) of a text that may be too large for a float32."""
        pick = self.random.choice
        form = self.random.randrange(14)
        value = self.random.uniform(-4, 4) * 10.0 ** pick([-46, -38, -5, 0, 0, 0, 0, 3, 20, 37, 38])
        text = repr(value)
        if form == 1:
            text = '%.9g' % value
        elif form == 2:
            text = '%.30e' % value
        elif form == 3:
            text = '%.60f' % value
        elif form == 4:
            text = '%.3E' % value
        elif form == 5:
            text = '%d' % self.random.randint(-10**9, 10**9)
        elif form == 6:
            text = '%d' % self.random.getrandbits(128)
        elif form == 7:
            text = str(self.random.getrandbits(60)) + '.' + str(self.random.getrandbits(200)) + 'e-%d' % self.random.randrange(30)
        elif form == 8:
            text = pick(['-0', '0', '0.0', '-0e9', '1e-400', '-1e-9999', '0e999', '1.17549435e-38', '1e-45', '7e-46', '3.4028235e38', '16777217',
                         '3.4028235677973362e38', '340282346638528859811704183484516925440', '0.1', '1e22', '9007199254740993', '1' + '0' * 30])
        elif form == 9:   # halfway between two float32, and a digit far away that decides
            low = numpy.float32(abs(value) if 1e-30 < abs(value) < 1e30 else 1.5)
            middle = (float(low) + float(numpy.nextafter(low, numpy.float32(numpy.inf)))) / 2
            text = '%.120f' % middle + pick(['', '0' * 40 + '1'])
        elif form == 10:
            text = pick(['3.4028235677973366e38', '3.5e38', '-1e39', '1e400', '-1e99999', '9' * 50])
            if self.random.random() < .8:
                text = '2.5'
        return text, float32(float(text))

    def csv_number(self):
        text, value = self.number()
        pick = self.random.random()
        if pick < .05 and text[0] not in '+-':
            text = '+' + text
        elif pick < .1:
            text = text.replace('0.', '.', 1) if text.startswith('0.') else '000' + text if text[0] != '-' else '-00' + text[1:]
        elif pick < .13 and text.isdigit():
            text += '.'
        elif pick < .2:
            text = self.random.choice([' ', '\t', '   ']) + text + self.random.choice(['', ' ', '\t '])
        return text, value

    def junk(self):
        """Bytes of a column that nothing reads: any but NUL, and no line end."""
        pick = self.random.choice
        return pick([
            lambda: str(self.row_count).encode(), lambda: b'', lambda: b'a"b""c', lambda: 'é漢\U0001f600'.encode(), lambda: b'\xff\xfe\x80',
            lambda: b'\xef\xbb\xbf', lambda: b"O'Neil \\ \\n", lambda: b'<b>&amp;</b>', lambda: b'=1+1', lambda: b'\x1b[31mred\x07',
            lambda: bytes(self.random.choice(b'abc "\'\t:{}[]#\\/\x01\x7f\xc3\xa9') for _ in range(self.random.randrange(60))),
            lambda: b'z' * self.random.choice([15, 16, 17, 31, 32, 33, 63, 64, 65, 5000]), lambda: b'nan', lambda: b'\xe2\x80\xa8\xc2\x85'])()

    # ---- rows ----

    def add(self, raw, verdict, lines=1):
        """verdict: (kept, values) or (column, reason)."""
        end = self.random.choice(self.ends)
        if isinstance(verdict[0], bytes):
            self.good.append((self.row_count,) + verdict)
        else:
            self.bad.append((self.row_count, self.line, verdict[0], verdict[1], raw))
        self.data += raw + end
        self.line += lines + (b'\n' in end) - 1
        self.row_count += 1
        self.offsets.append(len(self.data))

    def values(self, texts):
        return [texts[name][1] for name in FEATURES]

    def fault(self, chance):
        return self.random.random() < chance

    def cells(self, number, missing):
        """name -> (text, value); the name of one that is bad, and why."""
        cells, pick = {}, self.random.choice
        bad = None
        for name in FEATURES:
            if self.fault(.07):
                text = pick([null for null in missing if name != 'city' or null.strip() != 'NA'])
                cells[name] = (text, math.nan if name != 'city' else None)
            elif name == 'city':
                city = pick(CITIES)
                cells[name] = (city, city)
            elif name == 'flag':
                truth = self.fault(.5)
                cells[name] = (pick([['false', 'False', 'FALSE', '0', 'f', '0.0'], ['true', 'True', 'TRUE', '1', 't', '1e0']][truth]), float32(truth))
            else:
                text, value = number()
                if numpy.isinf(value):
                    if bad is not None:
                        text, value = '1', float32(1)
                    else:
                        bad = (name, 'is too large for a float32')
                cells[name] = (text, value)
        if bad is None and self.fault(.2):
            name = pick(FEATURES)
            kind = self.random.random()
            if name == 'city':
                text, bad = pick(UNSEEN), (name, 'is none of the 9 categories')
            elif kind < .2:
                text, bad = pick(INFINITE), (name, 'is not a finite number')
            else:
                text, bad = pick(NOT_NUMBERS + ([] if name == 'flag' else ['t', 'f'])), (name, 'is not a number')
            cells[name] = (text, None)
        return cells, bad

    def quoted(self, data):
        return b'"' + data.replace(b'"', b'""') + b'"'

    def csv_field(self, data, is_junk):
        risky = data[:1] == b'"' or self.delimiter in data or b'\n' in data or b'\r' in data
        if risky or self.fault(.1):
            return self.quoted(data)
        return data if is_junk or not self.fault(.05) else self.quoted(data)

    def make_csv(self, row_limit):
        pick = self.random.choice
        self.delimiter = pick([b',', b',', b';', b'|', b'\t'])
        self.ends = pick([[b'\n'], [b'\r\n'], [b'\n', b'\r\n']])
        self.order = FEATURES + ['id', 'note', 'other']
        self.random.shuffle(self.order)
        self.options = ['-i', 'csv', '-d', pick([self.delimiter.decode(), self.delimiter.decode()]), '-O', 'csv', '--no-output-header']
        if self.fault(.3):
            self.data += b'\xef\xbb\xbf'
        self.data += self.delimiter.join(self.csv_field(name.encode(), True) for name in self.order) + pick(self.ends)
        self.line += 1
        while self.row_count < row_limit:
            if self.fault(.02):   # a blank line is no record
                self.data += pick(self.ends)
                self.line += 1
            self.csv_row()

    def csv_row(self):
        pick = self.random.choice
        cells, bad = self.cells(self.csv_number, NULLS)
        fields, kept = [], b''
        for name in self.order:
            if name in cells:
                fields.append(self.csv_field(cells[name][0].encode(), False))
                continue
            junk = self.junk()
            if self.fault(.1):
                junk = pick([b'two\nlines', b'cr\r\nlf', b'\n\n\n', b'a' + self.delimiter + b'b', b'"', b'""', b'a\rb'])
            fields.append(self.csv_field(junk, True))
            if name == 'id':
                kept = fields[-1]
        verdict = bad if bad is not None else (kept, self.values(cells))
        if bad is None and self.fault(.12):
            kind = self.random.randrange(6)
            at = self.random.randrange(len(fields))
            count = len(fields)
            if kind == 0:
                fields, verdict = fields[:at + 1], (None, 'has %d field%s, the header has %d' % (at + 1, 's' * (at > 0), count))
                if at + 1 == count or (at == 0 and not fields[0].strip(b' \t')):
                    fields, verdict = fields + [b'1'] * (count + 1 - len(fields)), (None, 'has %d fields, the header has %d' % (count + 1, count))
            elif kind == 1:
                extra = self.random.randrange(1, 4)
                fields, verdict = fields + [pick([b'', b'1', b'"x"'])] * extra, (None, 'has %d fields, the header has %d' % (count + extra, count))
            elif kind == 2:
                # Such a record ends at the next newline: it must not hold one.
                fields = [b'1' if b'\n' in field else field for field in fields]
                fields[at] = pick([b'"a"b', b'"a" ', b'""x', b'"1"2', b'"a"\xff'])
                verdict = (None, 'text follows the closing quote')
            elif kind == 3:
                at = self.order.index(pick(['note', 'other', 'age', 'id']))
                fields[at] = pick([b'\0', b'1\0', b'a\0b', b'"\0"'])
                verdict = (None, 'holds a NUL byte')
            elif kind == 4:
                fields = [pick([b' ', b'\t ', b'   ']) if self.delimiter != b'\t' else b'  ']
                verdict = (None, 'has 1 field, the header has %d' % count)
            elif self.fault(.1):
                fields = [b'1' if b'\n' in field or field[:1] == b'"' else field for field in fields]
                fields[self.order.index('note')] = b'9' * (MAX_RECORD + self.random.randrange(1, 70000))
                verdict = (None, 'longer than --max-record')
        raw = self.delimiter.join(fields)
        self.add(raw, verdict, raw.count(b'\n') + 1)

    # ---- JSON lines ----

    def space(self):
        return self.random.choice(['', '', '', ' ', '\t', '  '])

    def json_text(self, text):
        """A JSON string of text, some of its characters escaped in one way or another."""
        if self.fault(.6):
            return json.dumps(text, ensure_ascii=self.fault(.5))
        out = ''
        for letter in text:
            if letter in '"\\' or ord(letter) < 0x20:
                out += json.dumps(letter)[1:-1]
            elif self.fault(.1):
                out += ''.join('\\u%04x' % unit if self.fault(.5) else '\\u%04X' % unit
                               for unit in struct.unpack('<%dH' % (len(letter.encode('utf-16-le')) // 2), letter.encode('utf-16-le')))
            elif letter == '/' and self.fault(.5):
                out += '\\/'
            else:
                out += letter
        return '"' + out + '"'

    def json_value(self, depth=0):
        pick = self.random.choice
        kind = self.random.randrange(9 if depth < 3 else 6)
        if kind == 6:
            return '[' + ','.join(self.json_value(depth + 1) + self.space() for _ in range(self.random.randrange(4))) + ']'
        if kind == 7:
            return '{' + ','.join('"k":' + self.space() + self.json_value(depth + 1) for _ in range(self.random.randrange(3))) + '}'
        if kind == 8:
            levels = pick([1, 10, 400])
            return '[' * levels + ']' * levels
        return pick(['null', 'true', 'false', '0', '-0.0', '1e5', '123456789012345678901234567890', '""', '"\\u0000"', '"\\ud83d\\ude00"', '"é"',
                     self.json_text(pick(CITIES)), '1.5E+10', '"' + 'y' * 70 + '"'])

    def as_json(self, name, text, value):
        if name == 'city':
            if value is None and text != '' and text not in UNSEEN:
                return pick_null(self.random, text, self.json_text)
            if text == '12' and self.fault(.5):
                return '12'
            return 'null' if text == '' else self.json_text(text)
        if text in ('true', 'false') and self.fault(.7):
            return text
        if JSON_NUMBER.fullmatch(text) and self.fault(.8):
            return text
        return pick_null(self.random, text, self.json_text) if value is not None and math.isnan(value) else self.json_text(text)

    def make_jsonl(self, row_limit):
        pick = self.random.choice
        self.ends = pick([[b'\n'], [b'\r\n'], [b'\n', b'\r\n']])
        self.options = ['-i', pick(['jsonl', 'auto']), '-O', 'jsonl']
        if self.fault(.3):
            self.data += b'\xef\xbb\xbf'
        while self.row_count < row_limit:
            if self.fault(.02) and self.row_count:
                self.data += pick([b'', b' ', b'\t ']) + pick(self.ends)
                self.line += 1
            self.json_row()

    def json_row(self):
        pick = self.random.choice
        cells, bad = self.cells(self.number, NULLS)
        present = {name: self.as_json(name, *cells[name]) for name in FEATURES}
        values = dict(cells)
        for name in FEATURES[1:]:
            # A feature that a record lacks is missing.
            if self.fault(.05) and (bad is None or bad[0] != name):
                del present[name]
                values[name] = ('', None if name == 'city' else math.nan)
        kept = pick([str(self.row_count), '"id"', 'null', '-1.50E+02', '"\\u00e9\\/"', '"é"', 'true', '12345678901234567890'])
        members = list(present.items()) + [('id', kept)] + [('extra%d' % i, self.json_value()) for i in range(self.random.randrange(3))]
        self.random.shuffle(members)
        parts = [self.json_text(name) + self.space() + ':' + self.space() + text for name, text in members]
        verdict = bad if bad is not None else (kept.encode(), self.values(values))
        raw = None
        if bad is None and self.row_count and self.fault(.25):
            raw, verdict = self.json_fault(members, parts)
        if raw is None:
            raw = (self.space() + '{' + self.space() + (self.space() + ',' + self.space()).join(parts) + self.space() + '}' + self.space()).encode()
        self.add(raw, verdict)

    def json_fault(self, members, parts):
        """A record with one fault: (bytes, (column, reason))."""
        pick = self.random.choice
        kind = self.random.randrange(9)
        whole = '{' + ','.join(parts) + '}'
        syntax = (None, 'invalid JSON at byte ')

        def beside(text):
            at = self.random.randrange(len(parts) + 1)
            return ('{' + ','.join(parts[:at] + [text] + parts[at:]) + '}').encode('utf-8', 'surrogateescape')
        if kind == 0:
            value = pick(['NaN', 'nan', 'Infinity', '-Infinity', 'inf', 'None', 'True', 'FALSE', '01', '-01', '+1', '.5', '1.', '-', '0x10', '1e', '1e+', '1_000', "'x'",
                          'nul', 'tru', 'undefined', '--1', '1.2.3', '', '1 2', '"a" "b"', '[1,]', '[,1]', '[1 2]', '{"a"}', '{"a":}', '{,}', '{"a":1,}',
                          '{a:1}', '[', '{', ']', '}', '/*x*/1', '1//x', '"\\q"', '"\\u12"', '"\\uZZZZ"', '"\\ud800"', '"\\udc00x"', '"\\x41"', '"a\tb"', '"a\x01"',
                          '"a\0b"', '"open', '[' * 600 + ']' * 600, '\ufeff1', '1\x0c'])
            return beside('"odd":' + value), syntax
        if kind == 1:
            value = pick([b'\xff', b'\xc0\xaf', b'\xe0\x80\x80', b'\xed\xa0\x80', b'\xf5\x80\x80\x80', b'\x80', b'\xc3', b'\xe2\x82', b'\xf4\x90\x80\x80'])
            return beside('"odd":"a' + value.decode('utf-8', 'surrogateescape') + 'b"'), syntax
        if kind == 2:
            name = pick(members)[0]
            return beside(self.json_text(name) + ':' + self.json_value()), (None, "comes twice")
        if kind == 3:
            return (whole + pick([' ', '']) + pick([whole, '{}', '1', 'x', ',', '}', ']', '[1]', '#', '\0'])).encode(), syntax
        if kind == 4:
            text = whole.encode()[:self.random.randrange(1, len(whole.encode()))]
            return text, syntax
        if kind == 5:
            return pick([b'[]', b'[{"age":1}]', b'1', b'"x"', b'null', b'age,city', b'#', b'\0', b'\xef\xbb\xbf{}', b"{'age':1}", b'{age:1}', b'{"age" 1}', b'{"age"=1}',
                         b'{"age":1;"flag":2}', b'{,"age":1}', b'{"age":1,}', b'{{}}', b'{"age":1,,"flag":1}', b'{"age"}', b'{1:2}', b'{null:1}']), syntax
        if kind == 6:
            return pick([b'{}', b'{"id":7}', b'{"Age":1,"id":2}', b'{"note":{"age":1}}']), (None, 'has none of the features')
        name = pick(FEATURES)
        members = [(key, text) for key, text in members if key != name] + [(name, pick(['[1]', '{"a":1}', '[]', '{}', '[[2]]']))]
        self.random.shuffle(members)
        return ('{' + ','.join(self.json_text(key) + ':' + text for key, text in members) + '}').encode(), (name, 'where one value belongs')

    # ---- what must come out ----

    def predict(self):
        frame = {}
        for place, name in enumerate(FEATURES):
            column = [values[place] for _, _, values in self.good]
            if name == 'city':
                frame[name] = pandas.Series(pandas.Categorical(column, categories=sorted(CITIES)))
            else:
                frame[name] = pandas.Series(numpy.array(column, dtype=numpy.float32))
        matrix = xgboost.DMatrix(pandas.DataFrame(frame), enable_categorical=True)
        self.answers = self.booster.predict(matrix, validate_features=False).astype(numpy.float32)

    def compare(self, out, row_limit, policy):
        """Walks through what was written: the kept bytes as they are, then the number."""
        at, is_json = 0, self.options[-1] == 'jsonl'
        bad_rows = {row for row, *_ in self.bad}
        good = {row: (kept, self.answers[i]) for i, (row, kept, _) in enumerate(self.good)}
        for row in range(row_limit):
            if row in bad_rows:
                if policy == 'skip':
                    continue
                end = out.find(b'null}\n' if is_json else self.null_end, at)
                if end < 0:
                    return 'row %d: no null' % row
                at = end + len(b'null}\n' if is_json else self.null_end)
                continue
            kept, answer = good[row]
            begin = b'{"id":%s,"prediction":' % kept if is_json else kept + self.delimiter_out
            if out[at:at + len(begin)] != begin:
                before = [entry for entry in self.bad if entry[0] < row][-2:]
                return 'row %d: %r should begin with %r; the bad rows before: %r' % (row, out[at:at + 100], begin, before)
            end = out.find(b'\n', at + len(begin))
            number = out[at + len(begin):end].rstrip(b'}')
            if numpy.float32(float(number)) != answer or struct.pack('<f', float(number)) != struct.pack('<f', answer):
                return 'row %d: %r, expected %r' % (row, number, answer)
            at = end + 1
        return None if at == len(out) else '%d bytes too many: %r' % (len(out) - at, out[at:at + 100])

    def compare_rejects(self, path):
        with open(path, 'rb') as file:
            lines = file.read().splitlines()
        if len(lines) != len(self.bad):
            return '%d rejects, expected %d' % (len(lines), len(self.bad))
        for text, (row, line, column, reason, raw) in zip(lines, self.bad):
            reject = json.loads(text)
            if reject['line'] != line or reject['column'] != column or reason not in reject['reason']:
                return 'row %d %r: %r, expected line %d, column %r, %r' % (row, raw[:200], text[:300], line, column, reason)
            # How many signs stand for a run of bytes that are not UTF-8 is left open.
            record, got = (re.sub('\ufffd+', '\ufffd', text) for text in (raw.decode(errors='replace'), reject['record']))
            if 'longer than' not in reason and got != record:
                return 'row %d: record %r, expected %r' % (row, got, record)
        return None

    def run_program(self, options, data=None, pieces=None):
        command = [self.program, '-m', self.model, '--keep', 'id', '--max-record', str(MAX_RECORD), '-q'] + self.options + options
        self.command = command
        if pieces is None:
            with open(self.path, 'rb') if data is None else tempfile.TemporaryFile() as file:
                if data is not None:
                    file.write(data)
                    file.seek(0)
                return subprocess.run(command, stdin=file, capture_output=True, check=False)
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            at = 0
            out = []
            reader = threading.Thread(target=lambda: out.append(process.stdout.read()))
            reader.start()
            while at < len(data):
                size = self.random.choice(pieces)
                process.stdin.write(data[at:at + size])
                process.stdin.flush()
                at += size
            process.stdin.close()
            reader.join()
            err = process.stderr.read()
            process.wait()
            return subprocess.CompletedProcess(command, process.returncode, out[0], err)

    def check(self):
        """None, or what is wrong."""
        self.path = os.path.join(self.folder, 'records')
        with open(self.path, 'wb') as file:
            file.write(self.data)
        self.delimiter_out = getattr(self, 'delimiter', b',')
        self.null_end = self.delimiter_out + b'\n'
        self.predict()
        rejects, summary = os.path.join(self.folder, 'rejects'), os.path.join(self.folder, 'summary')
        done = self.run_program(['--on-error', 'skip', '--rejects', rejects, '--summary', summary])
        if done.returncode != 0:
            return 'exit status %d: %s' % (done.returncode, done.stderr.decode(errors='replace'))
        complaint = self.compare(done.stdout, self.row_count, 'skip') or self.compare_rejects(rejects)
        with open(summary, 'rb') as file:
            counts = json.load(file)
        wanted = (self.row_count, len(self.good), len(self.bad))
        if complaint is None and (counts['records'], counts['predictions'], counts['rejected']) != wanted:
            complaint = 'counts %r, expected %r' % (counts, wanted)
        return complaint or self.check_again(done.stdout)

    def check_again(self, whole):
        """The first rows again: other threads, pieces and policies, and ends that come too soon."""
        rows = min(self.row_count, 600)
        data = bytes(self.data[:self.offsets[rows - 1]])
        bads = [entry for entry in self.bad if entry[0] < rows]
        for threads, pieces in (('1', None), ('4', None), ('1', [1, 2, 3, 17]), ('4', [1, 7, 100, 4096, 9999])):
            done = self.run_program(['--on-error', 'null', '--threads', threads], data, pieces)
            if done.returncode != 0:
                return 'null: exit status %d: %s' % (done.returncode, done.stderr.decode(errors='replace'))
            complaint = self.compare(done.stdout, rows, 'null')
            if complaint:
                return 'threads %s, pieces %s: %s' % (threads, pieces, complaint)
        if not bads:
            return None
        done = self.run_program([], data)
        complaint = self.compare(done.stdout, bads[0][0], 'skip')
        if done.returncode != 4 or complaint or b'line %d: ' % bads[0][1] not in done.stderr:
            return 'fail: exit status %d, %s, %r' % (done.returncode, complaint, done.stderr)
        allowed = self.random.randrange(len(bads))
        done = self.run_program(['--on-error', 'skip', '--max-errors', str(allowed), '--threads', '4'], data)
        complaint = self.compare(done.stdout, bads[allowed][0], 'skip')
        if done.returncode != 5 or complaint or b'line %d: ' % bads[allowed][1] not in done.stderr:
            return 'max-errors %d: exit status %d, %s, %r' % (allowed, done.returncode, complaint, done.stderr)
        if self.options[-1] == 'jsonl':
            return None
        line = 1 + data.count(b'\n')
        done = self.run_program(['--on-error', 'skip'], data + b'\n"open' + self.delimiter + b'1\n' + b'2\n\n')
        complaint = self.compare(done.stdout, rows, 'skip')
        if done.returncode != 4 or complaint or b'line %d: a quote that opens here' % (line + 1) not in done.stderr:
            return 'open quote: exit status %d, %s, %r, expected line %d' % (done.returncode, complaint, done.stderr, line + 1)
        return None


def pick_null(source, text, quote):
    return source.choice(['null', quote(text)])


def train(folder, seed):
    numbers = numpy.random.default_rng(seed)
    rows = 600
    frame = pandas.DataFrame({name: pandas.Series(numbers.normal(size=rows).astype(numpy.float32) * 10.0 ** numbers.integers(-3, 4, rows)) for name in FEATURES[:4]})
    frame['flag'] = numbers.random(rows) < .5
    frame['city'] = pandas.Series(pandas.Categorical(numbers.choice(CITIES, rows), categories=sorted(CITIES)))
    label = numpy.sign(frame['age']) + frame['flag'] + frame['city'].cat.codes * .3 + numbers.normal(size=rows)
    booster = xgboost.train({'max_depth': 5, 'eta': .3, 'seed': seed % 2**31, 'nthread': 2, 'verbosity': 0},
                            xgboost.DMatrix(frame, label, enable_categorical=True), 20)
    path = os.path.join(folder, 'model.json')
    booster.save_model(path)
    return path


def run_stream(program, top, model, rows, seed):
    """One stream: (rows, good, bad, what is wrong)."""
    booster = xgboost.Booster({'nthread': 1}, model_file=model)
    folder = os.path.join(top, str(seed))
    os.mkdir(folder)
    stream = Stream(booster, model, program, folder, seed)
    kind = 'csv' if seed % 2 == 0 else 'jsonl'
    getattr(stream, 'make_' + kind)(rows)
    complaint = stream.check()
    if complaint is None:
        shutil.rmtree(folder)
    else:
        complaint = 'not ok seed %d (%s): %s\n  again: %s < %s' % (seed, kind, complaint, ' '.join(stream.command), stream.path)
    return stream.row_count, len(stream.good), len(stream.bad), complaint


def main():
    program, total, seed = os.path.abspath(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    top = tempfile.mkdtemp(prefix='xgbpipe-polluted-')
    model = train(top, seed)
    passed = failed = rows = good = bad = 0
    # Not forked: OpenMP's threads do not survive that.
    with concurrent.futures.ProcessPoolExecutor(len(os.sched_getaffinity(0)), multiprocessing.get_context('spawn')) as pool:
        streams = [pool.submit(run_stream, program, top, model, min(STREAM_ROWS, total - begin), seed + i)
                   for i, begin in enumerate(range(0, total, STREAM_ROWS))]
        for stream in concurrent.futures.as_completed(streams):
            counts = stream.result()
            rows, good, bad = rows + counts[0], good + counts[1], bad + counts[2]
            passed, failed = passed + (counts[3] is None), failed + (counts[3] is not None)
            if counts[3] is not None:
                print(counts[3])
    if not failed:
        shutil.rmtree(top)
    print('%d polluted rows: %d good, %d bad' % (rows, good, bad))
    print('%d passed, %d failed, 0 skipped' % (passed, failed))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
