"""The part of the bench about look-ups: features in a table of a million users, in SQLite and in PostgreSQL.

A record holds a key and 24 of the model's 28 features, the table holds the last four. What a pass costs is the time
of a run less that of a run over one record; a warm pass is a run over the records twice less a run over them once.
"""
import itertools
import json
import os
import pathlib
import shutil
import sqlite3
import sys
import tempfile

from measuring import alternate, median, summary, take
from prepare import HERE, ROOT, call

sys.path.insert(0, str(ROOT / "tests"))
from postgres_server import Server  # noqa: E402

PASSWORD = "open-sesame"
LOOKED_UP = 4
EACH_ROWS = 20000  # of the scripts that query for each record: scaled
WAYS = ("uniform", "zipf")


class Job:
    """Files, made once, and the commands."""

    def __init__(self, bench, users, records):
        self.bench, self.users, self.records = bench, users, records
        self.folder = bench.folder / f"lookup-{users}-{records}"
        self.model = bench.model("100x6")
        with open(bench.records("csv", users), encoding="ascii") as lines:
            self.features = next(lines).rstrip("\n").split(",")[1:]
        self.names = self.features[-LOOKED_UP:]
        self.query = f"SELECT {', '.join(self.names)} FROM users WHERE id = "
        self.loop = bench.folder / "bench_lookup"
        if not self.loop.exists() or self.loop.stat().st_mtime < (HERE / "bench_lookup.c").stat().st_mtime:
            call(*os.environ.get("CC", "gcc").split(), "-std=gnu11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-o",
                 self.loop, HERE / "bench_lookup.c", "-lsqlite3")
        if not (self.folder / "stamp").exists():
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir()
            self._make_files()
            (self.folder / "stamp").touch()

    def _keys(self, count, way):
        return call(self.bench.python(), HERE / "peers" / "lookup_keys.py", self.users, count, way).split()

    def _make_files(self):
        print("making the table and the records", flush=True)
        with open(self.bench.records("csv", self.users), encoding="ascii") as lines:
            head = next(lines).rstrip("\n")
            rows = [line.rstrip("\n").rsplit(",", LOOKED_UP) for line in lines]
        database = sqlite3.connect(self.folder / "users.db")
        with database:
            database.execute(f"CREATE TABLE users (id INTEGER PRIMARY KEY, {' REAL, '.join(self.names)} REAL)")
            database.executemany(f"INSERT INTO users VALUES (?{', ?' * LOOKED_UP})", (
                (user, *(float(text) if text else None for text in row[1:])) for user, row in enumerate(rows)))
        database.close()
        few = head.rsplit(",", LOOKED_UP)[0].replace("id,", "id,user_id,", 1)
        for way in WAYS:
            with open(self.folder / f"{way}.csv", "w", encoding="ascii") as keyed, \
                    open(self.folder / f"{way}-joined.csv", "w", encoding="ascii") as joined:
                keyed.write(few + "\n")
                joined.write(head + "\n")
                for row, key in zip(rows, self._keys(self.records, way)):
                    name, rest = row[0].split(",", 1)
                    keyed.write(f"{name},{key},{rest}\n")
                    joined.write(",".join([row[0], *rows[int(key)][1:]]) + "\n")
            for suffix in ("", "-joined"):
                with open(self.folder / f"{way}{suffix}.csv", encoding="ascii") as source:
                    for count in (1, EACH_ROWS):
                        source.seek(0)
                        (self.folder / f"{way}{suffix}-{count}.csv").write_text("".join(
                            itertools.islice(source, count + 1)), encoding="ascii")
        # Every user once, in no order.
        keys = dict.fromkeys(self._keys(3 * self.users, "uniform"))
        (self.folder / "keys.txt").write_text("\n".join(keys) + "\n", encoding="ascii")
        (self.folder / "keys.csv").write_text("user_id\n" + "\n".join(keys) + "\n", encoding="ascii")
        (self.folder / "key.csv").write_text("user_id\n1\n", encoding="ascii")

    def check(self, theirs, rows):
        """The first answers of our last run beside a peer's."""
        print("  ", call(*self.bench.peer("compare.py", self.folder / "ours.csv", theirs, rows)).strip(), flush=True)

    def spec(self, name, source, features=None):
        path = self.folder / name
        path.write_text(json.dumps({"spec": 1, "steps": [
            {"op": "lookup", "source": source, "query": self.query + "$1", "key": ["user_id"], "columns": self.names}],
            **({"features": features} if features else {})}), encoding="ascii")
        return path


