"""`tradewind explain NAME`: why an estimator answered as it did, from the published model or from its checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tradewind.data.examples import Examples
from tradewind.engine.estimators import KIND, OpenEstimator, open_estimator, settings_of
from tradewind.engine.explaining import Span, occlusion, probabilities, target_of, word_spans
from tradewind.errors import MissingExtraError, NotFoundError, RequestError
from tradewind.evaluation.explanation import Explanation, WordWeight
from tradewind.index.segmentation import Segmenter, read_words
from tradewind.registry.layout import place
from tradewind.runtime.bundle import HEAD_FILE, EncoderFacts
from tradewind.settings import Shop
from tradewind.tasks.estimators import estimator_task, has_labels

if TYPE_CHECKING:
    from tradewind.models.text_model import TextModel
    from tradewind.training.attributions import Score

METHODS: Final = ("occlusion", "gradients")


def explain(shop: Shop, name: str, text: str, *, method: str = "occlusion", target: str | None = None) -> Explanation:
    """Returns what each word of `text` adds to `target`, or to the likeliest label.

    Raises RequestError for an unknown method, label, or an empty text; for gradients also MissingExtraError without
    torch, and NotFoundError when the checkpoint of the published version is no longer there.
    """
    if method not in METHODS:
        raise RequestError(f"there is no method {method!r}", hint=f"known: {', '.join(METHODS)}")
    if not has_labels(estimator_task(settings_of(shop, name).task)):
        raise RequestError(f"{name} gives a text no single label, which alone is explained")
    estimator = open_estimator(shop, name)
    chosen = target_of(estimator, text, target)
    dictionary = shop.settings.index.dictionary
    spans = word_spans(text, Segmenter(read_words(shop.root / dictionary) if dictionary else ()).cut)
    if method == "occlusion":
        return occlusion(estimator, text, chosen, spans)
    return _gradients(shop, estimator, text, chosen, spans)


def _gradients(shop: Shop, estimator: OpenEstimator, text: str, target: str, spans: list[Span]) -> Explanation:
    try:
        from tradewind.training.attributions import by_word, integrated_gradients, placed_tokens
    except ImportError:
        raise MissingExtraError("torch, which takes gradients,", "learn") from None
    model = _checkpoint(shop, estimator)
    tokens = placed_tokens(model.encoder, text)
    found = integrated_gradients(model, tokens, _score(shop, estimator, model, target))
    weights = by_word(tokens, found.weights, spans)
    words = tuple(WordWeight(a, b, text[a:b], weight) for (a, b), weight in zip(spans, weights, strict=True))
    return Explanation(
        estimator.name, estimator.version, "integrated gradients", "log-likelihood", target, text,
        found.value, found.baseline, words, found.steps,
    )  # fmt: skip


def _checkpoint(shop: Shop, estimator: OpenEstimator) -> TextModel:
    """The fp32 model of the published version: a later run that missed its gate leaves another one in its place."""
    from tradewind.models.bi_encoder import load_bi_encoder
    from tradewind.models.text_model import TextModel, load_text_head

    folder = shop.scratch / KIND / estimator.name / "model"
    artefact = place(shop.artefacts, KIND, estimator.name, estimator.version)
    if _bytes(folder / HEAD_FILE) != _bytes(artefact / HEAD_FILE):
        raise NotFoundError(
            f"the checkpoint of version {estimator.version} is not there",
            where=str(folder),
            hint=f"tradewind train {estimator.name} {shop.root}, or --method occlusion",
        )
    facts = EncoderFacts.read(artefact)
    encoder = load_bi_encoder(folder, prefixes=facts.prefixes, max_tokens=facts.max_tokens)
    outputs = len(estimator.model.outputs(["?"])[0])
    model = TextModel(encoder, outputs)
    load_text_head(folder, model)
    return model


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _score(shop: Shop, estimator: OpenEstimator, model: TextModel, target: str) -> Score:
    """The log-likelihood of `target` under the task's own loss, over examples that name each label once."""
    import numpy as np
    import torch

    from tradewind.training.supervised.recipe import recipe_of

    task = estimator_task(str(estimator.model.config["task"]))
    labels = sorted(probabilities(estimator, "?"))
    examples = Examples(labels, [""] * len(labels), [task.parse(label) for label in labels], labels)
    made = recipe_of(task)
    options: dict[str, Any] = settings_of(shop, estimator.name).options | getattr(made, "exact", {})
    recipe = made(examples, options)
    learned = recipe.task(np.arange(len(labels)))
    row = learned.rows(recipe.take(np.array([labels.index(target)])), model.encoder)
    targets = {name: torch.from_numpy(np.asarray(values)) for name, values in row.targets.items()}

    def score(outputs: torch.Tensor) -> torch.Tensor:
        many = {name: value.expand(len(outputs), *value.shape[1:]) for name, value in targets.items()}
        return -learned.loss(outputs, many) * len(outputs)

    return score
