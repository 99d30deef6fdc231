"""Scores a libsvm file with scikit-learn's reader and XGBoost: libsvm_sklearn.py MODEL INPUT OUTPUT THREADS."""
import sys

import numpy as np
import xgboost as xgb
from sklearn.datasets import load_svmlight_file

model, source, target, threads = sys.argv[1:]
booster = xgb.Booster({"nthread": int(threads)}, model_file=model)
features, _ = load_svmlight_file(source, n_features=booster.num_features(), zero_based=True, dtype=np.float64)
answers = booster.inplace_predict(features.astype(np.float32), validate_features=False)
np.savetxt(target, answers, fmt="%.9g")
