"""What made a run, in words that stand under its figures and in the manifest of what it leaves."""

from __future__ import annotations

import platform
from dataclasses import asdict
from typing import Any

import peft
import torch
import transformers

from tradewind.data.snapshot import Snapshot
from tradewind.models.pretrained import Checkpoint
from tradewind.settings import Shop
from tradewind.training.plan import Plan
from tradewind.training.trainer import Curves


def run_facts(
    shop: Shop, snapshot: Snapshot, checkpoint: Checkpoint, plan: Plan, curves: Curves | None
) -> dict[str, Any]:
    """Returns seed, weights and their licence, snapshot, the plan, where the run stopped, and library versions."""
    facts: dict[str, Any] = {
        "shop": shop.settings.shop,
        "notice": shop.settings.notice or "",
        "seed": plan.seed,
        "weights": checkpoint.weights_source,
        "weights sha256": checkpoint.sha256,
        "licence": checkpoint.licence,
        "snapshot": snapshot.hash,
        "plan": asdict(plan),
        "libraries": {"torch": torch.__version__, "transformers": transformers.__version__, "peft": peft.__version__},
        "python": platform.python_version(),
    }
    if curves is not None:
        facts |= {"steps": curves.last_step, "weights of step": curves.best_step, "precision": curves.precision}
        facts |= {"resumed from step": curves.resumed_from} if curves.resumed_from else {}
    return facts
