"""The tree of errors that Tradewind raises on purpose; each says what is wrong, where, and what to do.

TradewindError
├── ConfigError        a setting, a shop.yaml, a command-line word
├── DataError          a source, a row, a record
│   └── ConflictError  the same event id with another body
├── StoreError         the database or the disk under it
├── ModelError         pretrained weights that are missing or not what they should be
├── ArtefactError      an artefact that is unsigned, altered or outside its folder
├── ParityError        a compressed model that is not close enough to its original
├── GateError          a model that misses what its shop asks before it may answer
├── NotFoundError      an item, a surface, a version that is not there
├── RequestError       a request whose words cannot be served
├── AccessError        a key or a token without the right
└── MissingExtraError  an optional part of Tradewind that is not installed
"""

from __future__ import annotations


class TradewindError(Exception):
    """An error with a place and a remedy, printed as one readable message and never as a stack trace."""

    def __init__(self, what: str, *, where: str | None = None, hint: str | None = None) -> None:
        self.what = what
        self.where = where
        self.hint = hint
        super().__init__(str(self))

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        remedy = f" ({self.hint})" if self.hint else ""
        return f"{place}{self.what}{remedy}"


class ConfigError(TradewindError):
    """A setting that cannot be used."""


class DataError(TradewindError):
    """A source or a record that cannot be read."""


class ConflictError(DataError):
    """The same event id came again with another body."""


class StoreError(TradewindError):
    """The store, or the disk under it, did not take or give a record."""


class ModelError(TradewindError):
    """Pretrained weights that are missing or not what the lock file says."""


class ArtefactError(TradewindError):
    """An artefact that is unsigned, altered, of a refused kind, or outside its folder."""


class ParityError(TradewindError):
    """A compressed model that is too far from the model it came from."""


class GateError(TradewindError):
    """A newly learned model that misses what its shop asks; the old one goes on answering."""


class NotFoundError(TradewindError):
    """Something asked for by name that is not there."""


class RequestError(TradewindError):
    """A request that cannot be served as it stands."""


class AccessError(TradewindError):
    """A key or a token that does not carry the right asked for."""


class MissingExtraError(TradewindError):
    """An optional part that is not installed."""

    def __init__(self, part: str, extra: str) -> None:
        super().__init__(f"{part} is not installed", hint=f"pip install 'tradewind[{extra}]'")
