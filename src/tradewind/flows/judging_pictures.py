"""Reads the test with a candidate that answers pictures, as they lie in the shop's folder and after changes of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from tradewind.data.examples import Examples
from tradewind.data.group_rows import group_rows
from tradewind.evaluation.judged import Answered, HeldOut, Judged, judge
from tradewind.flows.picture_changes import PICTURE_CHANGES
from tradewind.runtime.picture_model import Shown
from tradewind.runtime.pictures import GivenPicture
from tradewind.settings import Shop
from tradewind.tasks.estimators import Model, Reader


def judged_pictures(served: tuple[Model, Reader], examples: Examples, shop: Shop) -> Judged | None:
    """Returns how good the published form is on the test, None where no tested picture has a label that was learned."""
    model, reader = served
    rows = group_rows(examples.groups, shop.settings.learn.seed)
    labels = [" > ".join(path) for path in examples.targets]
    known = {" > ".join(path) for path in model.config["classes"]}
    kept = [int(row) for row in rows.tested if labels[row] in known]
    if not kept:
        return None
    pictures = [GivenPicture(examples.texts[row], shop.root / examples.texts[row]) for row in kept]

    def answer(asked: Sequence[Shown]) -> list[Answered]:
        first = [reader.read(model.outputs([one])[0], "", 1)["labels"][0] for one in asked]
        return [(str(one["label"]), float(one["probability"])) for one in first]

    tested = HeldOut(
        pictures,
        [labels[row] for row in kept],
        Counter(labels[row] for row in rows.learned),
        len(rows.tested) - len(kept),
        {"size": _sizes(pictures)},
    )
    return judge(tested, answer, PICTURE_CHANGES, seed=shop.settings.learn.seed)


def _sizes(pictures: Sequence[GivenPicture]) -> list[str]:
    """Halves by the number of pixels; pictures of one size fall into one."""
    pixels = np.array([one.width * one.height for one in (picture.open() for picture in pictures)])
    middle = np.median(pixels)
    return ["above the median in pixels" if one > middle else "up to the median in pixels" for one in pixels]
