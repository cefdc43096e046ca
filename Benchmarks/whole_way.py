"""Part (b): a whole recording through `rima analyze`, beside decoding alone, a plain Python script, and the bound."""

from __future__ import annotations

import csv
import json
import os
import statistics
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from common import (
    BENCH_ENGINE, CACHE, OPENING, OPENING_INT8, Report, analyze_command, decode_command, frames_of, high, interleaved,
    median, metadata, ratio, say, sized, standard,
)

SCRIPT = Path(__file__).with_name("user_script.py")


def results(recording: Path) -> tuple[dict, list[dict]]:
    """What the last analysis of a recording wrote."""
    folder = CACHE / f"out-{recording.stem}"
    with open(folder / "samples.csv") as file:
        return json.loads((folder / "session.json").read_text()), list(csv.DictReader(file))


def network_seconds(model: Path, side: str) -> float:
    """One run of the network on one core, at a side of its input."""
    process = subprocess.run(
        [BENCH_ENGINE, model, "--threads", "1", "--side", side, "--serve"], input="run 1\n", capture_output=True,
        text=True, check=True)
    return statistics.median(float(t) for t in process.stdout.splitlines()[1].split()) / 1000


def measure(report: Report, quick: bool) -> None:
    cores = os.cpu_count() or 1
    recording = high(20 if quick else 60)
    frames, seconds = frames_of(recording), 20 if quick else 60
    rounds = 2 if quick else 3
    unet = CACHE / "unet-resnet18-256.onnx"

    say("  1080p25 H.264, about 6 Mbit/s")
    subprocess.run(analyze_command(recording), check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    session, rows = results(recording)
    pane = session["panes"][0]["rect"]
    place = [pane["x"], pane["y"], pane["width"], pane["height"]]

    def script(model: Path) -> list:
        return [sys.executable, SCRIPT, recording, model, CACHE / "script.csv", "--pane", *place]

    commands = {
        "rima": analyze_command(recording),
        "ffmpeg, 1 thread": decode_command(recording, 1),
        f"ffmpeg, {cores} threads": decode_command(recording, cores),
    }
    missing = [name for name in ("cv2", "onnxruntime") if not find_spec(name)]
    if missing:
        say(f"    SKIPPED: the Python script; {' and '.join(missing)} not installed (Benchmarks/requirements.txt)")
    else:
        commands["script, same net"] = script(sized(OPENING))
    times = interleaved(commands, rounds)
    for name, runs in times.items():
        report.note(
            f"1080p25, {frames} frames, {name}: {median(runs):.2f} s by the clock, "
            f"{median(runs, 'cpu') / frames * 1000:.1f} core-ms a frame, {median(runs, 'memory'):.0f} MB")
    wall = ratio(times, "rima", "ffmpeg, 1 thread")
    report.add("rima analyze / ffmpeg -f null, 1080p25 H.264, 1 decoder thread each", f"{wall:.2f}", "≤ 1.50",
               wall <= 1.5, "rima analyze FILE; ffmpeg -threads 1 -i FILE -f null -")
    wall = ratio(times, "rima", f"ffmpeg, {cores} threads")
    report.add(f"the same / ffmpeg with {cores} threads", f"{wall:.2f}")
    if not missing:
        faster = 1 / ratio(times, "rima", "script, same net")
        report.add("times faster than the Python script, same net", f"{faster:.1f}", "≥ 2.0", faster >= 2,
                   "Benchmarks/user_script.py")
    if unet.exists() and not missing:
        slower = interleaved({"rima": commands["rima"], "script": script(unet)}, 1)
        faster = 1 / ratio(slower, "rima", "script")
        report.add("times faster than the Python script with U-Net ResNet-18", f"{faster:.1f}", "≥ 5", faster >= 5)
    looked = sum(1 for row in rows if row["confidence"])
    model = OPENING_INT8 if "int8" in (session["model"].get("engine") or "") else OPENING
    # A look at a crop for every frame, and at the whole pane for every twelfth.
    facts = metadata(model)
    whole = facts["rima.input_width"]
    network = looked * (
        network_seconds(model, facts.get("rima.crop_width", whole)) + network_seconds(model, whole) / 12)
    decode = median(times["ffmpeg, 1 thread"], "cpu")
    bound = (decode + network) / cores
    report.note(
        f"bound: decoding {decode:.2f} and network {network:.2f} core-seconds ({looked} frames looked at), "
        f"together {bound:.2f} s on {cores} cores")
    share = median(times["rima"]) / bound
    report.add("whole way / bound", f"{share:.2f}", "≤ 1.15", share <= 1.15)
    report.add("rima analyze, 1080p25, times real time", f"{seconds / median(times['rima']):.1f}")

    say("  720x576 MPEG-2")
    older = standard(20 if quick else 60)
    times = interleaved({"rima": analyze_command(older), "ffmpeg": decode_command(older, 1)}, rounds)
    speed = seconds / median(times["rima"])
    report.add("rima analyze, 720x576 25 fps MPEG-2, times real time", f"{speed:.1f}", "≥ 12", speed >= 12)
    report.note(
        f"720x576: {median(times['rima'], 'cpu') / frames_of(older) * 1000:.1f} core-ms a frame, decoding alone "
        f"{median(times['ffmpeg'], 'cpu') / frames_of(older) * 1000:.1f}")
