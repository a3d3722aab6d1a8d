"""Nothing is published before a person approved it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tradewind.data.records import Item
from tradewind.errors import DataError, ModelError, NotFoundError
from tradewind.tasks.describe.brief import Brief
from tradewind.tasks.describe.drafts import Draft, check, write_drafts
from tradewind.tasks.describe.faithfulness import Lexicon
from tradewind.tasks.describe.review import ReviewQueue
from tradewind.tasks.describe.template import TemplateGenerator


class Saying:
    """Says what it is told to."""

    name = "saying"

    def __init__(self, *texts: str) -> None:
        self._texts = list(texts)

    def write(self, briefs: list[Brief]) -> list[str]:
        if not self._texts:
            raise ModelError("nothing more to say")
        return [self._texts.pop(0) for _ in briefs]


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[ReviewQueue]:
    with ReviewQueue(f"sqlite:///{tmp_path / 'store.db'}") as opened:
        yield opened


def _draft(item: Item, lexicon: Lexicon, text: str) -> Draft:
    return next(write_drafts(Saying(text), [Brief(item, "en")], lexicon))


def test_a_pending_draft_is_not_shown_and_an_approved_one_is(
    queue: ReviewQueue, teapot: Item, lexicon: Lexicon
) -> None:
    (number,) = queue.submit(write_drafts(TemplateGenerator(), [Brief(teapot, "en")], lexicon))
    assert queue.published("K1", "en") is None
    queue.approve(number, "Wei")
    assert queue.published("K1", "en") == queue.get(number).draft.text
    assert queue.get(number).reviewer == "Wei"
    assert queue.published("K1", "zh") is None
    assert queue.listed() == []


def test_a_planted_false_claim_is_held_until_it_is_corrected(
    queue: ReviewQueue, teapot: Item, lexicon: Lexicon
) -> None:
    (number,) = queue.submit([_draft(teapot, lexicon, "The best teapot, made of bamboo.")])
    with pytest.raises(DataError, match="unsupported 'bamboo'"):
        queue.approve(number, "Wei")
    assert queue.published("K1", "en") is None
    queue.approve(number, "Wei", edited=_draft(teapot, lexicon, "A teapot made of glass."))
    assert queue.published("K1", "en") == "A teapot made of glass."


def test_a_reviewer_may_say_that_a_finding_is_right(queue: ReviewQueue, teapot: Item, lexicon: Lexicon) -> None:
    (number,) = queue.submit([_draft(teapot, lexicon, "A handmade teapot.")])
    queue.approve(number, "Wei", despite_findings=True)
    assert queue.published("K1", "en") == "A handmade teapot."


def test_a_rejected_draft_is_never_shown_and_a_decision_stands(
    queue: ReviewQueue, teapot: Item, lexicon: Lexicon
) -> None:
    (number,) = queue.submit([_draft(teapot, lexicon, "A teapot.")])
    queue.reject(number, "Wei", "says too little")
    with pytest.raises(DataError, match="decided before"):
        queue.approve(number, "Wei")
    assert queue.published("K1", "en") is None
    assert queue.get(number).reason == "says too little"


def test_a_newer_draft_replaces_one_that_waits_but_not_what_is_published(
    queue: ReviewQueue, teapot: Item, lexicon: Lexicon
) -> None:
    first, second = (_draft(teapot, lexicon, text) for text in ("A teapot.", "A glass teapot."))
    (old,) = queue.submit([first])
    queue.approve(old, "Wei")
    (waiting,) = queue.submit([second])
    (newest,) = queue.submit([second])
    assert queue.published("K1", "en") == "A teapot."
    assert queue.get(waiting).status == "rejected"
    assert [one.number for one in queue.listed()] == [newest]


@pytest.mark.parametrize("reviewer", ["", "   "])
def test_a_decision_needs_a_person(reviewer: str, queue: ReviewQueue, teapot: Item, lexicon: Lexicon) -> None:
    (number,) = queue.submit([_draft(teapot, lexicon, "A teapot.")])
    with pytest.raises(DataError, match="name of the person"):
        queue.approve(number, reviewer)


def test_what_is_not_there_cannot_be_decided(queue: ReviewQueue) -> None:
    with pytest.raises(NotFoundError, match="no draft 7"):
        queue.approve(7, "Wei")


def test_of_two_who_decide_at_once_one_is_told_that_it_was_decided(
    queue: ReviewQueue, teapot: Item, lexicon: Lexicon
) -> None:
    (number,) = queue.submit([_draft(teapot, lexicon, "A teapot.")])
    refused: list[str] = []

    def approve(name: str) -> None:
        try:
            queue.approve(number, name)
        except DataError as error:
            refused.append(str(error))

    people = [threading.Thread(target=approve, args=(name,)) for name in ("Wei", "Ann", "Li")]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert len(refused) == 2


def test_an_empty_text_is_a_finding(teapot: Item, lexicon: Lexicon) -> None:
    assert [found.check for found in check("  ", teapot, lexicon)] == ["empty"]


def test_drafts_before_a_failure_are_kept(teapot: Item, lexicon: Lexicon) -> None:
    drafts = write_drafts(Saying("A teapot."), [Brief(teapot, "en")] * 2, lexicon, at_once=1)
    assert next(drafts).faithful
    with pytest.raises(ModelError, match="nothing more"):
        next(drafts)
