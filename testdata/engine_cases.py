"""Makes testdata/engine: small models of every kind and what Python XGBoost answers for them.

    python engine_cases.py [FOLDER]

Each NAME.case is lines of words: the model's file, the rounds, the shape, the features row by row (or
sparse: the number of entries of each row and their indices and values), the base margins (if any) and
the expected answers of each kind, floats as the 8 hex digits of their bits.
A `refused KIND` line names what libxgboost cannot give for the model. Python predicts through a DMatrix
and, for a range of rounds, through a sliced booster: another way than the one that is tested.
"""
import pathlib
import sys

import numpy as np
import pandas as pd
import xgboost as xgb

FOLDER = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "engine")
FEATURES = 6
TRAIN_ROWS = 400
TEST_ROWS = 21  # no multiple of a vector's width
random = np.random.default_rng(3)


def make_rows(count):
    rows = random.normal(size=(count, FEATURES)).astype(np.float32)
    rows[:, 3] = random.integers(0, 5, size=count)
    rows[random.random(rows.shape) < 0.1] = np.nan
    return rows


train_rows = make_rows(TRAIN_ROWS)
test_rows = make_rows(TEST_ROWS)
test_rows[0, :] = np.nan
test_rows[1, :] = 0
filled = np.nan_to_num(train_rows, nan=0.5)
signal = filled[:, 0] - 0.7 * filled[:, 1] * filled[:, 2] + 0.3 * filled[:, 3]
noise = random.normal(size=TRAIN_ROWS) * 0.2


def words(values):
    return " ".join(f"{bits:08x}" for bits in np.asarray(values, dtype=np.float32).ravel().view(np.uint32))


def write_case(name, booster, model_file, rows, rounds=None, base_margin=None, frame=None, refused=()):
    is_linear = "gblinear" in name
    total = 0 if is_linear else booster.num_boosted_rounds()
    begin, end = rounds or (0, total)
    sliced = booster if is_linear or (begin, end) == (0, total) else booster[begin:end]
    data = xgb.DMatrix(rows if frame is None else frame, nthread=1, enable_categorical=frame is not None)
    if base_margin is not None:
        data.set_base_margin(base_margin)
    lines = [f"model {model_file}", f"rounds {begin} {end}", f"rows {len(rows)} {rows.shape[1]}",
             f"features {words(rows)}"]
    if base_margin is not None:
        lines.append(f"base_margin {base_margin.shape[1]} {words(base_margin)}")
    # A slice has no iteration_range of its own; value and margin take the range of the whole model.
    span = (0, 0) if is_linear else (begin, end)
    for kind, extra in (("value", {}), ("margin", {"output_margin": True})):
        answer = booster.predict(data, iteration_range=span, **extra).reshape(len(rows), -1)
        lines.append(f"{kind} {answer.shape[1]} {words(answer)}")
    for kind, extra in (("leaf", {"pred_leaf": True}), ("contribs", {"pred_contribs": True})):
        if is_linear and kind == "leaf" or kind in refused:
            lines.append(f"refused {kind}")
            continue
        answer = sliced.predict(data, **extra).reshape(len(rows), -1)
        lines.append(f"{kind} {answer.shape[1]} {words(answer)}")
    (FOLDER / f"{name}.case").write_text("\n".join(lines) + "\n")


def train(parameters, labels, rounds=6, rows=train_rows, **extra):
    parameters = {"max_depth": 3, "nthread": 1, "seed": 1, **parameters}
    return xgb.train(parameters, xgb.DMatrix(rows, nthread=1, **({"label": labels} | extra)), rounds)


def make(name, parameters, labels, suffix="json", ranges=((2, 5),), margins=True, refused=(), **extra):
    booster = train(parameters, labels, **extra)
    model_file = f"{name}.{suffix}"
    booster.save_model(FOLDER / model_file)
    write_case(name, booster, model_file, test_rows, refused=refused)
    if "gblinear" not in name:
        for begin, end in ranges:
            write_case(f"{name}_rounds_{begin}_{end}", booster, model_file, test_rows, (begin, end),
                       refused=refused)
    if margins:
        width = booster.predict(xgb.DMatrix(test_rows), output_margin=True).reshape(TEST_ROWS, -1).shape[1]
        base = random.normal(size=(TEST_ROWS, width)).astype(np.float32)
        write_case(f"{name}_base_margin", booster, model_file, test_rows, base_margin=base, refused=refused)


