"""A visitor without a browser: signs in over HTTP as a browser would. Standard library only."""

from __future__ import annotations

import contextlib
import http.client
import http.cookiejar
import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable

PATIENCE = 60
"""Seconds that an answer may take: a busy machine starts a process meanwhile."""


class NotAdmitted(Exception):
    """What the portal answered instead of what was expected."""


class Visitor:
    """Keeps cookies, names its origin, follows redirects."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._jar = jar = http.cookiejar.CookieJar()
        # No proxy of this machine's stands between the visitor and a loopback address.
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(jar)
        )
        self._opener.addheaders = [("Origin", address), ("Referer", f"{address}/")]  # over TLS both are asked for

    def get(self, path: str) -> tuple[int, str]:
        """The status and body of a page."""
        try:
            with self._opener.open(self.address + path, timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode(errors="replace")
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(errors="replace")

    def sign_in(self, email: str, password: str) -> str:
        """Sign in; the portfolio's page. Raises NotAdmitted."""
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.get("/sign-in")[1])
        if not token:
            raise NotAdmitted("The sign-in form has no CSRF token.")
        fields = {"csrf_token": token[1], "email": email, "password": password, "next": "/"}
        try:
            body = urllib.parse.urlencode(fields).encode()
            with self._opener.open(f"{self.address}/sign-in", body, timeout=PATIENCE) as answer:
                page, led_to = answer.read().decode(), answer.geturl()
        except urllib.error.HTTPError as error:
            raise NotAdmitted(f"Signing in answered {error.code}.") from None
        if urllib.parse.urlsplit(led_to).path != "/" or "_dash-config" not in page:
            raise NotAdmitted(f"Signing in led to {led_to} instead of the portfolio.")
        return page

    def post(self, path: str, body: object) -> tuple[int, str]:
        """Send JSON as a page's script does; the status and body of the answer."""
        sent = urllib.request.Request(self.address + path, json.dumps(body).encode(), self._headers())  # noqa: S310 - our own address
        try:
            with self._opener.open(sent, timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode(errors="replace")
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(errors="replace")

    def begin_to_post(self, path: str, body: object) -> Callable[[], tuple[int, str]]:
        """Send the first half of JSON; call what is returned to send the rest: the status and body of the answer."""
        host, data = urllib.parse.urlsplit(self.address).netloc, json.dumps(body).encode()
        connection = http.client.HTTPConnection(host, timeout=PATIENCE)
        connection.putrequest("POST", path)
        cookies = "; ".join(f"{one.name}={one.value}" for one in self._jar)
        headers = {**self._headers(), "Origin": self.address, "Cookie": cookies, "Content-Length": str(len(data))}
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders(data[: len(data) // 2])

        def finish() -> tuple[int, str]:
            with contextlib.closing(connection):
                connection.send(data[len(data) // 2 :])
                answer = connection.getresponse()
                return answer.status, answer.read().decode(errors="replace")

        return finish

    def _headers(self) -> dict[str, str]:
        token = next(one.value for one in self._jar if one.name.endswith("_csrf_token"))
        return {"Content-Type": "application/json", "X-CSRFToken": str(token), "Referer": f"{self.address}/"}

    def check_assets(self, page: str) -> int:
        """Load what a page links to from its own server; how many files that were. Raises NotAdmitted."""
        linked = re.findall(r'(?:href|src)="(/[^"]+\.(?:css|js|svg)[^"]*)"', page)
        for asset in linked:
            status, body = self.get(asset.replace("&amp;", "&"))
            if status != http.HTTPStatus.OK or not body:
                raise NotAdmitted(f"{asset} answered {status} with {len(body)} characters.")
        return len(linked)

    def wait_until_ready(self, seconds: float) -> dict[str, bool]:
        """What /readyz says once it answers 200. Raises NotAdmitted with its last word."""
        give_up = time.monotonic() + seconds
        said = "nothing"
        while time.monotonic() < give_up:
            try:
                status, said = self.get("/readyz")
            except OSError as error:
                status, said = 0, str(error)
            if status == http.HTTPStatus.OK:
                return dict(json.loads(said))
            time.sleep(0.2)
        raise NotAdmitted(f"{self.address}/readyz wasn't 200 within {seconds:.0f} s; it said: {said}")
