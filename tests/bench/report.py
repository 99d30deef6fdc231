"""Shows what the parts measured: Markdown, with the goal beside each figure."""
import re

from measuring import STAGES

OURS, OURS_1 = "xgbpipe, 2 threads", "xgbpipe, 1 thread"
# How many times faster than polars + Python XGBoost a whole job is to be; JSON lines without AVX-512: two thirds.
JOB_GOALS = {"csv 100x6": 12, "jsonl 100x6": 10}


def table(head, rows):
    """A Markdown table; the first column is text, the others are numbers."""
    out = ["| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    return out + ["| " + " | ".join(map(str, row)) + " |" for row in rows]


def figure(value):
    """Three digits that matter."""
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def verdict(value, goal, at_least=False):
    met = value >= goal if at_least else value <= goal
    return f"{figure(value)} (goal: at {'least' if at_least else 'most'} {goal:g}{'' if met else '; **missed**'})"


def jobs_table(data):
    """Each whole job as times of xgbpipe with two threads: the README's table."""
    jobs = data["jobs"]
    peers = []
    for runs in jobs.values():
        peers += [name for name in runs if name not in peers]
    rows = []
    for name in peers:
        rows.append([name] + [figure(runs[name]["wall"] / runs[OURS]["wall"]) if name in runs else "–"
                              for runs in jobs.values()])
    return table(["wall time, as times of xgbpipe's"] + list(jobs), rows)


def jobs(data, has_avx512=True):
    out = [f"### Whole jobs, {data['rows']:,} records", "", *jobs_table(data), ""]
    rows = []
    for job, runs in data["jobs"].items():
        for name, run in runs.items():
            scaled = f" (scaled from {run['scaled_from']:,} records)" if "scaled_from" in run else ""
            rows.append([f"{job}: {name}{scaled}", figure(run["wall"]), figure(run["cpu"]),
                         figure(run["cpu"] / runs[OURS_1]["cpu"]), figure(run["peak_mb"])])
    out += table(["", "wall s", "CPU s", "CPU, × xgbpipe 1 thread", "peak MB"], rows) + [""]
    rows = [[job] + [figure(runs[OURS_1]["stages"][stage] / data["rows"] * 1e9) for stage in STAGES] +
            [figure(runs[OURS_1]["wall"] / data["rows"] * 1e9)] for job, runs in data["jobs"].items()]
    out += ["Where xgbpipe's time goes, nanoseconds a record on one thread:", "",
            *table(["", *STAGES, "all"], rows), ""]
    for job, goal in JOB_GOALS.items():
        runs = data["jobs"][job]
        if job.startswith("jsonl") and not has_avx512:
            goal = round(goal * 2 / 3, 1)
        ratio = runs["polars + Python XGBoost"]["wall"] / runs[OURS]["wall"]
        out.append(f"- {job}: polars + Python XGBoost takes {verdict(ratio, goal, True)} times as long")
    peak = max(runs[OURS]["peak_mb"] for runs in data["jobs"].values())
    return out + [f"- xgbpipe's peak of memory: {verdict(peak, 150)} MB", ""]


def decode(data):
    rows = []
    for form, runs in data["formats"].items():
        ours, theirs = runs["ours"], runs["polars"]
        rows.append([form, *(figure(who[key] / data["rows"] * 1e9) for key in ("seconds", "cpu") for who in (ours, theirs)),
                     figure(theirs["seconds"] / ours["seconds"]), figure(theirs["cpu"] / ours["cpu"])])
    csv = data["formats"]["csv"]
    return ["### Decoding alone, one thread", "",
            *table(["ns a record", "xgbpipe's stage, wall", "polars, wall", "xgbpipe with finding records' ends, CPU", "polars, CPU",
                    "polars / xgbpipe, wall", "polars / xgbpipe, CPU"], rows), "",
            "- csv: polars' read on one thread takes "
            f"{verdict(csv['polars']['cpu'] / csv['ours']['cpu'], 5, True)} times the CPU time of our decoder",
            *beside_simdjson(data.get("simdjson", {"left_out": "not measured"})), ""]


def beside_simdjson(data):
    if "left_out" in data:
        return [f"- jsonl beside simdjson: left out ({data['left_out']})"]
    ours, theirs = data["ours"]["seconds"], data["simdjson"]["seconds"]
    rows = [[name, figure(seconds / data["rows"] * 1e9), figure(data["bytes"] / seconds / 1e6), figure(theirs / seconds)]
            for name, seconds in (("xgbpipe, records' ends included", ours),
                                  (f"simdjson {data['version']}, {data['kernel']}, {' or '.join(data['ways'])}", theirs))]
    return ["", *table([f"the same {data['rows']:,} records of jsonl in memory, CPU time", "ns/record", "MB/s", "speed, × simdjson"],
                       rows), "", f"- jsonl: {verdict(theirs / ours, 0.7, True)} times the speed of simdjson, the same floats to the bit"]


def startup(data):
    def times(name, key):
        return data[name][key] / data["xgbpipe"][key]

    python = "pandas + Python XGBoost"
    return ["### From start to first answer", "",
            *table(["one record, model 100x6 unless named", "ms", "× xgbpipe", "CPU ms", "× xgbpipe"],
                   [[name, figure(run["first"] * 1e3), figure(times(name, "first")), figure(run["cpu"] * 1e3),
                     figure(times(name, "cpu"))] for name, run in data.items()]), "",
            f"- {python} takes {verdict(times(python, 'first'), 15, True)} times as long to the first answer, without "
            f"pandas {figure(times('numpy + Python XGBoost', 'first'))} times", ""]


def latency(data):
    programs = data["programs"]
    rows = []
    for name, run in programs.items():
        echo = programs["echo, " + ("jsonl" if "jsonl" in name else "csv")]
        rows.append([name, figure(run["p50_us"]), figure(run["p50_us"] / echo["p50_us"]), figure(run["p99_us"]),
                     figure(run["p99_us"] / echo["p99_us"]), figure(run["least_us"])])
    out = [f"### One record in flight, model 100x6, {data['count']:,} records a run", "",
           *table(["", "p50 µs", "× echo", "p99 µs", "× echo", "least µs"], rows), ""]
    for form in ("csv", "jsonl"):
        ratio = programs[f"xgbpipe, {form}"]["p50_us"] / programs[f"echo, {form}"]["p50_us"]
        out.append(f"- {form}: p50 is {verdict(ratio, 4)} times the echo's")
    return out + [""]


def stream_text(data):
    peaks = data["peak_mb"]
    return (f"- xgbpipe, {data['records']:,} records from a pipe: {peaks[0]:.1f} MB after a tenth, {peaks[-1]:.1f} MB "
            f"at the end, {data['records'] / data['seconds'] / 1e6:.2f} million records a second")


def memory(data):
    rows = f"the first {data['peer_rows']:,} of these records in a file"
    return ["### Memory, peak", "", stream_text(data["stream"]),
            f"- xgbpipe, {rows}: {data['file']:.1f} MB",
            f"- polars + Python XGBoost, {rows}: {data['polars']:.0f} MB",
            f"- pandas + Python XGBoost, {rows}: {data['pandas']:.0f} MB", ""]


def stream(data):
    return [f"### A stream of {data['bytes'] / 1e9:g} GB ({data['date']})", "", stream_text(data), ""]


def growth(data):
    rows = [[name, figure(run["cpu"][0]), figure(run["cpu"][1]), verdict(run["ratio"], 12),
             figure(run["peak_mb"][0]), figure(run["peak_mb"][1])] for name, run in data["growth"].items()]
    return [f"### Growth: ten times as much, from {data['rows']:,} records, one thread", "",
            *table(["ten times the", "CPU s", "CPU s, tenfold", "ratio without the start", "peak MB", "tenfold"], rows), ""]


def steps(data):
    rows = [[name] + [figure(data[key][stage] / data["rows"] * 1e9) for stage in STAGES]
            for name, key in (("transform with the steps", "steps"), ("predict without steps", "plain"))]
    return ["### Steps: imputing and standardizing 28 columns, one-hot coding 4", "",
            *table(["ns a record, one thread", *STAGES], rows), "",
            f"- the steps take {verdict(data['ratio'], 0.5)} of the time of decoding in the same run",
            f"- steps and what decoding for them costs more add {verdict(data['added'], 0.5)} of the time of decoding "
            "without steps", ""]


def lookup(data):
    """Microseconds a record, and what the goals ask."""
    head = ["µs a record, two threads", *(f"{way}, {kind}" for way in data["ways"] for kind in ("cold", "warm"))]
    rows, goals = [], []

    def row(name, cells):
        rows.append([name] + [figure(cell * 1e6) if cell is not None else "–" for cell in cells])

    ways = data["ways"].values()
    row("without look-ups", [run["without"]["ours"][kind]["wall"] for run in ways for kind in ("cold", "warm")])
    for name in [name for name in next(iter(ways)) if name != "without"]:
        for key, what in (("ours", ""), ("large", ", a cache for every key")):
            row(f"xgbpipe, {name}{what}", [run[name][key][kind]["wall"] for run in ways for kind in ("cold", "warm")])
        for key, what in (("each", f"Python, a query of {name} for each record"), ("merge", f"pandas, {name}'s table loaded and merged")):
            row(what, [cell for run in ways for cell in (run[name][key]["wall"], None)])
        if name == "PostgreSQL":
            goals += [f"- PostgreSQL, {way} keys, cold: a query for each record in Python takes "
                      f"{verdict(run[name]['each']['wall'] / run[name]['ours']['cold']['wall'], 10, True)} times as long"
                      for way, run in data["ways"].items()]
        zipf = data["ways"]["zipf"]
        ratios = [figure(zipf[name][key]["warm"][by] / zipf["without"]["ours"]["warm"][by])
                  for key in ("ours", "large") for by in ("wall", "cpu")]
        goals.append(f"- {name}, Zipf, warm: {verdict(zipf[name]['large']['warm']['wall'] / zipf['without']['ours']['warm']['wall'], 1.5)}"
                     f" times of the time without look-ups where the cache holds what is asked for ({ratios[3]} of the CPU); {ratios[0]} "
                     f"({ratios[1]} of the CPU) with the cache of 100,000")
    loop = data["loop"]
    ratio = loop["bare"]["wall"] / loop["ours"]["wall"]
    return [f"### Look-ups: {data['records']:,} records, a table of {data['users']:,} users", "", *table(head, rows), "",
            f"- SQLite, {loop['keys']:,} keys once each, one thread, no cache: {figure(loop['ours']['wall'] * 1e6)} µs from a record's key to "
            f"its columns (CPU {figure(loop['ours']['cpu'] * 1e6)}), {figure(loop['bare']['wall'] * 1e6)} µs ({figure(loop['bare']['cpu'] * 1e6)}) in "
            f"a C loop over a prepared statement: {verdict(ratio, 0.5, True)} of its look-ups a second", *goals, ""]


SECTIONS = {"jobs": jobs, "decode": decode, "startup": startup, "latency": latency, "memory": memory,
            "growth": growth, "steps": steps, "lookup": lookup, "stream": stream}


def whole(results):
    """All that was measured, as Markdown lines."""
    out = [when(results), ""]
    for name, section in SECTIONS.items():
        if name in results["parts"]:
            data = results["parts"][name]
            out += section(data, "AVX-512" in results["processor"]) if name == "jobs" else section(data)
    return out


def when(results):
    busy = ("" if results["load"] <= 0.5 * results["cores"] else
            " **The machine was busy with other work: trust ratios of CPU time, not of wall time.**")
    return (f"{results['date']}, `{results['command']}`, {results['cores']} cores of {results['processor']}, load "
            f"before {results['load']:.1f}; medians of {results['repeats']} alternated runs.{busy}")


def short(results):
    """What the README shows."""
    parts = results["parts"]
    out = [when(results), ""]
    if "jobs" in parts:
        out += [f"{parts['jobs']['rows']:,} records of 28 numbers, to ids and predictions:", "",
                *jobs_table(parts["jobs"]), ""]
    for name in ("decode", "startup", "latency", "memory"):
        if name in parts:
            out += [line for line in SECTIONS[name](parts[name]) if line.startswith("- ")]
    return out


def fill(path, lines):
    """Puts lines between the marks in a file."""
    text = path.read_text(encoding="utf-8")
    filled, count = re.subn(r"(<!-- bench:begin -->\n).*?(<!-- bench:end -->)",
                            lambda match: match[1] + "\n".join(lines).rstrip() + "\n" + match[2], text, flags=re.S)
    if count != 1:
        raise ValueError(f"{path} has no place for the table")
    path.write_text(filled, encoding="utf-8")