def make_categorical(name):
    texts = np.array(["ant", "bee", "cat", "dog", "eel", "fox"])
    frame = pd.DataFrame(filled, columns=[f"f{i}" for i in range(FEATURES)])
    frame["f3"] = pd.Categorical(texts[random.integers(0, 6, TRAIN_ROWS)], categories=texts)
    labels = signal + 2 * np.isin(frame["f3"], ["bee", "eel", "fox"])
    booster = xgb.train({"max_depth": 3, "nthread": 1, "max_cat_to_onehot": 1},
                        xgb.DMatrix(frame, labels, enable_categorical=True, nthread=1), 6)
    booster.save_model(FOLDER / f"{name}.ubj")
    codes = random.integers(0, 6, TEST_ROWS)
    rows = np.nan_to_num(test_rows, nan=-1)
    rows[:, 3] = codes
    test = pd.DataFrame(rows, columns=frame.columns)
    test["f3"] = pd.Categorical(texts[codes], categories=texts)
    for rounds in (None, (1, 4)):
        write_case(name + ("_rounds" if rounds else ""), booster, f"{name}.ubj", rows, rounds, frame=test)


def make_wide(name, columns=20000, count=300):
    """Rows of a few entries among many features, as libsvm files have them; contributions are left out,
    because they would be as wide as the rows."""
    indices = np.sort(random.integers(0, columns // 20, size=(count, 12)) * 20, axis=1)
    rows = np.full((count, columns), np.nan, dtype=np.float32)
    for row, at in zip(rows, indices):
        row[at] = random.normal(size=len(at))
    labels = np.nan_to_num(rows[:, : columns // 2]).sum(axis=1)
    booster = xgb.train({"max_depth": 4, "nthread": 1, "tree_method": "approx"},
                        xgb.DMatrix(rows, labels, nthread=1), 5)
    booster.save_model(FOLDER / f"{name}.ubj")
    rows = rows[:9]
    data = xgb.DMatrix(rows, nthread=1)
    text = []
    for row in rows:
        at = np.flatnonzero(~np.isnan(row))
        text.append(f"{len(at)} " + " ".join(f"{i} {words(row[i])}" for i in at))
    lines = [f"model {name}.ubj", f"rounds 1 {booster.num_boosted_rounds()}", f"rows 9 {columns}",
             "sparse_features " + " ".join(text)]
    span = (1, booster.num_boosted_rounds())
    for kind, answer in (("value", booster.predict(data, iteration_range=span)),
                         ("margin", booster.predict(data, iteration_range=span, output_margin=True)),
                         ("leaf", booster[1:].predict(data, pred_leaf=True))):
        answer = answer.reshape(9, -1)
        lines.append(f"{kind} {answer.shape[1]} {words(answer)}")
    (FOLDER / f"{name}.case").write_text("\n".join(lines) + "\n")


def main():
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.iterdir():
        old.unlink()
    level = np.digitize(signal, [-0.5, 0.8])
    positive = np.abs(signal + noise)
    make("squarederror", {}, signal + noise)
    make("logistic", {"objective": "binary:logistic", "base_score": 0.3}, signal > 0.3, suffix="ubj")
    make("hinge", {"objective": "binary:hinge"}, signal > 0.3)
    make("logitraw", {"objective": "binary:logitraw"}, signal > 0.3, margins=False)
    make("poisson", {"objective": "count:poisson"}, np.floor(positive), suffix="ubj")
    make("rank", {"objective": "rank:ndcg"}, level, qid=np.arange(TRAIN_ROWS) // 20)
    make("cox", {"objective": "survival:cox"}, np.where(noise > 0.2, -1, 1) * (positive + 0.1))
    make("aft", {"objective": "survival:aft"}, positive, label_lower_bound=positive,
         label_upper_bound=positive + 1)
    make("softmax", {"objective": "multi:softmax", "num_class": 3}, level)
    make("softprob", {"objective": "multi:softprob", "num_class": 3}, level, suffix="ubj")
    make("dart", {"booster": "dart", "rate_drop": 0.4}, signal + noise)
    make("dart_softprob", {"booster": "dart", "rate_drop": 0.4, "objective": "multi:softprob",
                           "num_class": 3}, level, suffix="ubj")
    make("forest", {"num_parallel_tree": 4, "subsample": 0.6, "colsample_bynode": 0.6}, signal, rounds=4,
         ranges=((1, 3),))
    make("forest_softprob", {"num_parallel_tree": 2, "subsample": 0.6, "objective": "multi:softprob",
                             "num_class": 3}, level, rounds=4, ranges=((1, 3),))
    two = np.stack([signal + noise, filled[:, 4] - noise], axis=1)
    make("targets", {}, two)
    make("vector_leaves", {"multi_strategy": "multi_output_tree", "tree_method": "hist"}, two)
    make("vector_leaves_softprob", {"multi_strategy": "multi_output_tree", "objective": "multi:softprob",
                                    "num_class": 3}, level)
    make("quantiles", {"objective": "reg:quantileerror", "quantile_alpha": [0.1, 0.5, 0.9]}, signal + noise)
    make("pruned", {"tree_method": "exact", "gamma": 8}, signal + noise, suffix="ubj")
    make("gblinear", {"booster": "gblinear"}, signal + noise, suffix="ubj")
    make("gblinear_softprob", {"booster": "gblinear", "objective": "multi:softprob", "num_class": 3}, level)
    make_categorical("categorical")
    make_wide("wide")


main()
