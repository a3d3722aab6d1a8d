"""Gathers what completion may offer: logged queries of many people, category names, the phrases items are called by."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tradewind.data.records import Item
from tradewind.index.analysis import Analyser
from tradewind.index.arrays import save_array
from tradewind.index.suggest import Completion, Kind, Ranked, keys_of, score_of, typed, write_completions

MAX_PHRASES = 200_000
MAX_WORDS = 8
_HEAD = re.compile(r"\s*(?:[,;|(\[（【，；、]|\s[-–—]\s)")


@dataclass(slots=True)
class _Phrases:
    texts: dict[str, str] = field(default_factory=dict)
    items: Counter[str] = field(default_factory=Counter)
    wanted: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))

    def add(self, text: str, popularity: float) -> str:
        key = typed(text)
        self.texts.setdefault(key, text)
        self.items[key] += 1
        self.wanted[key] += popularity
        return key

    def ranked(self, kind: Kind) -> dict[str, Ranked]:
        """Returns the phrases by key; the number of items counts too, as many items are never bought."""
        return {
            key: Ranked(Completion(text, kind, self.items[key]), score_of(kind, self.items[key] + self.wanted[key]))
            for key, text in self.texts.items()
            if key
        }


def title_phrase(title: str) -> str:
    """Returns what an item is called: its title up to the first comma, bracket or dash, at most MAX_WORDS words."""
    found = _HEAD.search(title)
    head = title[: found.start()] if found and found.start() > 1 else title
    return " ".join(head.split()[:MAX_WORDS])


def common_queries(events: pa.Table, people: int) -> dict[str, int]:
    """Returns the logged queries that at least `people` different users or visitors typed, with how many they were.

    Queries are compared folded. What fewer people typed may name one of them, so it is never shown to another.
    """
    searched = events.filter(pc.and_(pc.equal(events.column("type"), "search"), pc.is_valid(events.column("query"))))
    person = pc.coalesce(pc.binary_join_element_wise("u", searched.column("user"), ""), searched.column("visitor"))
    table = pa.table({"query": searched.column("query"), "person": person}).group_by(["query", "person"]).aggregate([])
    who: defaultdict[str, set[str]] = defaultdict(set)
    for query, each in zip(table.column("query").to_pylist(), table.column("person").to_pylist(), strict=True):
        if each is not None:
            who[typed(query)].add(each)
    return {query: len(them) for query, them in who.items() if query and len(them) >= people and len(query) <= 80}


def write_suggest(
    folder: Path, items: Iterable[Item], popularity: NDArray[np.float32], queries: dict[str, int], analyser: Analyser
) -> None:
    """Writes the completions and, for every row, which completion its title gave (-1: none was kept)."""
    titles, categories, own = _Phrases(), _Phrases(), list[str]()
    for row, item in enumerate(items):
        own.append(titles.add(title_phrase(item.title), float(popularity[row])))
        for level in item.category:
            categories.add(level, float(popularity[row]))
    ranked: dict[str, Ranked] = titles.ranked("item")
    kept = sorted(ranked, key=lambda key: (-ranked[key].score, key))[:MAX_PHRASES]
    ranked = {key: ranked[key] for key in kept} | categories.ranked("category")
    for query, people in queries.items():
        ranked[query] = Ranked(Completion(query, "query", people), score_of("query", people))
    order = sorted(ranked)
    write_completions(
        folder, [ranked[key] for key in order], [word_keys(ranked[key].completion.text, analyser) for key in order]
    )
    places = {key: at for at, key in enumerate(order) if ranked[key].completion.kind == "item"}
    save_array(folder, "completion_of", np.asarray([places.get(key, -1) for key in own], dtype=np.int32))


def word_keys(text: str, analyser: Analyser) -> list[bytes]:
    """Returns the keys of `text`: from its first character and from the beginning of every word in it."""
    return keys_of(text, _word_starts(typed(text), analyser))


def _word_starts(folded: str, analyser: Analyser) -> Sequence[int]:
    starts, at = [0], 0
    for token in analyser.tokens(folded):
        found = folded.find(token.surface, at)
        if found >= 0:
            starts.append(found)
            at = found + len(token.surface)
    return sorted(set(starts))
