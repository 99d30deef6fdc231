#!/usr/bin/env python3
"""Makes models/, records/, expected/ and manifest.json with Python XGBoost 3.4.1; testdata/README.md describes them.

    make oracle && build/oracle/bin/python3 testdata/generate.py [NAME]...

With names, only those models are made anew. Everything has a seed and one thread, so that a second run on the same
machine gives the same files. Records are written as text first and read back, so that training and answers see
exactly the numbers that a reader of the text sees.
"""
import csv
import json
import pathlib
import sys
import warnings

import numpy as np
import pandas as pd
import sklearn.datasets
import xgboost as xgb

HERE = pathlib.Path(__file__).resolve().parent
FEW = 6  # records that get leaves and contributions
warnings.filterwarnings('ignore', message='.*deprecated.*')
xgb.set_config(verbosity=0)


# --- records ----------------------------------------------------------------------------------------
def write_records(name, frame):
    frame.to_csv(HERE / 'records' / name, index=False, lineterminator='\n')


def read_records(name):
    return pd.read_csv(HERE / 'records' / name, float_precision='round_trip', keep_default_na=False, na_values=['', 'NA'])


def from_sklearn(name, bunch):
    frame = pd.DataFrame(bunch.data, columns=[str(column).replace(' ', '_') for column in bunch.feature_names])
    for column in frame:
        if (frame[column] == frame[column].astype(int)).all():
            frame[column] = frame[column].astype(int)
        else:
            frame[column] = [float('%.6g' % value) for value in frame[column]]
    frame.insert(0, 'id', ['%s%04d' % (name[0], number) for number in range(1, len(frame) + 1)])
    frame['target'] = bunch.target
    write_records(name, frame)


def make_records():
    """Boston.csv and Bikeshare.csv lie there already: real tables, kept as they were published."""
    boston = read_records('Boston.csv')
    houses = boston.drop(columns='medv')
    houses.insert(0, 'id', ['tract-%03d' % number for number in range(1, len(boston) + 1)])
    write_records('houses.csv', houses)
    with open(HERE / 'records' / 'houses.jsonl', 'w', encoding='utf-8') as out:
        out.writelines(json.dumps(row) + '\n' for row in houses.to_dict('records'))
    bikes = read_records('Bikeshare.csv').drop(columns=['casual', 'registered'])
    bikes.insert(0, 'id', range(1, len(bikes) + 1))
    write_records('bikes.csv', bikes[1::2])
    for name, bunch in (('breast_cancer.csv', sklearn.datasets.load_breast_cancer()),
                        ('wine.csv', sklearn.datasets.load_wine()),
                        ('diabetes.csv', sklearn.datasets.load_diabetes(scaled=False)),
                        ('digits.csv', sklearn.datasets.load_digits())):
        from_sklearn(name, bunch)
    make_made()


def make_made():
    """A table of every type of column, with missing fields, for the model kinds that no real table here asks for."""
    random = np.random.default_rng(20240817)
    rows = 240
    frame = pd.DataFrame({'id': ['m%03d' % number for number in range(1, rows + 1)]})
    for number in range(8):
        values = random.normal(size=rows) * 10.0 ** random.integers(-2, 4)
        texts = ['%.5g' % value for value in values]
        frame['x%d' % number] = [text if random.random() > 0.06 else '' for text in texts]
    frame['count'] = random.poisson(3, size=rows)
    frame['flag'] = random.choice(['true', 'false'], size=rows)
    frame['same'] = 7
    frame['city'] = random.choice(['Paris', 'Seoul', 'São Paulo', 'Nairobi', 'NA', 'Lima, Peru', '12'], size=rows)
    frame['code'] = random.choice([3, 20, 7, 1000], size=rows)
    frame['grade'] = random.integers(0, 9, size=rows)
    frame['offset'] = ['%.4g' % value for value in random.normal(size=rows)]
    for number in range(3):
        frame['offset_%d' % number] = ['%.4g' % value for value in random.normal(size=rows)]
    write_records('made.csv', frame)
    odd = frame[['id', 'x0', 'x1', 'x2', 'x3']].copy()
    odd.columns = ['id', 'age (years)', 'Größe', 'say "hi"', 'a,b']
    write_records('odd_names.csv', odd)
    huge = pd.DataFrame({'id': frame['id'], 'big': ['%.9g' % value for value in np.where(
        random.random(rows) < 0.5, 3.4028234e38, random.normal(size=rows) * 1e38).astype(np.float32)],
        'small': ['%.9g' % value for value in (random.normal(size=rows) * 1e-42).astype(np.float32)]})
    write_records('huge.csv', huge)
    with open(HERE / 'records' / 'made.libsvm', 'w', encoding='utf-8') as out:
        for row in frame.itertuples():
            pairs = [(number, getattr(row, 'x%d' % number)) for number in range(8)]
            out.write(' '.join([str(row.count)] + ['%d:%s' % pair for pair in pairs if pair[1] != '']) + '\n')
    with open(HERE / 'records' / 'made.jsonl', 'w', encoding='utf-8') as out:
        for row in frame.to_dict('records'):
            fields = ['"id": %s' % json.dumps(row['id'])]
            fields += ['"x%d": %s' % (number, json_number(row['x%d' % number])) for number in range(8)]
            out.write('{' + ', '.join(fields) + '}\n')


