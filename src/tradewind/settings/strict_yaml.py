"""YAML as a person means it: a name written twice in one block is a mistake, not the last one's victory."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import yaml


class _StrictLoader(yaml.SafeLoader):
    """A safe loader that refuses a mapping with the same key twice."""


def _mapping(loader: _StrictLoader, node: yaml.MappingNode) -> dict[Hashable, Any]:
    seen: dict[Hashable, int] = {}
    for key_node, _ in node.value:
        if key_node.tag == "tag:yaml.org,2002:merge":
            continue
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, Hashable):
            raise _refused("a name must be a word or a number", key_node)
        line = key_node.start_mark.line + 1
        if key in seen:
            raise _refused(f"{key!r} stands twice, in line {seen[key]} and in line {line}", key_node)
        seen[key] = line
    return loader.construct_mapping(node, deep=True)


def _refused(why: str, node: yaml.Node) -> yaml.YAMLError:
    return yaml.constructor.ConstructorError(None, None, why, node.start_mark)


_StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def load_yaml(text: str) -> Any:
    """Returns what `text` says. Raises yaml.YAMLError for what is no YAML, and for a name that stands twice."""
    return yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - a safe loader, made stricter