def fill_server(job, server):
    rows = sqlite3.connect(job.folder / "users.db").execute("SELECT * FROM users")
    server.psql(f"CREATE TABLE users (id bigint PRIMARY KEY, {' float8, '.join(job.names)} float8);\n"
                "COPY users FROM STDIN;\n" +
                "".join("\t".join("\\N" if value is None else repr(value) for value in row) + "\n" for row in rows) +
                "\\.\nANALYZE users;\n")


def loops(job, repeats):
    """Look-ups alone, one thread, every user once: ours, start to end, beside a loop in C."""
    spec = job.spec("keys.json", "sqlite:users.db", job.names)

    def ours(source):
        return take([job.bench.program, "transform", "-s", spec, "--threads", "1", "--lookup-cache", "0",
                     job.folder / source], job.bench.folder)

    def bare():
        return take([job.loop, job.folder / "users.db", job.query + "?", job.folder / "keys.txt"],
                    job.bench.folder)

    keys = sum(1 for _ in open(job.folder / "keys.txt", encoding="ascii"))
    runs = alternate({"ours": lambda: ours("keys.csv"), "start": lambda: ours("key.csv"), "bare": bare}, repeats, True)
    out = {name: {key: median(taken, key) / keys for key in ("wall", "cpu")} for name, taken in runs.items()}
    return {"keys": keys, "bare": out["bare"], "ours": {key: out["ours"][key] - out["start"][key]
                                                        for key in ("wall", "cpu")}}


def passes(job, way, spec, env, options, repeats):
    """What a cold and a warm pass cost, seconds a record."""
    def run(*sources):
        steps = ["-s", spec] if spec else []
        return lambda: take([job.bench.program, "-m", job.model, *steps, "--keep", "id", "--threads", "2", *options,
                             *(job.folder / source for source in sources)], job.bench.folder, stdout=job.folder / "ours.csv", env=env)

    name = way if spec else f"{way}-joined"
    runs = alternate({"start": run(f"{name}-1.csv"), "twice": run(f"{name}.csv", f"{name}.csv"),
                      "once": run(f"{name}.csv")}, repeats)
    runs = {key: summary(taken) for key, taken in runs.items()}
    return {kind: {key: (runs[more][key] - runs[less][key]) / job.records for key in ("wall", "cpu")}
            for kind, more, less in (("cold", "once", "start"), ("warm", "twice", "once"))}


def peers(job, way, database, repeats, env):
    """The scripts: seconds a record."""
    bench, folder, out = job.bench, job.folder, {}
    few = min(EACH_ROWS, job.records)

    def run(kind, source):
        return lambda: take(bench.peer("lookup_score.py", kind, job.model, folder / source, folder / "theirs.csv",
                                       database), bench.folder, env=env)

    runs = alternate({"start": run("each", f"{way}-1.csv"), "each": run("each", f"{way}-{EACH_ROWS}.csv")}, repeats)
    runs = {key: summary(taken) for key, taken in runs.items()}
    out["each"] = {key: (runs["each"][key] - runs["start"][key]) / few for key in ("wall", "cpu")}
    job.check(folder / "theirs.csv", few)
    merged = alternate({"merge": run("merge", f"{way}.csv")}, repeats)["merge"]
    out["merge"] = {key: median(merged, key) / job.records for key in ("wall", "cpu")}
    job.check(folder / "theirs.csv", job.records)
    return out


def measure(bench, rows, repeats):
    job = Job(bench, rows, rows // 2)
    print("lookup: keys alone", flush=True)
    out = {"users": job.users, "records": job.records, "loop": loops(job, repeats), "ways": {}}
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="xgbpipe-bench-", dir="/tmp"))
    server = Server(str(scratch), PASSWORD)
    try:
        if not server.trouble:
            server.make()
        if server.trouble:
            print("   no PostgreSQL:", server.trouble, flush=True)
        else:
            fill_server(job, server)
        env = {"PGPASSWORD": PASSWORD}
        databases = {"SQLite": (job.spec("sqlite.json", "sqlite:users.db"), job.folder / "users.db", {})}
        if server.is_started:
            databases["PostgreSQL"] = (job.spec("postgres.json", f"postgresql://tester@/postgres?host={server.folder}"),
                                       f"host={server.folder} user=tester dbname=postgres", env)
        for way in WAYS:
            print(f"lookup: {way} keys", flush=True)
            runs = {"without": {"ours": passes(job, way, None, {}, [], repeats)}}
            for name, (spec, database, more) in databases.items():
                runs[name] = {"ours": passes(job, way, spec, more, [], repeats),
                              "large": passes(job, way, spec, more, ["--lookup-cache", str(job.users)], repeats),
                              **peers(job, way, database, repeats, more)}
                print("  ", name, json.dumps(runs[name]), flush=True)
            out["ways"][way] = runs
    finally:
        server.stop()
        shutil.rmtree(scratch, ignore_errors=True)
    return out
