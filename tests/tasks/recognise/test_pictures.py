"""Labelled pictures come from folders or items; what cannot be read is left out and told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tradewind.data.records import Item
from tradewind.errors import DataError
from tradewind.tasks.recognise.pictures import KEPT_SIDE, from_folders, from_items, held_out


def _picture(path: Path, size: tuple[int, int] = (20, 30)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (200, 30, 30)).save(path)
    return path


def test_a_folder_is_a_label_and_a_broken_picture_is_told(tmp_path: Path) -> None:
    for name in ("boots/b.png", "boots/a.jpg", "hat/1.webp"):
        _picture(tmp_path / name)
    (tmp_path / "hat/2.jpg").write_bytes(b"cut off")
    (tmp_path / "hat/notes.txt").write_text("not a picture")
    found = from_folders(tmp_path)
    assert found.names == ("boots/a.jpg", "boots/b.png", "hat/1.webp")
    assert found.labels == ("boots", "boots", "hat")
    assert [one.path for one in found.unreadable] == ["hat/2.jpg"]
    assert found.classes == ("boots", "hat")


def test_the_digest_moves_with_the_pixels(tmp_path: Path) -> None:
    path = _picture(tmp_path / "hat/1.png")
    first = from_folders(tmp_path).digest
    assert from_folders(tmp_path).digest == first
    Image.new("RGB", (20, 30), (0, 0, 0)).save(path)
    assert from_folders(tmp_path).digest != first


def test_large_pictures_are_kept_no_larger_than_they_are_read(tmp_path: Path) -> None:
    _picture(tmp_path / "hat/1.jpg", (2000, 3000))
    assert from_folders(tmp_path).images[0].size == (KEPT_SIDE, KEPT_SIDE * 3 // 2)


@pytest.mark.parametrize("name", ["nowhere", "empty"])
def test_no_picture_at_all_is_an_error(name: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="picture"):
        from_folders(tmp_path / name)


def test_items_are_labelled_with_their_leaf_and_nothing_outside_the_folder_is_read(tmp_path: Path) -> None:
    _picture(tmp_path / "shop/a.png")
    _picture(tmp_path / "outside.png")
    items = [
        Item(id="1", title="Boots", category=("Clothing", "Boots"), image="a.png"),
        Item(id="2", title="Hat", category=("Clothing", "Hats"), image="https://example.org/hat.png"),
        Item(id="3", title="Secret", category=("Clothing", "Hats"), image="../outside.png"),
        Item(id="4", title="No category", image="a.png"),
        Item(id="5", title="No picture", category=("Clothing",)),
    ]
    found = from_items(items, tmp_path / "shop")
    assert (found.names, found.labels) == (("a.png",), ("Boots",))


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=60), st.floats(0, 0.9), st.integers(0, 99))
def test_both_sides_are_all_rows_and_every_label_is_learned(labels: list[str], share: float, seed: int) -> None:
    kept, held = held_out(labels, share, seed)
    assert sorted([*kept.tolist(), *held.tolist()]) == list(range(len(labels)))
    assert {labels[row] for row in kept} == set(labels)
    assert np.array_equal(held_out(labels, share, seed)[0], kept)
