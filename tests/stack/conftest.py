"""One product for all tests of this folder."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator

import pytest
from product_elsewhere import ProductElsewhere, named_by_environment
from whole_product import Product


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product | ProductElsewhere]:
    """The product of this module's tests; they share its data directory, and each finds or makes it running.

    For the examples of the API it may be the one that ``make containers`` has started.
    """
    elsewhere = named_by_environment()
    if elsewhere is not None:
        yield elsewhere
        return
    product = Product(tmp_path_factory.mktemp("stack"))
    yield product
    if product.process is not None and product.process.poll() is None:
        product.stop()
    for pid in product.processes():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def product(installed: Product | ProductElsewhere) -> Product | ProductElsewhere:
    installed.ensure_running()
    return installed
