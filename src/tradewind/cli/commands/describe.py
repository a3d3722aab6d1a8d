"""`tradewind describe DIR`: drafts product texts, and lets a person decide on them in the terminal or in a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tradewind.cli.app import app

if TYPE_CHECKING:
    from tradewind.flows.describing import Desk
    from tradewind.settings import Shop
    from tradewind.tasks.describe.review import Reviewed

Ask = Callable[[str], str]
HELP = "y approves, ! approves despite findings, n rejects, e edits, Enter leaves it for later, q quits."


@app.command()
def describe(
    shop: Path = typer.Argument(..., help="The shop's folder."),
    count: int = typer.Option(20, help="How many texts to draft.", min=1, max=100_000),
    review: bool = typer.Option(False, "--review", help="Decide on drafts in the terminal; nothing is drafted."),
    out: Path | None = typer.Option(None, help="Write what waits to this CSV for others to decide."),
    answers: Path | None = typer.Option(None, help="Take the decisions of a filled CSV."),
    publish: bool = typer.Option(False, "--publish", help="Put approved texts to their items again, and nothing else."),
    reviewer: str | None = typer.Option(None, help="Who decides; kept beside each decision."),
) -> None:
    """Draft product texts for review; what a person approves becomes its item's description."""
    from tradewind.errors import ConfigError
    from tradewind.flows.describing import open_desk
    from tradewind.settings import load_shop

    opened = load_shop(shop)
    if (review or answers) and not (reviewer and reviewer.strip()):
        raise ConfigError("a decision needs the name of the person who takes it", hint="--reviewer NAME")
    if not publish:
        with open_desk(opened) as desk:
            if review:
                _say_decided(interview(desk, reviewer or "", input))
            elif answers:
                _take(desk, answers, reviewer or "")
            elif out:
                _write(desk, out)
            else:
                _draft(opened, desk, count)
                return
    if publish or review or answers:
        _publish(opened)


def _draft(shop: Shop, desk: Desk, count: int) -> None:
    from tradewind.cli.reporter import TerminalReporter
    from tradewind.flows.describing import generator_of

    generator = generator_of(shop)
    with TerminalReporter() as reporter:
        done = desk.draft(generator, count, reporter.alone("Draft texts"))
    print(f"{done.written} drafts by {done.generator}, {done.with_findings} of them with findings")
    print(f"{len(desk.waiting())} wait: tradewind describe {shop.root} --review --reviewer NAME")


def _write(desk: Desk, out: Path) -> None:
    from tradewind.flows.review_sheet import write_review_sheet

    print(
        f"{write_review_sheet(desk, out)} drafts in {out}; fill in `decision` and `edited`, then give it to --answers"
    )


def _take(desk: Desk, sheet: Path, reviewer: str) -> None:
    from tradewind.flows.review_sheet import take_review_sheet

    done = take_review_sheet(desk, sheet, reviewer)
    print(f"{done.approved} approved, {done.rejected} rejected, {done.left} left for later")


def _publish(shop: Shop) -> None:
    from tradewind.errors import NotFoundError
    from tradewind.flows.describing import publish_approved

    try:
        print(f"{publish_approved(shop)} items changed")
    except NotFoundError as error:
        print(f"decisions are kept, and no item was changed: {error.what}")
        print(f"when the shop is built: tradewind describe {shop.root} --publish")


def _say_decided(decided: int) -> None:
    print(f"\n{decided} decided")


def interview(desk: Desk, reviewer: str, ask: Ask) -> int:
    """Asks about each draft that waits until all are done, `q`, Ctrl-C or the end of input; returns how many were
    decided. Each decision is in the store at once."""
    waiting = desk.waiting()
    print(HELP)
    decided = 0
    for place, one in enumerate(waiting, 1):
        item = desk.items.get(one.draft.item)
        print(f"\n[{place}/{len(waiting)}] {one.draft.item} ({one.draft.language}) {item.title if item else ''}")
        try:
            answer = _decide(desk, one, reviewer, ask)
        except (KeyboardInterrupt, EOFError):
            return decided
        if answer is None:
            return decided
        decided += answer
    return decided


def _decide(desk: Desk, one: Reviewed, reviewer: str, ask: Ask) -> int | None:
    """Returns 1 for a decision, 0 for none, None to quit. An edited text is shown with its findings first."""
    from tradewind.errors import DataError, NotFoundError
    from tradewind.flows.review_sheet import findings_text

    draft = one.draft
    while True:
        print(f"{draft.text}\n  {findings_text(draft) or 'nothing found: no claim that the item lacks, no harm'}")
        said = ask("decision: ").strip()
        changed = draft if draft is not one.draft else None
        try:
            if said.lower() in ("", "q"):
                return None if said else 0
            if said in ("y", "!"):
                desk.queue.approve(one.number, reviewer, edited=changed, despite_findings=said == "!")
                return 1
            if said == "n":
                desk.queue.reject(one.number, reviewer, ask("reason: ").strip())
                return 1
            if said == "e":
                draft = desk.edited(draft, ask("text: "))
            else:
                print(HELP)
        except (DataError, NotFoundError) as error:
            print(f"  {error}")
