"""`tradewind label NAME`: asks a person, or writes a sheet for several, about the texts that teach the most."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from tradewind.cli.app import app

if TYPE_CHECKING:
    from tradewind.flows.labelling import Pool, Question, Questions
    from tradewind.settings import Shop

SKIP: Final = ("", "s", "skip")
QUIT: Final = ("q", "quit")
SHOWN_LABELS: Final = 12
SHOWN_NEW: Final = 5
Ask = Callable[[str], str]


@app.command()
def label(
    name: str = typer.Argument(..., help="An estimator of `learn.estimators` in shop.yaml."),
    shop: Path = typer.Option(Path(), help="The shop's folder."),
    pool: Path = typer.Option(None, help="A table of unlabelled texts."),
    text: str = typer.Option(None, help='A column of it, or a template such as "{title}"; left out, as the examples.'),
    count: int = typer.Option(20, help="How many texts.", min=1, max=10_000),
    strategy: str = typer.Option("margin", help="uncertainty, margin or diverse."),
    out: Path = typer.Option(None, help="Write the texts to this CSV for others to fill in, and ask nothing."),
    answers: Path = typer.Option(None, help="Take the labels of a filled CSV."),
) -> None:
    """Label the texts that an estimator would learn the most from; each answer is on disk at once."""
    from tradewind.errors import RequestError
    from tradewind.flows.labelling import Pool
    from tradewind.settings import load_shop

    opened = load_shop(shop)
    if answers is not None:
        _take(opened, name, answers)
        return
    if pool is None:
        raise RequestError("there is nothing to label", hint="name a table with --pool, or a filled one with --answers")
    _ask_or_write(opened, name, Pool(pool, text, count, strategy), out)


def _take(shop: Shop, name: str, sheet: Path) -> None:
    from tradewind.flows.labelling import take_sheet

    taken = take_sheet(shop, name, sheet)
    print(f"{taken.kept} labels kept in {taken.answers.path}, {taken.repeats} texts had one before")
    if taken.new_labels:
        more = ", …" if len(taken.new_labels) > SHOWN_NEW else ""
        print(f"{len(taken.new_labels)} labels are new: {', '.join(taken.new_labels[:SHOWN_NEW])}{more}")
    _say_where(shop, name, taken.answers.path)


def _ask_or_write(shop: Shop, name: str, pool: Pool, out: Path | None) -> None:
    from tradewind.cli.reporter import TerminalReporter
    from tradewind.data.answers import write_sheet
    from tradewind.flows.labelling import choose_questions

    with TerminalReporter() as reporter:
        questions = choose_questions(shop, name, pool, reporter.alone(f"Choose texts for {name}"))
    if not questions.learned:
        print(f"{name} was never learned: the texts are those that differ most")
    if out is not None:
        write_sheet(out, [(one.text, [(c.label, c.probability) for c in one.guesses]) for one in questions.asked])
        print(f"{len(questions.asked)} texts in {out}; fill in `label`, then:")
        print(f"tradewind label {name} --shop {shop.root} --answers {out}")
        return
    kept = interview(questions, input)
    print(f"\n{kept} labels kept in {questions.answers.path}")
    _say_where(shop, name, questions.answers.path)


def interview(questions: Questions, ask: Ask) -> int:
    """Asks about each text until all are done, `quit`, Ctrl-C or the end of input; returns how many were answered."""
    return _Interview(questions, ask).run()


class _Interview:
    """A label that is known means itself, whatever it looks like: `5` is five stars where there are stars."""

    def __init__(self, questions: Questions, ask: Ask) -> None:
        self._questions, self._ask = questions, ask
        guessed = [choice.label for question in questions.asked for choice in question.guesses]
        self._labels = list(dict.fromkeys([*questions.labels, *guessed]))

    def run(self) -> int:
        from tradewind.data.answers import Answer

        print("A number takes a guess, a word is a label of your own, Enter skips, q quits.")
        kept = 0
        for place, question in enumerate(self._questions.asked, 1):
            offered = tuple(choice.label for choice in question.guesses) or tuple(self._labels[:SHOWN_LABELS])
            print(f"\n[{place}/{len(self._questions.asked)}] {question.text}\n{self._choices(question, offered)}")
            try:
                label = self._label(offered)
            except (KeyboardInterrupt, EOFError):
                return kept
            if label is None:
                return kept
            if label:
                self._questions.answers.append([Answer(question.text, label)])
                kept += 1
        return kept

    def _label(self, offered: tuple[str, ...]) -> str | None:
        """Returns a label, "" to skip, None to quit. A new label is only taken when it is entered twice."""
        new = ""
        while True:
            said = self._ask("label: ").strip()
            if said in self._labels:
                return said
            if said.lower() in QUIT or said.lower() in SKIP:
                return None if said.lower() in QUIT else ""
            if self._numbered() and said.isdecimal() and 1 <= int(said) <= len(offered):
                return offered[int(said) - 1]
            if not self._parsed(said):
                continue
            if said == new or not self._labels:
                self._labels.append(said)
                return said
            new = said
            print(f"{said!r} is a new label; enter it again to keep it")

    def _parsed(self, said: str) -> bool:
        try:
            self._questions.parse(said)
        except ValueError as error:
            print(f"{said!r} is no label: {str(error).replace('_', ' ')}")
            return False
        return True

    def _numbered(self) -> bool:
        """Labels that are numbers themselves, such as stars, are entered as they are."""
        return not any(label.isdecimal() for label in self._labels)

    def _choices(self, question: Question, offered: tuple[str, ...]) -> str:
        probability = {choice.label: f"  {choice.probability:.2f}" for choice in question.guesses}
        marks = [f"{n}. " if self._numbered() else "" for n in range(1, len(offered) + 1)]
        both = zip(marks, offered, strict=True)
        return "\n".join(f"  {mark}{label}{probability.get(label, '')}" for mark, label in both)


def _say_where(shop: Shop, name: str, path: Path) -> None:
    examples = shop.settings.learn.estimators[name].examples
    read = {shop.root / file for file in (examples.answers, examples.source.path) if file}
    if path not in read:
        inside = path.relative_to(shop.root)
        print(
            f"add `answers: {inside}` to the examples of {name} in shop.yaml, and `tradewind train {name}` reads them"
        )
