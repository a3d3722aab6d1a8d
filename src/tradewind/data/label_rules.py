"""Rules that a shop writes by hand: words or a pattern, and the label that a text with them has, or never has."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import yaml

from tradewind.errors import ConfigError
from tradewind.settings.strict_yaml import load_yaml

WHEN: Final = ("words", "pattern")
THEN: Final = ("label", "never")
_HAN: Final = re.compile(r"[㐀-鿿]")


@dataclass(frozen=True, slots=True)
class Rule:
    """A text that `pattern` is found in has the `label`, or with `never` anything but it; it stands at "file:line"."""

    pattern: re.Pattern[str]
    label: str
    never: bool
    stands: str

    def speaks_of(self, text: str) -> bool:
        """Whether the rule says something of the text; case and width make no difference."""
        return self.pattern.search(_folded(text)) is not None

    def agrees(self, label: str) -> bool:
        """Whether what it says is so for a text of this label."""
        return (label == self.label) != self.never


@dataclass(frozen=True, slots=True)
class Rules:
    """Rules in the order of their file; none is above another."""

    rules: tuple[Rule, ...]

    def label_of(self, text: str) -> str | None:
        """Returns the label that the rules give a text: None where they give none, or several, or take it back."""
        spoken = [rule for rule in self.rules if rule.speaks_of(text)]
        given = {rule.label for rule in spoken if not rule.never} - {rule.label for rule in spoken if rule.never}
        return given.pop() if len(given) == 1 else None

    def forbids(self, text: str, label: str) -> bool:
        """Whether a rule says that the text never has this label."""
        return any(rule.never and rule.label == label and rule.speaks_of(text) for rule in self.rules)

    def written_as(self, written: Callable[[str], str]) -> Rules:
        """Returns the rules with each label as `written` gives it, which raises ValueError for what is none.

        Raises ConfigError, naming the line.
        """
        return Rules(tuple(replace(rule, label=_written(rule, written)) for rule in self.rules))


def read_rules(path: Path, *, shown: str) -> Rules:
    """Returns the rules of a YAML file, `shown` in errors. Raises ConfigError naming the line of what is wrong."""
    try:
        text = path.read_bytes().decode("utf-8")
        told, node = load_yaml(text), yaml.compose(text, Loader=yaml.SafeLoader)
    except OSError as error:
        raise ConfigError(f"the rules cannot be read: {error.strerror or error}", where=shown) from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"byte {error.start} is not UTF-8", where=shown) from None
    except yaml.YAMLError as error:
        raise ConfigError(f"not valid YAML: {' '.join(str(error).split())}", where=shown) from None
    if not isinstance(told, list) or not told or not isinstance(node, yaml.SequenceNode):
        raise ConfigError("a list of rules is wanted", where=shown, hint="- {words: [milk], label: Food > Dairy}")
    return Rules(
        tuple(_rule(one, f"{shown}:{at.start_mark.line + 1}") for one, at in zip(told, node.value, strict=True))
    )


def _rule(told: Any, stands: str) -> Rule:
    if not isinstance(told, Mapping):
        raise ConfigError("a rule is a block", where=stands, hint="{words: [milk], label: Food > Dairy}")
    unknown = sorted(str(name) for name in told if name not in (*WHEN, *THEN))
    if unknown:
        raise ConfigError(f"a rule has no {unknown[0]!r}", where=stands, hint=f"it has {', '.join((*WHEN, *THEN))}")
    when, then = _one_of(told, WHEN, stands), _one_of(told, THEN, stands)
    label = told[then]
    if isinstance(label, bool) or not isinstance(label, str | int | float) or not str(label).strip():
        raise ConfigError(f"{then} wants a label", where=stands)
    pattern = _words(told[when], stands) if when == "words" else _pattern(told[when], stands)
    return Rule(pattern, str(label).strip(), then == "never", stands)


def _one_of(told: Mapping[str, Any], names: tuple[str, str], stands: str) -> str:
    given = [name for name in names if name in told]
    if len(given) != 1:
        raise ConfigError(f"a rule has either {names[0]} or {names[1]}", where=stands)
    return given[0]


def _words(told: Any, stands: str) -> re.Pattern[str]:
    words = told if isinstance(told, list) else [told]
    if not words or any(not isinstance(word, str) or not word.strip() for word in words):
        raise ConfigError("words wants a list of words", where=stands)
    # Chinese is written without spaces: its words are found within others.
    parts = [re.escape(_folded(word.strip())) for word in words]
    return re.compile("|".join(part if _HAN.search(part) else rf"(?<!\w){part}(?!\w)" for part in parts))


def _pattern(told: Any, stands: str) -> re.Pattern[str]:
    if not isinstance(told, str) or not told:
        raise ConfigError("pattern wants a regular expression", where=stands)
    try:
        return re.compile(told, re.IGNORECASE)
    except re.error as error:
        raise ConfigError(f"{told!r} is no regular expression: {error}", where=stands) from None


def _written(rule: Rule, written: Callable[[str], str]) -> str:
    try:
        return written(rule.label)
    except ValueError as error:
        raise ConfigError(f"{rule.label!r} is no label: {error}", where=rule.stands) from None


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
