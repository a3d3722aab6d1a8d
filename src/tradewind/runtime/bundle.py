"""The folder of an exported encoder, and the facts about it that its session does not hold.

model.onnx, model.onnx.data   the graph and its weights: token ids of texts of one length in, unit vectors out
tokenizer.json                how text becomes token ids
encoder.json                  EncoderFacts
together.safetensors          only where one was learned, see runtime/role_map.py
head.safetensors, labels.json only in a classifier's bundle, see runtime/classifier.py
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tradewind.errors import ArtefactError

INPUT: Final = "input_ids"
OUTPUT: Final = "vectors"
MODEL_FILE: Final = "model.onnx"
TOKENIZER_FILE: Final = "tokenizer.json"
FACTS_FILE: Final = "encoder.json"
HEAD_FILE: Final = "head.safetensors"
LABELS_FILE: Final = "labels.json"

Role = Literal["query", "passage", "together"]
"""`query` is what a shopper types, `passage` an item's text, `together` an item's text asked what goes with it."""

Precision = Literal["int8-static", "int8", "fp32"]
"""`int8` scales every token by itself, `int8-static` a whole layer by what calibration saw."""

Runtime = Literal["onnx", "openvino", "static"]
"""What runs the bundle: ONNX Runtime, OpenVINO (an extra of its own), or a table of token vectors without a graph."""


class EncoderFacts(BaseModel):
    """The width of the vectors, where texts are cut, and what goes before a text in each role.

    Of a model that gives more numbers than `dimension`, `width` of them, the first are kept and brought to length 1
    again.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    dimension: int = Field(ge=1)
    width: int | None = Field(None, ge=1)
    runtime: Runtime = "onnx"
    pooling: Literal["mean"] = "mean"
    max_tokens: int = Field(ge=2)
    precision: Precision
    prefixes: dict[str, str]

    @property
    def whole(self) -> int:
        """How many numbers the model gives before the cut."""
        return self.width or self.dimension

    @classmethod
    def read(cls, folder: Path) -> EncoderFacts:
        """Returns the facts in the bundle `folder`. Raises ArtefactError when they are missing or not understood."""
        try:
            return cls.model_validate_json((folder / FACTS_FILE).read_bytes())
        except OSError as error:
            raise ArtefactError(f"not an encoder: {error.strerror}", where=str(folder / FACTS_FILE)) from None
        except ValidationError as error:
            raise ArtefactError(f"not understood: {error.errors()[0]['msg']}", where=str(folder / FACTS_FILE)) from None

    def write(self, folder: Path) -> None:
        """Writes the facts into the bundle `folder`."""
        (folder / FACTS_FILE).write_text(self.model_dump_json(indent=1) + "\n", encoding="utf-8")
