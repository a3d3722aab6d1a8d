"""What a classifier has to beat: character n-grams with a linear model, the commonest class, and no training at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import SGDClassifier
from sklearn.pipeline import make_pipeline

from tradewind.evaluation.classification import accuracy, macro_f1
from tradewind.tasks.classify import LabelledTexts

Predictions = tuple[str, ...]


def character_ngrams(train: LabelledTexts, texts: Sequence[str], seed: int) -> Predictions:
    """Returns the classes that TF-IDF over character 1- to 4-grams and a linear SVM give."""
    features = TfidfVectorizer(analyzer="char", ngram_range=(1, 4), sublinear_tf=True, min_df=2, dtype=np.float32)
    model = make_pipeline(features, SGDClassifier(loss="hinge", alpha=1e-5, max_iter=12, tol=None, random_state=seed))
    model.fit(list(train.texts), list(train.labels))
    return tuple(str(label) for label in model.predict(list(texts)))


def commonest(train: LabelledTexts, texts: Sequence[str]) -> Predictions:
    """Returns the most frequent class for every text."""
    return (Counter(train.labels).most_common(1)[0][0],) * len(texts)


def chance(train: LabelledTexts, texts: Sequence[str], seed: int) -> Predictions:
    """Returns classes drawn evenly."""
    labels = sorted(set(train.labels))
    return tuple(labels[number] for number in np.random.default_rng(seed).integers(0, len(labels), len(texts)))


def by_label_name(
    named: npt.NDArray[np.float32], labels: Sequence[str], vectors: npt.NDArray[np.float32]
) -> Predictions:
    """Returns for each of `vectors` the class whose name's vector, a row of `named`, is nearest."""
    return tuple(labels[number] for number in (vectors @ named.T).argmax(axis=1))


def measured(truth: LabelledTexts, predictions: Mapping[str, Predictions]) -> dict[str, dict[str, float]]:
    """Returns accuracy and macro-F1 of every method."""
    return {
        name: {"accuracy": accuracy(truth.labels, found), "macro-F1": macro_f1(truth.labels, found)}
        for name, found in predictions.items()
    }
