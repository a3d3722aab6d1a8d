"""What a run may use of a machine, or of several: numbers' precision, memory, processes, a cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tradewind.settings.resources import ResourceSettings


@dataclass(frozen=True, slots=True)
class Resources:
    """One run's share, as `learn.resources` says it; `processes` are the cluster's workers where there is one."""

    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"
    gradient_checkpointing: bool = False
    processes: int = 1
    sharding: Literal["none", "fsdp"] = "none"
    cluster: Literal["none", "ray"] = "none"
    address: str = "local"
    storage: str | None = None
    restarts: int = 0

    @property
    def elsewhere(self) -> bool:
        """Whether the run is learned in processes other than the one that asks for it."""
        return self.processes > 1 or self.cluster != "none"


def resources_of(settings: ResourceSettings) -> Resources:
    """Returns the run's share that the settings name."""
    return Resources(**settings.model_dump())
