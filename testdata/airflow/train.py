"""The trainer of the DAG house_prices: TRAIN (what `xgbpipe transform` wrote), RECORDS -> MODEL, KNOWN.

It knows nothing of xgbpipe but its files: any trainer will do that saves an XGBoost model as JSON or UBJSON. KNOWN holds
some of RECORDS with the trainer's own answers, for `xgbpipe check`.
"""
import sys

import numpy
import pandas
import xgboost

train_path, records_path, model_path, known_path = sys.argv[1:]
train = pandas.read_csv(train_path)
price = train.pop('medv')
features = xgboost.DMatrix(train)
features.set_label(numpy.log1p(price))
model = xgboost.train({'max_depth': 3, 'eta': 0.2, 'nthread': 1}, features, 40)
model.save_model(model_path)
answers = numpy.expm1(model.predict(features).astype(float)).round(2).clip(0)
pandas.read_csv(records_path, dtype=str).assign(prediction=answers)[::50].to_csv(known_path, index=False)
