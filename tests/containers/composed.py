"""The compose file as a story: it comes up, is used, loses processes in the middle of jobs, and comes back."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

from engine import ROOT, CheckFailed, free_port, run, say

sys.path.insert(0, str(ROOT / "tests" / "practice"))

from portal_visitor import Visitor
from product_elsewhere import ProductElsewhere

READY_SECONDS = 240
DONE_SECONDS = 300
EMAIL = "owner@containers.example"
CREATORS = 12
"""Made by jobs, each trained by a job that follows: enough work to be in the middle of when processes die."""
LOG = Path("build/containers.log")
DOCUMENT = ROOT / "docs" / "operations.md"
SECRET_PLACE = "/run/secrets/"


class Stack:
    """A compose project of our own."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        # By its environment, so that commands of the documents reach it as they stand.
        self.variables = {
            "COMPOSE_PROJECT_NAME": f"cgn-check-{os.getpid()}",
            "COMPOSE_FILE": str(ROOT / "docker-compose.yml"),
            **variables,
        }
        self.command = ("docker", "compose")

    def call(self, *arguments: str, given: str | None = None) -> str:
        return run(*self.command, *arguments, environment=self.variables, given=given)

    def up(self, *options: str) -> None:
        """Start what isn't up, and wait until all of it is healthy."""
        self.call("up", "--detach", "--no-build", "--wait", "--wait-timeout", str(READY_SECONDS), *options)

    def cgn(self, *arguments: str, service: str = "web", given: str | None = None) -> str:
        return self.call("exec", "-T", service, "cgn", *arguments, given=given)

    def keep_log(self) -> None:
        """Store what all containers said, for whoever reads afterwards."""
        written = subprocess.run(
            [*self.command, "logs", "--no-color", "--timestamps"],
            cwd=ROOT,
            env={**os.environ, **self.variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        (ROOT / LOG).parent.mkdir(exist_ok=True)
        with (ROOT / LOG).open("ab") as kept:
            kept.write(written.stdout)

    def down(self) -> None:
        """Remove containers, networks and volumes, whatever state they are in."""
        with contextlib.suppress(CheckFailed):
            self.call("down", "--volumes", "--timeout", "10")


def documented(beginning: str) -> list[str]:
    """The commands of docs/operations.md that begin so; an image is there already, so none is built."""
    blocks = re.findall(r"^ *```\n(.*?)^ *```", DOCUMENT.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    block = next(part for part in map(dedent, blocks) if part.startswith(beginning))
    return [line.removeprefix("docker compose build && ") for line in block.splitlines()]


def follow(commands: list[str], within: Path, variables: Mapping[str, str] | None = None) -> None:
    """Type them, one after the other."""
    for command in commands:
        if command.startswith("docker "):
            say(f"$ {command}")
    done = subprocess.run(
        ["bash", "-euc", "\n".join(commands)],
        cwd=within,
        env={**os.environ, **(variables or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CheckFailed(f"Commands of {DOCUMENT.name} failed: {done.stdout[-4000:]}")


def documented_secrets(within: Path) -> Path:
    """The folder of secret files, made by the very commands of docs/operations.md."""
    follow([line for line in documented("mkdir -m 711 secrets") if not line.startswith("docker ")], within)
    # The engine's daemon and the containers' users read the files; nobody else on this machine can enter the folder.
    within.chmod(0o711)
    return within / "secrets"


@contextlib.contextmanager
def composed(image: str, folder: Path, port: int) -> Iterator[Stack]:
    """The compose file, up and healthy while the body runs; its log is kept, and its volumes are removed."""
    stack = Stack(
        {
            "CGN_IMAGE": image,
            "CGN_SECRETS": str(folder),
            "CGN_PORT": str(port),
            "CGN_SECURE_COOKIES": "false",  # this check speaks plain HTTP
        }
    )
    (ROOT / LOG).unlink(missing_ok=True)
    try:
        warnings = stack.call("config", "--quiet")
        if warnings.strip():
            raise CheckFailed(f"docker compose config isn't clean:\n{warnings}")
        stack.up()
        yield stack
    finally:
        stack.keep_log()
        say(f"compose: the containers' log is in {LOG}")
        stack.down()


class Api:
    """The REST API with a token, by the standard library."""

    def __init__(self, port: int, token: str) -> None:
        self._address, self._token = f"http://127.0.0.1:{port}/api/v1", token
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def call(self, path: str, body: object = None) -> Any:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(self._address + path, data, headers)  # noqa: S310 - our own address
        try:
            with self._opener.open(asked, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise CheckFailed(f"{path} answered {error.code}: {error.read().decode(errors='replace')}") from None

    def jobs(self) -> list[dict[str, Any]]:
        return list(self.call("/jobs?limit=500")["items"])


def wait_for(condition: Callable[[], bool], what: str) -> None:
    give_up = time.monotonic() + DONE_SECONDS
    while not condition():
        if time.monotonic() > give_up:
            raise CheckFailed(f"Not within {DONE_SECONDS} s: {what}.")
        time.sleep(0.2)


def check_compose(image: str) -> None:
    """Everything comes up in order, tells its stories, survives, and finds its data again."""
    port, password = free_port(), secrets.token_urlsafe(18)
    with tempfile.TemporaryDirectory() as name, composed(image, documented_secrets(Path(name)), port) as stack:
        visitor = Visitor(f"http://127.0.0.1:{port}")
        say(f"compose: /readyz {json.dumps(visitor.wait_until_ready(READY_SECONDS))}")
        no_sources_inside(stack)
        owner = ("--agency", "Container Agency", "--email", EMAIL, "--name", "Olive Owner", "--password-file", "-")
        stack.cgn("user", "create-owner", *owner, given=password + "\n")
        files = visitor.check_assets(visitor.sign_in(EMAIL, password))
        say(f"compose: the owner signed in, and the portfolio's {files} files are served")
        made = stack.cgn("token", "create", "--email", EMAIL, "--name", "check", "--role", "owner", "--json")
        token = str(json.loads(made)["token"])
        product = ProductElsewhere(port, EMAIL, password, token)
        tell_stories(product)
        api = Api(port, token)
        kill_in_mid_job(stack, api)
        find_everything_again(stack, api, product)
        look_after_it(stack)
        restore_and_upgrade(stack, api, Path(name))


def no_sources_inside(stack: Stack) -> None:
    """What runs is the image alone: nothing of this machine is mounted but the secret files."""
    for container in stack.call("ps", "--quiet").split():
        mounts = json.loads(run("docker", "inspect", "--format", "{{json .Mounts}}", container))
        bound = [mount["Source"] for mount in mounts if mount["Type"] == "bind"]
        strange = [mount for mount in mounts if mount["Type"] == "bind" and SECRET_PLACE not in mount["Destination"]]
        if strange or any(source.startswith(f"{ROOT}{os.sep}") for source in bound):
            raise CheckFailed(f"A container sees folders of this machine: {mounts}")
    say("compose: no container sees the source tree")


def tell_stories(product: ProductElsewhere) -> None:
    """The browser's story from a file to a forecast, and every example of the API's documentation, through the port."""
    stories = (
        "tests/stack/test_api_examples.py",
        "tests/e2e/test_stories.py::test_from_a_file_to_a_forecast_and_out_again",
    )
    told = run(
        *(sys.executable, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", *stories),
        environment=product.environment(),
    )
    say(f"compose: the API's and the browser's stories: {told.strip().splitlines()[-1]}")


def kill_in_mid_job(stack: Stack, api: Api) -> None:
    """Worker and Redis die together (SIGKILL) while jobs run; started again, every job is done, each once."""
    before = {job["id"] for job in api.jobs()}
    handles = [f"container.{number}" for number in range(CREATORS)]
    for number, handle in enumerate(handles):
        api.call("/jobs", {"kind": "generate", "days": 1095, "seed": number, "handles": [handle]})

    def asked() -> list[dict[str, Any]]:
        return [job for job in api.jobs() if job["id"] not in before]

    doomed = stack.call("ps", "--quiet", "worker", "redis").split()
    wait_for(lambda: any(each["state"] == "running" for each in asked()), "a job runs")
    run("docker", "kill", *doomed)  # not compose's, which thinks for longer than a job takes
    stack.up()
    wait_for(
        lambda: len(asked()) == 2 * CREATORS and all(each["state"] in {"done", "failed"} for each in asked()),
        "each creator is generated and trained",
    )
    failed = [(each["title"], each["error"]) for each in asked() if each["state"] != "done"]
    if failed:
        raise CheckFailed(f"Not every job came through: {failed}")
    struck = [each for each in asked() if each["attempts"] > 1]
    if not struck:
        raise CheckFailed("No job was running when worker and Redis were killed.")
    made = [each for each in api.call("/workspaces?limit=500")["items"] if each["handle"] in handles]
    models = [api.call(f"/workspaces/{each['id']}/models")["items"] for each in made]
    if len(made) != CREATORS or any(len(each) != 1 for each in models):
        raise CheckFailed(f"{len(made)} creators with {[len(each) for each in models]} models; each was to have one.")
    say(
        f"compose: worker and Redis killed in the middle of {len(struck)} jobs; "
        f"all {len(asked())} were done, each once, those {len(struck)} at a later attempt"
    )


def seen(api: Api) -> list[Any]:
    """What the portal shows: every workspace and its models."""
    workspaces = api.call("/workspaces?limit=500")["items"]
    return [workspaces, *(api.call(f"/workspaces/{each['id']}/models") for each in workspaces)]


def find_everything_again(stack: Stack, api: Api, product: ProductElsewhere) -> None:
    """Taken down and started again, it shows what it showed."""
    before = seen(api)
    stack.keep_log()  # it goes with the containers
    stack.call("down", "--timeout", "15")
    stack.up("--scale", "worker=2")
    product.visitor.sign_in(product.email, product.password)
    if not before or seen(api) != before:
        raise CheckFailed("After a restart the portal shows something else than before.")
    say(f"compose: down and up again with two workers; {len(before) - 1} workspaces and their models are as they were")


def look_after_it(stack: Stack) -> None:
    """What operators do: doctor, a backup by the owner's role, and the audit log's chain."""
    # What this check has switched off itself, because it speaks no TLS, is switched on for the look.
    report = json.loads(stack.call("exec", "-T", "--env", "CGN_SECURE_COOKIES=true", "web", "cgn", "doctor", "--json"))
    say(f"compose: cgn doctor finds nothing wrong in {len(report['checks'])} checks")
    heads = stack.call("run", "--rm", "-T", "--no-deps", "migrate", "cgn", "db", "verify-audit")
    if not re.search(r"\d", heads):
        raise CheckFailed(f"cgn db verify-audit said: {heads}")
    say("compose: the audit log's chain holds")


def restore_and_upgrade(stack: Stack, api: Api, folder: Path) -> None:
    """A backup, its restore and an upgrade by the commands that docs/operations.md shows; all is as it was."""
    before = seen(api)
    backup = [line for line in documented("cgn backup create") if line.startswith("docker ")]
    follow(backup, folder, stack.variables)
    follow(documented("docker compose stop"), folder, stack.variables)
    if seen(api) != before:
        raise CheckFailed("After a restore the portal shows something else than before.")
    upgrade = [line for line in documented("docker compose build && docker compose run") if line.startswith("docker ")]
    follow(upgrade, folder, stack.variables)
    if seen(api) != before:
        raise CheckFailed("After an upgrade the portal shows something else than before.")
    say(f"compose: backed up, restored and upgraded as documented; {len(before) - 1} workspaces are as they were")
