from __future__ import annotations

import configparser
import shlex

from cgn_core.cli.supervision import (
    Child,
    configuration,
    reconciler_child,
    redis_child,
    web_child,
    worker_child,
)
from webapp import serving


def parsed() -> configparser.ConfigParser:
    children = [redis_child(("redis-server", "redis.conf")), worker_child(), reconciler_child()]
    found = configparser.ConfigParser(interpolation=None)
    found.read_string(configuration([*children, web_child(host="127.0.0.1", port=8050)]))
    return found


def test_redis_is_stopped_after_everything_else() -> None:
    found = parsed()
    assert found["group:app"]["programs"].split(",") == ["worker", "reconciler", "web"]
    assert found["group:app"].getint("priority") > found["program:redis"].getint("priority")


def test_stopping_one_group_after_the_other_takes_less_than_ten_seconds() -> None:
    found = parsed()
    app = max(found[f"program:{name}"].getint("stopwaitsecs") for name in ("worker", "reconciler", "web"))
    # supervisord looks up once a second, before and after each group.
    assert app + found["program:redis"].getint("stopwaitsecs") + 3 < 10


def test_every_child_is_restarted_for_ever_and_signalled_alone() -> None:
    found = parsed()
    for name in ("redis", "worker", "reconciler", "web"):
        program = found[f"program:{name}"]
        assert program["autorestart"] == "true"
        assert program.getint("startretries") > 100_000
        assert program["stopasgroup"] == "false"
        assert program["killasgroup"] == "true"


def test_the_web_server_keeps_its_files_to_itself() -> None:
    assert "python:webapp.serving" in web_child(host="127.0.0.1", port=8050).command
    assert serving.control_socket_disable
    assert "[::1]:8050" in web_child(host="::1", port=8050).command


def test_an_awkward_command_survives_the_configuration() -> None:
    odd = Child("odd", ("/two words/run", "100%", "it's"))
    found = configparser.ConfigParser(interpolation=None)
    found.read_string(configuration([odd]))
    written = found["program:odd"]["command"].replace("%%", "%")
    assert tuple(shlex.split(written)[-3:]) == odd.command
