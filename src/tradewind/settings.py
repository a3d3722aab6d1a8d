"""`shop.yaml` as typed settings, and the folders of a shop."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tradewind.errors import ConfigError

Effort = Literal["quick", "normal", "full"]
Method = str


class Settings(BaseModel):
    """A block of shop.yaml; a word it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class SourceSettings(Settings):
    """Where rows come from. `path` is relative to shop.yaml, or `package:NAME/FILE` for a file in a Python package."""

    kind: Literal["csv", "jsonl", "parquet", "sql"] | str | None = None
    """Left out, the file's ending decides."""
    path: str | None = None
    url: str | None = None
    """A SQLAlchemy address, for kind sql; `${NAME}` is read from the environment."""
    query: str | None = None


class DerivedPrice(Settings):
    """A price that is not in the catalogue: the median of value / quantity over the last weeks of purchases."""

    derive: Literal["median_unit_price"] = "median_unit_price"
    weeks: int = Field(8, ge=1)


class ItemSettings(Settings):
    """The catalogue: a column, or a template such as "{type}, {size}", per record field."""

    source: SourceSettings
    id: str
    title: str
    category: list[str] = []
    brand: str | None = None
    price: str | DerivedPrice | None = None
    image: str | None = None
    availability: str | None = None
    language: str | None = None
    updated_at: str | None = None
    attributes: dict[str, str] = {}
    abbreviations: str | None = None
    """A CSV of `short,long` pairs; every text field is spelled out with it."""
    sentence_case: bool = False
    """Texts that stand in capitals throughout are written as sentences: FROZEN PIZZA becomes Frozen pizza."""
    text: str = "{title}. {category}. {brand}. {attributes}"
    """What the encoder reads, over the record's own fields; `leaf` and `parent` are the last levels of the category."""


class EventSettings(Settings):
    """One table of behaviour: a column, a template, or a constant written `=word`, per record field."""

    source: SourceSettings
    type: str
    time: str
    timezone: str = "UTC"
    event_id: str | None = None
    user: str | None = None
    visitor: str | None = None
    item: str | None = None
    query: str | None = None
    basket: str | None = None
    value: str | None = None
    quantity: str | None = None
    position: str | None = None
    request_id: str | None = None


class EncoderSettings(Settings):
    """The pretrained encoder: `hub:ID`, `dir:PATH` or `package:NAME`."""

    pretrained: str = "package:e5"
    trim_vocabulary: bool = True
    max_tokens: int = Field(64, ge=8, le=512)
    precision: Literal["auto", "int8-static", "int8"] = "auto"
    """`int8-static` is faster, `int8` nearer to the original; `auto` takes the first where the gate lets it pass."""


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
    text: str
    second: str | None = None
    """The other text of a pair, where the task compares two."""
    target: str
    """What is to be predicted, in the task's own form: a path such as `Food > Dairy`, or a number of stars."""
    group: str | None = None
    """Rows of one group are never parted between learning and testing; left out, the text without numbers decides."""
    answers: str | None = None
    """A CSV of `text,label` that is read beside the source: where `tradewind label` keeps what people answer."""
    unlabelled: UnlabelledSettings | None = None
    """Texts whose surest guesses are learned as labels, as long as validation does not fall."""


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
    contrast: bool = False
    """Whether the encoder first learns to bring texts of one label together, for a handful of examples a label."""
    suspicious: bool = False
    """Whether rows whose label is probably wrong are listed beside the report, in `suspicious.csv`."""


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


class EstimatorSettings(TaskSettings):
    """A model of the shop's own, learned from a table of examples."""

    task: str
    """The task's name: category, rating, or one that a plug-in brings."""
    examples: ExamplesSettings
    options: dict[str, Any] = {}
    """What the task takes beside its examples, such as `flat` for category."""
    blocks: int | None = Field(None, ge=1)
    """How many of the encoder's blocks move, from the top; left out, the effort decides."""
    max_tokens: int = Field(64, ge=8, le=512)
    techniques: TechniqueSettings = TechniqueSettings()
    gate: GateSettings = GateSettings()


class LearnSettings(Settings):
    """What is learned, and how long that may take."""

    effort: Effort = "quick"
    seed: int = 13
    threads: int = Field(2, ge=1)
    match: TaskSettings = TaskSettings()
    classify: TaskSettings = TaskSettings(method="head")
    next_item: TaskSettings = TaskSettings()
    label: str = "category"
    """What classify predicts: `category` (the leaf of the path) or an attribute's name."""
    estimators: dict[str, EstimatorSettings] = {}
    """Models of the shop's own by name, each learned by `tradewind train NAME`, asked by `tradewind predict NAME`."""


class IndexSettings(Settings):
    """How the catalogue is indexed."""

    facets: list[str] = ["category", "brand", "price"]
    """Fields that can be filtered on and counted; attributes by their name."""
    dictionary: str | None = None
    """The shop's own words for Chinese segmentation, one a line: a file beside shop.yaml."""
    glossary: str | None = None
    """The shop's own words in both languages, a file beside shop.yaml: Chinese words, a tab, English phrases parted by
    `;`. They go before the packaged glossary's."""
    suggest_min_people: int = Field(20, ge=1)
    """A logged query is offered as a completion once this many different people typed it."""
    popularity_half_life_days: float = Field(28.0, gt=0)
    trending_days: float = Field(7.0, gt=0)
    """The span that trending compares with the four before it."""
    together_per_item: int = Field(50, ge=1, le=1000)
    """How many of the things bought with an item are kept."""


