"""What a distillation weighs, and the plan of one that nothing else plans."""

from __future__ import annotations

from dataclasses import dataclass

from tradewind.tasks.scoring import Role
from tradewind.training.plan import Plan


@dataclass(frozen=True, slots=True)
class DistilSettings:
    """How a student learns.

    `roles` are those that every text is learned in; `blocks` how many of the student's top blocks move (None: all).
    `near` weighs 1 − cosine to the teacher's vector, `alike` the divergence of the student's scores of up to `compared`
    passages from the teacher's, both softened by `scale`. One text of `held_out` is kept back to validate by, at most
    `most_held_out` of them; `max_tokens` is where texts are cut.
    """

    roles: tuple[Role, ...] = ("query", "passage")
    blocks: int | None = None
    near: float = 10.0
    alike: float = 1.0
    scale: float = 50.0
    compared: int = 4096
    held_out: int = 20
    most_held_out: int = 300
    max_tokens: int = 64


def distil_plan(
    steps: int,
    *,
    batch_size: int = 64,
    learning_rate: float = 5e-4,
    evaluations: int = 8,
    seed: int = 13,
    threads: int = 1,
) -> Plan:
    """Returns a plan in which everything but the word table moves; validation looks `evaluations` times."""
    return Plan(
        method="full",
        steps=steps,
        batch_size=batch_size,
        accumulation=1,
        evaluate_every=max(1, steps // evaluations),
        learning_rate=learning_rate,
        optimiser="adamw",
        weight_decay=0.01,
        warmup=0.1,
        dropout=0.0,
        patience=evaluations,
        seed=seed,
        threads=threads,
    )
