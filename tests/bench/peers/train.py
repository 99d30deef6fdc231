"""Trains a model for the bench on made-up records: train.py INPUT MODEL TREES DEPTH.

The target is a smooth function of some features with enough noise that the trees grow full.
"""
import sys

import numpy as np
import pandas as pd
import xgboost as xgb

source, model, trees, depth = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
frame = pd.read_csv(source)
features = frame.drop(columns="id")
values = features.fillna(0).to_numpy()
values = values / values.std(axis=0)
random = np.random.default_rng(7)
weights = random.normal(size=values.shape[1]) / np.sqrt(values.shape[1])
score = values @ weights + np.sin(2 * values[:, 0]) * values[:, 1] + values[:, 2] * values[:, 3]
target = (score + random.normal(size=len(score)) > 0).astype(np.float32)
booster = xgb.train(
    {"objective": "binary:logistic", "max_depth": depth, "eta": 0.1, "seed": 7, "min_child_weight": 1,
     "nthread": 2},
    xgb.DMatrix(features, target), num_boost_round=trees)
booster.save_model(model)
