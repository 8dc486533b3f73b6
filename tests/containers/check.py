"""Builds the image, tells the stories to the compose file and the embedded product, takes them down again.

``make containers`` runs this; it needs a container engine with compose. ``CHECKED_IMAGE`` names an image that is there
already instead of building one; hadolint reads the Dockerfile where it is installed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time

from composed import READY_SECONDS, check_compose
from engine import ROOT, CheckFailed, find_engine, free_port, run, say

sys.path.insert(0, str(ROOT / "tests" / "practice"))

from portal_visitor import NotAdmitted, Visitor
from proxied import check_proxy

MOST_MEGABYTES = 780
"""What the packages may take together; 707 when this was written."""


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


def check_dockerfile() -> None:
    """hadolint finds nothing in the Dockerfile."""
    if shutil.which("hadolint") is None:
        say("hadolint isn't installed, so the Dockerfile is only built")
        return
    run("hadolint", "Dockerfile")
    say("hadolint: nothing to say")


def check_image(image: str) -> None:
    """It runs as nobody in particular, and holds no compiler and no installer of its packages."""
    inside = ("docker", "run", "--rm", "--read-only", "--network", "none", "--entrypoint", "sh", image, "-c")
    if run(*inside, "id -u").strip() != "10001":
        raise CheckFailed("The image doesn't run as its own user.")
    tools = run(
        *inside,
        "for tool in gcc cc make npm; do command -v $tool; done; ls /opt/cgn/bin /usr/local/bin | grep ^pip; true",
    )
    if tools.strip():
        raise CheckFailed(f"The image holds tools that only a build needs: {tools}")
    packed = run(*inside, "ls /opt/cgn/lib/python3.11/site-packages/webapp/packed").split()
    if not any(name.endswith(".br") for name in packed):
        raise CheckFailed("The image's files for browsers aren't compressed ahead.")
    packages = int(run(*inside, "du -sm /opt/cgn").split()[0])
    if packages > MOST_MEGABYTES:
        raise CheckFailed(f"Python's packages take {packages} MB of the image; deploy/image/slim.py says what may go.")
    # Of all commands these read the most packages.
    report = "cd /tmp && cgn generate c.csv --seed 7 && for kind in pdf xlsx html; do cgn report c.csv -o r.$kind; done"
    run(
        "docker",
        "run",
        "--rm",
        "--read-only",
        "--tmpfs",
        "/tmp",
        "--entrypoint",
        "sh",
        image,
        "-euc",
        f"{report}; ls r.*",
    )
    small = "with the" if "plotly.min.js" in packed else "without the"
    size = int(run("docker", "image", "inspect", "--format", "{{.Size}}", image))
    say(f"image: user 10001, no build tools, {size / 1e6:.0f} MB, {packages} of them Python's packages")
    say(f"image: {len(packed)} files packed for browsers, {small} small chart library")


def mirror() -> tuple[str, ...]:
    """npm's settings of this machine, where it has any: behind a mirror a build reaches no package without."""
    settings = os.environ.get("NPM_CONFIG_USERCONFIG", "/etc/npmrc")
    return ("--secret", f"id=npmrc,src={settings}") if os.path.exists(settings) else ()  # noqa: PTH110 - given as text


def main() -> int:
    """Run all checks; 0 when they pass, 1 and what failed when not."""
    given = os.environ.get("CHECKED_IMAGE")
    image = given or f"creator-growth-navigator:check-{os.getpid()}"
    try:
        find_engine()
        check_dockerfile()
        if not given:
            say("Building the image ...")
            run(
                *("docker", "build", "--network", "host", *mirror(), "--tag", image, "."),
                environment={"DOCKER_BUILDKIT": "1", "BUILDKIT_PROGRESS": "plain"},
            )
        try:
            check_image(image)
            check_compose(image)
            check_proxy(image)
            check_embedded(image)
        finally:
            if not given:
                subprocess.run(["docker", "image", "rm", image], capture_output=True, check=False)
    except (CheckFailed, NotAdmitted) as failure:
        sys.stderr.write(f"{failure}\n")
        return 1
    say("The image and the compose file work.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
