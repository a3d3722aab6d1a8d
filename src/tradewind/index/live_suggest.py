"""Completion over a catalogue and what changed since."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from tradewind.data.records import Item
from tradewind.index.analysis import Analyser
from tradewind.index.suggest import Completer, Completion, Kind, Ranked, score_of, typed
from tradewind.index.suggest_build import title_phrase, word_keys

_NAMED = ("category", "item")


@dataclass(slots=True)
class LiveCompleter:
    """The completions of `base`, with the names of `gone` items taken away and those of `come` items added."""

    base: Completer
    texts: dict[str, Ranked] = field(default_factory=dict)
    keys: dict[str, list[bytes]] = field(default_factory=dict)
    change: Counter[tuple[str, str]] = field(default_factory=Counter)

    @classmethod
    def over(cls, base: Completer, gone: Iterable[Item], come: Iterable[Item], analyser: Analyser) -> LiveCompleter:
        """Returns the completer of a view."""
        made = cls(base)
        for item in gone:
            made.change.subtract((kind, typed(text)) for kind, text in _names(item))
        for item in come:
            for kind, text in _names(item):
                key = typed(text)
                made.change[kind, key] += 1
                if key and key not in made.texts:
                    made.texts[key] = Ranked(Completion(text, kind, 0), score_of(kind, 1))
                    made.keys[key] = word_keys(text, analyser)
        return made

    def complete(self, prefix: str, k: int) -> list[Completion]:
        """Returns the `k` best completions of `prefix`, best first, equal ones in the order of their text."""
        wanted = typed(prefix)
        found: dict[str, Ranked] = {}
        for _, ranked in self.base.complete(wanted, k + min(len(self.change), 50)):
            found[typed(ranked.completion.text)] = self._now(ranked)
        start = wanted.encode("utf-8")
        for key, own in self.keys.items() if start else ():
            if key not in found and any(each.startswith(start) for each in own):
                found[key] = self._now(self.texts[key])
        kept = [ranked for ranked in found.values() if ranked.completion.count > 0]
        kept.sort(key=lambda ranked: (-ranked.score, ranked.completion.text))
        return [ranked.completion for ranked in kept[:k]]

    def _now(self, ranked: Ranked) -> Ranked:
        told = ranked.completion
        if told.kind not in _NAMED:
            return ranked
        count = told.count + self.change[told.kind, typed(told.text)]
        return replace(ranked, completion=replace(told, count=count))


def _names(item: Item) -> list[tuple[Kind, str]]:
    levels: list[tuple[Kind, str]] = [("category", level) for level in item.category]
    return [*levels, ("item", title_phrase(item.title))]
