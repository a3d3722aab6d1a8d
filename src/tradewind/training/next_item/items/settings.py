"""What one item-level run is told."""

from __future__ import annotations

from dataclasses import dataclass

from tradewind.training.plan import Plan


@dataclass(frozen=True, slots=True)
class ItemSettings:
    """The model's shape and how long it learns; an epoch goes once through all sequences, `patience` counts epochs
    looked at without a gain. `temperature` 0 compares by product, anything else by cosine over it. `again` says that
    people take an item again, so that those of the history are ranked with the rest."""

    dimension: int = 64
    blocks: int = 1
    heads: int = 1
    length: int = 50
    dropout: float = 0.3
    temperature: float = 0.0
    negatives: int = 1024
    batch_size: int = 128
    epochs: int = 16
    every: int = 4
    patience: int = 3
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    watched: int = 4000
    again: bool = False
    seed: int = 13
    threads: int = 1
    method: str = "full"

    def plan(self, in_an_epoch: int) -> Plan:
        """Returns the run's plan when an epoch has `in_an_epoch` batches."""
        return Plan(
            method=self.method,
            steps=self.epochs * in_an_epoch,
            batch_size=self.batch_size,
            accumulation=1,
            evaluate_every=self.every * in_an_epoch,
            learning_rate=self.learning_rate,
            optimiser="adamw",
            weight_decay=self.weight_decay,
            warmup=min(0.5, 1.0 / max(self.epochs, 1)),
            dropout=self.dropout,
            patience=self.patience,
            seed=self.seed,
            threads=self.threads,
        )
