"""Runs commands and measures them: what `run` and the parts of the bench stand on."""
import json
import os
import re
import statistics
import subprocess

STAGES = ("read", "decode", "steps", "predict", "encode", "write")


class BenchError(Exception):
    """Something that the bench needs did not work; the text says what."""


def median(runs, key):
    return statistics.median(run[key] for run in runs)


def take(command, folder, stdin=None, stdout=None, env=None):
    """Runs a command; {'wall': s, 'cpu': s, 'peak_mb': ..., 'stages': {...}} (the last from xgbpipe -v)."""
    result = folder / "measured.json"
    with open(stdin or os.devnull, "rb") as source, open(stdout or os.devnull, "wb") as target:
        done = subprocess.run([folder / "measure", result, *command], stdin=source, stdout=target,
                              stderr=subprocess.PIPE, env={**os.environ, **(env or {})}, text=True,
                              check=False)
    if done.returncode != 0:
        raise BenchError(f"{' '.join(map(str, command))}: status {done.returncode}\n{done.stderr[-2000:]}")
    run = json.loads(result.read_text())
    stages = {name: float(seconds) for name, seconds in re.findall(r", (\w+) ([0-9.]+) s", done.stderr)}
    if set(stages) == set(STAGES):
        run["stages"] = stages
    return run


def alternate(contestants, repeats, warm_up=False):
    """Runs {name: function} in turn, A B A B; {name: [what the function returned, ...]}."""
    runs = {name: [] for name in contestants}
    for repeat in range(repeats + (1 if warm_up else 0)):
        for name, function in contestants.items():
            taken = function()
            if repeat > 0 or not warm_up:
                runs[name].append(taken)
    return runs


def summary(runs):
    """The medians of what `take` measured in several runs of one contestant."""
    out = {key: median(runs, key) for key in runs[0] if key != "stages"}
    if "stages" in runs[0]:
        out["stages"] = {stage: statistics.median(run["stages"][stage] for run in runs) for stage in STAGES}
    return out


def peak_mb(pid):
    """The peak of a running process's memory so far, or None when it is gone."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as lines:
            for line in lines:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) / 1024
    except OSError:
        pass
    return None


def available_mb():
    with open("/proc/meminfo", encoding="ascii") as lines:
        for line in lines:
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) / 1024
    raise BenchError("no MemAvailable")
