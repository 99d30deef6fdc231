"""Our decoders beside Python's csv and json modules, on random tables and damaged JSON.

    decode.py DRIVER SECONDS [SEED]

The rules that Python does not share (which texts are numbers or missing, that a key must not come twice) are
written here from the contract, apart from src/.
"""
import csv
import decimal
import io
import itertools
import json
import os
import random
import re
import struct
import subprocess
import sys
import time

import numpy as np

DRIVER, SECONDS = sys.argv[1], float(sys.argv[2])
SEED = int(sys.argv[3]) if len(sys.argv) > 3 else 20260807
MISSING = {"", "NA", "N/A", "NaN", "nan", "null", "NULL", "None"}
WORDS = {"true": 1.0, "True": 1.0, "TRUE": 1.0, "false": 0.0, "False": 0.0, "FALSE": 0.0}
NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?\Z")
passed = failed = 0
judged = {"good": 0, "bad": 0}


class Bad(Exception):
    pass


def number(text):
    """A field's text as a float, None where it is missing."""
    trimmed = text.strip(" \t")
    if text in MISSING or trimmed in MISSING:
        return None
    if NUMBER.match(trimmed):
        return float(trimmed)
    if trimmed in WORDS:
        return WORDS[trimmed]
    raise Bad(text)


def bits(value, width):
    if value is None:
        return -1
    if width == 32:
        with np.errstate(over="ignore", under="ignore"):
            value = np.float32(value)
        if np.isinf(value):
            raise Bad("overflow")
        return int(value.view(np.uint32))
    if value in (float("inf"), float("-inf")):
        raise Bad("overflow")
    return struct.unpack("<Q", struct.pack("<d", value))[0]


def hexed(text):
    return None if text is None else text.encode("utf-8", "surrogateescape").hex()


