#!/usr/bin/env python3
"""The live page in a real browser, against a running service that follows a drawn recording in real time.

Prints one line for every check; ends with 1 when one fails, with 77 when there is no browser. Screenshots go to --shots.
"""
import argparse
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

from browser import Browser, find

failures = []


def check(what, holds, detail=""):
    print(("ok    " if holds else "FAIL  ") + what + (f": {detail}" if detail != "" else ""), flush=True)
    if not holds:
        failures.append(what)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Service:
    """`rima serve` with everything in a folder of its own."""

    def __init__(self, rima, folder, model, marks=True):
        self.rima, self.folder, self.port = rima, folder, free_port()
        for name in ("watched", "state"):
            (folder / name).mkdir(exist_ok=True)
        (folder / "rima.yaml").write_text(
            f"state_folder: {folder}/state\nidle_limit_seconds: 30\nwatch:\n  - folder: {folder}/watched\n"
            f"model:\n  opening_path: {model}\nsocket:\n  path: {folder}/s\n"
            f"web:\n  port: {self.port}\n  allow_marks: {'true' if marks else 'false'}\n")
        self.log = open(folder / "serve.log", "wb")
        self.process = subprocess.Popen(
            [rima, "serve", "--config", str(folder / "rima.yaml")], stdout=self.log, stderr=self.log)
        end = time.monotonic() + 30
        while time.monotonic() < end:
            try:
                if self.ask("GET", "/healthz")[0] == 200:
                    return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("the service did not come up: " + (folder / "serve.log").read_text())

    def ask(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        sent = {"Host": f"127.0.0.1:{self.port}", **(headers or {})}
        connection.putrequest(method, path, skip_host=True)
        for name, value in sent.items():
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        return answer.status, data, dict(answer.getheaders())

    def json(self, path):
        status, data, _ = self.ask("GET", "/api/v1" + path)
        assert status == 200, (path, status, data[:300])
        return json.loads(data)

    def listen(self, path, headers=None):
        """Server-sent events as (id, object)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=180)
        connection.request("GET", path, headers=headers or {})
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        assert answer.getheader("content-type").startswith("text/event-stream")
        number = None
        for line in answer:
            line = line.decode().rstrip("\n")
            if line.startswith("id: "):
                number = line[4:]
            elif line.startswith("data: "):
                yield number, json.loads(line[6:])
                number = None

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


class Arrivals:
    """When each row arrived on the Unix socket."""

    def __init__(self, path):
        self.at = {}
        self.events = []
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        rest = b""
        while True:
            try:
                data = self.socket.recv(1 << 16)
            except OSError:
                return
            now = time.time() * 1000
            if not data:
                return
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                event = json.loads(line)
                if event["type"] == "sample":
                    self.at[event["seq"]] = now
                elif event["type"] != "heartbeat":
                    self.events.append(event)


def grow(source, target, seconds, stop):
    """Writes a recording as a recorder would: evenly, in real time."""
    data = source.read_bytes()
    step = 0.02
    began = time.monotonic()
    done = 0
    with open(target, "wb", buffering=0) as file:
        while done < len(data) and not stop.is_set():
            due = min(len(data), int(len(data) * (time.monotonic() - began + step) / seconds))
            if due > done:
                file.write(data[done:due])
                done = due
            time.sleep(step)


def quantile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))]


def guards(service):
    """Who is let in."""
    check("a foreign host name is refused", service.ask("GET", "/", headers={"Host": "evil.example"})[0] == 421)
    check("a request without a host is refused", service.ask("GET", "/", headers={"Host": ""})[0] in (400, 421))
    here = {"Host": f"localhost:{service.port}"}
    check("localhost is let in", service.ask("GET", "/api/v1/service", headers=here)[0] == 200)
    body = b'{"label":"x"}'
    status = service.ask("POST", "/api/v1/sessions/x/marks", body, {"Origin": "http://evil.example"})[0]
    check("a foreign origin is refused", status == 403, status)
    status = service.ask("GET", "/api/v1/sessions", headers={"Sec-Fetch-Site": "cross-site"})[0]
    check("a cross-site read is refused", status == 403, status)
    status, data, headers = service.ask("GET", "/")
    policy = headers.get("Content-Security-Policy", "")
    check("the page has a strict policy", "default-src 'none'" in policy and "unsafe" not in policy)
    check("an unknown path is 404", service.ask("GET", "/../etc/passwd")[0] == 404)
    check("an unknown session is 404", service.ask("GET", "/api/v1/sessions/..%2F..%2Fetc")[0] == 404)
    check("an unknown method is 405", service.ask("DELETE", "/api/v1/sessions")[0] == 405)
    check("a body that is too large is 413", service.ask("POST", "/api/v1/sessions/x/marks", b"x" * 5000)[0] == 413)
    check("ready", service.ask("GET", "/readyz")[:2] == (200, b"ready\n"))
    check("the description is served", b"openapi: 3.1.0" in service.ask("GET", "/openapi.yaml")[1])


def live(service, browser, shots, arrivals, seconds):
    base = f"http://127.0.0.1:{service.port}"
    browser.open(base + "/")
    browser.until("!document.querySelector('#live-none').hidden", 10)
    browser.shot(shots / "1-nothing-runs.png")
    recording = service.folder / "drawn.ts"
    stop = threading.Event()
    feeder = threading.Thread(target=grow, args=(recording, service.folder / "watched/test.ts", seconds, stop))
    feeder.start()
    try:
        browser.until("!document.querySelector('#live-body').hidden", 30)
        browser.until("document.querySelector('#gate').classList.contains('measured')", 30)
        check("the page shows the running phantom", "Measured" in browser.text("#gate-word"))
        browser.until("document.querySelector('#live-picture img').naturalWidth > 0", 20)
        browser.key("1")
        browser.until("document.querySelector('#now-stage').textContent === 'Rest'", 20)
        began = time.monotonic()
        browser.until("/[0-9]/.test(document.querySelector('#now-closure').textContent)", 30)
        browser.until("window.rima.painted.length > 50", 60)
        while time.monotonic() - began < seconds * 0.35:
            time.sleep(0.1)
        browser.shot(shots / "2-live.png")
        check("every control has a name", browser.unnamed() == [], browser.unnamed())
        browser.key("3")
        browser.until("document.querySelector('#now-stage').textContent === 'Moderate'", 20)
        check("a key sets a mark", True)
        name = service.json("/sessions")["sessions"][0]["session"]
        picture = service.json(f"/sessions/{name}/picture")
        pane = (picture["width_px"], picture["height_px"])
        jpeg = service.ask("GET", f"/api/v1/sessions/{name}/picture.jpg")
        check("the picture is the pane's", jpeg[0] == 200 and jpeg[1][:2] == b"\xff\xd8" and min(pane) > 50, pane)
        resume(service, name)
        browser.size(420, 900)
        time.sleep(0.5)
        browser.shot(shots / "3-live-narrow.png")
        wide = browser.run("document.documentElement.scrollWidth <= window.innerWidth")
        check("nothing is cut off on a narrow screen", wide)
        browser.size(1440, 1000)
        feeder.join()
        browser.until("/finished/.test(document.querySelector('#live-state').textContent)", 60)
        painted = {p["seq"]: p["at"] for p in browser.run("window.rima.painted")}
        late = [at - arrivals.at[seq] for seq, at in painted.items() if seq in arrivals.at]
        print(f"      row to pixel over {len(late)} drawn rows: median {quantile(late, 0.5):.0f} ms, "
              f"95 % {quantile(late, 0.95):.0f} ms, most {max(late):.0f} ms", flush=True)
        check("rows reach the screen", len(late) > 20, len(late))
        browser.shot(shots / "4-live-over.png")
        return name
    finally:
        stop.set()
        feeder.join()


def resume(service, name):
    """A reader that comes back gets what it has missed, and nothing twice."""
    seen, last = [], None
    for number, event in service.listen(f"/api/v1/events?session={name}&from_seq=0"):
        if "seq" in event:
            seen.append(event["seq"])
            last = number
        if len(seen) == 100:
            break
    check("events have ids", last == f"{name}:{seen[-1]}", last)
    time.sleep(1)
    for number, event in service.listen(f"/api/v1/events?session={name}", {"Last-Event-ID": last}):
        if "seq" in event:
            seen.append(event["seq"])
        if len(seen) == 180:
            break
    check("a resumed stream has no gap", seen == list(range(seen[0], seen[0] + len(seen))))
    check("a false Last-Event-ID is refused", service.ask("GET", "/api/v1/events", headers={"Last-Event-ID": "x"})[0] == 400)


def afterwards(service, browser, shots, name):
    end = time.monotonic() + 300
    while service.json(f"/sessions/{name}")["state"] != "complete" and time.monotonic() < end:
        time.sleep(0.1)
    browser.run("location.hash = '#/tests'")
    browser.until("document.querySelectorAll('#tests-table tbody tr').length === 1")
    browser.shot(shots / "5-tests.png")
    report = service.ask("GET", f"/api/v1/sessions/{name}/report.html")[1].decode()
    check("the marks stand in the report", "Rest" in report and "Moderate" in report)

    browser.run(f"location.hash = '#/test/{name}'")
    browser.until("document.querySelectorAll('#test-table tbody tr').length >= 2")
    browser.move("#test-curve", 0.5)
    browser.until("document.querySelector('#test-picture img').naturalWidth > 0 && !document.querySelector('#test-picture img').hidden", 30)
    first = browser.run("document.querySelector('#test-picture img').src")
    browser.run("document.querySelector('#test-curve').focus()")
    for _ in range(3):
        browser.key("ArrowRight", number=39)
    browser.until(f"document.querySelector('#test-picture img').src !== {json.dumps(first)}", 30)
    check("the picture follows the cursor, by keyboard too", True)
    value = browser.run("document.querySelector('#test-curve').getAttribute('aria-valuetext')")
    check("the cursor speaks", "Time" in value and "Stage" in value, value)
    browser.shot(shots / "6-test.png")
    check("every control has a name here as well", browser.unnamed() == [], browser.unnamed())

    before = browser.text("#test-table")
    old = json.loads(service.ask("GET", f"/api/v1/sessions/{name}/summary")[1])
    browser.move("#test-curve", 0.8)
    browser.until("/Frame/.test(document.querySelector('#test-facts').innerText)", 20)
    browser.run("document.querySelector('#test-curve').focus()")
    browser.key("5")
    browser.until("!document.querySelector('#editor-save').disabled")
    browser.click("#editor-save")
    said = browser.until("/^Saved/.test(document.querySelector('#editor-said').textContent) && "
                         "document.querySelector('#editor-said').textContent", 20)
    print("      " + said, flush=True)
    check("a stage edit changes the table", "Recovery" in browser.text("#test-table") and browser.text("#test-table") != before)
    new = json.loads(service.ask("GET", f"/api/v1/sessions/{name}/summary")[1])
    check("and the report", len(new["stages"]) == len(old["stages"]) + 1
          and "Recovery" in service.ask("GET", f"/api/v1/sessions/{name}/report.html")[1].decode())
    check("the old stages stay as history", "replaced" in browser.text("#history"))
    browser.run("document.querySelector('#report-card').open = true")
    browser.until("!!document.querySelector('#report').contentDocument?.querySelector('h1')", 20)
    check("the report opens within the page", True)
    browser.run("document.querySelector('#report-card').scrollIntoView()")
    time.sleep(0.5)
    browser.shot(shots / "7-test-edited.png")
    browser.pdf(shots / "7-test-edited.pdf")


def trial(service, browser, shots):
    browser.run("location.hash = '#/try'")
    stills = sorted((service.folder / "stills").glob("*.png"))
    still = next(s for s in stills if not s.name.endswith((".mask.png", ".labels.png")))
    browser.files("#file", str(still))
    browser.until("!!document.querySelector('#try-result .verdict')", 60)
    browser.shot(shots / "8-try-picture.png")
    check("a picture can be tried", "easured" in browser.text("#try-result .verdict"), browser.text("#try-result .verdict"))
    browser.files("#file", str(service.folder / "clip.mkv"))
    browser.until("/frames measured/.test(document.querySelector('#try-result .verdict')?.innerText)", 90)
    browser.shot(shots / "9-try-clip.png")
    check("a clip can be tried", True, browser.text("#try-result .verdict"))
    bad = service.folder / "bad.png"
    bad.write_bytes(b"\x89PNG\r\n\x1a\nnot a picture")
    browser.files("#file", str(bad))
    browser.until("/could not be tried/.test(document.querySelector('#try-result').innerText)", 30)
    check("a bad file is said to be one", str(service.folder) not in browser.text("#try-result"), browser.text("#try-result"))
    left = [f for f in os.listdir(tempfile.gettempdir()) if f.startswith("rima-trial-")]
    check("nothing is kept", left == [], left)


def counters(service, arrivals):
    text = service.ask("GET", "/metrics")[1].decode()
    values = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    decoded = int(values['rima_frames_total{state="measured"}']) + int(values['rima_frames_total{state="rejected"}'])
    check("the counters count every row", decoded == len(arrivals.at), decoded)
    check("and every timing", int(values["rima_inference_seconds_count"]) == decoded)
    types = {e["type"] for e in arrivals.events}
    check("breaths and stages are told", {"breath", "stage", "mark", "end"} <= types, sorted(types))
    states = [e for e in arrivals.events if e["type"] == "state"]
    repeated = [a for a, b in zip(states, states[1:]) if a == b]
    check("no state is told twice in a row", repeated == [], len(states))
    breaths = [e["breath"] for e in arrivals.events if e["type"] == "breath"]
    check("breaths come in order, once each", breaths == list(range(len(breaths))) and len(breaths) > 3, len(breaths))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rima", required=True)
    parser.add_argument("--model", required=True, help="network, or `bundled`")
    parser.add_argument("--shots", required=True)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--size", default="480x360")
    parser.add_argument("--layout", default="full")
    parser.add_argument("--drawn", help="folder with drawn.ts, clip.mkv and stills/, instead of drawing them")
    options = parser.parse_args()
    if not find():
        print("no Chromium is installed")
        return 77
    shots = pathlib.Path(options.shots)
    shots.mkdir(parents=True, exist_ok=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="rima-page-"))
    rima = os.path.abspath(options.rima)

    def draw(*arguments):
        subprocess.run([rima, "phantom", "--quiet", "--layout", options.layout, *arguments], check=True,
                       stdout=subprocess.DEVNULL)

    service = browser = None
    try:
        if options.drawn:
            shutil.copytree(options.drawn, folder, dirs_exist_ok=True)
        else:
            draw("--output", str(folder / "drawn.ts"), "--codec", "mpeg2video", "--duration", str(options.seconds), "--size",
                 options.size, "--seed", "5")
            draw("--output", str(folder / "clip.mkv"), "--duration", "6", "--size", options.size, "--seed", "6")
            draw("--output", str(folder / "stills"), "--stills", "1", "--size", options.size, "--seed", "7")
        model = options.model if options.model == "bundled" else os.path.abspath(options.model)
        service = Service(rima, folder, model)
        guards(service)
        arrivals = Arrivals(folder / "s")
        browser = Browser()
        name = live(service, browser, shots, arrivals, options.seconds)
        counters(service, arrivals)
        afterwards(service, browser, shots, name)
        trial(service, browser, shots)
        # A refusal that a check above has provoked is logged by the browser as well.
        problems = [p for p in browser.problems if "/api/v1/trials" not in p and "/picture" not in p]
        check("no error on the console", problems == [], problems)
        hosts = {urllib.parse.urlsplit(u).netloc for u in browser.requests if u.startswith(("http", "ws"))}
        check("no request to another host", hosts == {f"127.0.0.1:{service.port}"}, hosts)
        check("the service stops cleanly with a page open", service.stop() == 0)
    finally:
        if browser:
            browser.close()
        if service and service.process.poll() is None:
            service.process.kill()
        if service and failures:
            print((folder / "serve.log").read_text()[-3000:])
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{len(failures)} checks failed" if failures else "all checks passed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
