"""Exact intervals of shares."""

from __future__ import annotations

from scipy.stats import beta


def share_interval(hits: int, n: int) -> tuple[float, float]:
    """Two-sided 95 % interval of a share of which `hits` of `n` were seen (Clopper and Pearson 1934)."""
    low = beta.ppf(0.025, hits, n - hits + 1) if hits else 0.0
    high = beta.ppf(0.975, hits + 1, n - hits) if hits < n else 1.0
    return float(low), float(high)