class UserTokenSettings(Settings):
    """How the shop's backend signs the short-lived tokens that name a user."""

    algorithm: Literal["EdDSA", "HS256"] = "EdDSA"
    """Fixed here; what a token says about its own algorithm is never believed."""
    keys: dict[str, str] = {}
    """Key id (`kid`) to a file: an Ed25519 public key (PEM), or for HS256 a secret of 32 bytes or more."""
    audience: str = "tradewind"
    issuer: str | None = None
    """When set, a token must carry it as `iss`."""


class ServeSettings(Settings):
    """The HTTP service."""

    host: str = "127.0.0.1"
    port: int = Field(8420, ge=0, le=65535)
    workers: int = Field(1, ge=1)
    deadline_ms: int = Field(500, ge=1)
    demo: bool = False
    """Prints a key and lets the storefront choose a household; on loopback only."""
    threads: int = Field(1, ge=1, le=64)
    """Threads that answer, per worker. More cores are used by more workers; threads of one worker hinder each other."""
    max_in_flight: int = Field(32, ge=1)
    """API requests a worker holds at once; one more is turned away with 503 and Retry-After."""
    rate_per_second: float = Field(0, ge=0)
    """Requests a second that one key may make, shared out over the workers; 0 means no limit."""
    body_limit: int = Field(1_000_000, ge=1_000)
    """Bytes of a request body at most."""
    drain_seconds: float = Field(1.0, ge=0, le=300)
    """How long a stopping service says "not ready" and still answers, so that a balancer can turn away."""
    cors_origins: list[str] = []
    """Origins whose pages may call the API from a browser; none by default."""
    user_tokens: UserTokenSettings = UserTokenSettings()


class ShopSettings(Settings):
    """The whole of shop.yaml."""

    shop: str
    languages: list[Literal["en", "zh"]] = ["en"]
    currency: str | None = None
    notice: str | None = None
    """Said wherever this shop's figures stand, for example that its data is simulated."""
    items: ItemSettings
    events: list[EventSettings] = []
    store: str | None = None
    """A SQLAlchemy address; left out, a SQLite file in the shop's own folder."""
    encoder: EncoderSettings = EncoderSettings()
    learn: LearnSettings = LearnSettings()
    index: IndexSettings = IndexSettings()
    serve: ServeSettings = ServeSettings()
    queries: str | None = None
    """A check file of queries and what counts as right, for `tradewind evaluate`."""


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop's settings and the folders where its work lies."""

    settings: ShopSettings
    root: Path

    @property
    def work(self) -> Path:
        return self.root / ".tradewind"

    @property
    def store_url(self) -> str:
        return self.settings.store or f"sqlite:///{self.work / 'store.db'}"

    @property
    def snapshots(self) -> Path:
        return self.work / "snapshots"

    @property
    def quarantine(self) -> Path:
        return self.work / "quarantine"

    @property
    def artefacts(self) -> Path:
        return self.work / "artefacts"

    @property
    def keys(self) -> Path:
        return self.work / "keys"

    @property
    def reports(self) -> Path:
        return self.work / "reports"

    @property
    def scratch(self) -> Path:
        """Checkpoints and half-made files; may be deleted at any time."""
        return self.work / "scratch"


def load_shop(folder: str | Path) -> Shop:
    """Returns the shop whose shop.yaml lies in `folder` (or is that file).

    Raises ConfigError naming the field, and the nearest right name for a word it does not know.
    """
    path = Path(folder)
    path = path / "shop.yaml" if path.is_dir() or not path.suffix else path
    if not path.is_file():
        raise ConfigError("there is no shop.yaml", where=str(path), hint="make one with `tradewind init DIR`")
    return Shop(settings=parse_shop(path.read_bytes(), where=str(path)), root=path.parent.resolve())


def parse_shop(raw: bytes, *, where: str) -> ShopSettings:
    """Returns the settings written in `raw` (YAML, UTF-8). Raises ConfigError."""
    try:
        loaded = yaml.safe_load(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ConfigError(f"byte {error.start} is not UTF-8", where=where) from None
    except yaml.YAMLError as error:
        raise ConfigError(f"not valid YAML: {' '.join(str(error).split())}", where=where) from None
    if not isinstance(loaded, dict):
        raise ConfigError("shop.yaml must hold named settings", where=where)
    try:
        return ShopSettings.model_validate(loaded)
    except ValidationError as error:
        raise ConfigError(_explain(error), where=where) from None


def _explain(error: ValidationError) -> str:
    return "; ".join(_explain_one(dict(found)) for found in error.errors())


def _explain_one(found: dict[str, Any]) -> str:
    place = ".".join(str(part) for part in found["loc"])
    if found["type"] != "extra_forbidden":
        return f"{place}: {found['msg']} (it says {found['input']!r})"
    near = difflib.get_close_matches(str(found["loc"][-1]), _names_at(found["loc"]), n=1, cutoff=0.4)
    return f"{place}: there is no such setting" + (f"; did you mean {near[0]!r}?" if near else "")


def _names_at(loc: tuple[Any, ...]) -> list[str]:
    """Returns the field names that are right where `loc` has a wrong one."""
    model: Any = ShopSettings
    for part in loc[:-1]:
        if isinstance(part, int) or not hasattr(model, "model_fields"):
            continue
        fields = model.model_fields
        if part in fields:
            model = _model_in(fields[part].annotation) or model
    return list(getattr(model, "model_fields", {}))


def _model_in(annotation: Any) -> type[Settings] | None:
    if isinstance(annotation, type) and issubclass(annotation, Settings):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        found = _model_in(inner)
        if found:
            return found
    return None