def decode(format, delimiter, fields, data):
    """The driver's rows."""
    done = subprocess.run([DRIVER, format, delimiter, *fields], input=data, capture_output=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"driver: {done.returncode} {done.stderr!r} on {data!r}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def report(name, expected, got, data):
    global passed, failed
    for row in expected:
        verdict = row[1] if isinstance(row, tuple) else row
        judged["bad" if verdict == "bad" else "good"] += 1
    if expected == got:
        passed += 1
        return
    failed += 1
    path = f"{os.environ.get('TMPDIR', '/tmp')}/decode_failure_{failed}"
    with open(path, "wb") as file:
        file.write(data)
    for number, (want, have) in enumerate(zip(expected, got)):
        if want != have:
            print(f"FAILED {name} row {number}: expected {want}, got {have} ({path})")
            return
    print(f"FAILED {name}: expected {len(expected)} rows, got {len(got)} ({path})")


ODD_NUMBERS = ["-", "+", ".", "-.", "+.", "-.5", "+.5", "-5.", "5.e3", ".e3", "e3", "1e+", "1e-", "1e+05", "1E-0005", "1e00000000005",
               "1e-999999999999", "1e999999999999", "0e999999999999", "+-1", "-+1", "1-", "1+1", "1.2.3", "..1", "1..", "00", "-00.50",
               "0" * 30, "0" * 23 + "." + "0" * 23 + "1", "0." + "0" * 30 + "1", "1" + "0" * 37, "1" + "0" * 39, "9" * 15, "9" * 16, "-" + "9" * 15,
               "9" * 19, "9" * 20, "18446744073709551615", "18446744073709551616", "9007199254740993", "-9007199254740993.0",
               "0" * 20 + "." * 70, "7" * 70, "1" + " " * 70 + "2", "1e1e1", "1 e5", "\\N", "1\x002", "1/2", "1:2", "x" * 100]


def random_middle(rng):
    """Half way between two floats, or next to it: rounding twice is not rounding once."""
    pattern = rng.choice([rng.randrange(0x01000000), rng.randrange(0x80000000), rng.randrange(0x3D000000, 0x47000000), rng.randrange(0x3D000000, 0x47000000)])
    low = np.frombuffer(pattern.to_bytes(4, "little"), np.float32)[0]
    high = np.nextafter(low, np.float32(np.inf)) if np.isfinite(low) else low
    if not np.isfinite(low) or not np.isfinite(high):
        return "0.5"
    middle = decimal.Decimal((float(low) + float(high)) / 2)  # exact: both have 24 bits
    text = f"{middle:f}"
    return rng.choice([text, f"{middle:e}", f"{middle:.{rng.randrange(6, 20)}e}", f"{middle:.{rng.randrange(10, 20)}f}", text + ("" if "." in text else ".") + "000001"])


def random_number(rng):
    form = rng.randrange(16)
    if form == 0:
        return str(rng.randrange(-1000, 1000))
    if form == 12:
        # About as long as is read at once, with the point anywhere.
        digits = "".join(rng.choice("0123456789") for _ in range(rng.randrange(13, 25))).lstrip(rng.choice(["0", ""])) or "0"
        at = rng.randrange(len(digits) + 1)
        return rng.choice(["", "-", "+"]) + digits[:at] + rng.choice(["", "."]) + digits[at:] + rng.choice(["", "", "", f"e{rng.randrange(-60, 40)}"])
    if form == 13:
        return random_middle(rng)
    if form == 14:
        return rng.choice(ODD_NUMBERS)
    if form == 15:
        return " " * rng.choice([1, 70]) + rng.choice(["", "\t"]) + f"{rng.gauss(0, 1):.3f}" + " " * rng.choice([0, 1, 70])
    if form == 1:
        return f"{rng.uniform(-5, 5):.{rng.randrange(0, 20)}f}"
    if form == 2:
        return repr(rng.uniform(-1e3, 1e3))
    if form == 3:
        return repr(struct.unpack("<d", rng.randbytes(8))[0])
    if form == 4:
        return str(np.frombuffer(rng.randbytes(4), np.float32)[0])
    if form == 5:
        return "".join(rng.choice("0123456789") for _ in range(rng.randrange(1, 40))) + rng.choice(["", ".", ".5"])
    if form == 6:
        return rng.choice(["1e5", "-1E-5", "+3", ".5", "5.", "1e400", "-0", "1e-400", "00012", "3.4028235e38", "3.4028236e38"])
    if form == 7:
        return " " * rng.randrange(3) + f"{rng.gauss(0, 1):.6f}" + " " * rng.randrange(3)
    if form == 8:
        return rng.choice(sorted(MISSING))
    if form == 9:
        return rng.choice(["true", "False", "TRUE", "abc", "1_000", "1,5", "0x1p3", "inf", "-Infinity", "1e", "--1", "NAN", "٣"])
    return f"{rng.gauss(0, 1):.6f}"


def random_text(rng):
    return "".join(rng.choice(["a", "é", "\"", ",", ";", "\n", " ", "\\", "\t", "x", "日本", "'", "NA"]) for _ in range(rng.randrange(8)))


KINDS = "fntr"


def judge_row(kinds, texts):
    """What a row of texts must become: kinds[i] is one of f n t r."""
    row = {"f": [], "n": [], "t": []}
    try:
        for kind, text in zip(kinds, texts):
            if kind == "f":
                row["f"].append(bits(number(text), 32))
            elif kind == "n":
                row["n"].append(bits(number(text), 64))
            elif kind == "t":
                trimmed = text.strip(" \t")
                row["t"].append(None if text in MISSING or (trimmed and trimmed in MISSING) else hexed(text))
    except Bad:
        return "bad"
    return row


def simplify(rows):
    return ["bad" if row["bad"] is not None else {key: row[key] for key in "fnt"} for row in rows]


def random_columns(rng):
    count = rng.randrange(1, 12)
    kinds = [rng.choice("ffffnt-") for _ in range(count)]
    names = [f"c{i}" + rng.choice(["", "", "", "_" * 80]) for i in range(count)]
    order = list(range(count))
    rng.shuffle(order)
    fields = [f"{names[i]}:{kinds[i]}" for i in order if kinds[i] != "-"]
    return kinds, names, [i for i in order if kinds[i] != "-"], fields


# Some that numbers hold, and a byte that is no ASCII.
DELIMITERS = [*",;|" * 6, *"\t .eE+-05nia:'\\\x01", "\udcff"]


def judge_table(kinds, order, table):
    return ["bad" if len(row) != len(kinds) else judge_row([kinds[i] for i in order], [row[i] for i in order]) for row in table]


def check_table(rng, format):
    kinds, names, order, fields = random_columns(rng)
    delimiter = "\t" if format == "tsv" else rng.choice(DELIMITERS)
    rows = [[random_text(rng) if kind == "t" else random_number(rng).replace("\0", "") for kind in kinds] for _ in range(rng.randrange(1, 150))]
    line_end = rng.choice(["\n", "\r\n"])
    out = io.StringIO(newline="")
    if format == "csv":
        quoting = rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
        for row in rows:
            if rng.randrange(40) == 0:
                row[len(row):] = [random_text(rng)]
            if rng.randrange(40) == 0 and len(row) > 1:
                del row[rng.randrange(1, len(row)):]
        csv.writer(out, delimiter=delimiter, lineterminator=line_end, quoting=quoting).writerows([names, *rows])
        text = out.getvalue() + line_end * rng.choice([0, 0, 1, 3])
        # What was written, read back by Python: the judge of the quoting.
        table = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))[1:]
        table = [row or [""] for row in table if row or len(kinds) == 1]
    else:
        def escape(field):
            return field.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")
        text = "".join("\t".join(map(escape, row)) + line_end for row in [names, *rows])
        table = rows
    if rng.randrange(2) and not text.endswith(line_end * 2):
        text = text.removesuffix(line_end)
    data = text.encode("utf-8", "surrogateescape")
    report(f"{format} {delimiter!r}", judge_table(kinds, order, table), simplify(decode(format, delimiter, fields, data)), data)


