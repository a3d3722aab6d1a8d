"""`tradewind predict NAME --file`: a file of texts to a file of answers, line by line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final

from tradewind.data.files import written_whole
from tradewind.engine.estimators import Answers, OpenEstimator
from tradewind.engine.line_answers import answer_lines
from tradewind.engine.text_lines import read_lines
from tradewind.errors import ConfigError
from tradewind.telemetry import Progress

CHUNK: Final = 64
MOST_TOLD: Final = 5
"""Bad lines that are told one by one; every one stands in the answers."""


@dataclass(slots=True)
class FileAnswers:
    """What became of a file: lines, the first bad ones, and the estimator's version."""

    version: str
    lines: int = 0
    bad: int = 0
    first_bad: list[dict[str, Any]] = field(default_factory=list)

    def text(self) -> str:
        """Returns it to be read by a person."""
        told = [f"line {one['line']}: {one['detail']}" for one in self.first_bad]
        more = [f"and {self.bad - len(told):,} more"] if self.bad > len(told) else []
        kept = f"; {self.bad:,} of them could not be answered, and have an error in their place" if self.bad else ""
        return "\n".join([f"{self.lines:,} lines answered by version {self.version}{kept}", *told, *more])


def predict_file(found: OpenEstimator, source: Path, target: BinaryIO, k: int, progress: Progress) -> FileAnswers:
    """Writes a line of answers for each line of `source` and says what became of them.

    Raises ConfigError for a source that is not there. A line that cannot be answered has an error in its place.
    """
    done = FileAnswers(found.version)

    def ask(texts: Any) -> Answers:
        return Answers(found.version, found.predict(texts, k))

    progress.start("predict", source.stat().st_size if source.is_file() else None)
    with _opened(source) as file:
        read = 0
        for chunk in _chunks(read_lines(file)):
            answered = answer_lines(chunk, ask)
            target.write(answered.body)
            progress.advance(chunk[-1].end - read)
            read = chunk[-1].end
            done.lines += len(chunk)
            done.bad += len(answered.problems)
            done.first_bad += answered.problems[: MOST_TOLD - len(done.first_bad)]
    return done


def predict_to(found: OpenEstimator, source: Path, target: Path, k: int, progress: Progress) -> FileAnswers:
    """Does the same into a file, which is there when all of it is; raises StoreError when the disk does not take it."""
    with written_whole(target) as out:
        return predict_file(found, source, out, k, progress)


def _chunks(lines: Iterable[Any]) -> Iterator[list[Any]]:
    rest = iter(lines)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk


@contextmanager
def _opened(source: Path) -> Iterator[BinaryIO]:
    try:
        with source.open("rb") as file:
            yield file
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise ConfigError(f"the file cannot be read: {error.strerror}", where=str(source)) from None
