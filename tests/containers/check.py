"""Builds the image, starts the compose file and the embedded product, signs in to both, takes them down again.

``make containers`` runs this with any Python 3.11; it needs nothing installed but a container engine.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "practice"))

from portal_visitor import NotAdmitted, Visitor  # noqa: E402 - runs without an installation, so it is found by hand

READY_SECONDS = 180
EMAIL = "owner@containers.example"


class CheckFailed(Exception):
    """One sentence for the person who ran the check."""


def run(*command: str, environment: Mapping[str, str] | None = None, given: str | None = None) -> str:
    """Run a command in the checkout; its output, or a failed check that shows it."""
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        input=given,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CheckFailed(f"{' '.join(command[:4])} … failed:\n{done.stdout[-4000:]}")
    return done.stdout


def find_engine() -> None:
    """See that ``docker`` reaches an engine and has compose."""
    try:
        subprocess.run(["docker", "version"], capture_output=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        raise CheckFailed(
            "No container engine answers `docker version`; start one, then run make containers."
        ) from None
    try:
        subprocess.run(["docker", "compose", "version"], capture_output=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        raise CheckFailed("`docker compose` isn't there; install Docker's compose plugin.") from None


def free_port() -> int:
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return int(tried.getsockname()[1])


def write_secrets(folder: Path) -> None:
    """Fresh random secrets, as docs/operations.md describes them; readable for the containers' users."""
    redis, postgres, application = (secrets.token_urlsafe(24) for _ in range(3))
    texts = {
        "cgn_secret_key": secrets.token_urlsafe(48),
        "cgn_database_url": f"postgresql://cgn_app:{application}@postgres:5432/cgn",
        "cgn_database_owner_url": f"postgresql://cgn:{postgres}@postgres:5432/cgn",
        "cgn_redis_url": f"redis://:{redis}@redis:6379/0",
        "redis_conf": f"requirepass {redis}",
        "postgres_password": postgres,
    }
    for name, text in texts.items():
        file = folder / name
        file.write_text(text + "\n", encoding="ascii")
        file.chmod(0o644)
    # The engine's daemon and the containers' users read the files; nobody else on this machine can enter the folder.
    folder.chmod(0o711)


@contextlib.contextmanager
def compose(image: str, folder: Path, port: int) -> Iterator[list[str]]:
    """The compose file, up and healthy while the body runs; its volumes are removed afterwards."""
    environment = {
        "CGN_IMAGE": image,
        "CGN_SECRETS": str(folder),
        "CGN_PORT": str(port),
        "CGN_SECURE_COOKIES": "false",  # this check speaks plain HTTP
    }
    os.environ.update(environment)
    command = ["docker", "compose", "--project-name", f"cgn-check-{os.getpid()}"]
    try:
        try:
            run(*command, "up", "--detach", "--no-build", "--wait", "--wait-timeout", str(READY_SECONDS))
            yield command
        except CheckFailed as failure:
            logs = subprocess.run(
                [*command, "logs", "--tail", "30"], cwd=ROOT, capture_output=True, text=True, check=False
            )
            raise CheckFailed(f"{failure}\n{logs.stdout}") from None
    finally:
        subprocess.run([*command, "down", "--volumes", "--timeout", "10"], cwd=ROOT, capture_output=True, check=False)


def check_compose(image: str) -> None:
    """Web, worker, reconciler, Redis and PostgreSQL come up in order, an owner is made and signs in."""
    port, password = free_port(), secrets.token_urlsafe(18)
    with tempfile.TemporaryDirectory() as name:
        write_secrets(Path(name))
        with compose(image, Path(name), port) as command:
            visitor = Visitor(f"http://127.0.0.1:{port}")
            ready = visitor.wait_until_ready(READY_SECONDS)
            say(f"compose: /readyz {json.dumps(ready)}")
            owner = ("--agency", "Container Agency", "--email", EMAIL, "--name", "Olive Owner", "--password-file", "-")
            run(*command, "exec", "-T", "web", "cgn", "user", "create-owner", *owner, given=password + "\n")
            files = visitor.check_assets(visitor.sign_in(EMAIL, password))
            say(f"compose: the owner signed in, and the portfolio's {files} files are served")


def check_embedded(image: str) -> None:
    """The image's default command is the whole product; it runs with a read-only root and stops within its grace."""
    port, name = free_port(), f"cgn-check-embedded-{os.getpid()}"
    visitor = Visitor(f"http://127.0.0.1:{port}")
    run("docker", "network", "create", name)
    try:
        published = ("--publish", f"127.0.0.1:{port}:8050")
        options = ("--read-only", "--cap-drop", "ALL", "--network", name, "--volume", f"{name}:/data", *published)
        run("docker", "run", "--detach", "--name", name, *options, image)
        try:
            visitor.wait_until_ready(READY_SECONDS)
            visitor.sign_in(*wait_for_sign_in(name))
            say("embedded: the printed sign-in works")
            stop_cleanly(name)
        except (CheckFailed, NotAdmitted) as failure:
            raise CheckFailed(f"{failure}\n{run('docker', 'logs', '--tail', '40', name)}") from None
    finally:
        for leftover in (("rm", "--force", name), ("volume", "rm", name), ("network", "rm", name)):
            subprocess.run(["docker", *leftover], capture_output=True, check=False)


def stop_cleanly(container: str) -> None:
    """Ask the product to stop; it ends by itself, within the ten seconds it promises."""
    began = time.monotonic()
    run("docker", "stop", "--time", "12", container)
    code = run("docker", "inspect", "--format", "{{.State.ExitCode}}", container).strip()
    if code != "0":
        raise CheckFailed(f"The embedded product ended with {code} when it was asked to stop.")
    say(f"embedded: stopped in {time.monotonic() - began:.1f} s")


def wait_for_sign_in(container: str) -> tuple[str, str]:
    """The address and password that the embedded product prints."""
    give_up = time.monotonic() + READY_SECONDS
    while time.monotonic() < give_up:
        found = re.search(r"^Sign in: (\S+) / (\S+)", run("docker", "logs", container), re.MULTILINE)
        if found:
            return found[1], found[2]
        time.sleep(0.5)
    raise CheckFailed("The embedded product printed no sign-in.")


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """Run both checks; 0 when both pass, 1 and what failed when not."""
    image = f"creator-growth-navigator:check-{os.getpid()}"
    try:
        find_engine()
        say("Building the image ...")
        run(
            *("docker", "build", "--network", "host", "--tag", image, "."),
            environment={"DOCKER_BUILDKIT": "1", "BUILDKIT_PROGRESS": "plain"},
        )
        try:
            check_compose(image)
            check_embedded(image)
        finally:
            subprocess.run(["docker", "image", "rm", image], capture_output=True, check=False)
    except CheckFailed as failure:
        sys.stderr.write(f"{failure}\n")
        return 1
    say("The image and the compose file work.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
