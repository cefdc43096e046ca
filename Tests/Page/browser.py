"""A headless Chromium, driven over the DevTools protocol on a pair of pipes. Standard library only."""
import base64
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time

# Limits hold on a machine that does nothing else; a loaded one gets this many times as long.
PATIENCE = 5


def find():
    for name in ("chromium", "chromium-browser", "google-chrome"):
        path = shutil.which(name)
        if path:
            return path
    return None


class Browser:
    """One tab; every request, console message and error is kept."""

    def __init__(self, width=1440, height=1000):
        self.profile = tempfile.mkdtemp(prefix="rima-browser-")
        to_child, self.write_end = os.pipe()
        self.read_end, from_child = os.pipe()
        flags = [
            "--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--disable-extensions", "--mute-audio", "--hide-scrollbars", "--force-color-profile=srgb",
            f"--user-data-dir={self.profile}", f"--window-size={width},{height}", "about:blank",
        ]

        # Chromium reads commands on descriptor 3 and answers on 4.
        def pipes():
            a, b = os.dup(to_child), os.dup(from_child)
            os.dup2(a, 3)
            os.dup2(b, 4)

        self.process = subprocess.Popen(
            [find(), *flags], preexec_fn=pipes, pass_fds=(3, 4, to_child, from_child), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_child)
        os.close(from_child)
        self.next_id = 0
        self.answers = {}
        self.changed = threading.Condition()
        self.requests, self.problems = [], []
        self.closed = False
        threading.Thread(target=self._read, daemon=True).start()
        targets = self.call("Target.getTargets", session=None)["targetInfos"]
        page = next(target for target in targets if target["type"] == "page")
        self.session = None
        self.session = self.call(
            "Target.attachToTarget", {"targetId": page["targetId"], "flatten": True}, session=None)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log", "DOM", "Accessibility"):
            self.call(domain + ".enable")
        self.size(width, height)

    def _read(self):
        rest = b""
        while True:
            data = os.read(self.read_end, 1 << 20)
            if not data:
                with self.changed:
                    self.closed = True
                    self.changed.notify_all()
                return
            rest += data
            *messages, rest = rest.split(b"\0")
            for message in messages:
                self._take(json.loads(message))

    def _take(self, message):
        with self.changed:
            if "id" in message:
                self.answers[message["id"]] = message
            else:
                self._event(message["method"], message.get("params", {}))
            self.changed.notify_all()

    def _event(self, method, params):
        if method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.problems.append("exception: " + details.get("exception", {}).get("description", details["text"]))
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "assert", "warning"):
            self.problems.append("console: " + " ".join(str(a.get("value", "")) for a in params["args"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.problems.append("log: " + params["entry"]["text"] + " " + params["entry"].get("url", ""))

    def call(self, method, params=None, session="own", timeout=60):
        with self.changed:
            self.next_id += 1
            number = self.next_id
        message = {"id": number, "method": method, "params": params or {}}
        if session == "own":
            message["sessionId"] = self.session
        os.write(self.write_end, json.dumps(message).encode() + b"\0")
        with self.changed:
            if not self.changed.wait_for(lambda: number in self.answers or self.closed, timeout):
                raise TimeoutError(method)
            if number not in self.answers:
                raise RuntimeError("the browser is gone")
            answer = self.answers.pop(number)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def run(self, expression):
        """The value of a JavaScript expression; promises are waited for."""
        answer = self.call(
            "Runtime.evaluate", {"expression": expression, "awaitPromise": True, "returnByValue": True})
        if "exceptionDetails" in answer:
            raise RuntimeError(expression + ": " + json.dumps(answer["exceptionDetails"])[:500])
        return answer["result"].get("value")

    def until(self, expression, within=30, every=0.05):
        """Waits until an expression is true, and gives its value."""
        end = time.monotonic() + within * PATIENCE
        while time.monotonic() < end:
            value = self.run(expression)
            if value:
                return value
            time.sleep(every)
        raise AssertionError(f"not within {within} s: {expression}; the page says: " + self.run("document.body.innerText")[:600])

    def open(self, url):
        self.call("Page.navigate", {"url": url})
        self.until("document.readyState === 'complete'")

    def text(self, selector):
        return self.run(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''")

    def click(self, selector):
        """A real click in the middle of an element."""
        box = self.run(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)}); e.scrollIntoView({{block: 'center'}});"
            "const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()")
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", {
                "type": kind, "x": box[0], "y": box[1], "button": "left", "clickCount": 1})

    def move(self, selector, share, height=0.5):
        box = self.run(
            f"(() => {{ const r = document.querySelector({json.dumps(selector)}).getBoundingClientRect();"
            "return [r.x, r.y, r.width, r.height]; })()")
        self.call("Input.dispatchMouseEvent", {
            "type": "mouseMoved", "x": box[0] + box[2] * share, "y": box[1] + box[3] * height})

    def key(self, key, code=None, number=0):
        text = key if len(key) == 1 else None
        base = {"key": key, "code": code or key, "windowsVirtualKeyCode": number or (ord(key) if text else 0)}
        down = {**base, "type": "keyDown"}
        if text:
            down["text"] = text
        self.call("Input.dispatchKeyEvent", down)
        self.call("Input.dispatchKeyEvent", {**base, "type": "keyUp"})

    def size(self, width, height, scale=1):
        self.call("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": scale, "mobile": False})

    def files(self, selector, *paths):
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", {"nodeId": root, "selector": selector})["nodeId"]
        self.call("DOM.setFileInputFiles", {"nodeId": node, "files": list(paths)})

    def shot(self, path, whole=True):
        data = self.call("Page.captureScreenshot", {"format": "png", "captureBeyondViewport": whole})["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def pdf(self, path):
        data = self.call("Page.printToPDF", {"preferCSSPageSize": True, "printBackground": True})["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def unnamed(self):
        """Controls that a screen reader could not name."""
        nodes = self.call("Accessibility.getFullAXTree")["nodes"]
        wanted = {"button", "link", "slider", "textbox", "checkbox", "combobox", "image", "img", "Iframe"}
        return [
            n["role"]["value"] for n in nodes
            if not n.get("ignored") and n.get("role", {}).get("value") in wanted and not n.get("name", {}).get("value")]

    def close(self):
        try:
            self.call("Browser.close", session=None, timeout=5)
        except (RuntimeError, TimeoutError, OSError):
            pass
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)
