"""Seconds that polars takes to read a file, the best of a few times: read_time.py INPUT REPEATS.

Prints the wall clock's and, of all the process's threads, the CPU's.
"""
import sys
import time

import polars as pl

source, repeats = sys.argv[1], int(sys.argv[2])
read = pl.read_ndjson if source.endswith(".jsonl") else pl.read_csv
wall, cpu = [], []
for _ in range(repeats):
    begin, begin_cpu = time.perf_counter(), time.process_time()
    read(source)
    wall.append(time.perf_counter() - begin)
    cpu.append(time.process_time() - begin_cpu)
print(min(wall), min(cpu))
