"""The block of shop.yaml about a model of the shop's own: its examples, and what its training may take."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from tradewind.settings.base import Settings
from tradewind.settings.data import SourceSettings
from tradewind.settings.task import TaskSettings


class UnlabelledSettings(Settings):
    """A table of texts without labels: a column or a template."""

    source: SourceSettings
    text: str
    confidence: float = Field(0.9, gt=0, lt=1)
    """The calibrated probability from which the model's own label may be learned."""
    per_class: int = Field(50, ge=1)
    """How many such texts a class gets at most."""


class ExamplesSettings(Settings):
    """A table of examples: a column, a template such as "{title}. {body}", or a constant written `=word`, per part."""

    source: SourceSettings
    text: str = ""
    """What is read; tasks that read pictures have `picture` in its place."""
    picture: str | None = None
    """What names a picture's file, within the shop's folder."""
    second: str | None = None
    """The other text of a pair, where the task compares two."""
    second_as: Literal["text", "item"] = "text"
    """Whether `second` is a text, or the id of an item of the catalogue, whose text is then read."""
    target: str
    """What is to be predicted, in the task's own form: a path such as `Food > Dairy`, stars, a grade, or entities."""
    group: str | None = None
    """Rows of one group are never parted between learning and testing; left out, the text without numbers decides."""
    answers: str | None = None
    """A CSV of `text,label` that is read beside the source: where `tradewind label` keeps what people answer."""
    unlabelled: UnlabelledSettings | None = None
    """Texts whose surest guesses are learned as labels, as long as validation does not fall."""

    @model_validator(mode="after")
    def _one_input(self) -> ExamplesSettings:
        if bool(self.text) == bool(self.picture):
            raise ValueError("give either text or picture")
        if self.picture and (self.second or self.answers or self.unlabelled):
            raise ValueError("second, answers and unlabelled are for texts, not for pictures")
        return self


class TechniqueSettings(Settings):
    """What may be added to a run against over-fitting; everything is off, and works alone and together."""

    r_drop: float = Field(0.0, ge=0)
    """Weight of the divergence between two dropout masks; needs `dropout` above 0."""
    adversary: Literal["none", "fgm", "pgd"] = "none"
    """Whether the loss is also taken at the worst place near each text, found in one step or in several."""
    radius: float = Field(0.05, gt=0, le=1)
    """How far the adversary may go, relative to the norm of a text's states."""
    augment: list[str] = []
    """Ways in which texts are said differently: drop, swap, typos, synonyms, homophones."""
    copies: float = Field(1.0, gt=0, le=20)
    """How many changed copies a text gets."""
    synonyms: list[list[str]] = []
    """Groups of words that mean the same, for `augment: [synonyms]`."""
    label_smoothing: float | None = Field(None, ge=0, lt=1)
    """The share of a label's weight that goes evenly to all choices, for tasks that choose among labels; left out, the
    task's own."""
    ema: float = Field(0.0, ge=0, lt=1)
    """The decay of a moving average of the weights, such as 0.99, which is validated and kept in their place."""
    checkpoints: int = Field(1, ge=1, le=10)
    """How many checkpoints of a run, the best and the last ones, are averaged in the end."""
    members: int = Field(1, ge=1, le=10)
    """How many runs with seeds of their own become one model."""
    combine: Literal["greedy", "uniform", "vote"] = "greedy"
    """How: the mean of weights that validate no worse together, of all, or a vote that one more run is taught."""
    contrast: bool = False
    """Whether the encoder first learns to bring texts of one label together, for a handful of examples a label."""
    suspicious: bool = False
    """Whether rows whose label is probably wrong are listed beside the report, in `suspicious.csv`."""


class KnowledgeSettings(Settings):
    """What the shop knows beside its examples; `tradewind train NAME --ablate` measures what each part is worth."""

    tree: bool | None = None
    """Whether a category is learned down its tree or, false, as one choice of all paths; left out, as `options` say."""
    synonyms: list[list[str]] = []
    """Groups of words that mean the same: texts that are learned get copies with one such word in another's place."""
    attributes: list[str] = []
    """Columns that stand behind the text by their name, as in "cup, colour: red"."""
    rules: str | None = None
    """A YAML file of hand-written rules, from words or a pattern to a label; what they say of the texts of
    `examples.unlabelled` is learned."""


class ContinualSettings(Settings):
    """With this block, `tradewind train NAME` goes on from the version that answers now, and does not begin anew."""

    replay: float = Field(0.3, ge=0, lt=1)
    """The share of what is learned that is old: rows which that version knew, and which the table still has."""
    ewc: float = Field(0.0, ge=0)
    """How strongly weights are held by what they mattered for the old examples (λ), such as 1000; 0 lets them go."""


class GateSettings(Settings):
    """What a newly learned model has to reach before it answers; what is left out is not asked."""

    metric: dict[str, float] = {}
    """Figures of the test by name: at least this, for RMSE and MAE at most this."""
    slice_drop: float | None = Field(None, ge=0)
    """How far the accuracy of a slice may lie below that of the whole test, more surely than by chance."""
    slice_rows: int = Field(20, ge=1)
    """Slices with fewer tested rows are shown and not judged."""
    robustness_drop: float | None = Field(None, ge=0)
    """How much accuracy a change of the texts may cost: typos, case, word order, widths, scripts."""
    calibration_error: float | None = Field(None, ge=0)
    """How far apart being sure and being right may lie on average."""
    old_slices: float | None = Field(None, gt=0, le=1)
    """What share of its accuracy every slice of the rows that the version before knew has to keep, such as 0.97."""


class EstimatorSettings(TaskSettings):
    """A model of the shop's own, learned from a table of examples."""

    task: str
    """The task's name: category, rating, tag, rank, recognise, or one that a plug-in brings."""
    examples: ExamplesSettings
    options: dict[str, Any] = {}
    """What the task takes beside its examples, such as `flat` for category."""
    blocks: int | None = Field(None, ge=1)
    """How many of the pretrained model's blocks move, from the top; left out, the effort or the task decides."""
    max_tokens: int = Field(64, ge=8, le=512)
    techniques: TechniqueSettings = TechniqueSettings()
    knowledge: KnowledgeSettings = KnowledgeSettings()
    continual: ContinualSettings | None = None
    gate: GateSettings = GateSettings()

    @model_validator(mode="after")
    def _rules_have_texts(self) -> Self:
        if self.knowledge.rules and self.examples.unlabelled is None:
            raise ValueError("knowledge.rules label texts that nobody labelled: give examples.unlabelled")
        return self
