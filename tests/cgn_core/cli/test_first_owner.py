"""Whoever starts the product without the demo is told how to sign in, until somebody can."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

from cgn_core.cli.data_directory import DataDirectory
from cgn_core.cli.up import Product
from cgn_core.settings import Settings


def test_a_start_without_an_account_prints_the_command_that_makes_one(tmp_path: Path) -> None:
    product = Product(DataDirectory.prepare(tmp_path / "my data"), Settings(), "127.0.0.1", 8050)
    environment = product.environment("unix:///nowhere.sock")
    told = product.prepare_database(environment, demo=False)
    assert told is not None
    folder, command, *arguments = shlex.split(told.partition("account: ")[2])
    assert (folder, command) == (f"CGN_DATA_DIR={tmp_path / 'my data'}", "cgn")
    subprocess.run(
        [Path(sys.executable).with_name("cgn"), *arguments, "--password-file", "-"],
        env={**os.environ, "CGN_DATA_DIR": folder.partition("=")[2]},
        input="four unrelated words make one\n",
        text=True,
        check=True,
    )
    assert product.prepare_database(environment, demo=False) is None
