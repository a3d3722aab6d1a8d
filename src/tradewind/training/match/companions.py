"""The second half of `match`: a map for what is bought together, over vectors that no longer move."""

from __future__ import annotations

from pathlib import Path

from tradewind.runtime.role_map import RoleMap
from tradewind.settings import Shop
from tradewind.tasks.bought_together import recall
from tradewind.tasks.scoring import Scorer, remembering
from tradewind.telemetry import Progress
from tradewind.training.match.bench import Bench
from tradewind.training.match_batches import identity
from tradewind.training.together_map import Bought, fit_together, map_plan
from tradewind.training.trainer import Curves


def learn_map(bench: Bench, shop: Shop, out: Path, progress: Progress) -> Curves:
    """Gives the encoder its map for the role together, learned over its vectors as they are now."""
    pairs, check = bench.examples.mapped, bench.examples.validation
    progress.start("reading what is bought together", 2 * len(pairs.texts))
    bench.bank.add(pairs.texts, "together", progress)
    bench.bank.add(pairs.texts, "passage", progress)
    anchors, passages = bench.bank.encode(pairs.texts, "together"), bench.bank.encode(pairs.texts, "passage")
    encode = remembering(bench.encode())

    def validate(found: RoleMap) -> float:
        scorer: Scorer = lambda asked, answers: found.apply(encode(asked, "together")) @ encode(answers, "passage").T  # noqa: E731
        return recall(check, scorer).means()["every"]

    plan = map_plan(bench.plan, shop.settings.learn.match.max_steps)
    bought = Bought(anchors, passages, pairs.left, pairs.right, bench.sizes)
    learned, curves = fit_together(
        bought, plan, out / "map", validate, identity(bench.examples, str(bench.sizes)), progress
    )
    bench.encoder.together = learned
    return curves