def json_number(text):
    return repr(float(text)) if text else 'null'


# --- models -----------------------------------------------------------------------------------------
class Case:
    """One model with the records it scores and the answers that XGBoost gives for them."""

    def __init__(self, name, booster, records, data, features, about, rows=60, formats=('json',), classes=None,
                 margins=None, ranges=(), label=None):
        self.name, self.booster, self.records, self.data, self.features = name, booster, records, data, features
        self.about, self.rows, self.formats, self.classes = about, min(rows, len(data)), formats, classes
        self.margins, self.ranges, self.label = margins, ranges, label

    def matrix(self, rows, margins=None):
        part = self.data.iloc[:rows] if isinstance(self.data, pd.DataFrame) else self.data[:rows]
        matrix = xgb.DMatrix(part, nthread=1, enable_categorical=True,
                             feature_types=None if isinstance(part, pd.DataFrame) else self.booster.feature_types)
        if margins:
            frame = read_records(self.records)[margins].iloc[:rows]
            matrix.set_base_margin(frame.to_numpy(dtype=np.float32).reshape(rows, -1).squeeze())
        return matrix

    def best(self):
        """Python's predict() takes all rounds unless told; scikit-learn's and xgbpipe's default is the best one."""
        text = self.booster.attr('best_iteration')
        return (0, 0) if text is None else (0, int(text) + 1)

    def save(self):
        self.booster.set_param({'nthread': 1})
        for extension in self.formats:
            self.booster.save_model(HERE / 'models' / ('%s.%s' % (self.name, extension)))
        answers = []

        def answer(kind, file, rows, values, **more):
            values = np.asarray(values, dtype=np.float32).reshape(rows, -1)
            header = names_of(self, kind, values.shape[1])
            with open(HERE / 'expected' / file, 'w', encoding='utf-8', newline='') as out:
                writer = csv.writer(out, lineterminator='\n')
                writer.writerow(header)
                writer.writerows([['%.9g' % value for value in row] for row in values])
            answers.append({'type': kind, 'file': 'expected/' + file, 'rows': rows, **more})

        def refuse(kind, error):
            answers.append({'type': kind, 'refused': str(error).split('\n')[0].split(': ', 2)[-1][:200]})

        matrix = self.matrix(self.rows)
        few = self.matrix(FEW)
        predict, best = self.booster.predict, self.best()
        value = predict(matrix, iteration_range=best)
        answer('value', self.name + '.value.csv', self.rows, value)
        answer('margin', self.name + '.margin.csv', self.rows, predict(matrix, output_margin=True, iteration_range=best))
        if self.classes:
            answer('class', self.name + '.class.csv', self.rows, self.classes(value))
        for kind in ('leaf', 'contribs'):
            try:
                values = predict(few, iteration_range=best, strict_shape=kind == 'contribs', **{'pred_' + kind: True})
                if values.size == 0:
                    refuse(kind, 'no tree, so no leaves')
                else:
                    answer(kind, '%s.%s.csv' % (self.name, kind), FEW, values)
            except xgb.core.XGBoostError as error:
                refuse(kind, error)
        for begin, end in self.ranges:
            text = 'all' if (begin, end) == (0, 0) else '%d:%d' % (begin, end)
            answer('value', '%s.value.%s.csv' % (self.name, text.replace(':', '-')), self.rows,
                   predict(matrix, iteration_range=(begin, end)), iterations=text)
        if self.margins:
            shifted = self.matrix(self.rows, self.margins)
            answer('value', self.name + '.value.offset.csv', self.rows, predict(shifted, iteration_range=best),
                   base_margin=self.label or self.margins[0])
        return {'name': self.name, 'about': self.about,
                'models': ['models/%s.%s' % (self.name, extension) for extension in self.formats],
                'records': 'records/' + self.records, 'features': self.features,
                'has_names': self.booster.feature_names is not None, 'answers': answers}


