"""Scores a libsvm file with XGBoost's own reader: libsvm_score.py MODEL INPUT OUTPUT THREADS."""
import sys
import warnings

import numpy as np
import xgboost as xgb

warnings.simplefilter("ignore")
model, source, target, threads = sys.argv[1:]
booster = xgb.Booster({"nthread": int(threads)}, model_file=model)
matrix = xgb.DMatrix(source + "?format=libsvm", nthread=int(threads))
answers = booster.predict(matrix, validate_features=False)
np.savetxt(target, answers, fmt="%.9g")
