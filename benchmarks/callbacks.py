"""What answering a callback costs beyond the services' own work: Flask, Dash, the guard, components, JSON.

``python benchmarks/callbacks.py`` prints what ``make bench BENCH=callbacks`` writes. The portal runs in this process,
on SQLite; seconds inside ``cgn_core.services`` are the services' work, all others of a request are the portal's.
"""

from __future__ import annotations

import functools
import gc
import importlib
import json
import os
import pkgutil
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FunctionType
from typing import Any

from load import PAGES, Person, store_agency
from werkzeug.test import EnvironBuilder, run_wsgi_app

TIMES = 60
FIRST_TIMES = 20
ALLOWED = 0.001


@dataclass
class Clock:
    """Seconds spent in services during this request."""

    seconds: float = 0.0
    deep: int = 0

    def timed(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, its outermost calls counted."""

        @functools.wraps(function)
        def call(*arguments: Any, **options: Any) -> Any:
            if self.deep:
                return function(*arguments, **options)
            self.deep, began = 1, time.perf_counter()
            try:
                return function(*arguments, **options)
            finally:
                self.deep = 0
                self.seconds += time.perf_counter() - began

        return call


@dataclass
class Beyond:
    """Seconds of the services and beyond them, by callback."""

    services: dict[str, list[float]] = field(default_factory=dict)
    portal: dict[str, list[float]] = field(default_factory=dict)
    first: dict[str, list[float]] = field(default_factory=dict)
    """Beyond them when nothing that is drawn was drawn before, as with other data each time."""

    def sentence(self) -> str:
        """As it is printed."""
        middle = {name: statistics.median(each) * 1000 for name, each in self.portal.items()}
        holds = [name for name, each in middle.items() if each <= ALLOWED * 1000]
        plural = "s" if len(holds) == 1 else ""
        first = (
            f"Medians of {TIMES} calls; at most {ALLOWED * 1000:.0f} ms beyond the services is asked for, which "
            f"{len(holds)} of {len(middle)} hold{plural}. Each call reads everything anew; parts of a page whose "
            "content is what it was are not drawn anew (docs/decisions/0032), as when somebody goes back to a page. "
            f"The last column is the first drawing, with other data each time (medians of {FIRST_TIMES}): hundreds of "
            "components, numbers, days and figures. Browsers ask for compressed answers, which is not counted here."
        )
        lines = [
            first,
            "",
            "| callback | services | beyond | holds | beyond, first drawing |",
            "|---|---|---|---|---|",
        ]
        lines += [
            f"| {name} | {statistics.median(self.services[name]) * 1000:.2f} ms | {each:.2f} ms "
            f"| {'yes' if name in holds else '**no**'} | {statistics.median(self.first[name]) * 1000:.2f} ms |"
            for name, each in middle.items()
        ]
        return "\n".join(lines)


class Inside(Person):
    """Somebody whose browser calls the portal in this process."""

    def __init__(self, server: Any, token: str) -> None:
        self._server = server
        super().__init__(0, token)

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, bytes]:
        """The answer's status and body."""
        environ = self.prepared(method, path, body)
        return self.run(environ)

    def prepared(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """A request before it is answered."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        if body is not None:
            headers["X-CSRFToken"] = self._cookies["_csrf_token"]
        builder = EnvironBuilder(path=path, method=method, json=body, headers=headers)
        try:
            return builder.get_environ()
        finally:
            builder.close()

    def run(self, environ: dict[str, Any]) -> tuple[int, bytes]:
        """Answer a request."""
        parts, status, headers = run_wsgi_app(self._server, environ, buffered=True)
        for each in headers.getlist("Set-Cookie"):
            name, _, rest = each.partition("=")
            self._cookies[name] = rest.partition(";")[0]
        return int(status.split()[0]), b"".join(parts)


def count_services(clock: Clock) -> None:
    """Time every public function of the services; before the portal imports them by name."""
    from cgn_core import services

    for found in pkgutil.walk_packages(services.__path__, f"{services.__name__}."):
        module = importlib.import_module(found.name)
        for name, value in list(vars(module).items()):
            if isinstance(value, FunctionType) and value.__module__ == module.__name__ and not name.startswith("_"):
                setattr(module, name, clock.timed(value))


def measure() -> Beyond:
    """Draw every page, and look at the jobs, so many times."""
    found, clock = Beyond(), Clock()
    with tempfile.TemporaryDirectory(prefix="cgn-bench-") as folder:
        data = Path(folder)
        os.environ |= {
            "CGN_DATABASE_URL": f"sqlite:///{data / 'cgn.db'}",
            "CGN_DATA_DIR": folder,
            "CGN_SECRET_KEY": secrets.token_urlsafe(48),
            "CGN_SECURE_COOKIES": "false",
            "CGN_EMBEDDED": "true",
        }
        from cgn_core.db.migrate import upgrade_database
        from cgn_core.db.session import forget_engine, make_engine
        from cgn_core.settings import settings

        settings.cache_clear()
        engine = make_engine(settings().database_url)
        upgrade_database(engine)
        engine.dispose()
        tokens, creators, _, _ = store_agency(data, count=5)
        os.environ["CGN_REDIS_URL"] = ""
        settings.cache_clear()
        count_services(clock)
        from webapp.app import create_app

        who = Inside(create_app().server, tokens[0])
        gc.collect()
        gc.freeze()  # as what gunicorn serves does (webapp/wsgi.py)
        gc.set_threshold(20_000, 20, 20)
        for name, body in callbacks(who, creators[0]):
            time_one(who, clock, found, name, body)
        forget_engine()
    return found


def callbacks(who: Inside, creator: object) -> list[tuple[str, Any]]:
    """What is called: its name, and the body that Dash's renderer sends."""
    found = [("the header's look at the jobs", who.body_of(who.pulse, {}))]
    for number, page in enumerate(PAGES):
        path = page if number < 2 else f"/workspaces/{creator}{page}"
        name = f"the page {page or '/'}" if number < 2 else f"a creator's {page.strip('/') or 'home'}"
        values = {"_pages_location.pathname": path, "_pages_location.search": ""}
        found.append((name, who.body_of(who.page, values)))
    return found


def time_one(who: Inside, clock: Clock, found: Beyond, name: str, body: Any) -> None:
    """Call it so many times."""
    sent = json.loads(json.dumps(body))

    def beyond() -> float:
        environ = who.prepared("POST", "/_dash-update-component", sent)
        clock.seconds, began = 0.0, time.perf_counter()
        status, _ = who.run(environ)
        whole = time.perf_counter() - began
        assert status in {200, 204}, (name, status)
        return whole - clock.seconds

    for _ in range(3):  # the first ones import and compile
        beyond()
    for _ in range(TIMES):
        found.portal.setdefault(name, []).append(beyond())
        found.services.setdefault(name, []).append(clock.seconds)
    for _ in range(FIRST_TIMES):
        forget_drawings()
        found.first.setdefault(name, []).append(beyond())


def forget_drawings() -> None:
    """Leave nothing of what was drawn or written before: parts, marks, pictures, numbers and days."""
    from webapp.components import kept

    kept.forget()
    for name, module in list(sys.modules.items()):
        if name.startswith(("webapp.components.", "cgn_core.figures.")):
            for each in vars(module).values():
                if hasattr(each, "cache_clear"):
                    each.cache_clear()


if __name__ == "__main__":
    sys.stdout.write(measure().sentence() + "\n")
