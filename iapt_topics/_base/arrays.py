"""Short names of the arrays that functions pass to each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
#: As an encoder gives its vectors.
Floats32 = NDArray[np.float32]
Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]
#: Names of units, where ``ArrayLike`` alone is taken to mean numbers.
Labels = ArrayLike
