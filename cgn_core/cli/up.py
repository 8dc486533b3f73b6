"""``cgn up``: the whole product on one machine, from one data directory, until Ctrl-C."""

from __future__ import annotations

import contextlib
import http.client
import os
import shlex
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from cgn_core.cli.data_directory import DataDirectory, check_port
from cgn_core.cli.embedded_redis import embed_redis
from cgn_core.cli.prepare import DEMO_PASSWORD_VARIABLE, NOBODY
from cgn_core.cli.processes import adopt_orphans
from cgn_core.cli.supervision import (
    Child,
    Supervision,
    configuration,
    end_stale,
    reconciler_child,
    redis_child,
    web_child,
    worker_child,
)
from cgn_core.errors import SetupError
from cgn_core.settings import Settings, settings

READY_SECONDS = 180.0
"""A slow machine compiles and imports for a while at its first start; longer than this is a fault."""
TEND_SECONDS = 0.2
FIRST_OWNER = (
    "Nobody can sign in yet. In another terminal, to make your account: CGN_DATA_DIR={folder} cgn user create-owner "
    '--agency "My Agency" --email me@example.com --name "My Name"'
)
EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - compared, not bound


@dataclass
class StopRequest:
    """Set by a signal; asked by everything that waits."""

    asked: bool = False

    def listen(self) -> None:
        """Turn Ctrl-C, SIGTERM and a closed terminal into a request to stop."""
        for wanted in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(wanted, self._ask)

    def _ask(self, number: int, frame: object) -> None:
        del number, frame
        self.asked = True


class StoppedEarly(Exception):
    """The stop came before the product was ready."""


@dataclass
class Product:
    """One run of the product."""

    directory: DataDirectory
    configured: Settings
    host: str
    port: int
    stop: StopRequest = field(default_factory=StopRequest)

    def environment(self, redis_url: str) -> dict[str, str]:
        """What the children see: this process' environment, and where everything is.

        Temporary and cache files go to the data directory, so that nothing is written elsewhere.
        """
        own = {
            "CGN_DATA_DIR": str(self.directory.path),
            "CGN_REDIS_URL": redis_url,
            "CGN_SECRET_KEY": self.configured.secret_key or self.directory.kept_secret("secret-key"),
            "CGN_EMBEDDED": "true",
            "TMPDIR": str(self.directory.path / "tmp"),
            "XDG_CACHE_HOME": str(self.directory.path / "tmp"),
            "PYTHONSAFEPATH": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
        }
        defaults = {
            "CGN_SECURE_COOKIES": "false",  # plain HTTP
            "CGN_PUBLIC_URL": self.address,
            "CGN_WORKER_GRACE": "3",  # shorter than supervisord's patience, so that the worker ends by itself
            "CGN_WEB_GRACE": "3",
            "OPENBLAS_NUM_THREADS": "1",  # each process of the worker computes on one core
            "OMP_NUM_THREADS": "1",
        }
        return {**defaults, **os.environ, **own}

    def children(self, redis_command: tuple[str, ...] | None) -> list[Child]:
        """What to keep alive; no Redis where one is configured."""
        redis = [redis_child(redis_command)] if redis_command else []
        return [*redis, worker_child(), reconciler_child(), web_child(host=self.host, port=self.port)]

    @property
    def address(self) -> str:
        """Where a browser on this machine finds the product."""
        host = EVERY_ADDRESS.get(self.host, f"[{self.host}]" if ":" in self.host else self.host)
        return f"http://{host}:{self.port}"

    def prepare_database(self, environment: dict[str, str], *, demo: bool) -> str | None:
        """Migrate and make the demo; returns how to sign in, as it is shown, where that isn't known yet.

        Raises:
            SetupError: the database can't be used; the sentence says why.
        """
        command = [sys.executable, "-m", "cgn_core.cli.prepare", *(["--demo"] if demo else [])]
        password = self.directory.kept_secret("demo-password", length=12) if demo else ""
        log = self.directory.logs / "prepare.log"
        with (
            log.open("w+b") as errors,
            subprocess.Popen(  # noqa: S603 - our own command
                command,
                cwd=self.directory.path,
                env={**environment, DEMO_PASSWORD_VARIABLE: password},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            ) as running,
        ):
            while running.poll() is None:
                if self.stop.asked:
                    running.kill()
                    raise StoppedEarly
                time.sleep(0.05)
            output = running.stdout.read().decode().strip() if running.stdout else ""
            errors.seek(0)
            last = errors.read().decode(errors="replace").strip().splitlines()[-1:]
        if running.returncode:
            raise SetupError(f"{last[0] if last else 'The database could not be prepared.'} (See {log}.)")
        if demo:
            return f"Sign in: {output} / {password}"
        return FIRST_OWNER.format(folder=shlex.quote(str(self.directory.path))) if output == NOBODY else None

    def run(self, *, demo: bool) -> None:
        """Start everything, say where it is, keep it alive, end it when asked.

        Raises:
            SetupError: it can't be started; one sentence says why.
        """
        redis_url, redis_command = self.configured.redis_url, None
        if not redis_url:
            redis = embed_redis(self.directory)
            redis_url, redis_command = redis.url, redis.command
        environment = self.environment(redis_url)
        say(f"Data directory: {self.directory.path}")
        sign_in = self.prepare_database(environment, demo=demo)
        text = configuration(self.children(redis_command))
        (self.directory.path / "supervisord.conf").write_text(text, encoding="utf-8")
        adopt_orphans()
        supervision = Supervision(self.directory, environment)
        try:
            supervision.start()
            self.wait_until_ready(supervision)
            say(f"Open {self.address}")
            if sign_in:
                say(sign_in)
            while not self.stop.asked:
                if supervision.tend():
                    say("The supervisor had died and was started again.")
                time.sleep(TEND_SECONDS)
        finally:
            supervision.stop()

    def wait_until_ready(self, supervision: Supervision) -> None:
        """Wait until the web server says that the database, Redis and a worker answer.

        Raises:
            SetupError: it takes too long; names the logs.
            StoppedEarly: asked to stop meanwhile.
        """
        give_up = time.monotonic() + READY_SECONDS
        while not answers_ready(self.host, self.port):
            if self.stop.asked:
                raise StoppedEarly
            if time.monotonic() > give_up:
                raise SetupError(
                    f"The product wasn't ready after {READY_SECONDS:.0f} s; the logs in {self.directory.logs} say why."
                )
            supervision.tend()
            time.sleep(TEND_SECONDS)


def answers_ready(host: str, port: int) -> bool:
    """Whether ``/readyz`` answers 200."""
    connection = http.client.HTTPConnection(EVERY_ADDRESS.get(host, host).strip("[]"), port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def say(line: str) -> None:
    """Print a line at once: whoever reads it may be a pipe."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def up(
    *,
    demo: Annotated[bool, typer.Option("--demo", help="Make a demo agency with three creators, once.")] = False,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8050,
    data_dir: Annotated[
        Path | None, typer.Option(help="Folder for everything that is stored; made when it isn't there.")
    ] = None,
) -> None:
    """Run the whole product on this machine until Ctrl-C."""
    configured = settings()
    os.umask(0o077)  # whatever is made in the data directory is its owner's alone
    stop = StopRequest()
    stop.listen()
    directory = DataDirectory.prepare(data_dir or configured.data_dir)
    with directory.locked():
        end_stale(directory)
        check_port(host, port)
        with contextlib.suppress(StoppedEarly):
            Product(directory, configured, host, port, stop).run(demo=demo)
        say("Stopped.")
