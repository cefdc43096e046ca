"""Parts (d), (e) and growth: allocations per frame, time to the first row, memory and time against length and size."""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import time
from collections import Counter
from pathlib import Path

from common import CACHE, RIMA, Report, analyze_command, frames_of, high, phantom, repeated, say, standard, timed


def counter() -> Path | None:
    """The library that counts allocations, compiled on the spot."""
    library = CACHE / "count_allocations.so"
    CACHE.mkdir(exist_ok=True)
    for compiler in ("cc", "clang"):
        try:
            subprocess.run(
                [compiler, "-O2", "-shared", "-fPIC", "-o", library, Path(__file__).with_name("count_allocations.c")],
                check=True, capture_output=True)
            return library
        except (OSError, subprocess.CalledProcessError):
            continue
    return None


def counted(recording: Path, library: Path) -> Counter[str]:
    """Calls by thread name, without the number of its like, in one analysis."""
    target = CACHE / "allocations.txt"
    timed(analyze_command(recording), {"LD_PRELOAD": str(library), "COUNT_ALLOCATIONS": str(target)})
    calls: Counter[str] = Counter()
    for line in target.read_text().splitlines():
        name, count, _ = line.split("\t")
        calls[name.rstrip("0123456789").rstrip("-")] += int(count)
    return calls


def allocations(report: Report, quick: bool) -> None:
    library = counter()
    if library is None:
        report.note("allocations: left out, there is no C compiler")
        return
    short = phantom("calm-8.mkv", 8, "--size", "1280x720", "--codec", "h264", "--calm")
    # Long enough that every statement of the store has been prepared in the shorter one, too.
    long, longer = repeated(short, 4), repeated(short, 12)
    few, many = counted(long, library), counted(longer, library)
    frames = frames_of(longer) - frames_of(long)
    threads = (("rima-measure", "measuring thread"), ("rima-look", "threads that look ahead"),
               ("rima-decode", "decoding thread (FFmpeg's own)"))
    for name, label in threads:
        per_frame = (many[name] - few[name]) / frames
        target = "" if name == "rima-decode" else "≤ 1 with the store's commits"
        report.add(f"allocations a frame in the steady state, {label}", f"{per_frame:.1f}", target,
                   per_frame <= 1 if target else None, "LD_PRELOAD=count_allocations.so rima analyze FILE")


def first_row(recording: Path) -> float:
    """Seconds from start to the first measured row."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [str(c) for c in analyze_command(recording, "--attended")], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdout.readline()
    seconds = time.perf_counter() - began
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdin.close()
    process.stdout.close()
    return seconds


def start(report: Report, quick: bool) -> None:
    for name, recording in (("1080p25 H.264", high(20 if quick else 60)), ("720x576 MPEG-2", standard(20 if quick else 60))):
        seconds = statistics.median(first_row(recording) for _ in range(5))
        report.add(f"start to the first row, {name}", f"{seconds:.2f} s", "≤ 0.7 s", seconds <= 0.7,
                   "rima analyze FILE --attended")


def resident(process: int) -> float:
    fields = Path(f"/proc/{process}/statm").read_text().split()
    return int(fields[1]) * os.sysconf("SC_PAGESIZE") / 1e6


def growth(report: Report, quick: bool) -> None:
    say("  growth with length")
    short = phantom("small-20.mkv", 20, "--size", "640x480", "--codec", "mpeg2video")
    long = repeated(short, 6 if quick else 30)
    seconds = 20 * (6 if quick else 30)
    process = subprocess.Popen(
        [str(c) for c in analyze_command(long)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    points = []
    began = time.perf_counter()
    while process.poll() is None:
        time.sleep(0.1)
        try:
            points.append((time.perf_counter() - began, resident(process.pid)))
        except (OSError, IndexError):
            break
    process.wait()
    whole = time.perf_counter() - began
    # The steady state: after the first third, before the report is written.
    steady = [p for p in points if whole / 3 < p[0] < whole * 0.95]
    if len(steady) < 10:
        report.note("growth: the recording was over too soon to tell")
        return
    (t0, m0), (t1, m1) = [
        (statistics.mean(p[0] for p in part), statistics.mean(p[1] for p in part))
        for part in (steady[:len(steady) // 4], steady[-(len(steady) // 4):])]
    per_media_hour = (m1 - m0) / (t1 - t0) * (whole / seconds) * 3600
    report.add(
        f"resident memory growth, {seconds} s of recording, MB per recorded hour",
        f"{per_media_hour:+.1f} (at {m1:.0f} MB)", "≤ 5", per_media_hour <= 5)
    once = timed(analyze_command(short))
    report.add("time of a longer recording / its length in shorter ones", f"{whole / (once.wall * seconds / 20):.2f}")
    for size in ("640x480", "1280x720", "1920x1080"):
        file = phantom(f"growth-{size}.mkv", 6, "--size", size, "--codec", "h264")
        cost = timed(analyze_command(file))
        report.note(f"{size}: {cost.cpu / frames_of(file) * 1000:.1f} core-ms a frame, {cost.memory:.0f} MB at most")


def measure(report: Report, quick: bool) -> None:
    allocations(report, quick)
    start(report, quick)
    growth(report, quick)
