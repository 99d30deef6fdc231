#!/usr/bin/env python3
"""Times one peer on one model, for engine.py, which gives it the peer's packages and one thread.

    engine_peer.py PEER MODEL MATRIX ROWS FEATURES SECONDS

Prints a line of JSON for each form of the peer (interpreted, compiled).
"""
import json
import os
import sys
import tempfile
import time

import numpy as np

BLOCK_ROWS = 4096


def best(call, seconds):
    end, least = time.monotonic() + seconds, float('inf')
    while True:
        begin = time.thread_time_ns()
        call()
        least = min(least, time.thread_time_ns() - begin)
        if time.monotonic() > end:
            return least


def measure(engine, form, predict, x, seconds, load_ms):
    one = x[:1]
    begin = time.monotonic_ns()
    predict(one)
    first_row = time.monotonic_ns() - begin
    blocks = [x[i:i + BLOCK_ROWS] for i in range(0, len(x), BLOCK_ROWS)]
    predict(blocks[0])  # what is compiled late
    total = sum(best(lambda block=block: predict(block), seconds / len(blocks)) for block in blocks)
    print(json.dumps({'engine': engine, 'isa': form, 'rows': len(x), 'threads': 1,
                      'ns_per_row': round(total / len(x), 1), 'first_row_us': round(first_row / 1e3, 1),
                      'load_ms': round(load_ms, 2)}), flush=True)


def timed(call):
    begin = time.monotonic_ns()
    result = call()
    return result, (time.monotonic_ns() - begin) / 1e6


def lignum_peer(path, x, seconds):
    import lignum
    model, load_ms = timed(lambda: lignum.load(path))
    x = x.astype(np.float64)  # what it takes without a copy
    measure('lignum', '', lambda rows: model.predict(rows, n_jobs=1), x, seconds, load_ms)
    _, compile_ms = timed(model.compile)
    measure('lignum', 'compiled', lambda rows: model.predict(rows, n_jobs=1), x, seconds, load_ms + compile_ms)


def treelite_peer(path, x, seconds):
    import treelite
    model, load_ms = timed(lambda: treelite.frontend.load_xgboost_model(path))
    measure('treelite', 'gtil', lambda rows: treelite.gtil.predict(model, rows, nthread=1), x, seconds, load_ms)
    if os.path.getsize(path) > 3_000_000:
        print('tl2cgen: compiling so large a model takes minutes: left out', file=sys.stderr)
        return
    import tl2cgen
    with tempfile.TemporaryDirectory() as folder:
        library = os.path.join(folder, 'model.so')
        _, compile_ms = timed(lambda: tl2cgen.export_lib(model, toolchain='gcc', libpath=library,
                                                         params={'parallel_comp': 8}))
        predictor = tl2cgen.Predictor(library, nthread=1)
        measure('tl2cgen', '', lambda rows: predictor.predict(tl2cgen.DMatrix(rows)), x, seconds,
                load_ms + compile_ms)


def onnxruntime_peer(path, x, seconds):
    import onnxruntime
    import xgboost
    from onnxmltools.convert import convert_xgboost
    from onnxmltools.convert.common.data_types import FloatTensorType
    booster = xgboost.Booster(model_file=path)
    booster.feature_names = None
    model = convert_xgboost(booster, initial_types=[('x', FloatTensorType([None, x.shape[1]]))])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session, load_ms = timed(lambda: onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=['CPUExecutionProvider']))
    measure('onnxruntime', '', lambda rows: session.run(None, {'x': rows}), x, seconds, load_ms)


def main():
    peer, path, matrix, rows, features, seconds = sys.argv[1:]
    x = np.fromfile(matrix, np.float32).reshape(int(rows), int(features))
    {'lignum': lignum_peer, 'treelite': treelite_peer, 'onnxruntime': onnxruntime_peer}[peer](path, x, float(seconds))


if __name__ == '__main__':
    main()
