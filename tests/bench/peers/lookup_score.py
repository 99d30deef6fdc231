"""Scores records whose last features are in a database: lookup_score.py each|merge MODEL INPUT OUTPUT DATABASE.

each: one prepared query for each record. merge: pandas loads the whole table and joins it.
DATABASE is a file of SQLite, or what psycopg connects to. All is predicted at once, which is the fast way.
"""
import csv
import sqlite3
import sys

import numpy as np
import pandas as pd
import xgboost as xgb

way, model, source, target, database = sys.argv[1:]
booster = xgb.Booster({"nthread": 2}, model_file=model)
names = booster.feature_names
is_sqlite = "=" not in database
if is_sqlite:
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
else:
    import psycopg
    connection = psycopg.connect(database, autocommit=True)
    connection.prepare_threshold = 1
cursor = connection.cursor()


def write(ids, features):
    answers = pd.DataFrame({"id": ids, "prediction": booster.inplace_predict(features)})
    answers.to_csv(target, index=False)


if way == "merge":
    frame = pd.read_csv(source)
    looked_up = [name for name in names if name not in frame.columns]
    cursor.execute(f"SELECT id, {', '.join(looked_up)} FROM users")
    table = pd.DataFrame(cursor.fetchall(), columns=["user_id", *looked_up])
    joined = frame.merge(table, on="user_id", how="left")
    write(joined["id"], joined[names].to_numpy(np.float32))
else:
    with open(source, encoding="utf-8", newline="") as records:
        rows = csv.reader(records)
        header = next(rows)
        looked_up = [name for name in names if name not in header]
        given = [header.index(name) for name in names if name in header]
        places = [(names.index(header[at]), at) for at in given]
        query = f"SELECT {', '.join(looked_up)} FROM users WHERE id = {'?' if is_sqlite else '%s'}"
        key, ids, features = header.index("user_id"), [], []
        found_at = [names.index(name) for name in looked_up]
        for row in rows:
            values = [None] * len(names)
            for place, at in places:
                values[place] = row[at] or None
            found = cursor.execute(query, (int(row[key]),)).fetchone()
            for place, value in zip(found_at, found or ()):
                values[place] = value
            ids.append(row[0])
            features.append(np.array(values, dtype=np.float32))
    write(ids, np.array(features))
