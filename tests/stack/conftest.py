"""One product for all tests of this folder."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator

import pytest
from whole_product import Product


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The product of this module's tests; they share its data directory, and each finds or makes it running."""
    product = Product(tmp_path_factory.mktemp("stack"))
    yield product
    if product.process is not None and product.process.poll() is None:
        product.stop()
    for pid in product.processes():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def product(installed: Product) -> Product:
    installed.ensure_running()
    return installed