def names_of(case, kind, count):
    """The header that xgbpipe writes for one type alone."""
    if kind == 'leaf':
        return ['leaf_%d' % number for number in range(count)]
    outputs = output_names(case.booster, count if kind != 'contribs' else count // (len(case.features) + 1))
    if kind == 'contribs':
        return ['_'.join(filter(None, ('contrib', output, feature)))
                for output in outputs for feature in case.features + ['bias']]
    return ['_'.join(filter(None, ('prediction', output))) for output in outputs]


def output_names(booster, count):
    config = json.loads(booster.save_config())['learner']['objective']
    for kind, letter in (('quantile', 'q'), ('expectile', 'e')):
        if config['name'] == 'reg:%serror' % kind:
            alphas = json.loads(config[kind + '_loss_param'][kind + '_alpha'])
            alphas = alphas if isinstance(alphas, list) else [alphas]
            if count == len(alphas) > 1:
                return ['%s%s' % (letter, '%g' % float(alpha)) for alpha in alphas]
    return [''] if count == 1 else [str(number) for number in range(count)]


def above_half(values):
    return (np.asarray(values) > np.float32(0.5)).astype(int)


def largest(values):
    return np.argmax(values, axis=1)


def train(data, label, rounds=12, **parameters):
    parameters = {'nthread': 1, 'seed': 7, 'max_depth': 3, **parameters}
    extra = {key: parameters.pop(key) for key in ('evals', 'early_stopping_rounds', 'qid', 'bounds', 'weight')
             if key in parameters}
    matrix = xgb.DMatrix(data, label, nthread=1, enable_categorical=True, qid=extra.get('qid'))
    if 'bounds' in extra:
        matrix.set_float_info('label_lower_bound', extra['bounds'][0])
        matrix.set_float_info('label_upper_bound', extra['bounds'][1])
    evals = [(matrix if pair is None else xgb.DMatrix(*pair), 'test') for pair in extra.get('evals', [])]
    return xgb.train(parameters, matrix, rounds, evals=evals, verbose_eval=False,
                     early_stopping_rounds=extra.get('early_stopping_rounds'))


def real_cases():
    boston = read_records('Boston.csv')
    data, price = boston.drop(columns='medv'), boston['medv']
    yield Case('boston_linear', train(data, price, 300, booster='gblinear', updater='coord_descent', eta=0.5, max_depth=None,
                                      **{'lambda': 0, 'alpha': 0}), 'houses.csv', data, list(data),
               'house prices, a linear booster: answers below zero for two tracts', rows=len(data), formats=('json', 'ubj'))
    yield Case('boston_trees', train(data, price, 40, max_depth=4), 'houses.csv', data, list(data),
               'house prices, 40 trees', rows=len(data), ranges=[(0, 10), (10, 40)], formats=('json', 'ubj'))
    yield from bike_cases()
    cancer = read_records('breast_cancer.csv')
    data, label = cancer.drop(columns=['id', 'target']), cancer['target']
    booster = train(data[::2], label[::2], 200, objective='binary:logistic', eval_metric='logloss', eta=0.4,
                    evals=[(data[1::2], label[1::2])], early_stopping_rounds=10)
    yield Case('breast_cancer', booster, 'breast_cancer.csv', data, list(data), 'malignant or benign, stopped early',
               formats=('json', 'ubj'), classes=above_half, ranges=[(0, 0), (2, 5)])
    classifier = xgb.XGBClassifier(n_estimators=15, max_depth=3, n_jobs=1).fit(data[::2], label[::2])
    classifier.get_booster().set_attr(scikit_learn='{"_estimator_type": "classifier"}')  # as its save_model() does
    yield Case('breast_cancer_sklearn', classifier.get_booster(), 'breast_cancer.csv', data, list(data),
               "saved by scikit-learn's interface", classes=above_half)
    wine = read_records('wine.csv')
    data, label = wine.drop(columns=['id', 'target']), wine['target']
    yield Case('wine_softprob', train(data[::2], label[::2], 15, objective='multi:softprob', num_class=3, max_depth=2),
               'wine.csv', data, list(data), 'three classes, probabilities', classes=largest, rows=178, formats=('json', 'ubj'),
               ranges=[(3, 7)])
    yield Case('wine_softmax', train(data[::2], label[::2], 15, objective='multi:softmax', num_class=3, max_depth=2),
               'wine.csv', data, list(data), 'three classes, the class', classes=lambda values: values, rows=178)
    diabetes = read_records('diabetes.csv')
    data, label = diabetes.drop(columns=['id', 'target']), diabetes['target']
    yield Case('diabetes', train(data[::2], label[::2], 50), 'diabetes.csv', data, list(data), 'regression', rows=442)
    digits = read_records('digits.csv')
    data, label = digits.drop(columns=['id', 'target']), digits['target']
    yield Case('digits', train(data[::2], label[::2], 12, objective='multi:softprob', num_class=10, max_depth=4),
               'digits.csv', data, list(data), 'ten classes of 8 x 8 pixels', classes=largest, rows=100, formats=('ubj',))


def bike_cases():
    bikes = read_records('Bikeshare.csv').drop(columns=['casual', 'registered'])
    count = bikes.pop('bikers')
    numeric = pd.get_dummies(bikes, columns=['mnth', 'weathersit'], dtype=int)
    tests = numeric[1::2].copy()
    tests.insert(0, 'id', range(2, len(bikes) + 1, 2))
    write_records('bikes_numeric.csv', tests)
    yield Case('bike_trees', train(numeric[::2], count[::2], 100, max_depth=6), 'bikes_numeric.csv', numeric[1::2],
               list(numeric), 'rentals by the hour: answers below zero', rows=len(tests), formats=('ubj',))
    months = ['Jan', 'Feb', 'March', 'April', 'May', 'June', 'July', 'Aug', 'Sept', 'Oct', 'Nov', 'Dec']
    coded = bikes.assign(mnth=pd.Categorical(bikes['mnth'], categories=months), weathersit=bikes['weathersit'].astype('category'))
    yield Case('bike_categories', train(coded[::2], count[::2], 40, max_depth=5), 'bikes.csv', coded[1::2], list(coded),
               'rentals by the hour, months and weather as categories kept in the model', rows=400, formats=('json', 'ubj'))


def made_cases():
    frame = read_records('made.csv')
    x = ['x%d' % number for number in range(8)]
    data = frame[x].astype(float)
    random = np.random.default_rng(5)
    signal = (data.fillna(0).rank() / len(data)).to_numpy() @ random.normal(size=len(x)) + 0.3 * random.normal(size=len(data))
    signal = (signal - signal.mean()) / signal.std()
    counts = random.poisson(np.exp(0.7 * signal))
    three = np.digitize(signal, [-0.5, 0.5])
    two = (signal > 0).astype(int)
    several = np.stack([signal, signal ** 2, np.sin(2 * signal)], axis=1)

    def case(name, about, label, classes=None, margins=None, rounds=12, records='made.csv', columns=None, formats=('json',),
             ranges=(), given=None, **parameters):
        columns = columns or x
        used = data if given is None else given
        return Case(name, train(used, label, rounds, **parameters), records, used, columns, about, classes=classes,
                    margins=margins, ranges=ranges, formats=formats, label=None if not margins else 'offset')

    yield case('squared_error', 'reg:squarederror with a base margin', signal, margins=['offset'], ranges=[(0, 5), (4, 9)])
    yield case('reg_logistic', 'reg:logistic', 1 / (1 + np.exp(-signal)), objective='reg:logistic')
    yield case('pseudo_huber', 'reg:pseudohubererror', signal, objective='reg:pseudohubererror')
    yield case('absolute_error', 'reg:absoluteerror', signal, objective='reg:absoluteerror')
    yield case('squared_log_error', 'reg:squaredlogerror', np.exp(signal), objective='reg:squaredlogerror')
    yield case('poisson', 'count:poisson with a base margin', counts, objective='count:poisson', margins=['offset'])
    yield case('gamma', 'reg:gamma', np.exp(signal) + 0.01, objective='reg:gamma')
    yield case('tweedie', 'reg:tweedie', counts, objective='reg:tweedie', tweedie_variance_power=1.3)
    yield case('logistic', 'binary:logistic', two, objective='binary:logistic', classes=above_half, margins=['offset'],
               formats=('json', 'ubj'))
    yield case('base_score_given', 'binary:logistic with a given base_score', two, objective='binary:logistic', base_score=0.125,
               classes=above_half)
    yield case('logitraw', 'binary:logitraw', two, objective='binary:logitraw', classes=above_half)
    yield case('hinge', 'binary:hinge', two, objective='binary:hinge', classes=above_half)
    yield case('softprob', 'multi:softprob with base margins', three, objective='multi:softprob', num_class=3, classes=largest,
               margins=['offset_0', 'offset_1', 'offset_2'], formats=('json', 'ubj'), ranges=[(2, 6)])
    yield case('softmax', 'multi:softmax', three, objective='multi:softmax', num_class=3, classes=lambda values: values)
    yield case('cox', 'survival:cox', np.where(two, 1, -1) * (np.exp(signal) + 0.1), objective='survival:cox')
    lower = np.exp(signal)
    yield case('aft', 'survival:aft', None, objective='survival:aft', bounds=(lower, np.where(two, np.inf, lower + 1)),
               eval_metric='aft-nloglik', aft_loss_distribution='logistic')
    groups = np.repeat(np.arange(len(data) // 12), 12)
    for kind in ('pairwise', 'ndcg', 'map'):
        yield case('rank_' + kind, 'rank:' + kind, two if kind == 'map' else three, objective='rank:' + kind, qid=groups,
                   lambdarank_num_pair_per_sample=3)
    yield case('quantiles', 'reg:quantileerror with three quantiles', signal, objective='reg:quantileerror',
               quantile_alpha=[0.1, 0.5, 0.9], ranges=[(1, 4)])
    yield case('quantile', 'reg:quantileerror with one', signal, objective='reg:quantileerror', quantile_alpha=0.25)
    yield case('expectiles', 'reg:expectileerror with two', signal, objective='reg:expectileerror', expectile_alpha=[0.2, 0.8])
    yield case('multi_target', 'three targets, a tree for each', several, formats=('json', 'ubj'), ranges=[(3, 8)])
    yield case('vector_leaves', 'three targets, vector leaves', several, multi_strategy='multi_output_tree', tree_method='hist',
               formats=('json', 'ubj'), ranges=[(3, 8)])
    yield case('vector_softprob', 'multi:softprob with vector leaves', three, objective='multi:softprob', num_class=3,
               multi_strategy='multi_output_tree', tree_method='hist', classes=largest)
    labels = np.stack([two, signal > 0.7, signal < -0.4], axis=1).astype(int)
    yield case('multi_label', 'binary:logistic for three labels', labels, objective='binary:logistic', classes=above_half)
    dart = {'booster': 'dart', 'rate_drop': 0.4, 'one_drop': 1}
    yield case('dart', 'dart, regression', signal, rounds=15, formats=('json', 'ubj'), ranges=[(2, 9)], **dart)
    yield case('dart_softprob', 'dart, three classes', three, objective='multi:softprob', num_class=3, classes=largest,
               normalize_type='forest', **dart)
    forest = {'subsample': 0.7, 'colsample_bynode': 0.6, 'eta': 1}
    yield case('random_forest', 'one round of 20 trees', signal, rounds=1, num_parallel_tree=20, **forest)
    yield case('boosted_forest', 'five rounds of 4 trees for each of 3 classes', three, rounds=5, num_parallel_tree=4, num_class=3,
               objective='multi:softprob', classes=largest, ranges=[(1, 3)], formats=('json', 'ubj'), **{**forest, 'eta': 0.3})
    linear = {'booster': 'gblinear', 'updater': 'coord_descent', 'max_depth': None}
    filled = data.fillna(0)
    yield case('linear_softprob', 'gblinear, three classes', three, objective='multi:softprob', num_class=3, classes=largest,
               given=filled, records='made_filled.csv', **linear)
    yield case('linear_logistic', 'gblinear, two classes', two, objective='binary:logistic', classes=above_half,
               given=filled, records='made_filled.csv', **linear)
    yield case('linear_missing', 'gblinear with missing values', signal, **linear)
    yield case('pruned', "tree_method=exact with gamma: the file keeps deleted nodes", signal, tree_method='exact', gamma=1.5,
               max_depth=6, formats=('json', 'ubj'))
    yield case('deep', 'grow_policy=lossguide, deep and lopsided', signal, rounds=4, tree_method='hist', grow_policy='lossguide',
               max_depth=0, max_leaves=60, min_child_weight=0)
    yield case('approx', 'tree_method=approx with few bins', signal, tree_method='approx', max_bin=8)
    yield case('only_leaves', 'trees that are single leaves', signal, rounds=3, min_child_weight=1e6)
    yield case('no_rounds', 'no tree at all', signal, rounds=0)
    noisy = np.where(random.random(len(three)) < 0.3, random.integers(0, 3, size=len(three)), three)
    yield case('best_of_three', 'multi:softprob, stopped early', three, objective='multi:softprob', num_class=3, rounds=40,
               evals=[(data[:80], noisy[:80])], early_stopping_rounds=4, classes=largest, ranges=[(0, 0)])
    yield from typed_cases(frame, data, signal, two, three)


def typed_cases(frame, data, signal, two, three):
    """Names, types and categories."""
    x = list(data)
    names = ['x0', 'x1', 'x2', 'x3']
    yield Case('no_names', train(data[x].to_numpy(), signal), 'made.csv', data[x].to_numpy(), x, 'trained on a numpy array: no names',
               formats=('json', 'ubj'))
    odd = data[names].copy()
    odd.columns = ['age (years)', 'Größe', 'say "hi"', 'a,b']
    yield Case('odd_names', train(odd, signal), 'odd_names.csv', odd, list(odd), 'names with blanks, quotes, a comma and UTF-8')
    flags = data[names].assign(count=frame['count'].astype(int), flag=frame['flag'].astype(bool), same=frame['same'].astype(int))
    yield Case('types', train(flags, signal + flags['flag'] + 0.3 * flags['count']), 'made.csv', flags, list(flags),
               'integer (int), boolean (i) and constant columns')
    huge = read_records('huge.csv').drop(columns='id')
    yield Case('infinite_thresholds', train(huge, signal + (huge['big'] > 3e38), tree_method='exact', max_depth=5), 'huge.csv', huge,
               list(huge), 'values next to the largest and the smallest float32', formats=('json', 'ubj'))
    city = frame['city'].fillna('NA').astype('category')  # the text NA is one of the cities
    code = frame['code'].astype(int).astype('category')
    grade = frame['grade'].astype(int).astype('category')
    table = data[names].assign(city=city, code=code, grade=grade)
    effect = signal + city.cat.codes * 0.5 + (code.astype(int) > 10) - grade.astype(int) % 3
    for name, about, more in (
            ('categories_partition', 'text and integer categories, partitions', {'max_cat_to_onehot': 1}),
            ('categories_one_hot', 'text and integer categories, one against the rest', {'max_cat_to_onehot': 50})):
        yield Case(name, train(table, effect, 10, tree_method='hist', max_depth=4, **more), 'made.csv', table, list(table), about,
                   rows=240, formats=('json', 'ubj'))
    yield Case('categories_softprob', train(table, three, 6, objective='multi:softprob', num_class=3, max_cat_to_onehot=2), 'made.csv',
               table, list(table), 'categories, three classes', classes=largest)
    codes = np.column_stack([data[names].to_numpy(), frame['grade'].to_numpy(dtype=float)])
    types = ['q'] * len(names) + ['c']
    matrix = xgb.DMatrix(codes, effect, feature_types=types, feature_names=names + ['grade'], enable_categorical=True, nthread=1)
    booster = xgb.train({'nthread': 1, 'max_depth': 3, 'max_cat_to_onehot': 1, 'tree_method': 'hist'}, matrix, 10)
    codes_frame = pd.DataFrame(codes, columns=names + ['grade'])
    case = Case('category_codes', booster, 'made.csv', codes_frame, names + ['grade'], 'c features whose categories are not in the model')
    case.matrix = lambda rows, margins=None: xgb.DMatrix(codes[:rows], feature_types=types, feature_names=names + ['grade'],
                                                         enable_categorical=True, nthread=1)
    yield case


def main():
    wanted = set(sys.argv[1:])
    if xgb.__version__ != '3.4.1':
        sys.exit('generate.py: needs XGBoost 3.4.1, not ' + xgb.__version__)
    for folder in ('models', 'records', 'expected'):
        (HERE / folder).mkdir(exist_ok=True)
    make_records()
    made = read_records('made.csv')
    filled = made.copy()
    for number in range(8):
        filled['x%d' % number] = filled['x%d' % number].astype(float).fillna(0)
    write_records('made_filled.csv', filled[['id'] + ['x%d' % number for number in range(8)]])
    manifest_path = HERE / 'manifest.json'
    old = {entry['name']: entry for entry in json.loads(manifest_path.read_text())} if manifest_path.exists() else {}
    manifest = []
    for cases in (real_cases(), made_cases()):
        for case in cases:
            keep = wanted and case.name not in wanted and case.name in old
            manifest.append(old[case.name] if keep else case.save())
    manifest_path.write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + '\n', encoding='utf-8')


if __name__ == '__main__':
    main()
