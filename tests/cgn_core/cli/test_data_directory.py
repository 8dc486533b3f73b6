from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import pytest

from cgn_core.cli.data_directory import DataDirectory, check_port
from cgn_core.errors import SetupError

NOBODY = 65534


@pytest.fixture
def as_nobody() -> Iterator[None]:
    """Root may write anywhere; whoever isn't root stays who they are."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    yield
    os.seteuid(0)


def one_sentence(error: pytest.ExceptionInfo[SetupError]) -> str:
    text = error.value.message
    assert "\n" not in text
    assert text.endswith(".")
    return text


def test_a_new_directory_is_made_for_its_owner_only(tmp_path: Path) -> None:
    made = DataDirectory.prepare(tmp_path / "deep" / "data")
    assert made.path.stat().st_mode & 0o777 == 0o700
    assert made.logs.is_dir()


@pytest.mark.usefixtures("as_nobody")
def test_a_directory_that_cannot_be_made_is_one_sentence() -> None:
    closed = Path("/") / "closed-to-nobody"
    with pytest.raises(SetupError) as error:
        DataDirectory.prepare(closed / "data")
    assert str(closed) in one_sentence(error)
    assert "--data-dir" in error.value.message


def test_a_read_only_directory_is_one_sentence(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o555)
    for folder in (tmp_path, *list(tmp_path.parents)[:2]):
        folder.chmod(folder.stat().st_mode | 0o111)
    request.getfixturevalue("as_nobody")
    with pytest.raises(SetupError) as error:
        DataDirectory.prepare(closed)
    assert "permission denied" in one_sentence(error)


def test_a_file_in_the_directorys_place_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("something else", encoding="utf-8")
    with pytest.raises(SetupError) as error:
        DataDirectory.prepare(tmp_path / "data")
    assert "can't be written" in one_sentence(error)


def test_a_full_disk_is_one_sentence_with_the_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")  # noqa: PYI024 - as shutil's own
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(10**9, 10**9 - 5 * 1024**2, 5 * 1024**2))
    with pytest.raises(SetupError) as error:
        DataDirectory.prepare(tmp_path / "data")
    assert "5 MB are free and 200 MB are needed" in one_sentence(error)


def test_a_locked_directory_names_the_process_that_holds_it(tmp_path: Path) -> None:
    directory = DataDirectory.prepare(tmp_path)
    code = (
        "import sys; from pathlib import Path; from cgn_core.cli.data_directory import DataDirectory\n"
        "with DataDirectory.prepare(Path(sys.argv[1])).locked(): print('held', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(SetupError) as error, directory.locked():
        pass
    assert f"(process {holder.pid})" in one_sentence(error)

    holder.kill()  # however it ends, the lock ends with it
    holder.communicate()
    with directory.locked():
        assert (tmp_path / "lock").read_text() == str(os.getpid())


def test_a_secret_is_made_once_long_and_private(tmp_path: Path) -> None:
    directory = DataDirectory.prepare(tmp_path)
    made = directory.kept_secret("secret-key")
    assert len(made) >= 32
    assert (tmp_path / "secret-key").stat().st_mode & 0o777 == 0o600
    assert directory.kept_secret("secret-key") == made
    assert directory.kept_secret("another") != made


def test_a_taken_port_is_one_sentence_with_the_next() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SetupError) as error:
            check_port("127.0.0.1", port)
    assert f"Port {port} on 127.0.0.1 is taken" in one_sentence(error)
    check_port("127.0.0.1", port)


def test_an_address_of_another_machine_is_one_sentence() -> None:
    with pytest.raises(SetupError) as error:
        check_port("192.0.2.1", 8050)
    assert "192.0.2.1" in one_sentence(error)
