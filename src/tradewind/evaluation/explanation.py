"""Why a model answered as it did: a weight for every word of the text, for programs, and as a page in two languages."""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_STYLE = """
body { font: 16px/1.6 system-ui, sans-serif; margin: 2rem auto; max-width: 48rem; padding: 0 1rem; color: #1b2733; }
.text { font-size: 1.4rem; line-height: 2.2; white-space: pre-wrap; overflow-wrap: anywhere; }
mark { color: inherit; border-radius: .2rem; padding: .1rem 0; } mark.against { text-decoration: underline dotted; }
table { border-collapse: collapse; }
td, th { padding: .3rem .8rem; border-bottom: 1px solid #d5dde5; text-align: left; }
td:last-child { text-align: right; font-variant-numeric: tabular-nums; } p.note { color: #51606e; }
"""
FOR, AGAINST = (11, 110, 143), (200, 85, 61)


@dataclass(frozen=True, slots=True)
class WordWeight:
    """What the word at `start` to `end` of the text adds to the output; below zero it speaks against the target."""

    start: int
    end: int
    word: str
    weight: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """The output for `target` on `text` is `value`, without any of its words `baseline`; `words` are in their order.

    `output` names what is explained. `steps` counts the points at which gradients were taken, None where none were.
    """

    estimator: str
    version: str
    method: str
    output: str
    target: str
    text: str
    value: float
    baseline: float
    words: tuple[WordWeight, ...]
    steps: int | None = None

    @property
    def delta(self) -> float:
        """How much of value − baseline the weights leave over: the error of integrated gradients, and for occlusion
        what words do only together."""
        return self.value - self.baseline - sum(one.weight for one in self.words)

    def pieces(self) -> Iterator[tuple[str, float | None]]:
        """Yields the text whole and in order, as (piece, weight), the weight None between words."""
        at = 0
        for one in self.words:
            if one.start > at:
                yield self.text[at : one.start], None
            yield self.text[one.start : one.end], one.weight
            at = one.end
        if at < len(self.text):
            yield self.text[at:], None

    def strength(self, weight: float) -> float:
        """Returns the weight's size relative to the largest, in [0, 1]."""
        largest = max((abs(one.weight) for one in self.words), default=0.0)
        return abs(weight) / largest if largest else 0.0

    def strongest(self) -> list[WordWeight]:
        """Returns the words by the size of their weight, largest first."""
        return sorted(self.words, key=lambda one: -abs(one.weight))

    def as_json(self) -> dict[str, Any]:
        """Returns it as plain values, the delta with it."""
        told = {name: getattr(self, name) for name in self.__slots__ if name != "words"}
        words = [{"start": w.start, "end": w.end, "word": w.word, "weight": w.weight} for w in self.words]
        return told | {"words": words, "delta": self.delta}

    def as_html(self) -> str:
        """Returns a page that stands alone: the text with its words coloured, the words by weight, and the sums."""
        text = "".join(self._marked(piece, weight) for piece, weight in self.pieces())
        words = "".join(
            f"<tr><td>{html.escape(one.word)}</td><td>{one.weight:+.4f}</td></tr>" for one in self.strongest()
        )
        sums = "".join(f"<tr><td>{name}</td><td>{value}</td></tr>" for name, value in self._sums())
        title = html.escape(f"{self.estimator}: {self.target}")
        return (
            "<!doctype html><html lang='en'><head><meta charset='utf-8'><meta name='viewport' "
            f"content='width=device-width'><title>{title}</title><style>{_STYLE}</style></head><body>"
            f"<h1>{title}</h1><p class='text'>{text}</p><p class='note'>Blue speaks for the answer, red and dotted "
            "against it. <span lang='zh'>蓝色支持该答案，红色虚线反对。</span></p>"
            f"<table><tr><th>word <span lang='zh'>词</span></th><th>weight <span lang='zh'>权重</span></th></tr>{words}"
            f"</table><h2>How it adds up <span lang='zh'>合计</span></h2><table>{sums}</table></body></html>\n"
        )

    def _marked(self, piece: str, weight: float | None) -> str:
        said = html.escape(piece)
        if weight is None:
            return said
        red, green, blue = FOR if weight >= 0 else AGAINST
        side = "for" if weight >= 0 else "against"
        colour = f"rgba({red},{green},{blue},{0.6 * self.strength(weight):.2f})"
        return f"<mark class='{side}' style='background:{colour}' title='{weight:+.4f}'>{said}</mark>"

    def _sums(self) -> Iterator[tuple[str, str]]:
        yield f"{html.escape(self.output)} <span lang='zh'>输出</span>", f"{self.value:.4f}"
        yield "without any word <span lang='zh'>去掉所有词</span>", f"{self.baseline:.4f}"
        yield "sum of weights <span lang='zh'>权重之和</span>", f"{sum(one.weight for one in self.words):+.4f}"
        yield "left over <span lang='zh'>余差</span>", f"{self.delta:+.4f}"
        yield "method <span lang='zh'>方法</span>", html.escape(self.method)
        yield "version <span lang='zh'>版本</span>", html.escape(self.version)
