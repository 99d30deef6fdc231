"""Scores a file line by line with Python XGBoost: loop_score.py MODEL INPUT OUTPUT THREADS."""
import csv
import json
import sys

import numpy as np
import xgboost as xgb

model, source, target, threads = sys.argv[1:]
booster = xgb.Booster({"nthread": int(threads)}, model_file=model)
names = booster.feature_names


def number(text):
    return float(text) if text != "" else np.nan


with open(source, encoding="utf-8", newline="") as records, open(target, "w", encoding="utf-8") as answers:
    if source.endswith(".jsonl"):
        for line in records:
            record = json.loads(line)
            row = np.array([[record.get(name) for name in names]], dtype=np.float32)
            answers.write('{"id":%s,"prediction":%s}\n' % (record["id"], booster.inplace_predict(row)[0]))
    else:
        answers.write("id,prediction\n")
        for record in csv.DictReader(records):
            row = np.array([[number(record[name]) for name in names]], dtype=np.float32)
            answers.write(f"{record['id']},{booster.inplace_predict(row)[0]}\n")
