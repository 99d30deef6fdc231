"""Draws the numbers of users: lookup_keys.py USERS COUNT uniform|zipf, one a line (Zipf's law with exponent 1)."""
import sys

import numpy as np

users, count = int(sys.argv[1]), int(sys.argv[2])
draw = np.random.default_rng(8)
if sys.argv[3] == "uniform":
    keys = draw.integers(0, users, count)
else:
    shares = np.cumsum(1 / np.arange(1, users + 1))
    ranks = np.searchsorted(shares / shares[-1], draw.random(count))
    keys = draw.permutation(users)[ranks]
sys.stdout.write("\n".join(map(str, keys.tolist())) + "\n")
