"""The blocks of shop.yaml about models: the encoder, the tasks, and estimators of the shop's own."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from tradewind.settings.base import Settings
from tradewind.settings.data import SourceSettings
from tradewind.settings.describe import DescribeSettings
from tradewind.settings.predicted import PredictedSettings, harmless
from tradewind.settings.pretrain import PretrainSettings
from tradewind.settings.purchase import PurchaseSettings, not_named_purchase
from tradewind.settings.resources import ResourceSettings
from tradewind.settings.search import SearchSettings

Effort = Literal["quick", "normal", "full"]
Method = str


class QueryEncoderSettings(Settings):
    """A smaller encoder that answers queries in the published one's place; none unless `blocks` says of how many."""

    blocks: int | None = Field(None, ge=1)
    """So many of the encoder's blocks are kept, those that are missed most, and learn what the whole would answer."""
    steps: int = Field(120, ge=10)
    quality: float = Field(0.95, gt=0, le=1)
    """What it finds has to be worth this share of what the whole encoder finds; else the whole answers."""


class EncoderSettings(Settings):
    """The pretrained encoder: `hub:ID`, `dir:PATH` or `package:NAME`."""

    pretrained: str = "package:e5"
    trim_vocabulary: bool = True
    max_tokens: int = Field(64, ge=8, le=512)
    precision: Literal["auto", "int8-static", "int8"] = "auto"
    """`int8-static` is faster, `int8` nearer to the original; `auto` takes the first where the gate lets it pass."""
    queries: QueryEncoderSettings = QueryEncoderSettings()

    def of_passages(self) -> dict[str, Any]:
        """Returns what the encoder of the catalogue is made by: the encoder of queries changes nothing in it."""
        return self.model_dump(exclude={"queries"})


class TaskSettings(Settings):
    """One task's training; what is left out comes from the effort."""

    enabled: bool = True
    method: Method = "full"
    method_options: dict[str, Any] = {}
    """What the method takes beside its name, such as `rank` for lora or `layers` for partial."""
    optimiser: Literal["adamw", "sgd", "adafactor"] = "adamw"
    schedule: Literal["linear", "cosine", "constant"] = "linear"
    """How the learning rate goes on after the warm-up: down to nothing in a line or a half wave, or not at all."""
    learning_rate: float | None = Field(None, gt=0)
    weight_decay: float = Field(0.01, ge=0)
    dropout: float | None = Field(None, ge=0, lt=1)
    warmup: float = Field(0.1, ge=0, lt=1)
    """The share of the steps during which the learning rate rises."""
    batch_size: int | None = Field(None, ge=2)
    accumulation: int = Field(1, ge=1)
    max_steps: int | None = Field(None, ge=1)
    patience: int = Field(3, ge=1)
    """Evaluations without a gain before the run stops early."""


class NegativeSettings(Settings):
    """Texts that a pair learns to tell apart beside the other passages of its batch; none unless asked for."""

    mined: int = Field(0, ge=0, le=16)
    """So many that lie near by vector and are of another kind, or never bought together though chance would have it."""
    siblings: int = Field(0, ge=0, le=16)
    """So many from the categories beside the right one's, under the same parent."""
    ratio: float = Field(0.95, gt=0, le=1)
    """What lies nearer than this share of the right text's nearness may be right as well, and is not mined."""

    @property
    def wanted(self) -> bool:
        """Whether any are asked for."""
        return self.mined + self.siblings > 0


class MatchSettings(TaskSettings):
    """The training of the bi-encoder: a task with negatives and sizes of its own."""

    negatives: NegativeSettings = NegativeSettings()
    matryoshka: list[int] = []
    """Sizes, such as [384, 256, 128, 64], to which a vector may be cut later: the loss is taken at each of them."""


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


class LearnSettings(Settings):
    """What is learned, and how long that may take."""

    effort: Effort = "quick"
    seed: int = 13
    threads: int = Field(2, ge=1)
    match: MatchSettings = MatchSettings()
    classify: TaskSettings = TaskSettings(method="head")
    next_item: TaskSettings = TaskSettings()
    label: str = "category"
    """What classify predicts: `category` (the leaf of the path) or an attribute's name."""
    tracking: str = "none"
    """Where runs are tracked beside TensorBoard: `none`, `wandb`, `mlflow`, or a tracker that a plug-in brings."""
    tracking_address: str | None = None
    """The tracker's server, for MLflow any tracking URI; left out, runs stay in the shop's folder and nothing is
    sent."""
    resources: ResourceSettings = ResourceSettings()
    purchase: PurchaseSettings = PurchaseSettings()
    predicted: dict[str, PredictedSettings] = {}
    """Attributes that are guessed of people who did not tell them, by name; none unless written, and never a sensitive
    one. `tradewind train NAME` learns one."""
    search: SearchSettings = SearchSettings()
    pretrain: PretrainSettings = PretrainSettings()
    describe: DescribeSettings = DescribeSettings()
    estimators: dict[str, EstimatorSettings] = {}
    """Models of the shop's own by name, each learned by `tradewind train NAME`, asked by `tradewind predict NAME`."""

    _names = field_validator("estimators")(not_named_purchase)
    _harmless = field_validator("predicted")(harmless)

    @model_validator(mode="after")
    def _one_name_each(self) -> Self:
        both = sorted(set(self.estimators) & set(self.predicted))
        if both:
            raise ValueError(f"{both[0]!r} names an estimator and a predicted attribute: choose another for one")
        return self
