"""What the scripts that try the service have in common: the program, a running service, and what its stream tells."""
import collections
import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
RIMA = os.environ.get("RIMA_PROGRAM", str(ROOT / ".build/release/rima"))
# Takes dark places for the opening: quick, and exact enough for everything but accuracy.
NETWORK = ROOT / "Tests/DaemonTests/Fixtures/dark.onnx"
PATIENCE_S = 60


class Failure(Exception):
    """Something that was promised does not hold."""


def until(what: str, test, seconds: float = PATIENCE_S) -> float:
    """Waits for a condition; returns how long that took."""
    start = time.monotonic()
    while time.monotonic() - start < seconds:
        if test():
            return time.monotonic() - start
        time.sleep(0.02)
    raise Failure(f"not within {seconds:.0f} s: {what}")


def free_port(kind=socket.SOCK_STREAM) -> int:
    with socket.socket(type=kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def draw(target: pathlib.Path, seconds: float, size: str = "320x240") -> pathlib.Path:
    """A phantom recording without its truth."""
    subprocess.run([RIMA, "phantom", "--output", target, "--duration", str(seconds), "--size", size, "--layout", "full",
                    "--quiet"], check=True, stdout=subprocess.DEVNULL)
    target.with_name(target.name + ".truth.csv").unlink(missing_ok=True)
    return target


def analyze(recording: pathlib.Path, output: pathlib.Path) -> pathlib.Path:
    """An undisturbed session of a recording."""
    subprocess.run([RIMA, "analyze", recording, "--output", output, "--model", NETWORK, "--quiet"], check=True,
                   stdout=subprocess.DEVNULL)
    return output


class Events(threading.Thread):
    """What the stream tells from now on; every event also says when it `arrived`, by the monotonic clock."""

    def __init__(self, path: pathlib.Path):
        super().__init__(daemon=True)
        self.connection = socket.socket(socket.AF_UNIX)
        self.connection.connect(str(path))
        self.changed = threading.Condition()
        self.kinds: dict[str, list[dict]] = collections.defaultdict(list)

    def run(self) -> None:
        with contextlib.suppress(OSError):
            for line in self.connection.makefile("r"):
                event = {**json.loads(line), "arrived": time.monotonic()}
                with self.changed:
                    self.kinds[event["type"]].append(event)
                    self.changed.notify_all()

    def of(self, kind: str, session: str | None = None) -> list[dict]:
        events = self.kinds[kind]
        return events if session is None else [event for event in events if event.get("session") == session]

    def states(self, session: str | None = None) -> list[str]:
        return [event["state"] for event in self.of("state", session)]

    @property
    def rows(self) -> list[dict]:
        return self.kinds["sample"]

    @property
    def ended(self) -> dict | None:
        return self.kinds["end"][-1] if self.kinds["end"] else None

    def wait_for(self, what: str, test, seconds: float = PATIENCE_S) -> float:
        """Waits until the events make `test` true; returns how long that took."""
        began = time.monotonic()
        with self.changed:
            if not self.changed.wait_for(test, seconds):
                raise Failure(
                    f"not within {seconds:.0f} s: {what} ({len(self.rows)} rows; states: {self.states()[-4:]})")
        return time.monotonic() - began


class Service:
    """`rima serve` with a configuration and a folder of its own: `rima.yaml`, `log`, `state`, `stream.sock`."""

    def __init__(self, work: pathlib.Path, more: str, environment: dict | None = None, state: pathlib.Path | None = None):
        self.work, self.state = work, state or work / "state"
        self.state.mkdir(exist_ok=True)
        self.socket = work / "stream.sock"
        self.environment = {**os.environ, **(environment or {})}
        self.process: subprocess.Popen | None = None
        self.configure(more)

    def configure(self, more: str) -> None:
        draft = self.work / "draft"
        draft.write_text(f"state_folder: {self.state}\nsocket:\n  path: {self.socket}\n{more}")
        draft.replace(self.work / "rima.yaml")

    def start(self) -> None:
        with (self.work / "log").open("a") as log:
            self.process = subprocess.Popen(
                [RIMA, "serve", "--config", self.work / "rima.yaml"], stderr=log, stdout=log, env=self.environment)
        until("the service serves its stream", self.answers)

    def answers(self) -> bool:
        if self.process.poll() is not None:
            raise Failure("the service ended: " + self.log[-500:])
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self.socket)) == 0

    def listen(self) -> Events:
        events = Events(self.socket)
        events.start()
        return events

    @property
    def log(self) -> str:
        return (self.work / "log").read_text()

    def stop_source(self, name: str) -> None:
        subprocess.run([RIMA, "source", "stop", name, "--socket", self.socket], check=True, stdout=subprocess.DEVNULL)

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise Failure("the service did not stop") from None

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_) -> None:
        self.stop()
