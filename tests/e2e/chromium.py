"""A headless Chromium driven over its DevTools protocol through pipes: no server, no library."""

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

EXECUTABLE = shutil.which("chromium") or shutil.which("chromium-browser")


class Page:
    """One tab."""

    def __init__(self, orders: int, reports: int) -> None:
        self._orders, self._reports = orders, reports
        self._number = 0
        self._session: str | None = None
        self._unread = b""
        self.complaints: list[str] = []
        """Exceptions and error messages of the page."""
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        attached = self.ask("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")
        self.requests: list[str] = []
        """Addresses that the page asked for."""

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command; its result."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._orders, json.dumps(message).encode() + b"\0")
        while True:
            report = self._next()
            if report.get("id") == self._number:
                assert "error" not in report, report
                return report["result"]
            self._note(report)

    def open(self, url: str) -> None:
        """Load a page."""
        self.ask("Page.navigate", url=url)
        self.wait_for("document.readyState === 'complete'")

    def run(self, script: str) -> Any:
        """The value of an expression in the page."""
        found = self.ask(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def wait_for(self, script: str, *, seconds: float = 20) -> None:
        """Until an expression is true."""
        end = monotonic() + seconds
        while not self.run(script):
            assert monotonic() < end, f"never true: {script}"
            sleep(0.05)

    def press(self, key: str) -> None:
        """Press and release a key, as the keyboard does."""
        text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
        code = {"Enter": 13, "Tab": 9, " ": 32}.get(key, ord(key[0].upper()))
        for kind in ("keyDown", "keyUp"):
            self.ask(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                text=text if kind == "keyDown" else "",
                windowsVirtualKeyCode=code,
            )

    def screenshot(self, path: Path) -> None:
        """What is seen, as PNG."""
        path.write_bytes(base64.b64decode(self.ask("Page.captureScreenshot")["data"]))

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._unread:
            more = os.read(self._reports, 1 << 20)
            assert more, "the browser is gone"
            self._unread += more
        message, _, self._unread = self._unread.partition(b"\0")
        return json.loads(message)

    def _note(self, report: dict[str, Any]) -> None:
        what, about = report.get("method"), report.get("params", {})
        if what == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(about["exceptionDetails"]))
        elif what == "Log.entryAdded" and about["entry"]["level"] == "error":
            self.complaints.append(json.dumps(about["entry"]))
        elif what == "Network.requestWillBeSent":
            self.requests.append(about["request"]["url"])


@contextmanager
def open_browser(profile: Path, *, size: tuple[int, int] = (1200, 900)) -> Iterator[Page]:
    """A browser with a profile of its own; closed at the end."""
    assert EXECUTABLE is not None
    for_browser, orders = os.pipe()
    reports, from_browser = os.pipe()
    flags = (
        "--headless --no-sandbox --disable-gpu --no-first-run --disable-dev-shm-usage "
        f"--window-size={size[0]},{size[1]} --remote-debugging-pipe"
    ).split()
    # the protocol wants file descriptors 3 and 4
    script = f'exec 3<&{for_browser} 4>&{from_browser}; exec "$@"'
    process = subprocess.Popen(
        ["bash", "-c", script, "bash", EXECUTABLE, *flags, f"--user-data-dir={profile}"],
        pass_fds=(for_browser, from_browser),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(for_browser)
    os.close(from_browser)
    try:
        page = Page(orders, reports)
        yield page
        page._session = None
        os.write(orders, json.dumps({"id": 0, "method": "Browser.close"}).encode() + b"\0")
        process.wait(timeout=20)
    finally:
        process.kill()
        process.wait()
        os.close(orders)
        os.close(reports)
