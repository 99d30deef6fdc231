#!/usr/bin/env python3
"""Makes what the two worked examples of README.md need: records, fitted specs, models and served answers.

    make oracle && build/oracle/bin/python3 testdata/generate_examples.py

specs/houses.json and specs/rentals.json are written by hand. Here scikit-learn and Python do by themselves what their
steps say, so that nothing comes from xgbpipe: NAME_fitted.json holds what scikit-learn learnt and golden records, the
model is trained on features made in Python, and expected/NAME_served.csv is what Python answers.
"""
import datetime
import json
import math
import pathlib
import sys

import numpy as np
import pandas as pd
import xgboost as xgb
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

HERE = pathlib.Path(__file__).resolve().parent
NULLS = ['NA', 'N/A', 'NaN', 'nan', 'null', 'NULL', 'None']  # what means missing unless --null says otherwise
GOLDEN = 8  # golden records in a fitted spec


def read(name):
    return pd.read_csv(HERE / 'records' / name)


def by_column(columns, values):
    return {column: float(value) for column, value in zip(columns, values)}


def each(function, values):
    """As C's libm has it: NumPy's own loops may differ in the last bit."""
    return [value if math.isnan(value) else function(value) for value in map(float, values)]


class Houses:
    """Boston's prices: the logarithm of the price."""
    train, serve, target = 'Boston.csv', 'houses.csv', 'medv'
    model = 'models/houses.json'
    parameters = {'max_depth': 3, 'eta': 0.2}

    def fit(self, spec, table):
        imputed, logged, scaled = (step['columns'] for step in spec['steps'])
        table = table.copy()
        self.imputer = SimpleImputer(strategy='median').fit(table[imputed])
        table[imputed] = self.imputer.transform(table[imputed])
        for column in logged:
            table[column] = each(math.log1p, table[column])
        self.scaler = StandardScaler().fit(table[scaled])
        spec['steps'][0]['values'] = by_column(imputed, self.imputer.statistics_)
        spec['steps'][2]['mean'] = by_column(scaled, self.scaler.mean_)
        spec['steps'][2]['scale'] = by_column(scaled, self.scaler.scale_)

    def features(self, spec, table):
        imputed, logged, scaled = (step['columns'] for step in spec['steps'])
        table = table.drop(columns=['id', self.target], errors='ignore').astype(float)
        table[imputed] = self.imputer.transform(table[imputed])
        for column in logged:
            table[column] = each(math.log1p, table[column])
        table[scaled] = self.scaler.transform(table[scaled])
        return table

    def label(self, target):
        return np.log1p(target)

    def correct(self, value):
        return max(0.0, float('%.2f' % math.expm1(value)))


class Rentals:
    """Bike rentals by the hour: date, text month and weather, cyclic hours."""
    train, serve, target = 'rentals_train.csv', 'rentals.csv', 'bikers'
    model = 'models/rentals.ubj'
    parameters = {'max_depth': 5, 'eta': 0.2}

    def weather(self, table):
        return pd.DataFrame({'weather': table['weather'].str.strip().str.lower()})

    def fit(self, spec, table):
        steps = spec['steps']
        self.weathers = OneHotEncoder(handle_unknown='ignore', sparse_output=False).fit(self.weather(table))
        self.months = OrdinalEncoder(categories=[steps[3]['categories']], handle_unknown='use_encoded_value',
                                     unknown_value=np.nan)
        self.months.fit(table[['month']])
        columns = steps[7]['columns']
        self.imputer = SimpleImputer(strategy='median').fit(table[columns])
        steps[2]['categories'] = {'weather': list(self.weathers.categories_[0])}
        steps[3]['categories'] = {'month': steps[3]['categories']}
        steps[7]['values'] = by_column(columns, self.imputer.statistics_)

    def features(self, spec, table):
        columns = spec['steps'][7]['columns']
        coded = self.weathers.transform(self.weather(table))
        times = [datetime.datetime.strptime(text, '%Y-%m-%d %H:%M') for text in table['time']]
        made = {'time_weekday': [float(time.weekday()) for time in times], 'time_hour': [float(time.hour) for time in times],
                'month': self.months.transform(table[['month']])[:, 0]}
        for column in table:
            if column not in ('id', 'time', 'month', 'weather', self.target):
                made[column] = table[column].astype(float)
        imputed = self.imputer.transform(table[columns])
        for number, column in enumerate(columns):
            made[column] = imputed[:, number]
        for number, name in enumerate(self.weathers.categories_[0]):
            made['weather_' + name] = coded[:, number]
        made['hour_sin'] = each(lambda hour: math.sin(hour * 3.141592653589793 / 12), made['time_hour'])
        made['hour_cos'] = each(lambda hour: math.cos(hour * 3.141592653589793 / 12), made['time_hour'])
        missing = MissingIndicator(features='all').fit(table[columns]).transform(table[columns])
        for number, column in enumerate(columns):
            made[column + '_missing'] = missing[:, number].astype(float)
        frame = pd.DataFrame(made)
        return frame[self.order(table, list(self.weathers.categories_[0]), columns)]

    def order(self, table, weathers, imputed):
        """A step's columns stand where its column stood; new ones come behind, in the order of the steps."""
        parts = {'time': ['time_weekday', 'time_hour'], 'weather': ['weather_' + name for name in weathers], 'id': [], self.target: []}
        names = [name for column in table for name in parts.get(column, [column])]
        return names + ['hour_sin', 'hour_cos'] + [column + '_missing' for column in imputed]

    def label(self, target):
        return target

    def correct(self, value):
        return max(0.0, float('%.0f' % value))


