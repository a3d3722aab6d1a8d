"""`tradewind describe DIR`: drafts product texts, takes decisions, and puts what was approved to the items."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from tradewind.data.records import Item
from tradewind.data.store import open_store
from tradewind.data.store.catalogue import item_of_row
from tradewind.engine.items import change_items
from tradewind.errors import ConfigError, MissingExtraError, NotFoundError
from tradewind.settings import Shop
from tradewind.tasks.describe.brief import Brief, Generator, Language
from tradewind.tasks.describe.drafts import Draft, check, write_drafts
from tradewind.tasks.describe.faithfulness import Lexicon
from tradewind.tasks.describe.review import Reviewed, ReviewQueue
from tradewind.tasks.describe.template import TemplateGenerator
from tradewind.telemetry import Progress

if TYPE_CHECKING:
    from tradewind.models.generator.weights import CausalWeights

ATTRIBUTE: Final = "description_"
"""Before the language: the attribute of an item that holds its approved text."""
LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")
MOST_WAITING: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Drafted:
    """How many texts were drafted, how many of them have a finding, and by whom."""

    written: int
    with_findings: int
    generator: str


class Desk:
    """A shop's review queue with what a decision needs: the items as they are sold, and the words that claim."""

    def __init__(self, shop: Shop, queue: ReviewQueue, items: Mapping[str, Item]) -> None:
        self.shop = shop
        self.queue = queue
        self.items = items
        self.lexicon = Lexicon.of(items.values())

    def draft(self, generator: Generator, most: int, progress: Progress) -> Drafted:
        """Drafts texts for at most `most` pairs of item and language that have neither a text nor a draft.

        Each is in the queue before the next is written. Raises ModelError when the generator cannot write.
        """
        briefs = list(self._wanted(most))
        progress.start("draft", len(briefs))
        written = found = 0
        for draft in write_drafts(generator, briefs, self.lexicon):
            self.queue.submit([draft])
            progress.advance(1)
            written += 1
            found += bool(draft.findings)
        return Drafted(written, found, generator.name)

    def waiting(self) -> list[Reviewed]:
        """Returns the drafts that nobody decided on, the oldest first."""
        return self.queue.listed("pending", most=MOST_WAITING)

    def edited(self, draft: Draft, text: str) -> Draft:
        """Returns what a person made of a draft, checked anew. Raises NotFoundError for an item no longer sold."""
        item = self.items.get(draft.item)
        if item is None:
            raise NotFoundError(f"item {draft.item} is no longer sold")
        return replace(draft, text=text.strip(), findings=check(text, item, self.lexicon))

    def _wanted(self, most: int) -> Iterator[Brief]:
        languages = [language for language in LANGUAGES if language in self.shop.settings.languages]
        if not languages:
            raise ConfigError("texts are drafted in zh and en, and the shop has neither", where="languages")
        pending = {(one.draft.item, one.draft.language) for one in self.waiting()}
        left = most
        for item in self.items.values():
            for language in languages:
                if left and (item.id, language) not in pending and self.queue.published(item.id, language) is None:
                    left -= 1
                    yield Brief(item, language)


@contextmanager
def open_desk(shop: Shop) -> Iterator[Desk]:
    """Yields the desk of a shop. Raises NotFoundError before the catalogue was read, StoreError."""
    store = open_store(shop)
    try:
        rows = store.items_table().to_pylist()
    finally:
        store.close()
    if not rows:
        raise NotFoundError("the shop has no items yet", where=str(shop.root), hint="run `tradewind ingest` first")
    items = [_bare(item_of_row(list(row.values()))) for row in rows]
    with ReviewQueue(shop.store_url) as queue:
        yield Desk(shop, queue, {item.id: item for item in items})


def generator_of(shop: Shop) -> Generator:
    """Returns who `learn.describe` says writes. Raises ConfigError, ModelError, and MissingExtraError without torch."""
    settings = shop.settings.learn.describe
    kind, _, rest = settings.generator.partition(":")
    if kind == "template":
        return TemplateGenerator()
    if kind == "endpoint":
        from tradewind.models.generator.endpoint import EndpointGenerator, EndpointSettings

        if not settings.model:
            raise ConfigError("an endpoint is asked for a model by name", where="learn.describe.model")
        return EndpointGenerator(EndpointSettings(rest, settings.model, settings.key_variable))
    weights = writer_weights(shop)
    if weights is None:
        raise ConfigError(f"no generator is called {settings.generator!r}", where="learn.describe.generator")
    from tradewind.models.generator.causal import CausalGenerator, load_causal

    return CausalGenerator(load_causal(weights.folder, weights.source), longest=settings.longest)


def writer_weights(shop: Shop) -> CausalWeights | None:
    """Returns the causal model that `learn.describe.generator` names, None where it names something else.

    Raises MissingExtraError without torch, ModelError, and ConfigError until its terms are accepted.
    """
    settings = shop.settings.learn.describe
    kind, _, rest = settings.generator.partition(":")
    if kind not in ("hub", "dir", "package"):
        return None
    try:
        from tradewind.models.generator.weights import resolve_generator
    except ImportError:
        raise MissingExtraError("torch, which runs a language model,", "learn") from None
    name = f"dir:{(shop.root / rest).absolute()}" if kind == "dir" else settings.generator
    return resolve_generator(name, accept_terms=settings.accept_terms)


def publish_approved(shop: Shop) -> int:
    """Puts every approved text to its item as `description_zh` or `description_en`, and returns how many items changed.

    They are live changes, which running servers follow. Doing it again changes nothing, and brings back what a newly
    read table took away. Raises NotFoundError when the shop was never built.
    """
    from tradewind.engine.composition import open_engine

    changed = _with_approved(shop)
    if changed:
        engine = open_engine(shop, watch=False)
        try:
            change_items(engine, changed)
        finally:
            engine.close()
    return len(changed)


def _with_approved(shop: Shop) -> list[Item]:
    store = open_store(shop)
    try:
        items = [item_of_row(list(row.values())) for row in store.items_table().to_pylist()]
    finally:
        store.close()
    with ReviewQueue(shop.store_url) as queue:
        both = [(item, _approved(item, queue)) for item in items]
    return [
        replace(item, attributes={**item.attributes, **texts})
        for item, texts in both
        if any(item.attributes.get(name) != text for name, text in texts.items())
    ]


def _approved(item: Item, queue: ReviewQueue) -> dict[str, str]:
    found = {language: queue.published(item.id, language) for language in LANGUAGES}
    return {f"{ATTRIBUTE}{language}": text for language, text in found.items() if text}


def _bare(item: Item) -> Item:
    """A text that was approved bears out nothing that the next one says."""
    kept = {name: value for name, value in item.attributes.items() if not name.startswith(ATTRIBUTE)}
    return replace(item, attributes=kept)
