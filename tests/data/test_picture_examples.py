"""A table that names pictures: files are looked for within the shop alone, and one picture has one group."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.data.picture_examples import joined, read_picture_examples, within
from tradewind.settings import ExamplesSettings, SourceSettings, load_shop

NAMES = st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("uvwxyz")), max_size=30)


@given(NAMES)
def test_rows_that_share_a_group_or_a_picture_end_in_one_group(rows: list[tuple[str, str]]) -> None:
    groups, contents = [group for group, _ in rows], [content for _, content in rows]
    found = joined(groups, contents)
    for first, one in enumerate(rows):
        for second, other in enumerate(rows):
            if one[0] == other[0] or one[1] == other[1]:
                assert found[first] == found[second]
    # Nothing is brought together without a reason: a group is named after one of its own.
    assert all(name in groups and found[groups.index(name)] == name for name in found)


def test_a_file_is_looked_for_within_the_folder_alone(tmp_path: Path) -> None:
    root = (tmp_path / "shop").resolve()
    (root / "inside").mkdir(parents=True)
    (root / "inside/a.png").touch()
    (tmp_path / "secret.png").touch()
    (root / "link.png").symlink_to(tmp_path / "secret.png")
    assert within(root, "inside/../inside/a.png") == root / "inside/a.png"
    for written, reason in (
        ("../secret.png", "outside_shop"), ("link.png", "outside_shop"), ("/etc/passwd", "outside_shop"),
        ("inside", "no_such_file"), ("b.png", "no_such_file"), ("a\x00b", "no_such_file"), ("x" * 5000, "no_such_file"),
        ("https://example.org/a.png", "address_in_place_of_file"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=reason):
            within(root, written)


def test_a_file_is_looked_at_once_and_named_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text("{shop: t, items: {source: {path: i.csv}, id: id, title: title}, events: []}")
    (tmp_path / "13912345678.png").write_bytes(b"a")
    (tmp_path / "b.png").write_bytes(b"b")
    rows = ["file,kind,item", "13912345678.png,x,1", "./13912345678.png,y,2", "b.png,x,2", "b.png,x,3"]
    (tmp_path / "shown.csv").write_text("\n".join(rows))
    seen: list[Path] = []

    def look(path: Path) -> str:
        seen.append(path)
        return path.read_text()

    settings = ExamplesSettings(source=SourceSettings(path="shown.csv"), picture="file", target="kind", group="item")
    examples, report = read_picture_examples(load_shop(tmp_path), "t", settings, str, look)
    assert examples.texts == ["13912345678.png", "13912345678.png", "b.png"]
    assert examples.groups == ["1", "1", "1"]
    assert (len(seen), report.duplicates) == (2, 1)


@pytest.mark.parametrize(
    "given_parts",
    [{}, {"text": "a", "picture": "b"}, {"picture": "b", "second": "c"}, {"picture": "b", "answers": "c.csv"}],
)
def test_examples_are_texts_or_pictures(given_parts: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"either text or picture|for texts"):
        ExamplesSettings(source=SourceSettings(path="a.csv"), target="t", **given_parts)
