"""Makes what the bench needs under build/bench, once: tools, the peers' Python, records and models."""
import json
import os
import pathlib
import shutil
import subprocess

from measuring import BenchError

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TOOLS = ("make_records", "latency", "echo", "measure")
MODELS = {"100x6": (100, 6), "500x8": (500, 8)}
TRAINING_ROWS = 50000


def call(*command, **arguments):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False,
                          **arguments)
    if done.returncode != 0:
        raise BenchError(f"{command[0]}: status {done.returncode}\n{done.stderr[-2000:]}")
    return done.stdout


class Bench:
    """The places and the programs."""

    def __init__(self, program, build):
        self.program = pathlib.Path(program).resolve()
        self.build = pathlib.Path(build).resolve()
        self.decode_file = pathlib.Path(os.environ.get("DECODE_FILE") or
                                        self.build / "release" / "tests" / "bench" / "decode_file")
        self.folder = self.build / "bench"
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self.program.exists():
            raise BenchError(f"{self.program} is not there: make")
        self._make_tools()

    def _make_tools(self):
        for tool in TOOLS:
            source, target = HERE / f"{tool}.c", self.folder / tool
            if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
                compiler = os.environ.get("CC", "gcc").split()
                call(*compiler, "-std=gnu11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-o", target, source)

    def python(self):
        """The peers' Python, with the pinned versions."""
        folder = self.build / "bench-env"
        stamp, pins = folder / "bench-stamp", HERE / "requirements.txt"
        if not stamp.exists() or stamp.stat().st_mtime < pins.stat().st_mtime:
            print("installing the peers into", folder, flush=True)
            call(ROOT / ".ci" / "make-environment", "oracle", folder)
            call(folder / "bin" / "pip", "install", "-q", "--no-deps", "--only-binary=:all:",
                 "--require-hashes", "-r", pins)
            stamp.touch()
        return folder / "bin" / "python3"

    def peer(self, script, *arguments):
        return [self.python(), HERE / "peers" / script, *arguments]

    def debian_xgboost(self):
        """The `xgboost` program of Debian 12, unpacked and not installed: (command, environment) or None."""
        folder = self.folder / "debian-xgboost"
        program = folder / "usr" / "bin" / "xgboost"
        if not program.exists():
            if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
                return None
            folder.mkdir(exist_ok=True)
            try:
                call("apt-get", "download", "-q", "xgboost", "libxgboost0", "libdmlc0", cwd=folder)
                for package in folder.glob("*.deb"):
                    call("dpkg-deb", "-x", package, folder)
            except BenchError:
                return None
        libraries = {str(path.parent) for path in folder.glob("usr/lib/**/*.so*")}
        return [program], {"LD_LIBRARY_PATH": ":".join(sorted(libraries))}

    def decode_alone(self, source, passes=5):
        """Our decoder alone on a file in memory: seconds of CPU time, the best pass; records; the sum of all floats' bits."""
        if not self.decode_file.exists():
            raise BenchError(f"{self.decode_file} is not there: make bench builds it")
        return json.loads(call(self.decode_file, source, passes))

    def simdjson(self):
        """The program that reads JSON lines with Debian's simdjson; BenchError where it cannot be had."""
        source, target = HERE / "peers" / "read_simdjson.cpp", self.folder / "read_simdjson"
        if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
            call(ROOT / ".ci" / "install-packages", "bench")
            # For this very processor, which ours is not; without -pthread, so that it looks ahead on no other thread.
            call("g++", "-std=c++17", "-O3", "-march=native", "-DNDEBUG", "-Wall", "-Wextra", "-o", target, source,
                 "-lsimdjson")
        return target

    def records(self, form, rows, numbers=28, texts=0, pad=0, quoted=False, seed=1):
        """The path of a file of made-up records."""
        name = f"{rows}x{numbers}" + (f"-texts{texts}" if texts else "") + (f"-pad{pad}" if pad else "")
        path = self.folder / f"{name}{'-quoted' if quoted else ''}{f'-seed{seed}' if seed != 1 else ''}.{form}"
        if not path.exists() or path.stat().st_mtime < (HERE / "make_records.c").stat().st_mtime:
            new = path.with_suffix(".new")
            with open(new, "wb") as target:
                subprocess.run([self.folder / "make_records", "-f", form, "-r", str(rows), "-c", str(numbers),
                                "-t", str(texts), "-p", str(pad), "-s", str(seed)] + (["-q"] if quoted else []),
                               stdout=target, check=True)
            new.rename(path)
        return path

    def model(self, name, numbers=28):
        """The path of a model, trained by Python XGBoost on records of another seed."""
        trees, depth = MODELS[name]
        path = self.folder / f"{name}-{numbers}.json"
        if not path.exists():
            print("training", path.name, flush=True)
            rows = TRAINING_ROWS if numbers <= 28 else TRAINING_ROWS // 5
            new = path.with_suffix(".new.json")
            call(*self.peer("train.py", self.records("csv", rows, numbers, seed=2), new, trees, depth))
            new.rename(path)
        return path
