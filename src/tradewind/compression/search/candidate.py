"""A way to compress an encoder: what is taken out of it, the form it is written in, and how long its vectors are."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from tradewind.runtime.bundle import Precision, Runtime

if TYPE_CHECKING:
    from pathlib import Path

    from tradewind.compression.search.workshop import Workshop


@dataclass(frozen=True, slots=True)
class Form:
    """How an encoder is written."""

    precision: Precision
    runtime: Runtime

    @property
    def name(self) -> str:
        """The form in words."""
        return f"{self.precision} {self.runtime}"


@dataclass(frozen=True, slots=True)
class Outline:
    """The measures of an encoder, from its configuration."""

    blocks: int
    width: int
    inner: int
    heads: int
    vocabulary: int
    positions: int

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Outline:
        """Returns the outline of a BERT-like checkpoint's `config`."""
        names = ("num_hidden_layers", "hidden_size", "intermediate_size", "num_attention_heads", "vocab_size")
        return cls(*(int(config[name]) for name in (*names, "max_position_embeddings")))

    @property
    def block(self) -> int:
        """Numbers that one block multiplies by: query, key, value and output, and the two feed-forward layers."""
        return 4 * self.width**2 + 2 * self.width * self.inner

    @property
    def table(self) -> int:
        """Numbers in the word table."""
        return self.vocabulary * self.width


class Technique(Protocol):
    """A frozen dataclass that takes something out of an encoder, or nothing. Equal ones make equal encoders.

    Of two in one `family` the one that keeps less of everything loses what the milder one loses, and more.
    """

    @property
    def name(self) -> str:
        """What it does, in words, such as `6 blocks, distilled`."""

    @property
    def family(self) -> str:
        """Those that it may be compared with by `kept`; `whole` takes nothing out."""

    @property
    def kept(self) -> tuple[float, ...]:
        """How much of each kind of part it keeps; equally long within a family."""

    @property
    def trains(self) -> bool:
        """Whether it learns, which takes minutes."""

    def forms(self) -> tuple[Form, ...]:
        """The forms in which its encoder can be written, the one that decides first standing first."""

    def work(self, outline: Outline) -> float:
        """The share of the original's multiplications that are left."""

    def numbers(self, outline: Outline) -> tuple[int, int]:
        """How many numbers its linear layers and its tables hold, for the least size that it can have."""

    def widths(self, outline: Outline) -> tuple[int, ...]:
        """The lengths to which its vectors may be cut, the whole one first."""

    def make(self, workshop: Workshop, form: Form, out: Path) -> Path:
        """Returns `out`, the bundle of the compressed encoder. Raises ModelError, ConfigError, DataError."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One point that may be measured."""

    technique: Technique
    form: Form
    dimension: int

    @property
    def name(self) -> str:
        """The point in words."""
        return f"{self.technique.name}, {self.form.name}, {self.dimension}"

    @property
    def key(self) -> str:
        """The name of its file: the same for the same technique, form and dimension."""
        told = f"{self.technique!r} {self.form!r} {self.dimension}"
        return hashlib.sha256(told.encode()).hexdigest()[:16]
