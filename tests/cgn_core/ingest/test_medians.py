from __future__ import annotations

import numpy as np
import pytest

from cgn_core.ingest.medians import medians


@pytest.mark.parametrize("width", [1, 2, 3, 4, 7, 8, 365, 730])
def test_medians_are_numpys(width: int) -> None:
    rng = np.random.default_rng(width)
    for rows in (rng.normal(size=(40, width)), rng.poisson(2, size=(40, width)) * 1.0):
        before = rows.copy()
        np.testing.assert_array_equal(medians(rows), np.median(rows, axis=1))
        np.testing.assert_array_equal(rows, before)
