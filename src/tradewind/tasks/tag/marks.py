"""Three ways in which a table says what the words of a text name: offsets, tags in the text, a label for each token."""

from __future__ import annotations

import ast
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tradewind.errors import DataError
from tradewind.privacy.masking import mask
from tradewind.tasks.tag.entities import Entity, TaggedText

KINDS: Final = ("label", "kind", "type")
"""What the name of an entity may be called beside its offsets."""
_TOKEN: Final = re.compile(r"O|[BIES]-\S+")
_TAG: Final = re.compile(r"<(?P<close>/?)(?P<kind>[^\W\d][\w-]*)>")


@dataclass(frozen=True, slots=True)
class Offsets:
    """Entities by their offsets in the text."""

    entities: tuple[Entity, ...]


@dataclass(frozen=True, slots=True)
class Tagged:
    """A text with `<brand>…</brand>` in it, as it was written, and what it says."""

    written: str
    plain: str
    entities: tuple[Entity, ...]


@dataclass(frozen=True, slots=True)
class TokenLabels:
    """A label (`O`, `B-brand`, `I-brand`) for each token of a text whose tokens are parted by spaces."""

    labels: tuple[str, ...]


Marks = Offsets | Tagged | TokenLabels


def read_marks(written: str) -> Marks:
    """Returns what is written: a JSON list of {start, end, label} or [start, end, label]; labels for tokens; a tagged
    text; or nothing, where nothing is named. Raises ValueError with the reason when it is none."""
    if not written:
        return Offsets(())
    if written.startswith("["):
        return Offsets(tuple(sorted(_offsets(written))))
    words = written.split()
    if words and all(_TOKEN.fullmatch(word) for word in words):
        return TokenLabels(tuple(words))
    return _tagged(written)


def marked(text: str, marks: Marks) -> TaggedText:
    """Returns the text, without white space around it, and its entities.

    Raises ValueError with the reason when they do not fit: a span outside the text, overlapping or of white space
    alone, other words than the text's, another number of tokens, or personal data, which masking would move.
    """
    if isinstance(marks, Tagged):
        if text.strip() not in (marks.written.strip(), marks.plain.strip()):
            raise ValueError("tagged_words_differ_from_text")
        text, entities = marks.plain, marks.entities
    elif isinstance(marks, TokenLabels):
        text, entities = _of_tokens(text.split(), marks.labels)
    else:
        entities = marks.entities
    if mask(text).text != text:
        raise ValueError("personal_data_in_text")
    lead = len(text) - len(text.lstrip())
    plain = text.strip()
    _require_fit(text, entities)
    try:
        return TaggedText(plain, tuple(Entity(one.start - lead, one.end - lead, one.kind) for one in entities))
    except DataError:
        raise ValueError("span_outside_text") from None


def kinds_with_one_example(texts: Sequence[Sequence[Entity]]) -> frozenset[str]:
    """Returns the kinds that one text alone has: nothing of them could be learned and tested too."""
    counts = Counter(kind for entities in texts for kind in {entity.kind for entity in entities})
    return frozenset(kind for kind, count in counts.items() if count == 1)


def _require_fit(text: str, entities: Sequence[Entity]) -> None:
    end = 0
    for entity in entities:
        if not 0 <= entity.start < entity.end <= len(text):
            raise ValueError("span_outside_text")
        if entity.start < end:
            raise ValueError("spans_overlap")
        if not text[entity.start : entity.end].strip():
            raise ValueError("span_without_words")
        end = entity.end


def _offsets(written: str) -> Iterator[Entity]:
    for one in _listed(written):
        if isinstance(one, Mapping):
            kind = next((one[name] for name in KINDS if name in one), None)
            start, end = one.get("start"), one.get("end")
        elif isinstance(one, list | tuple) and len(one) == 3:
            start, end, kind = one
        else:
            raise ValueError("not_a_span")
        if type(start) is not int or type(end) is not int:
            raise ValueError("offset_is_no_whole_number")
        if not isinstance(kind, str) or not kind.strip():
            raise ValueError("span_without_label")
        yield Entity(start, end, kind.strip())


def _listed(written: str) -> list[Any]:
    """A list column of a Parquet file or a database comes as Python writes it."""
    for read in (json.loads, ast.literal_eval):
        try:
            found = read(written)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        if isinstance(found, list):
            return found
    raise ValueError("not_a_list_of_spans")


def _tagged(written: str) -> Tagged:
    plain: list[str] = []
    entities: list[Entity] = []
    opened: tuple[str, int] | None = None
    length = last = 0
    for tag in _TAG.finditer(written):
        plain.append(written[last : tag.start()])
        length += tag.start() - last
        last = tag.end()
        if not tag["close"]:
            if opened:
                raise ValueError("tag_inside_a_tag")
            opened = tag["kind"], length
        elif not opened or opened[0] != tag["kind"]:
            raise ValueError("tag_closed_that_is_not_open")
        else:
            entities.append(Entity(opened[1], length, tag["kind"]))
            opened = None
    if opened:
        raise ValueError("tag_not_closed")
    return Tagged(written, "".join([*plain, written[last:]]), tuple(entities))


def _of_tokens(tokens: Sequence[str], labels: Sequence[str]) -> tuple[str, tuple[Entity, ...]]:
    """Chinese is written without the spaces that part its tokens in the table."""
    if len(tokens) != len(labels):
        raise ValueError("labels_do_not_match_tokens")
    text, previous = "", "O"
    found: list[Entity] = []
    for token, label in zip(tokens, labels, strict=True):
        text += " " if text and text[-1].isascii() and token[0].isascii() else ""
        start, end = len(text), len(text) + len(token)
        kind = label[2:]
        if label != "O" and label[0] in "IE" and previous[2:] == kind and previous[0] in "BI":
            found[-1] = Entity(found[-1].start, end, kind)
        elif label != "O":
            found.append(Entity(start, end, kind))
        text, previous = text + token, label
    return text, tuple(found)
