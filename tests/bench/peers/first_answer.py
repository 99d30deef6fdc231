"""Answers records from a pipe as a Python service would: first_answer.py pandas|numpy MODEL.

`pandas` makes a frame of each record, as most scripts do; `numpy` imports and does the least.
"""
import io
import sys

way, model = sys.argv[1:]
if way == "pandas":
    import pandas as pd
import numpy as np
import xgboost as xgb

booster = xgb.Booster({"nthread": 1}, model_file=model)
names = booster.feature_names
header = sys.stdin.readline()
columns = header.rstrip("\n").split(",")
places = [columns.index(name) for name in names]
print("prediction", flush=True)
for line in sys.stdin:
    if way == "pandas":
        row = pd.read_csv(io.StringIO(header + line))[names].to_numpy(np.float32)
    else:
        fields = line.rstrip("\n").split(",")
        row = np.array([[fields[place] or "nan" for place in places]], dtype=np.float32)
    print(booster.inplace_predict(row)[0], flush=True)
