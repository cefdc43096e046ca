"""What all benchmarks share: paths, recordings to measure on, timed processes."""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / "Benchmarks" / ".cache"
RIMA = ROOT / ".build" / "release" / "rima"
BENCH_ENGINE = ROOT / ".build" / "release" / "bench-engine"
OPENING = ROOT / "models" / "opening.onnx"
OPENING_INT8 = ROOT / "models" / "opening.int8.onnx"


@dataclass
class Row:
    """One line of the table; `good` is None where there is no target."""

    what: str
    value: str
    target: str = ""
    good: bool | None = None
    command: str = ""


@dataclass
class Report:
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, what: str, value: str, target: str = "", good: bool | None = None, command: str = "") -> None:
        self.rows.append(Row(what, value, target, good, command))
        verdict = {None: "", True: "  reached", False: "  MISSED"}[good]
        say(f"    {what}: {value}{f'  (target {target})' if target else ''}{verdict}")

    def note(self, text: str) -> None:
        self.notes.append(text)
        say(f"    note: {text}")


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@dataclass
class Timed:
    """What a process cost: seconds by the clock, core-seconds, peak resident MB."""

    wall: float
    cpu: float
    memory: float


def timed(command: list, environment: dict | None = None) -> Timed:
    """Runs a command to its end; it must succeed."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [str(c) for c in command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        env={**os.environ, **(environment or {})})
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{command[0]} ended with {process.returncode}: {errors.decode()[-300:]}")
    return Timed(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def interleaved(commands: dict[str, list], rounds: int) -> dict[str, list[Timed]]:
    """Runs all commands in turn, in random order, so that whatever else the machine does meets all of them."""
    times: dict[str, list[Timed]] = {name: [] for name in commands}
    for _ in range(rounds):
        order = list(commands)
        random.shuffle(order)
        for name in order:
            times[name].append(timed(commands[name]))
    return times


def ratio(times: dict[str, list[Timed]], one: str, other: str) -> float:
    """Median over rounds of the ratio of two commands' wall times in the same round."""
    return statistics.median(a.wall / b.wall for a, b in zip(times[one], times[other]))


def median(times: list[Timed], what: str = "wall") -> float:
    return statistics.median(getattr(t, what) for t in times)


def phantom(name: str, seconds: int, *options: str) -> Path:
    """A drawn recording, kept between runs: the same options give the same bytes."""
    CACHE.mkdir(exist_ok=True)
    path = CACHE / name
    if not path.exists():
        say(f"  drawing {name}, once")
        partial = CACHE / f"part-{name}"
        subprocess.run(
            [RIMA, "phantom", "--output", partial, "--duration", str(seconds), "--seed", "7", "--quiet", *options],
            check=True, stdin=subprocess.DEVNULL)
        partial.rename(path)
    return path


def metadata(model: Path) -> dict[str, str]:
    """What a model file says of itself."""
    import onnx

    return {entry.key: entry.value for entry in onnx.load(str(model)).metadata_props}


def sized(model: Path) -> Path:
    """A copy of a model file for whole panes alone, for engines that want to know the picture's size in advance."""
    import onnx

    loaded = onnx.load(str(model))
    facts = metadata(model)
    sizes = {"height": facts.get("rima.input_height"), "width": facts.get("rima.input_width")}
    for value in [*loaded.graph.input, *loaded.graph.output]:
        for dimension in value.type.tensor_type.shape.dim:
            if dimension.dim_param in sizes:
                dimension.dim_value = int(sizes[dimension.dim_param])
    del loaded.graph.value_info[:]
    CACHE.mkdir(exist_ok=True)
    target = CACHE / f"sized-{model.name}"
    onnx.save(loaded, str(target))
    return target


def repeated(path: Path, times: int) -> Path:
    """The same recording several times over, copied packet by packet."""
    target = CACHE / f"{path.stem}-x{times}{path.suffix}"
    if not target.exists():
        subprocess.run(
            ["ffmpeg", "-v", "error", "-nostdin", "-y", "-stream_loop", str(times - 1), "-i", path, "-c", "copy",
             target], check=True)
    return target


def high(seconds: int) -> Path:
    """1080p25 H.264, layout A, about 6 Mbit/s."""
    return phantom(
        f"1080p-{seconds}.mkv", seconds, "--size", "1920x1080", "--codec", "h264", "--bit-rate", "6000000")


def standard(seconds: int) -> Path:
    """720x576, 25 frames a second, MPEG-2."""
    return phantom(
        f"576p-{seconds}.mpg", seconds, "--size", "720x576", "--codec", "mpeg2video", "--bit-rate", "6000000")


def frames_of(path: Path) -> int:
    answer = subprocess.run(
        ["ffprobe", "-v", "error", "-select_streams", "v:0", "-count_packets", "-show_entries",
         "stream=nb_read_packets", "-of", "csv=p=0", path], check=True, capture_output=True, text=True)
    return int(answer.stdout.strip().strip(","))


def decode_command(path: Path, threads: int) -> list:
    """What FFmpeg needs to decode and throw away."""
    return ["ffmpeg", "-v", "error", "-nostdin", "-threads", threads, "-i", path, "-map", "0:v:0", "-f", "null", "-"]


def analyze_command(path: Path, *options: str) -> list:
    return [RIMA, "analyze", path, "--output", CACHE / f"out-{path.stem}", "--again", "--quiet", *options]


def machine() -> str:
    """The processor, its cores, and how busy it was."""
    name = "unknown processor"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            name = line.split(":", 1)[1].strip()
            break
    load = Path("/proc/loadavg").read_text().split()[0]
    return f"{name}, {os.cpu_count()} cores; load {load} at the start"
