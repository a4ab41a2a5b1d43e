# SPDX-License-Identifier: MIT
"""Headless Chromium through chromedriver (W3C WebDriver), as a person uses it: look, type, press.

Elements are found by what is written on or beside them; a test asserts on visible text alone.
"""
import base64
import contextlib
import json
import os
import re
import select
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

DEADLINE = 20.0  # seconds until something must be seen
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the standard's key of an element's id

# The visible field that a label, placeholder or aria-label names.
FIND_FIELD = """
const wanted = arguments[0].toLowerCase();
return [...document.querySelectorAll('input, textarea')].find((field) =>
	field.getClientRects().length && [...(field.labels || [])].map((label) => label.innerText)
		.concat(field.placeholder || '', field.getAttribute('aria-label') || '')
		.some((text) => text.toLowerCase().includes(wanted))) || null;
"""
FIND_BUTTON = """
return [...document.querySelectorAll('button, input[type=submit]')].find((button) =>
	button.getClientRects().length && (button.innerText || button.value).trim() === arguments[0]) || null;
"""
# The field whose form holds the button.
FIND_FIELD_OF_BUTTON = """
const fields = arguments[0].form.querySelectorAll('input:not([type=submit]):not([type=hidden]), textarea');
return [...fields].find((field) => field.getClientRects().length) || null;
"""


class Browser:
    """`with Browser() as browser:`; starts on one empty tab."""

    def __init__(self, width=1000, height=800, trusts=()):
        """`trusts`: public_key_hash of certificates that no authority it knows has signed."""
        self.size, self.trusts = (width, height), trusts

    def __enter__(self):
        self.profile = tempfile.mkdtemp(prefix="socklet-browser-")
        self.driver = subprocess.Popen(
            ["chromedriver", "--port=0"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True, env=dict(os.environ, HOME=self.profile))
        try:
            self.url = f"http://127.0.0.1:{self._driver_port()}"
            self.session = None
            self.session = self._call("POST", "/session", {"capabilities": {"alwaysMatch": {
                "browserName": "chrome", "goog:chromeOptions": {"args": self._arguments()}}}})["sessionId"]
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        with contextlib.suppress(Exception):
            self._call("DELETE", "")
        self.driver.terminate()
        try:
            self.driver.wait(10)
        except subprocess.TimeoutExpired:
            self.driver.kill()
            self.driver.wait()
        self.driver.stdout.close()
        shutil.rmtree(self.profile, ignore_errors=True)

    def _arguments(self):
        # Without a sandbox because tests may run as root, where Chromium has none.
        return ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                "--no-proxy-server", "--disable-background-networking", f"--user-data-dir={self.profile}",
                f"--window-size={self.size[0]},{self.size[1]}",
                *([f"--ignore-certificate-errors-spki-list={','.join(self.trusts)}"] if self.trusts else [])]

    def _driver_port(self):
        out, end = "", time.monotonic() + DEADLINE
        while not (found := re.search(r"started successfully on port (\d+)", out)):
            ready = select.select([self.driver.stdout], [], [], max(0, end - time.monotonic()))[0]
            chunk = os.read(self.driver.stdout.fileno(), 4096).decode() if ready else ""
            assert chunk, f"chromedriver did not start: {out}"
            out += chunk
        return int(found[1])

    def _call(self, method, path, body=None):
        if not path.startswith("/session"):
            path = f"/session/{self.session}{path}"
        data = json.dumps({} if body is None else body).encode() if method == "POST" else None
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"}, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            value = json.load(error)["value"]
            raise AssertionError(f"{value['error']}: {value['message'].split(chr(10) + '#0')[0]}") from None

    def open(self, url):
        self._call("POST", "/url", {"url": url})

    def new_tab(self, url):
        """Opens a tab, looks at it, returns its handle."""
        handle = self._call("POST", "/window/new", {"type": "tab"})["handle"]
        self.look_at(handle)
        self.open(url)
        return handle

    def tab(self):
        return self._call("GET", "/window")

    def look_at(self, handle):
        self._call("POST", "/window", {"handle": handle})

    def close_tab(self):
        self._call("DELETE", "/window")

    def run(self, script, *arguments):
        return self._call("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def text(self):
        """All text a person sees."""
        return self.run("return document.body ? document.body.innerText : ''")

    def wait(self, condition, what):
        end = time.monotonic() + DEADLINE
        while not (result := condition()):
            assert time.monotonic() < end, f"not within {DEADLINE:g} s: {what}; the page shows:\n{self.text()}"
            time.sleep(0.02)
        return result

    def sees(self, *texts):
        """Waits until all of these can be read on the page."""
        for text in texts:
            self.wait(lambda: text in self.text(), f"the text {text!r}")

    def sees_match(self, pattern):
        return self.wait(lambda: re.search(pattern, self.text(), re.I), f"a text like /{pattern}/")

    def does_not_see(self, text):
        self.wait(lambda: text not in self.text(), f"no text {text!r}")

    def _find(self, script, *arguments):
        return self.wait(lambda: self.run(script, *arguments), f"an element {arguments}")[ELEMENT]

    def press(self, label):
        self._call("POST", f"/element/{self._find(FIND_BUTTON, label)}/click")

    def fill(self, label, text):
        """Clears the field that is called so and types."""
        self._type(self._find(FIND_FIELD, label), text)

    def say(self, text, button="Send"):
        """Types into the field beside the button and presses it."""
        found = self._find(FIND_BUTTON, button)
        self._type(self._find(FIND_FIELD_OF_BUTTON, {ELEMENT: found}), text)
        self._call("POST", f"/element/{found}/click")

    def _type(self, element, text):
        self._call("POST", f"/element/{element}/clear")
        self._call("POST", f"/element/{element}/value", {"text": text})

    def errors(self):
        """What the console says in red."""
        return [entry["message"] for entry in self._call("POST", "/se/log", {"type": "browser"})
                if entry["level"] == "SEVERE"]

    def resize(self, width, height):
        """The visible area as that of a phone."""
        self._call("POST", "/goog/cdp/execute", {"cmd": "Emulation.setDeviceMetricsOverride", "params": {
            "width": width, "height": height, "deviceScaleFactor": 2, "mobile": True}})

    def picture(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self._call("GET", "/screenshot")))
