"""The block of shop.yaml about the machines that learn: precision, memory, processes, a cluster."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from tradewind.settings.base import Settings


class ResourceSettings(Settings):
    """What learning may use of this machine, or of several; the defaults suit one processor or one card."""

    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"
    """`auto` is bf16 where the processor or the card multiplies it, else fp32; `fp16` needs a card."""
    gradient_checkpointing: bool = False
    """Whether a block's states are computed again for the gradient, not kept: less memory, about a third more time."""
    processes: int = Field(1, ge=1, le=1024)
    """Processes that learn together, each a batch of its own; they share `threads`, and on cards take one each."""
    sharding: Literal["none", "fsdp"] = "none"
    """`fsdp` parts the weights among the processes, for a model that one card does not hold; it needs cards."""
    cluster: Literal["none", "ray"] = "none"
    """`ray` starts the processes on a Ray cluster's machines, through Ray Train."""
    address: str = "local"
    """Where Ray is: `local` starts it on this machine for the run; else `auto` or an address such as host:6379."""
    storage: str | None = None
    """A folder that all machines of the cluster see, for checkpoints; left out, one on this machine."""
    restarts: int = Field(0, ge=0)
    """How often a run that lost a machine of the cluster goes on by itself from its last checkpoint."""

    @model_validator(mode="after")
    def _sharded_among_several(self) -> Self:
        if self.sharding == "fsdp" and self.processes == 1:
            raise ValueError("sharding: fsdp parts the weights among processes: set processes to 2 or more")
        return self