def check_unquoted(rng):
    """Lines as they come, cut at every delimiter: what a number holds may be one."""
    kinds, names, order, fields = random_columns(rng)
    delimiter = rng.choice(DELIMITERS)
    if any(delimiter in name for name in names):
        return
    lines = []
    for _ in range(rng.randrange(1, 150)):
        texts = [rng.choice([random_number(rng), random_text(rng)]) if kind == "t" or rng.randrange(30) == 0 else random_number(rng) for kind in kinds]
        line = delimiter.join(texts).replace("\n", "\r" if rng.randrange(4) == 0 else "")
        if rng.randrange(20) == 0:
            line = line[rng.randrange(len(line) + 1):] + rng.choice(["", delimiter])
        # A quote that opens a field is the business of the tables above.
        lines.append(delimiter.join(field.lstrip('"') for field in line.split(delimiter)))
    if delimiter == rng.choice(DELIMITERS[:3]):
        lines += [""] * 3
    text = delimiter.join(names) + "".join(rng.choice(["\n", "\n", "\r\n"]) + line for line in lines) + rng.choice(["", "\n", "\r\n"])
    data = text.encode("utf-8", "surrogateescape")
    rest = text.split("\n")[1:]
    if rest[-1] == "":
        rest.pop()
    # The last line may lack its newline: then a \r is the field's.
    rest = [line.removesuffix("\r") if i + 1 < len(rest) or text.endswith("\n") else line for i, line in enumerate(rest)]
    table = [line.split(delimiter) for line in rest if line or len(kinds) == 1]
    # A NUL byte is no text's.
    expected = ["bad" if "\0" in delimiter.join(row) else judged for row, judged in zip(table, judge_table(kinds, order, table))]
    report(f"unquoted {delimiter!r}", expected, simplify(decode("csv", delimiter, fields, data)), data)


def random_dressed(rng):
    """A number or a missing one, with quotes or spaces around or without."""
    text = rng.choice([f"{rng.gauss(0, 100):.{rng.randrange(8)}f}", f"{rng.gauss(0, 100):.{rng.randrange(8)}f}", str(rng.randrange(-100, 10**9)), "NA", ""])
    if rng.randrange(100) == 0:
        text = random_number(rng).replace("\0", "").replace('"', "")
    if rng.randrange(300) == 0:
        text = rng.choice(['"', '1"2', 'N"A', "1\n", "\\N", "N\\A", "NA5", "5NA", " ", "\t", "\r", "é"])
    spaces = rng.choice(["", "", "", " ", "  ", "\t"])
    return spaces + text + rng.choice(["", spaces])


