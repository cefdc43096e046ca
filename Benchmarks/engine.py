"""Times the native engine beside ONNX Runtime, OpenVINO and PyTorch on one ONNX file.

All engines live at the same time and take short turns in random order, so that whatever else the machine does meets
all of them; what counts is the median over rounds of each engine's ratio to ONNX Runtime in the same round.

    python Benchmarks/engine.py --bench .build/release/bench-engine MODEL.onnx [--int8 QDQ.onnx] [--threads 1]

Needs numpy and onnxruntime; openvino and torch (with onnx2torch) are used when installed.
"""

import argparse
import random
import statistics
import subprocess
import time


class Native:
    def __init__(self, bench, path, threads):
        self.process = subprocess.Popen(
            [bench, path, "--threads", str(threads), "--serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True)
        assert self.process.stdout.readline() == "ready\n", "the native engine did not start"

    def close(self):
        self.process.stdin.close()
        self.process.wait()

    def turn(self, seconds):
        self.process.stdin.write(f"run {seconds}\n")
        self.process.stdin.flush()
        return [float(word) for word in self.process.stdout.readline().split()]


class Timed:
    """An engine of this process: `run` is one inference."""

    def close(self):
        pass

    def turn(self, seconds):
        times, end = [], time.perf_counter() + seconds
        while time.perf_counter() < end or len(times) < 3:
            began = time.perf_counter()
            self.run()
            times.append((time.perf_counter() - began) * 1e3)
        return times


class OnnxRuntime(Timed):
    def __init__(self, path, threads, x):
        import onnxruntime as ort

        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        name = session.get_inputs()[0].name
        self.run = lambda: session.run(None, {name: x})


class OpenVino(Timed):
    def __init__(self, path, threads, x):
        import openvino

        compiled = openvino.Core().compile_model(
            path, "CPU", {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads})
        request = compiled.create_infer_request()
        request.infer([x])
        self.run = lambda: request.infer()


class Torch(Timed):
    def __init__(self, path, threads, x):
        import onnx
        import torch
        from onnx2torch import convert

        torch.set_num_threads(threads)
        net = convert(onnx.load(path)).eval().to(memory_format=torch.channels_last)
        tensor = torch.from_numpy(x).to(memory_format=torch.channels_last)

        def run():
            with torch.inference_mode():
                net(tensor)

        self.run = run


def compare(model, int8, bench, threads, rounds, seconds, say=print):
    """Milliseconds of every run, by engine and round; engines that are not installed are left out, visibly."""
    import numpy as np
    import onnxruntime as ort

    session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
    shape = [d if isinstance(d, int) else 1 for d in session.get_inputs()[0].shape]
    x = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    engines = {}

    def add(name, make):
        try:
            engine = make()
            engine.turn(0.05)
            engines[name] = engine
        except Exception as error:
            say(f"{name}: left out ({type(error).__name__}: {str(error).splitlines()[0][:80]})")

    add("onnxruntime fp32", lambda: OnnxRuntime(model, threads, x))
    add("native fp32", lambda: Native(bench, model, threads))
    add("openvino fp32", lambda: OpenVino(model, threads, x))
    add("pytorch fp32", lambda: Torch(model, threads, x))
    if int8:
        add("native int8", lambda: Native(bench, int8, threads))
        add("openvino int8", lambda: OpenVino(int8, threads, x))
        add("onnxruntime int8", lambda: OnnxRuntime(int8, threads, x))

    times = {name: [] for name in engines}
    for _ in range(rounds):
        order = list(engines)
        random.shuffle(order)
        for name in order:
            times[name].append(engines[name].turn(seconds))
    for engine in engines.values():
        engine.close()
    return times


def ratios(times, one, other):
    """Of two engines: the median over rounds of medians, and fastest runs, which a busy machine disturbs least."""
    medians = [statistics.median(a) / statistics.median(b) for a, b in zip(times[one], times[other])]
    fastest = min(map(min, times[one])) / min(map(min, times[other]))
    return statistics.median(medians), fastest


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("--int8")
    parser.add_argument("--bench", required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=0.2)
    arguments = parser.parse_args()
    times = compare(
        arguments.model, arguments.int8, arguments.bench, arguments.threads, arguments.rounds, arguments.seconds)
    print(f"{arguments.model}, {arguments.threads} thread(s), {arguments.rounds} rounds of {arguments.seconds} s")
    print(f"{'engine':<18} {'fastest ms':>10} {'median ms':>10} {'ratio to onnxruntime fp32':>26} {'of fastest':>11}")
    for name, rounds in times.items():
        every = [t for r in rounds for t in r]
        median, fastest = ratios(times, name, "onnxruntime fp32")
        print(f"{name:<18} {min(every):>10.3f} {statistics.median(every):>10.3f} {median:>26.2f} {fastest:>11.2f}")
    if "native int8" in times and "openvino int8" in times:
        median, fastest = ratios(times, "native int8", "openvino int8")
        print(f"native int8 / openvino int8: {median:.2f} by medians, {fastest:.2f} by fastest runs")


if __name__ == "__main__":
    main()
