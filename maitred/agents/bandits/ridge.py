"""Ridge regressions of reward on regressors, in normal equations: the state that batches of rewards are added to.

One regression is shared by all candidates (their regressors tell them apart), or each candidate place has its own
(disjoint: place k is arm k). Both are one thing here: regressors are (B, K, d) or (B, 1, d), regressions K or 1, and
what there is one of serves all candidates.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from maitred.agents.bandits.compiler import compiled

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Ridge:
    """R ridge regressions on d regressors with one noise.

    The posterior is normal-inverse-gamma: weights of regression r are N(w_r, noise^2 A_r^-1), and the prior of the
    noise counts as one reward's residual.

    Attributes:
        A: (R, d, d) float64, the penalty on the diagonal plus X'X.
        b: (R, d) float64, X'r, in the unit of the reward.
        squares: r'r plus the square of the prior's noise.
        n: rewards seen.
    """

    A: Floats
    b: Floats
    squares: float
    n: int = 0

    @classmethod
    def prior(cls, regressors: int, regressions: int = 1, *, penalty: float = 1.0, noise: float = 1.0) -> Ridge:
        """The state before any reward; `noise` is a guess of its standard deviation, in the unit of the reward."""
        A = np.tile(penalty * np.eye(regressors), (regressions, 1, 1))
        return cls(A, np.zeros((regressions, regressors)), noise**2)

    def update(self, x: Floats, reward: Floats, regression: Integers | int = 0) -> Ridge:
        """The state after rewards (N,) of regressors (N, d), each seen by one regression (N,)."""
        A, b = self.A.copy(), self.b.copy()
        of = np.broadcast_to(regression, len(reward))
        for r in np.unique(of):
            rows = slice(None) if len(b) == 1 else of == r
            A[r] += x[rows].T @ x[rows]
            b[r] += x[rows].T @ reward[rows]
        return Ridge(A, b, self.squares + float(reward @ reward), self.n + len(reward))

    @cached_property
    def root(self) -> Floats:
        """(R, d, d) float64, inverse of the Cholesky factor of A, so that A^-1 = root' root."""
        return np.linalg.inv(np.linalg.cholesky(self.A))

    @cached_property
    def weights(self) -> Floats:
        """(R, d) float64, the ridge solutions A^-1 b, in the unit of the reward."""
        half = self.root @ self.b[:, :, None]
        solved: Floats = (self.root.transpose(0, 2, 1) @ half)[:, :, 0]
        return solved

    @cached_property
    def noise(self) -> float:
        """Standard deviation of one reward about its mean: penalised residual squares over rewards, one more of each.

        Bishop 2006, "Pattern Recognition and Machine Learning", exercise 3.12, with a_0 = 1/2 and b_0 = noise^2/2.
        """
        return float(np.sqrt((self.squares - (self.b * self.weights).sum()) / (1 + self.n)))

    def mean(self, x: Floats) -> Floats:
        """(B, K) float64, expected rewards x'w of regressors (B, K, d), in the unit of the reward."""
        by_place = x.transpose(1, 0, 2) @ self.weights[:, :, None]
        return np.ascontiguousarray(by_place[:, :, 0].T)

    def width(self, x: Floats, mask: NDArray[np.bool_]) -> Floats:
        """(B, K) float64, sqrt(x' A^-1 x): standard errors in units of the noise; 0 where masked."""
        y = self._whitened(x, mask)
        squares: Floats = np.einsum("bkd,bkd->bk", y, y)
        return np.sqrt(squares)

    def covariance(self, x: Floats, mask: NDArray[np.bool_]) -> Floats:
        """(B, K, K) float64, x' A^-1 y of all pairs of candidates under one shared regression, in noise^2.

        Rows and columns of masked candidates are 0.
        """
        y = self._whitened(x, mask)
        products: Floats = y @ y.transpose(0, 2, 1)
        return products

    def _whitened(self, x: Floats, mask: NDArray[np.bool_]) -> Floats:
        """(B, K, d): regressors of the legal candidates in which their regression's posterior is white."""
        y = np.zeros((*mask.shape, x.shape[2]))
        _whiten(self.root, x, mask, y)
        return y


@compiled
def _whiten(root: Floats, x: Floats, mask: NDArray[np.bool_], y: Floats) -> None:
    """Fill y with root x; compiled, because few candidates are legal, and a BLAS's threads cost more than the work."""
    for b in range(len(mask)):
        for k in range(mask.shape[1]):
            if mask[b, k]:
                triangle, row = root[min(k, len(root) - 1)], x[b, min(k, x.shape[1] - 1)]
                for i in range(len(row)):
                    s = 0.0
                    for j in range(i + 1):
                        s += triangle[i, j] * row[j]
                    y[b, k, i] = s
