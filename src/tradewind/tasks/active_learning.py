"""Which unlabelled texts are worth a person's time: those a model is unsure of, or those unlike all others.

Uncertainty is entropy, or the margin between the two likeliest labels (Settles, "Active learning literature survey",
2009). Diversity is k-centre greedy over vectors while nothing is learned (Sener and Savarese, "Active learning for
convolutional neural networks: a core-set approach", ICLR 2018), and k-means++ over the gradients of the last layer
once a model is there (BADGE: Ash et al., "Deep batch active learning by diverse, uncertain gradient lower bounds",
ICLR 2020).
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from tradewind.errors import ConfigError

Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]
STRATEGIES: Final = ("uncertainty", "margin", "diverse")


def most_useful(strategy: str, probabilities: Floats, vectors: Floats, count: int, *, seed: int = 13) -> Numbers:
    """Returns up to `count` row numbers, the most useful first, from probabilities (n, k) and vectors (n, d).

    Raises ConfigError for a strategy that is not one of STRATEGIES.
    """
    if strategy == "uncertainty":
        return np.argsort(-entropy(probabilities), kind="stable")[:count].astype(np.int64)
    if strategy == "margin":
        return np.argsort(margin(probabilities), kind="stable")[:count].astype(np.int64)
    if strategy == "diverse":
        return spread_gradients(probabilities, vectors, count, seed=seed)
    raise ConfigError(f"there is no strategy {strategy!r}", hint=f"the strategies are {', '.join(STRATEGIES)}")


def entropy(probabilities: Floats) -> Floats:
    """Returns the entropy of each row (n,) in nats."""
    safe = np.clip(probabilities, 1e-12, None)
    return np.asarray(-(probabilities * np.log(safe)).sum(axis=1), np.float32)


def margin(probabilities: Floats) -> Floats:
    """Returns by how much the likeliest label of each row leads the second (n,); 1 where there is but one label."""
    if probabilities.shape[1] < 2:
        return np.ones(len(probabilities), np.float32)
    two = np.partition(probabilities, -2, axis=1)[:, -2:]
    return np.asarray(two[:, 1] - two[:, 0], np.float32)


def k_centres(vectors: Floats, count: int, held: Floats | None = None) -> Numbers:
    """Returns up to `count` rows of `vectors` (n, d), each the farthest from those before it and from `held` (m, d).

    Without `held` the first is the row nearest to the mean: the most ordinary text. Equal vectors are asked for once.
    """
    if held is None or not len(held):
        first = int(np.argmin(_squared(vectors, vectors.mean(axis=0))))
        chosen, distance = [first], _squared(vectors, vectors[first])
    else:
        chosen, distance = [], np.min([_squared(vectors, centre) for centre in held], axis=0)
    while len(chosen) < min(count, len(vectors)) and distance.max() > 1e-9:
        chosen.append(int(np.argmax(distance)))
        distance = np.minimum(distance, _squared(vectors, vectors[chosen[-1]]))
    return np.array(chosen[:count], np.int64)


def spread_gradients(probabilities: Floats, vectors: Floats, count: int, *, seed: int) -> Numbers:
    """Returns up to `count` rows drawn by k-means++ among the gradients (p − onehot of the likeliest) ⊗ v.

    A gradient is large where the model is unsure, so that what is drawn is unsure and diverse at once. The gradients
    (n, k · d) are never made: their products are those of their two factors.
    """
    errors = probabilities.copy()
    errors[np.arange(len(errors)), probabilities.argmax(axis=1)] -= 1.0
    norms = (errors**2).sum(axis=1) * (vectors**2).sum(axis=1)
    random = np.random.default_rng(seed)
    chosen = [int(np.argmax(norms))]
    distance = _to_gradient(errors, vectors, norms, chosen[0])
    while len(chosen) < min(count, len(vectors)) and distance.sum() > 1e-12:
        chosen.append(int(random.choice(len(distance), p=distance / distance.sum())))
        distance = np.minimum(distance, _to_gradient(errors, vectors, norms, chosen[-1]))
    return np.array(chosen, np.int64)


def _squared(vectors: Floats, centre: Floats) -> npt.NDArray[np.float64]:
    return np.asarray(((vectors - centre) ** 2).sum(axis=1), np.float64)


def _to_gradient(errors: Floats, vectors: Floats, norms: Floats, row: int) -> npt.NDArray[np.float64]:
    products = (errors @ errors[row]) * (vectors @ vectors[row])
    found: npt.NDArray[np.float64] = np.maximum(norms + norms[row] - 2.0 * products, 0.0).astype(np.float64)
    # Rounding leaves a chosen row, and those equal to it, a trace of distance.
    found[found < 1e-6 * max(float(norms.max()), 1e-12)] = 0.0
    return found
