"""How cost grows: the exponent of a power of the size, fitted to measurements."""

from __future__ import annotations

from collections.abc import Mapping
from math import log
from statistics import linear_regression


def exponent(costs: Mapping[int, float]) -> float:
    """The slope of the logarithm of the cost over that of the size: 1 doubles with the size, 0 doesn't grow."""
    sizes = [log(size) for size in costs]
    return linear_regression(sizes, [log(cost) for cost in costs.values()]).slope
