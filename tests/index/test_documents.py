from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tradewind.errors import ArtefactError, DataError
from tradewind.index.documents import Documents, items_of, write_documents


def test_every_item_comes_back_as_it_was(tmp_path: Path, tools: Any) -> None:
    items = [
        *tools.items(30),
        replace(tools.items(1)[0], id="狗", category=(), attributes={}, updated_at=None, brand=None),
    ]
    write_documents(tmp_path, tools.table(items))
    documents = Documents(tmp_path)
    assert [documents.item(row) for row in range(documents.size)] == items
    assert [documents.row_of(item.id) for item in items] == list(range(len(items)))
    assert documents.row_of("nobody") is None
    assert list(items_of(tools.table(items))) == items


def test_an_id_used_twice_is_refused(tmp_path: Path, tools: Any) -> None:
    items = tools.items(3)
    with pytest.raises(DataError, match="two items are called 'i00001'"):
        write_documents(tmp_path, tools.table([*items, items[1]]))


def test_a_damaged_file_is_an_artefact_error(tmp_path: Path, tools: Any) -> None:
    write_documents(tmp_path, tools.table(tools.items(3)))
    (tmp_path / "documents.arrow").write_bytes(b"nothing")
    with pytest.raises(ArtefactError, match=r"documents\.arrow"):
        Documents(tmp_path)
