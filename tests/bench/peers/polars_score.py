"""Scores a file with polars and Python XGBoost: polars_score.py MODEL INPUT OUTPUT THREADS.

The way that is fast: one float32 matrix, predicted in place. polars takes its threads from POLARS_MAX_THREADS.
"""
import sys

import polars as pl
import xgboost as xgb

model, source, target, threads = sys.argv[1:]
booster = xgb.Booster({"nthread": int(threads)}, model_file=model)
is_json = source.endswith(".jsonl")
frame = pl.read_ndjson(source) if is_json else pl.read_csv(source)
features = frame.select(pl.col(booster.feature_names).cast(pl.Float32)).to_numpy()
answers = pl.DataFrame({"id": frame["id"], "prediction": booster.inplace_predict(features)})
if is_json:
    answers.write_ndjson(target)
else:
    answers.write_csv(target)
