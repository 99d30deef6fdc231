"""Fails unless two files hold the same predictions to 1e-6, for the same ids: compare.py FILE FILE [ROWS].

Prints how many of the rows differ at all as text.
"""
import itertools
import json
import sys

import numpy as np


def read(path, rows):
    """The ids (None for a file without them) and the predictions."""
    if path.endswith(".jsonl"):
        with open(path, encoding="utf-8") as lines:
            records = [json.loads(line) for line in itertools.islice(lines, rows)]
        return np.array([r["id"] for r in records]), np.array([r["prediction"] for r in records])
    if path.endswith(".csv"):
        table = np.loadtxt(path, delimiter=",", skiprows=1, max_rows=rows, ndmin=2)
        return table[:, 0], table[:, 1]
    return None, np.loadtxt(path, max_rows=rows, ndmin=1)


rows = int(sys.argv[3]) if len(sys.argv) > 3 else None
(ids, ours), (other_ids, theirs) = read(sys.argv[1], rows), read(sys.argv[2], rows)
if len(ours) != len(theirs):
    sys.exit(f"{len(ours)} answers and {len(theirs)} answers")
if ids is not None and not np.array_equal(ids, other_ids):
    sys.exit("the ids differ")
worst = float(np.max(np.abs(ours - theirs), initial=0))
if not worst <= 1e-6:
    row = int(np.argmax(np.abs(ours - theirs)))
    sys.exit(f"record {row}: {ours[row]} and {theirs[row]}")
print(f"{len(ours)} answers, largest difference {worst:.1e}")
