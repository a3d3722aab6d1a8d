"""The texts of a distillation: each in the roles it is learned in, and a part held back."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tradewind.errors import DataError
from tradewind.tasks.scoring import Role
from tradewind.training.distil.settings import DistilSettings

_FEWEST = 8


@dataclass(frozen=True, slots=True)
class DistilTexts:
    """Distinct texts by role, `learned` and `held_out`; a text is on one side in every role. `passages` are those whose
    order is compared, whether or not they are learned in that role."""

    learned: Mapping[Role, tuple[str, ...]]
    held_out: Mapping[Role, tuple[str, ...]]
    passages: tuple[str, ...]

    def by_role(self) -> dict[Role, tuple[str, ...]]:
        """Returns the texts of both sides, by role."""
        return {role: (*found, *self.held_out[role]) for role, found in self.learned.items()}

    def fingerprint(self) -> str:
        """Returns a hash of the texts, by which a run is known when it is taken up again."""
        digest = hashlib.sha256()
        for side in (self.learned, self.held_out):
            for role, texts in side.items():
                digest.update(f"{role}\n{len(texts)}\n".encode())
                digest.update("\n".join(texts).encode("utf-8", "replace"))
        return digest.hexdigest()


def distil_texts(texts: Sequence[str], queries: Sequence[str], settings: DistilSettings) -> DistilTexts:
    """Returns `texts` in every role and `queries` as queries alone, parted by a hash, so that another run parts alike.

    Raises DataError when there are too few to learn from and to hold back.
    """
    whole = list(dict.fromkeys(texts))
    by_role = {role: list(dict.fromkeys([*whole, *queries]) if role == "query" else whole) for role in settings.roles}
    every = dict.fromkeys(text for found in by_role.values() for text in found)
    held = _held_out(list(every), settings)
    if len(held) < 2 or len(every) - len(held) < _FEWEST:
        raise DataError(f"{len(every)} texts are too few to distil by", hint="give some hundreds")
    return DistilTexts(
        learned={role: tuple(text for text in found if text not in held) for role, found in by_role.items()},
        held_out={role: tuple(text for text in found if text in held) for role, found in by_role.items()},
        passages=tuple(sorted(whole, key=held.__contains__)),
    )


def _held_out(texts: Sequence[str], settings: DistilSettings) -> set[str]:
    """The lowest hashes: a larger set of texts keeps back some of the same ones."""
    count = min(settings.most_held_out, max(2, len(texts) // settings.held_out))
    return set(sorted(texts, key=lambda text: hashlib.sha256(text.encode("utf-8", "replace")).digest())[:count])
