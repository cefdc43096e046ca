"""Part (c): recordings that grow in real time: latency from a frame's last byte to its row on the socket, cost, streams.

A feeder copies a recording frame by frame, at the pace at which it was filmed, into a folder that `rima serve` watches.
A frame has arrived when the last byte of its packet is written.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import statistics
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from common import CACHE, RIMA, Report, decode_command, frames_of, phantom, say, timed


# Seconds of a recording after which a session is under way.
SETTLED = 2


def live_recording(rate: int, seconds: int) -> Path:
    """1080p without reordered frames, as a recorder for live viewing writes it."""
    source = phantom(
        f"live-{rate}-source-{seconds}.mkv", seconds, "--size", "1920x1080", "--codec", "h264", "--rate", str(rate),
        "--bit-rate", "6000000")
    target = CACHE / f"live-{rate}-{seconds}.mkv"
    if not target.exists():
        subprocess.run(
            ["ffmpeg", "-v", "error", "-nostdin", "-y", "-i", source, "-c:v", "libx264", "-tune", "zerolatency",
             "-preset", "veryfast", "-b:v", "6M", "-g", "50", "-cluster_time_limit", "200", target], check=True)
    return target


def packet_ends(path: Path) -> list[int]:
    """Where each frame's packet ends in the file: where the next one begins."""
    answer = subprocess.run(
        ["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "packet=pos", "-of", "csv=p=0", path],
        check=True, capture_output=True, text=True)
    starts = sorted(int(line.strip(",")) for line in answer.stdout.split())
    return starts[1:] + [path.stat().st_size]


class Feeder(threading.Thread):
    """Writes a recording at the pace at which it was filmed."""

    def __init__(self, source: Path, target: Path, rate: int, frames: int):
        super().__init__(daemon=True)
        self.bytes, self.ends, self.target, self.rate = source.read_bytes(), packet_ends(source)[:frames], target, rate
        self.arrivals: list[float] = []

    def run(self) -> None:
        with open(self.target, "wb", buffering=0) as file:
            began, done = time.perf_counter(), 0
            for index, end in enumerate(self.ends):
                wait = began + index / self.rate - time.perf_counter()
                if wait > 0:
                    time.sleep(wait)
                file.write(self.bytes[done:end])
                done = end
                self.arrivals.append(time.perf_counter())


def core_seconds(process: int) -> float:
    """Of a process and its children, as far as they still live."""
    total = 0.0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
            fields = text[text.rindex(")") + 2:].split()
            if int(stat.parent.name) == process or int(fields[1]) == process:
                total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        except (OSError, ValueError):
            continue
    return total


def follow(rate: int, streams: int, seconds: int) -> tuple[list[float], float, list[int]]:
    """Milliseconds from arrival to row of every frame, core-seconds a frame once the pane is found, rows in time."""
    source = live_recording(rate, seconds)
    frames = frames_of(source)
    folder = Path(tempfile.mkdtemp(prefix="rima-bench-"))
    (folder / "in").mkdir()
    (folder / "state").mkdir()
    (folder / "rima.yaml").write_text(
        f"state_folder: {folder}/state\nidle_limit_seconds: 30\nwatch:\n  - folder: {folder}/in\n"
        f"socket:\n  path: {folder}/s.sock\nsessions:\n  max_parallel: {max(4, streams)}\n")
    service = subprocess.Popen(
        [RIMA, "serve", "--config", folder / "rima.yaml"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL)
    try:
        client = socket.socket(socket.AF_UNIX)
        for _ in range(200):
            try:
                client.connect(str(folder / "s.sock"))
                break
            except OSError:
                time.sleep(0.05)
        rows: dict[str, dict[int, float]] = {}
        listening = threading.Event()

        def listen() -> None:
            with client.makefile("rb") as lines:
                for line in lines:
                    now = time.perf_counter()
                    listening.set()
                    event = json.loads(line)
                    if event.get("type") == "sample":
                        rows.setdefault(event["session"], {})[event["frame"]] = now

        threading.Thread(target=listen, daemon=True).start()
        listening.wait(5)
        feeders = [Feeder(source, folder / "in" / f"{k}.mkv", rate, frames) for k in range(streams)]
        for feeder in feeders:
            feeder.start()
        # The first seconds go into loading the network and finding the pane.
        while len(feeders[0].arrivals) < SETTLED * rate:
            time.sleep(0.01)
        before, seen = core_seconds(service.pid), sum(map(len, list(rows.values())))
        for feeder in feeders:
            feeder.join()
        deadline = time.perf_counter() + 1.0
        while time.perf_counter() < deadline and sum(map(len, rows.values())) < frames * streams:
            time.sleep(0.01)
        cost = (core_seconds(service.pid) - before) / max(1, sum(map(len, list(rows.values()))) - seen)
        counts = [len(r) for r in rows.values()]
        delays = []
        # Sessions are named by their start, feeders are alike: all wrote each frame at nearly the same time.
        for session in rows.values():
            for frame, when in session.items():
                if frame > SETTLED * rate:
                    arrived = statistics.median(f.arrivals[frame] for f in feeders if frame < len(f.arrivals))
                    delays.append((when - arrived) * 1000)
        return delays, cost, counts
    finally:
        service.terminate()
        try:
            service.wait(20)
        except subprocess.TimeoutExpired:
            service.kill()
        shutil.rmtree(folder, ignore_errors=True)


def measure(report: Report, quick: bool) -> None:
    seconds = 8 if quick else 15
    for rate in (25, 30):
        source = live_recording(rate, seconds)
        delays, cost, counts = follow(rate, 1, seconds)
        frames = frames_of(source)
        if not delays:
            report.note(f"live 1080p{rate}: no row came")
            continue
        delays.sort()
        p99 = delays[int(len(delays) * 0.99)]
        report.add(
            f"live 1080p{rate}: from a frame's last byte to its row, p99 (median {statistics.median(delays):.0f} ms)",
            f"{p99:.0f} ms", f"≤ {1000 / rate:.0f} ms", p99 <= 1000 / rate, "Benchmarks/live.py")
        decoding = timed(decode_command(source, 1)).cpu / frames
        share = cost / decoding
        report.add(f"live 1080p{rate}: core time / that of decoding alone, after {SETTLED} s", f"{share:.2f}", "≤ 1.6",
                   share <= 1.6)
        report.note(f"live 1080p{rate}: {cost * 1000:.1f} core-ms a frame, {counts} of {frames} rows in time")
    kept = 0
    frames = frames_of(live_recording(25, seconds))
    for streams in (2, 3, 4) if quick else (2, 3, 4, 5, 6):
        delays, _, counts = follow(25, streams, seconds)
        in_time = len(counts) == streams and min(counts) >= frames - 25 and delays and statistics.quantiles(
            delays[-200:], n=20)[-1] < 1000
        say(f"    {streams} streams: {'kept up' if in_time else 'fell behind'}, rows {counts} of {frames}")
        if not in_time:
            break
        kept = streams
    report.add("live 1080p25 streams that keep up", f"{kept}{'' if kept else ' (2 fell behind)'}", "≥ 3", kept >= 3)
