"""The parts of the bench: each measures one thing and returns plain data, which report.py shows."""
import datetime
import json
import os
import re
import select
import subprocess
import time

import lookup
from measuring import BenchError, alternate, available_mb, median, peak_mb, summary, take
from prepare import call

LOOP_ROWS = 5000
# Held in memory, 64 MB: more than caches hold.
SIMDJSON_ROWS = 100000
# What pandas and polars hold of a record while they score it: columns of doubles, a matrix, copies.
PEER_BYTES_PER_ROW = 1000


def medians(runs):
    """`alternate`'s runs as {name: medians of what each run measured}."""
    return {name: summary(taken) for name, taken in runs.items()}


class Parts:
    def __init__(self, bench, rows, stream_rows, repeats):
        self.bench = bench
        self.rows = rows
        self.stream_rows = stream_rows
        self.repeats = repeats

    # ---- whole jobs ----

    def _ours(self, model, source, target, threads, *options):
        return lambda: take([self.bench.program, "-m", model, "-v", "--threads", str(threads), *options, source],
                            self.bench.folder, stdout=target)

    def _peer(self, script, model, source, target, threads):
        env = {"POLARS_MAX_THREADS": str(threads), "OMP_NUM_THREADS": str(threads)}
        return lambda: take(self.bench.peer(script, model, source, target, str(threads)), self.bench.folder, env=env)

    def _check(self, ours, theirs, rows=None):
        print("  ", theirs.name, "beside ours:", call(*self.bench.peer(
            "compare.py", ours, theirs, *([rows] if rows else []))).strip(), flush=True)

    def _job(self, form, name):
        bench, folder = self.bench, self.bench.folder
        model, source = bench.model(name), bench.records(form, self.rows)
        few = bench.records(form, min(LOOP_ROWS, self.rows))
        options = ["--ilibsvm"] if form == "libsvm" else ["--keep", "id"]
        suffix = "txt" if form == "libsvm" else form
        out = {who: folder / f"answers-{who}.{suffix}" for who in ("xgbpipe", "pandas", "polars", "python", "loop")}
        ours = {threads: self._ours(model, source, out["xgbpipe"], threads, *options) for threads in (1, 2)}
        contestants = {"xgbpipe, 2 threads": ours[2], "xgbpipe, 1 thread": ours[1]}
        scaled = {}
        if form == "libsvm":
            # The first reads decimals right; XGBoost's own reader is an ulp off for some.
            contestants["scikit-learn + Python XGBoost"] = self._peer("libsvm_sklearn.py", model, source,
                                                                      out["python"], 2)
            contestants["Python XGBoost's own reader"] = self._peer("libsvm_score.py", model, source,
                                                                    folder / "answers-own.txt", 2)
            debian = bench.debian_xgboost()
            if debian is None:
                print("   Debian's xgboost 1.7.4 cannot be had here: left out", flush=True)
            else:
                command, env = debian
                answers = folder / "answers-debian.txt"
                contestants["Debian's xgboost 1.7.4 (wrong answers)"] = lambda: take(
                    [*command, "/dev/null", "task=pred", f"model_in={model}", f"test:data={source}?format=libsvm",
                     f"name_pred={answers}", "nthread=2", "silent=1"], folder, env=env)
        else:
            contestants["polars + Python XGBoost"] = self._peer("polars_score.py", model, source, out["polars"], 2)
            contestants["pandas + Python XGBoost"] = self._peer("pandas_score.py", model, source, out["pandas"], 2)
            contestants["a Python loop, line by line"] = self._peer("loop_score.py", model, few, out["loop"], 1)
            one = bench.records(form, 1)
            scaled["a Python loop, line by line"] = self._peer("loop_score.py", model, one, folder / "one.csv", 1)
        # The answers first: nobody races a wrong one.
        for run in contestants.values():
            run()
        for who in ("pandas", "polars", "python"):
            if (who == "python") == (form == "libsvm"):
                self._check(out["xgbpipe"], out[who])
        if form != "libsvm":
            self._check(out["xgbpipe"], out["loop"], min(LOOP_ROWS, self.rows))
        results = medians(alternate(contestants, self.repeats))
        for who, run in scaled.items():
            # Its start is paid once, its records as often as there are records.
            start, result = run(), results[who]
            for key in ("wall", "cpu"):
                result[key] = start[key] + (result[key] - start[key]) * self.rows / min(LOOP_ROWS, self.rows)
            result["scaled_from"] = min(LOOP_ROWS, self.rows)
        for path in out.values():
            path.unlink(missing_ok=True)
        print("   seconds:", ", ".join(f"{who} {run['wall']:.2f}" for who, run in results.items()), flush=True)
        return results

    def jobs(self):
        """A file of records scored to a file of ids and predictions, beside others."""
        out = {}
        for form in ("csv", "jsonl", "libsvm"):
            for name in ("100x6", "500x8"):
                print(f"jobs: {form}, {name}, {self.rows} rows", flush=True)
                out[f"{form} {name}"] = self._job(form, name)
        return {"rows": self.rows, "jobs": out}

    def decode(self):
        """Our decode stage on one thread beside polars' readers on one thread, and beside simdjson."""
        bench, out = self.bench, {}
        model = bench.model("100x6")
        for form in ("csv", "jsonl"):
            source = bench.records(form, self.rows)
            ours = self._ours(model, source, bench.folder / "decode.out", 1)

            def stage(ours=ours, source=source):
                return {"seconds": ours()["stages"]["decode"], "cpu": bench.decode_alone(source)["seconds"]}

            def polars(source=source):
                wall, cpu = call(*bench.peer("read_time.py", source, 3),
                                 env={**os.environ, "POLARS_MAX_THREADS": "1"}).split()
                return {"seconds": float(wall), "cpu": float(cpu)}

            runs = alternate({"ours": stage, "polars": polars}, self.repeats)
            out[form] = {**medians(runs), "bytes": source.stat().st_size}
        (bench.folder / "decode.out").unlink()
        return {"rows": self.rows, "formats": out, "simdjson": self._simdjson()}

    def _simdjson(self):
        """Both decoders of JSON lines on the same bytes in memory, CPU time; {"left_out": why} where simdjson cannot be had."""
        bench, rows = self.bench, min(self.rows, SIMDJSON_ROWS)
        try:
            program = bench.simdjson()
        except BenchError as error:
            why = str(error).strip().splitlines()[-1]
            print("   simdjson is left out:", why, flush=True)
            return {"left_out": why}
        source = bench.records("jsonl", rows)
        runs = alternate({"ours": lambda: bench.decode_alone(source),
                          "simdjson": lambda: json.loads(call(program, source, 5))}, max(5, self.repeats))
        answers = {(run["records"], run["sum"]) for taken in runs.values() for run in taken}
        if len(answers) != 1 or runs["ours"][0]["records"] != rows:
            raise BenchError(f"simdjson and we read other floats: {sorted(answers)}")
        first = runs["simdjson"][0]
        return {"rows": rows, "bytes": source.stat().st_size, "kernel": first["kernel"], "version": first["version"],
                "ways": sorted({run["way"] for run in runs["simdjson"]}),
                **{name: {"seconds": median(taken, "seconds")} for name, taken in runs.items()}}

    # ---- one record ----

    def _latency(self, records, command, count, header):
        line = [self.bench.folder / "latency", "-n", str(count), "-w", str(min(count, 1000))]
        return json.loads(call(*line, *(["-h"] if header else []), records, *command))

    def startup(self):
        """From the start of the program to its first answer, for one record in a pipe."""
        bench = self.bench
        model, records, one = bench.model("100x6"), bench.records("csv", 1000), bench.records("csv", 1)
        big = bench.model("500x8")
        contestants = {
            "xgbpipe": [bench.program, "-m", model],
            "pandas + Python XGBoost": bench.peer("first_answer.py", "pandas", model),
            "numpy + Python XGBoost": bench.peer("first_answer.py", "numpy", model),
            "xgbpipe, 500x8": [bench.program, "-m", big],
            "pandas + Python XGBoost, 500x8": bench.peer("first_answer.py", "pandas", big),
            "echo": [bench.folder / "echo"],
        }
        def both(command):
            """The wait as the other end of the pipe sees it, the work as the kernel counts it."""
            return {"first": self._latency(records, command, 1, True)["first_us"] / 1e6,
                    "cpu": take(command, bench.folder, stdin=one)["cpu"]}

        return medians(alternate({name: lambda command=command: both(command)
                                  for name, command in contestants.items()}, max(5, self.repeats), warm_up=True))

    def latency(self):
        """From a record's newline to its answer's newline, one record in flight."""
        bench, count = self.bench, 20000 if self.rows >= 1000000 else 4000
        model = bench.model("100x6")
        csv, jsonl = bench.records("csv", 1000), bench.records("jsonl", 1000)
        ours = [bench.program, "-m", model]
        contestants = {
            "echo, csv": (csv, [bench.folder / "echo"], True),
            "xgbpipe, csv": (csv, ours, True),
            "xgbpipe, csv, --line-buffered": (csv, [*ours, "--line-buffered"], True),
            "echo, jsonl": (jsonl, [bench.folder / "echo"], False),
            "xgbpipe, jsonl": (jsonl, ours, False),
            "xgbpipe, jsonl, --line-buffered": (jsonl, [*ours, "--line-buffered"], False),
        }
        runs = alternate({name: lambda case=case: self._latency(case[0], case[1], count, case[2])
                          for name, case in contestants.items()}, max(5, self.repeats), warm_up=True)
        return {"count": count, "programs": {
            name: {key: median(taken, key) for key in ("p50_us", "p99_us", "least_us")}
            for name, taken in runs.items()}}

    # ---- memory ----

    def _stream(self, arguments):
        """Pipes made records into xgbpipe; its peak of memory at each tenth. As many answers must come out as
        records were made."""
        bench = self.bench
        model = bench.model("100x6")
        mark_read, mark_write = os.pipe()
        begin = time.monotonic()
        maker = subprocess.Popen([bench.folder / "make_records", *arguments, "-m", str(mark_write)],
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, pass_fds=[mark_write])
        os.close(mark_write)
        with subprocess.Popen([bench.program, "-m", model, "-v", "--threads", "2"], stdin=maker.stdout,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as ours, \
                subprocess.Popen(["wc", "-l"], stdin=ours.stdout, stdout=subprocess.PIPE, text=True) as counter:
            maker.stdout.close()
            ours.stdout.close()
            peaks, peak, is_open = [], 0, True
            while is_open:
                # Between the marks too: behind the last one the program may be gone.
                is_marked = select.select([mark_read], [], [], 0.01)[0]
                peak = peak_mb(ours.pid) or peak
                if is_marked:
                    is_open = os.read(mark_read, 1) != b""
                    if is_open:
                        peaks.append(peak)
                        print(f"   {10 * len(peaks)} %: {peak:.1f} MB", flush=True)
            os.close(mark_read)
            while (last := peak_mb(ours.pid)) is not None:
                peaks[-1] = max(peaks[-1], last)
                time.sleep(0.005)
            notes, made = ours.stderr.read(), maker.stderr.read().decode()
            answers = int(counter.stdout.read()) - 1  # the header
        if maker.wait() != 0 or ours.returncode != 0 or len(peaks) != 10:
            raise BenchError(f"the stream ended early\n{made}{notes[-2000:]}")
        seconds = time.monotonic() - begin
        records = int(re.search(r"(\d+) records in", notes).group(1))
        if not records == answers == int(made.split()[0]):
            raise BenchError(f"records were lost: made {made.strip()}, read {records}, answered {answers}")
        return {"records": records, "seconds": seconds, "peak_mb": peaks}

    def memory(self):
        """The peak of memory for a long stream, and of pandas and polars on the same records in a file."""
        bench, rows = self.bench, self.stream_rows
        print(f"memory: a stream of {rows} records", flush=True)
        out = {"stream": self._stream(["-r", str(rows)])}
        fit = int(available_mb() * 1e6 * 0.6 / PEER_BYTES_PER_ROW)
        peer_rows = min(rows, fit // 100000 * 100000 or fit)
        model, source, target = bench.model("100x6"), bench.records("csv", peer_rows), bench.folder / "memory.csv"
        out["peer_rows"] = peer_rows
        for name in ("polars", "pandas"):
            print(f"   {name} on {peer_rows} of them", flush=True)
            out[name] = self._peer(f"{name}_score.py", model, source, target, 2)()["peak_mb"]
        out["file"] = self._ours(model, source, target, 2)()["peak_mb"]
        target.unlink()
        if peer_rows > 1000000:
            source.unlink()
        return out

    def stream(self):
        """STREAM_GB gigabytes of records, made on the fly: not part of a plain run."""
        size = float(os.environ.get("STREAM_GB", "10")) * 1e9
        print(f"stream: {size / 1e9:g} GB", flush=True)
        out = self._stream(["-b", str(int(size))])
        return {**out, "bytes": int(size), "date": datetime.date.today().isoformat()}

    # ---- growth and steps ----

    def growth(self):
        """What ten times as much of one thing costs, the start taken off."""
        bench, small = self.bench, max(self.rows // 10, 1000)
        model, wide, big = bench.model("100x6"), bench.model("100x6", 280), bench.model("500x8")
        target = bench.folder / "growth.csv"

        def run(model, source, *options):
            # Without the library's own start, which would hide what little records cost.
            return self._ours(model, source, target, 1, "--engine", "native", *options)

        line = bench.records("csv", small).stat().st_size // small
        pairs = {
            "rows": (run(model, bench.records("csv", small)), run(model, bench.records("csv", 10 * small))),
            "rows, jsonl": (run(model, bench.records("jsonl", small)), run(model, bench.records("jsonl", 10 * small))),
            "columns": (run(model, bench.records("csv", small)), run(wide, bench.records("csv", small, 280))),
            "columns, jsonl": (run(model, bench.records("jsonl", small)),
                               run(wide, bench.records("jsonl", small, 280))),
            "trees": (run(big, bench.records("csv", small), "--iterations", "0:50"),
                      run(big, bench.records("csv", small), "--iterations", "0:500")),
            "line length": (run(model, bench.records("csv", small)),
                            run(model, bench.records("csv", small, pad=9 * line))),
            "line length, quoted": (run(model, bench.records("csv", small, pad=16, quoted=True)),
                                    run(model, bench.records("csv", small, pad=9 * line, quoted=True))),
        }
        one, one_wide, one_json = (bench.records("csv", 1), bench.records("csv", 1, 280), bench.records("jsonl", 1))
        starts = {"columns": (run(model, one), run(wide, one_wide)),
                  "trees": (run(big, one, "--iterations", "0:50"), run(big, one, "--iterations", "0:500")),
                  "rows, jsonl": (run(model, one_json),) * 2}
        out = {}
        for name, (first, tenfold) in pairs.items():
            print(f"growth: {name}", flush=True)
            start = starts.get(name, (run(model, one),) * 2)
            runs = medians(alternate({"1": first, "10": tenfold, "start 1": start[0], "start 10": start[1]},
                                     max(3, self.repeats), warm_up=True))
            out[name] = {"cpu": [runs["1"]["cpu"], runs["10"]["cpu"]],
                         "start_cpu": [runs["start 1"]["cpu"], runs["start 10"]["cpu"]],
                         "peak_mb": [runs["1"]["peak_mb"], runs["10"]["peak_mb"]],
                         "ratio": (runs["10"]["cpu"] - runs["start 10"]["cpu"]) /
                                  max(runs["1"]["cpu"] - runs["start 1"]["cpu"], 1e-6)}
        target.unlink()
        return {"rows": small, "growth": out}

    def steps(self):
        """What imputing and standardizing 28 columns and one-hot coding 4 cost beside decoding them."""
        bench = self.bench
        numbers = [f"feature_{i}" for i in range(28)]
        texts = [f"text_{i}" for i in range(4)]
        source, folder = bench.records("csv", self.rows, texts=4), bench.folder
        draft, fitted = folder / "steps.json", folder / "steps-fitted.json"
        draft.write_text(json.dumps({"spec": 1, "steps": [
            {"op": "impute", "columns": numbers, "strategy": "mean"},
            {"op": "standardize", "columns": numbers},
            {"op": "one_hot", "columns": texts, "unknown": "ignore"},
            {"op": "drop", "columns": ["id"]}]}))
        with open(fitted, "w", encoding="utf-8") as target:
            done = subprocess.run([bench.program, "fit", "-s", draft, bench.records("csv", 10000, texts=4)],
                                  stdout=target, stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            raise BenchError(done.stderr)
        target = folder / "steps.csv"
        options = ["-v", "--threads", "1", source]
        runs = medians(alternate({
            "steps": lambda: take([bench.program, "transform", "-s", fitted, *options], folder, stdout=target),
            "plain": lambda: take([bench.program, "-m", bench.model("100x6"), *options], folder, stdout=target),
        }, max(3, self.repeats)))
        target.unlink()
        with_steps, plain = runs["steps"]["stages"], runs["plain"]["stages"]
        return {"rows": self.rows, "steps": with_steps, "plain": plain,
                "ratio": with_steps["steps"] / with_steps["decode"],
                "added": (with_steps["decode"] + with_steps["steps"] - plain["decode"]) / plain["decode"]}

    def lookup(self):
        """Features in a database, looked up by a key, beside Python scripts and a loop in C."""
        return lookup.measure(self.bench, self.rows, self.repeats)
