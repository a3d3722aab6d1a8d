"""Every setting of shop.yaml as a page of Markdown, made from the settings themselves so that it cannot drift."""

from __future__ import annotations

import json
import types
import typing
from typing import Any

from pydantic.fields import FieldInfo

from tradewind.settings import Settings, ShopSettings

HEAD = """# Every setting of shop.yaml

Made by `tradewind settings`. A setting left out takes the default shown; one without a default must be written.
Blocks inside blocks are written indented, as in [`examples/grocer/shop.yaml`](../../examples/grocer/shop.yaml).
"""


def settings_page() -> str:
    """Returns the page: one table for each block, outermost first."""
    return "\n".join([HEAD, *(_table(path, model) for path, model in _blocks("", ShopSettings))])


def _blocks(path: str, model: type[Settings]) -> list[tuple[str, type[Settings]]]:
    found = [(path, model)]
    for name, field in model.model_fields.items():
        inner = _inner(field.annotation)
        if inner is not None:
            found += _blocks(f"{path}.{name}".lstrip("."), inner)
    return found


def _inner(annotation: Any) -> type[Settings] | None:
    if isinstance(annotation, type) and issubclass(annotation, Settings):
        return annotation
    return next((found for part in typing.get_args(annotation) if (found := _inner(part))), None)


def _table(path: str, model: type[Settings]) -> str:
    title = f"## `{path}`" if path else "## The top of the file"
    rows = [_row(name, field) for name, field in model.model_fields.items()]
    head = [title, "", model.__doc__ or "", "", "| setting | is | default | |", "|---|---|---|---|"]
    return "\n".join([*head, *rows, ""])


def _row(name: str, field: FieldInfo) -> str:
    default = "" if field.is_required() else f"`{_default(field)}`"
    return f"| `{name}` | {_kind(field.annotation)} | {default} | {' '.join((field.description or '').split())} |"


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if isinstance(value, Settings):
        return "as below"
    return json.dumps(value, ensure_ascii=False).replace("null", "none")


def _kind(annotation: Any) -> str:
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Literal:
        return " or ".join(f"`{word}`" for word in inner)
    if origin is list:
        return f"list of {_kind(inner[0])}"
    if origin is dict:
        return f"names with {_kind(inner[1])}"
    if origin in {typing.Union, types.UnionType}:
        return " or ".join(dict.fromkeys(_kind(part) for part in inner if part is not type(None)))
    if isinstance(annotation, type) and issubclass(annotation, Settings):
        return "a block"
    names = {str: "text", int: "whole number", float: "number", bool: "true or false"}
    return names.get(annotation, str(annotation))
