"""Scores a file with pandas and Python XGBoost: pandas_score.py MODEL INPUT OUTPUT THREADS.

The way that is fast: one float32 matrix, predicted in place.
"""
import sys

import numpy as np
import pandas as pd
import xgboost as xgb

model, source, target, threads = sys.argv[1:]
booster = xgb.Booster({"nthread": int(threads)}, model_file=model)
is_json = source.endswith(".jsonl")
frame = pd.read_json(source, lines=True) if is_json else pd.read_csv(source)
features = frame[booster.feature_names].to_numpy(np.float32)
answers = pd.DataFrame({"id": frame["id"], "prediction": booster.inplace_predict(features)})
if is_json:
    answers.to_json(target, orient="records", lines=True)
else:
    answers.to_csv(target, index=False)