def check_dressed(rng, format):
    """Columns of numbers alone, which are read several at once, dressed in many ways."""
    count = rng.randrange(2, 14)
    kind = rng.choice("fn")
    names = [f"c{i}" for i in range(count)]
    delimiter = "\t" if format == "tsv" else rng.choice(",;|\t")
    is_dressed, is_quoted = rng.random() ** 2, rng.choice([0, 0.1, 1])
    line_end = rng.choice(["\n", "\r\n"])
    texts = [[random_dressed(rng) if rng.random() < is_dressed else f"{rng.gauss(0, 10):.4f}" for _ in names] for _ in range(rng.randrange(1, 300))]
    if format == "tsv":
        # At a line's end it would be the line end's.
        texts = [[text.replace("\r", "") for text in row] for row in texts]

    def field(text):
        if format == "tsv":
            return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")
        if rng.random() < is_quoted or any(byte in text for byte in ('"', delimiter, "\n", "\r")):
            return '"' + text.replace('"', '""') + '"'
        return text

    if rng.randrange(3) == 0:
        row = rng.choice(texts)
        row[len(row) // 2:] = rng.choice([[], row])
    records = [delimiter.join(map(field, row)) + line_end for row in [names, *texts]]
    data = "".join(records).encode()
    lines = itertools.accumulate((record.count("\n") for record in records), initial=1)
    # But for blank ones.
    lines = [line for line, record in zip(lines, records) if record != line_end][1:]
    table = [row for row in texts if row != [""]]
    if format == "csv":
        table = list(csv.reader(io.StringIO(data.decode(), newline=""), delimiter=delimiter))[1:]
        table = [row for row in table if row]
    # Every column, all but the last, or with a hole.
    order = [i for i in range(count) if rng.randrange(5) != 0 or i == 0] if rng.randrange(3) == 0 else list(range(count))
    got = decode(format, delimiter, [f"{names[i]}:{kind}" for i in order], data)
    report(f"dressed {format} {delimiter!r}", [*zip(lines, judge_table([kind] * count, order, table), strict=True)],
           [*zip((row["line"] for row in got), simplify(got))], data)


def strict(text):
    """json.loads, but as strict as RFC 8259 and the contract are; the top level's pairs."""
    top = []

    def pairs(items):
        top[:] = [items]
        return dict(items)

    def refuse(word):
        raise ValueError(word)

    value = json.loads(text, object_pairs_hook=pairs, parse_constant=refuse, parse_float=str, parse_int=str)
    if not isinstance(value, dict):
        raise ValueError("no object")
    items = top[0]
    if len(dict(items)) != len(items):
        raise ValueError("a key twice")
    value_text = json.dumps(value, ensure_ascii=False)
    value_text.encode()  # refuses lone surrogates
    return items


def judge_json(line, kinds):
    try:
        text = line.decode("utf-8")
        items = dict(strict(text))
    except (ValueError, UnicodeDecodeError, RecursionError):
        return "bad"
    # Numbers came as str like strings did: the rules are the same for both.
    row = {"f": [], "n": [], "t": []}
    try:
        for name, kind in kinds:
            value = items.get(name)
            if isinstance(value, (dict, list)):
                raise Bad("nested")
            if value is True or value is False:
                text = "true" if value else "false"
            else:
                text = "" if value is None else value
            if kind == "t":
                trimmed = text.strip(" \t")
                row["t"].append(None if text in MISSING or (trimmed and trimmed in MISSING) else hexed(text))
            else:
                row[kind].append(bits(number(text), 32 if kind == "f" else 64))
    except Bad:
        return "bad"
    return row


def random_json(rng, depth=0):
    form = rng.randrange(9 if depth < 4 else 7)
    if form < 2:
        return rng.choice([0, -0.0, 1, 1.5, -2e-7, 1e21, 12345678901234567890, 0.1, rng.gauss(0, 1)])
    if form < 4:
        return random_text(rng) + rng.choice(["", "\x00", "\x1f", "\u2028", "😀", "\x7f"])
    if form < 7:
        return rng.choice([True, False, None])
    if form == 7:
        return [random_json(rng, depth + 1) for _ in range(rng.randrange(4))]
    return {random_text(rng): random_json(rng, depth + 1) for _ in range(rng.randrange(4))}


def damage(rng, data):
    data = bytearray(data)
    for _ in range(rng.choice([0, 0, 1, 1, 2])):
        at = rng.randrange(len(data) + 1)
        piece = rng.choice([b"\"", b"\\", b",", b":", b"{", b"}", b"[", b"]", b"0", b"-", b".", b"e", b"1", b" ", b"\x00",
                            b"\xff", b"\xed\xa0\x80", b"\xc3", b"NaN", b"true", b"nul", b"\\ud800", b"\\u00e9", b"\t", b"\x0b"])
        form = rng.randrange(3)
        if form == 0:
            data[at:at] = piece
        elif form == 1:
            data[at:at + 1] = piece
        else:
            del data[at:at + rng.randrange(1, 3)]
    return bytes(data).replace(b"\n", b" ")


def unusual(rng, usual):
    """Now and then other white space around it, or less."""
    return rng.choice(["", " ", "\t", "\r", "  "]) + usual.strip() + rng.choice(["", " ", "\t", "\r", " " * 40]) if rng.randrange(20) == 0 else usual


def check_json(rng):
    kinds, names, order, fields = random_columns(rng)
    wanted = [(names[i], kinds[i]) for i in order]
    lines = []
    # Nearly always laid out in one way, as in a real stream.
    usual_colon, usual_comma = rng.choice([":", ": ", " : "]), rng.choice([",", ", ", " ,"])
    for _ in range(rng.randrange(1, 100)):
        pairs = []
        for name, kind in zip(names, kinds):
            if rng.randrange(12) == 0:
                continue
            value = json.dumps(random_json(rng), ensure_ascii=bool(rng.randrange(2)))
            if kind in "fn" and rng.randrange(4):
                text = random_number(rng)
                value = text if re.match(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?\Z", text) and rng.randrange(3) else json.dumps(text)
            pairs.append(f"{json.dumps(name) if rng.randrange(9) else json.dumps(name).replace('c', chr(92) + 'u0063')}{unusual(rng, usual_colon)}{value}")
        if rng.randrange(6) == 0:
            rng.shuffle(pairs)
        if rng.randrange(20) == 0 and pairs:
            pairs.append(rng.choice(pairs))
        if rng.randrange(20) == 0:
            pairs.insert(rng.randrange(len(pairs) + 1), json.dumps(random_text(rng)) + ":" + json.dumps(random_json(rng)))
        line = ("{" + "".join((unusual(rng, usual_comma) if i else "") + pair for i, pair in enumerate(pairs)) + "}").encode("utf-8", "surrogatepass")
        if rng.randrange(3) == 0:
            line = damage(rng, line)
        if line and rng.randrange(20) == 0:
            line = line[: rng.randrange(1, len(line) + 1)]
        lines.append(line)
    data = rng.choice([b"\n", b"\r\n"]).join(lines) + rng.choice([b"\n", b""])
    expected = [judge_json(line, wanted) for line in lines if line.strip(b" \t\r")]
    report("jsonl", expected, simplify(decode("jsonl", ",", fields, data)), data)


def check_spectrum():
    """The public suite csv-spectrum, where it is at hand: texts of csvs/X.csv as json/X.json has them."""
    global passed, failed
    beside = os.path.join(os.path.dirname(__file__), "../../../shared/suites")
    folder = os.path.join(os.environ.get("XGBPIPE_SUITES", beside), "csv-spectrum")
    if not os.path.isdir(folder):
        return
    for name in sorted(os.listdir(f"{folder}/csvs")):
        if name == "location_coordinates.csv":
            continue  # the suite's JSON holds another telephone number than its CSV
        with open(f"{folder}/csvs/{name}", "rb") as file:
            data = file.read()
        with open(f"{folder}/json/{name[:-4]}.json", encoding="utf-8") as file:
            records = json.load(file)
        if isinstance(records, dict):
            records = [records]
        header = next(csv.reader(io.StringIO(data.decode(), newline="")))
        rows = decode("csv", ",", [f"{column}:t" for column in header], data)
        expected = [[hexed(record[column]) if record[column] else None for column in header] for record in records]
        report(f"csv-spectrum/{name}", expected, [row.get("t", row["bad"]) for row in rows], data)


def main():
    check_spectrum()
    rng = random.Random(SEED)
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        check_table(rng, "csv")
        check_unquoted(rng)
        check_table(rng, "tsv")
        check_dressed(rng, "csv")
        check_dressed(rng, "tsv")
        check_json(rng)
    print(f"# rows: {judged['good']} good, {judged['bad']} bad")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    sys.exit(failed != 0)


if __name__ == "__main__":
    main()
