"""Seconds that polars takes to read a file, the best of a few times: read_time.py INPUT REPEATS."""
import sys
import time

import polars as pl

source, repeats = sys.argv[1], int(sys.argv[2])
read = pl.read_ndjson if source.endswith(".jsonl") else pl.read_csv
seconds = []
for _ in range(repeats):
    begin = time.perf_counter()
    read(source)
    seconds.append(time.perf_counter() - begin)
print(min(seconds))
