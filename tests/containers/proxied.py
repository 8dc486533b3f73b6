"""The proxy of docker-compose.override.example.yml as a story: TLS, a sign-in, and a portal replaced behind it."""

from __future__ import annotations

import contextlib
import os
import secrets
import subprocess
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from composed import READY_SECONDS, Stack, documented_secrets
from engine import ROOT, CheckFailed, free_port, run, say
from portal_visitor import Visitor

PROXY = "caddy:2"
EMAIL = "owner@proxied.example"
AUTHORITY = "/data/caddy/pki/authorities/local/root.crt"
"""The one that Caddy makes up for a name that nobody vouches for; in its container."""
FILES = tuple(str(ROOT / name) for name in ("docker-compose.yml", "docker-compose.override.example.yml"))


def is_at_hand() -> bool:
    """Whether the engine has the proxy's image, or can fetch it in some minutes."""
    for command in (("image", "inspect"), ("pull", "--quiet")):
        with contextlib.suppress(subprocess.SubprocessError):
            subprocess.run(["docker", *command, PROXY], capture_output=True, check=True, timeout=300)
            return True
    return False


class ProxiedStack(Stack):
    """The compose file with its proxy, which answers on ports that are free here instead of 80 and 443."""

    def __init__(self, image: str, folder: Path, ports: dict[int, int]) -> None:
        moved = folder / "ports.yml"
        published = ", ".join(f'"127.0.0.1:{here}:{there}"' for there, here in ports.items())
        moved.write_text(f"services:\n  proxy:\n    ports: !override [{published}]\n", "utf-8")
        super().__init__(
            {
                "COMPOSE_PROJECT_NAME": f"cgn-proxied-{os.getpid()}",
                "COMPOSE_FILE": os.pathsep.join([*FILES, str(moved)]),
                "CGN_IMAGE": image,
                "CGN_SECRETS": str(documented_secrets(folder)),
                "CGN_DOMAIN": "localhost",
                "CGN_PUBLIC_URL": f"https://localhost:{ports[443]}",
            }
        )


@contextlib.contextmanager
def proxied(image: str, ports: dict[int, int]) -> Iterator[Stack]:
    """The stack, up and healthy while the body runs."""
    with tempfile.TemporaryDirectory() as name:
        stack = ProxiedStack(image, Path(name), ports)
        try:
            stack.up()
            yield stack
        finally:
            stack.keep_log()
            stack.down()


def check_proxy(image: str) -> None:
    """Caddy reads its configuration, speaks TLS, lets an owner in, and hides that a portal is replaced behind it."""
    # The files are read as an operator's would be, with and without an engine that has the proxy's image.
    told = run(
        *("docker", "compose", "config", "--quiet"),
        environment={"COMPOSE_FILE": os.pathsep.join(FILES), "CGN_DOMAIN": "localhost"},
    )
    if told.strip():
        raise CheckFailed(f"docker compose config isn't clean with the proxy:\n{told}")
    if not is_at_hand():
        say(f"proxy: {PROXY} isn't at hand, so its files are only read")
        return
    ports, password = {443: free_port(), 80: free_port()}, secrets.token_urlsafe(18)
    with proxied(image, ports) as stack:
        say(f"proxy: {stack.call('exec', '-T', 'proxy', 'caddy', 'version').strip()}")
        stack.call("exec", "-T", "proxy", "caddy", "validate", "--config", "/etc/caddy/Caddyfile")
        with trusted(stack.call("exec", "-T", "proxy", "cat", AUTHORITY)):
            visitor = Visitor(f"https://localhost:{ports[443]}")
            owner = ("--agency", "Proxied Agency", "--email", EMAIL, "--name", "Olive Owner", "--password-file", "-")
            stack.cgn("user", "create-owner", *owner, given=password + "\n")
            files_served = visitor.check_assets(visitor.sign_in(EMAIL, password))
            say(f"proxy: the owner signed in through TLS, and the portfolio's {files_served} files are served")
            look_from_outside(visitor, ports)
            replace_the_portal(stack, visitor)
            look_for_links(stack, visitor)


@contextlib.contextmanager
def trusted(authority: str) -> Iterator[None]:
    """Whoever opens connections of its own meanwhile believes this authority."""
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as kept:
        kept.write(authority)
        kept.flush()
        os.environ["SSL_CERT_FILE"] = kept.name
        try:
            yield
        finally:
            del os.environ["SSL_CERT_FILE"]


class Unled(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: where it leads to is the question."""

    def redirect_request(self, *_: object) -> None:
        """Stay."""


def look_for_links(stack: Stack, visitor: Visitor) -> None:
    """The proxy's log holds no address: some let whoever reads them in."""
    link = secrets.token_hex(8)
    visitor.get(f"/invitation/{link}")
    if link in stack.call("logs", "proxy"):
        raise CheckFailed("The proxy logs the links of invitations.")
    say("proxy: no address is logged")


def look_from_outside(visitor: Visitor, ports: dict[int, int]) -> None:
    """Health and metrics are for the inside, and plain HTTP leads to TLS."""
    shown = [path for path in ("/healthz", "/readyz", "/metrics") if visitor.get(path)[0] != 404]
    if shown:
        raise CheckFailed(f"The proxy shows what is for the inside: {shown}")
    plain = urllib.request.build_opener(urllib.request.ProxyHandler({}), Unled)
    try:
        plain.open(f"http://localhost:{ports[80]}/sign-in", timeout=30)
    except urllib.error.HTTPError as answer:
        led_to = answer.headers["Location"] or ""
    else:
        led_to = "a page"
    if not led_to.startswith("https://localhost"):
        raise CheckFailed(f"Plain HTTP leads to {led_to} instead of TLS.")
    say("proxy: plain HTTP leads to TLS; health and metrics aren't shown")


def replace_the_portal(stack: Stack, visitor: Visitor) -> None:
    """The web container is replaced while somebody asks without pause: the proxy waits for the new one."""
    answered: list[int] = []
    enough = threading.Event()

    def ask() -> None:
        while not enough.is_set():
            answered.append(visitor.get("/sign-in")[0])

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    try:
        stack.up("--force-recreate", "--no-deps", "web")
    finally:
        enough.set()
        asking.join(READY_SECONDS)
    refused = [status for status in answered if status != 200]
    if refused or not answered:
        raise CheckFailed(f"{len(refused)} of {len(answered)} requests were refused: {sorted(set(refused))}")
    say(f"proxy: web was replaced while {len(answered)} requests came, one after the other; none was refused")
