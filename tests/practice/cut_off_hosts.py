"""Hosts that are network namespaces of their own on a switch; each can be cut off as a dead router does.

Everything is made below the namespace that the test itself was started in (``unshare --net``) and goes with it. A host
that is cut off hears nothing and is told nothing: neither its own cable nor the other end's has lost its signal.
"""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

DATA = "10.77.0.1"
"""Where Redis and PostgreSQL are: the machine at the switch."""


def _ip(*arguments: str, before: tuple[str, ...] = ()) -> None:
    subprocess.run([*before, "ip", *arguments], check=True, capture_output=True)


def is_alone() -> bool:
    """Whether this process is in a network without any way out: only there is a switch made."""
    listed = subprocess.run(["ip", "-oneline", "link"], check=True, capture_output=True, text=True).stdout
    return [line.split(": ")[1] for line in listed.splitlines()] == ["lo"]


@dataclass
class Host:
    """One machine on the switch; a sleeping process keeps its network."""

    number: int
    keeper: subprocess.Popen[bytes]
    is_cut: bool = False

    @property
    def port(self) -> str:
        return f"host{self.number}"

    @property
    def inside(self) -> tuple[str, ...]:
        """What to write before a command that is to run there."""
        return ("nsenter", f"--net=/proc/{self.keeper.pid}/ns/net", "--")

    def cut(self) -> None:
        _ip("link", "set", self.port, "nomaster")
        self.is_cut = True

    def join(self) -> None:
        _ip("link", "set", self.port, "master", "switch")
        self.is_cut = False


def make_hosts(count: int) -> list[Host]:
    """A switch with ``count`` hosts, all joined."""
    _ip("link", "set", "lo", "up")
    _ip("link", "add", "name", "switch", "type", "bridge")
    _ip("address", "add", f"{DATA}/24", "dev", "switch")
    _ip("link", "set", "switch", "up")
    return [_make_host(number) for number in range(1, count + 1)]


def _make_host(number: int) -> Host:
    # `cat` ends with us, because it reads from us; the network ends with it.
    keeper = subprocess.Popen(["unshare", "--net", "cat"], stdin=subprocess.PIPE)
    host = Host(number, keeper)
    _wait_for_own_network(keeper.pid)
    _ip("link", "add", "name", host.port, "type", "veth", "peer", "name", "cable", "netns", str(keeper.pid))
    _ip("link", "set", "lo", "up", before=host.inside)
    _ip("address", "add", f"10.77.0.{number + 1}/24", "dev", "cable", before=host.inside)
    _ip("link", "set", "cable", "up", before=host.inside)
    host.join()
    _ip("link", "set", host.port, "up")
    return host


def _wait_for_own_network(pid: int) -> None:
    ours, give_up = Path("/proc/self/ns/net").readlink(), time.monotonic() + 30
    while Path(f"/proc/{pid}/ns/net").readlink() == ours:
        assert time.monotonic() < give_up, "no network of its own"
        time.sleep(0.01)