def write_rentals():
    """Bikeshare.csv counts the days of 2011 (its column day, from 1): the date is that many days behind the last day of
    2010, and agrees with the table's own month and weekday in every row. Training gets every second hour; serving some of
    the others, with the one hour of the table that had heavy rain. A few fields are emptied, some weathers written
    sloppily, as records are."""
    bikes = pd.read_csv(HERE / 'records' / 'Bikeshare.csv', dtype=str)
    days = [datetime.date(2010, 12, 31) + datetime.timedelta(int(day)) for day in bikes['day']]
    for day, month, weekday in zip(days, bikes['mnth'], bikes['weekday']):
        assert day.strftime('%B').startswith(month[:3]) and day.isoweekday() % 7 == int(weekday)
    table = pd.DataFrame({'time': ['%s %02d:00' % (day, int(hour)) for day, hour in zip(days, bikes['hr'])],
                          'month': bikes['mnth'], 'workingday': bikes['workingday'], 'weather': bikes['weathersit'],
                          'temp': bikes['temp'], 'hum': bikes['hum'], 'windspeed': bikes['windspeed'], 'bikers': bikes['bikers']})
    random = np.random.default_rng(2011)
    table.loc[random.random(len(table)) < 0.01, 'windspeed'] = ''
    table.loc[random.random(len(table)) < 0.01, 'hum'] = ''
    sloppy = random.random(len(table)) < 0.02
    table.loc[sloppy, 'weather'] = table.loc[sloppy, 'weather'].str.capitalize() + ' '
    table[::2].to_csv(HERE / 'records' / 'rentals_train.csv', index=False, lineterminator='\n')
    served = table[5::10].drop(columns='bikers')
    served.insert(0, 'id', ['h%04d' % number for number in served.index])
    served.to_csv(HERE / 'records' / 'rentals.csv', index=False, lineterminator='\n')


def make(name, example):
    spec = json.loads((HERE / 'specs' / (name + '.json')).read_text())
    train = read(example.train)
    example.fit(spec, train)
    features = example.features(spec, train)
    matrix = xgb.DMatrix(features, example.label(train[example.target]), nthread=1)
    booster = xgb.train({'nthread': 1, 'seed': 7, **example.parameters}, matrix, 40)
    booster.save_model(HERE / example.model)
    serve = read(example.serve)
    features = example.features(spec, serve)
    answers = [example.correct(float(value)) for value in booster.predict(xgb.DMatrix(features, nthread=1))]
    column = spec['output'].get('name', 'prediction')
    with open(HERE / 'expected' / (name + '_served.csv'), 'w', encoding='utf-8') as out:
        out.write('id,%s\n' % column)
        out.writelines('%s,%.9g\n' % pair for pair in zip(serve['id'], answers))
    spec['null'] = NULLS
    spec['features'] = list(features)
    step = len(serve) // GOLDEN
    spec['golden'] = []
    for row in range(step // 2, step * GOLDEN, step):
        record = {column: None if value != value else value for column, value in serve.iloc[row].items()}
        spec['golden'].append({'record': {column: value.item() if hasattr(value, 'item') else value for column, value in record.items()},
                               'features': {column: float(np.float32(value)) for column, value in features.iloc[row].items()},
                               'prediction': answers[row]})
    order = ['spec', 'columns', 'null', 'steps', 'features', 'output', 'golden']
    text = json.dumps({key: spec[key] for key in order if key in spec}, indent=1, ensure_ascii=False)
    (HERE / 'specs' / (name + '_fitted.json')).write_text(text + '\n', encoding='utf-8')


def main():
    if xgb.__version__ != '3.4.1':
        sys.exit('generate_examples.py: needs XGBoost 3.4.1, not ' + xgb.__version__)
    write_rentals()
    make('houses', Houses())
    make('rentals', Rentals())


if __name__ == '__main__':
    main()
