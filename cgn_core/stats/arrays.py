"""Names for the arrays that the statistics pass around."""

from __future__ import annotations

from typing import Any

import numpy as np

Floats = np.ndarray[tuple[int], np.dtype[np.float64]]
Integers = np.ndarray[tuple[int], np.dtype[np.int64]]
IntegerMatrix = np.ndarray[tuple[int, int], np.dtype[np.int64]]
Matrix = np.ndarray[tuple[int, int], np.dtype[np.float64]]
Cube = np.ndarray[tuple[int, int, int], np.dtype[np.float64]]
Flags = np.ndarray[tuple[int], np.dtype[np.bool_]]
FlagMatrix = np.ndarray[tuple[int, int], np.dtype[np.bool_]]
FlagCube = np.ndarray[tuple[int, int, int], np.dtype[np.bool_]]
Json = Any
