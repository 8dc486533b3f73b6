"""Errors go to a collector that speaks Sentry's protocol, over real HTTP, and carry nobody's data."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

SCRIPT = """
import logging, structlog
from cgn_core.logs.configuration import configure
configure("worker")
logger = logging.getLogger("worker.tests")
logger.info("someone@agency.example came by")
with structlog.contextvars.bound_contextvars(job_id="job-17"):
    password = "correct horse"
    try:
        {}["lena@agency.example"]
    except KeyError:
        logger.exception("job %s failed for %s", "job-17", "owner@agency.example")
"""


class Collector(BaseHTTPRequestHandler):
    """Keeps what is posted to it."""

    received: list[tuple[str, bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        type(self).received.append((self.path, body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quietly."""


@pytest.fixture
def collector() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """An address to hand errors to, and what has arrived there."""
    received: list[tuple[str, bytes]] = []
    handler = type("Own", (Collector,), {"received": received})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://key@127.0.0.1:{server.server_port}/7", received
        server.shutdown()


def run(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    own = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    return subprocess.run(
        [sys.executable, "-c", script], env=own | environment, capture_output=True, text=True, check=False, timeout=60
    )


def test_an_error_arrives_with_its_trace_and_the_ids_of_its_log_lines(
    collector: tuple[str, list[tuple[str, bytes]]],
) -> None:
    address, received = collector
    done = run(SCRIPT, CGN_SENTRY_DSN=address)
    assert done.returncode == 0, done.stderr
    events = [body for path, body in received if path == "/api/7/envelope/" and b'"type":"event"' in body]
    assert len(events) == 1
    event: dict[str, Any] = json.loads(events[0].splitlines()[2])
    assert event["tags"] == {"process": "worker", "job_id": "job-17"}
    assert event["exception"]["values"][0]["type"] == "KeyError"
    assert event["logentry"]["message"] == "job %s failed for %s"
    assert '"job_id": "job-17"' in done.stderr
    sent = b"".join(body for _, body in received)
    for personal in (b"agency.example", b"correct horse"):
        assert personal not in sent


def test_without_an_address_nothing_is_sent_and_the_library_is_not_even_loaded() -> None:
    done = run(SCRIPT + "import sys; print('sentry_sdk' in sys.modules)")
    assert done.stdout == "False\n"


def test_an_address_that_is_none_is_refused_in_one_sentence() -> None:
    done = run(SCRIPT, CGN_SENTRY_DSN="somewhere")
    assert done.returncode != 0
    assert "CGN_SENTRY_DSN is no address" in done.stderr


def test_a_missing_package_is_named() -> None:
    hidden = "import sys; sys.modules['sentry_sdk'] = None\n"
    done = run(hidden + SCRIPT, CGN_SENTRY_DSN="http://key@127.0.0.1:9/7")
    assert "install creator-growth-navigator[sentry]" in done.stderr
