from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tradewind.errors import ArtefactError, ConfigError, DataError
from tradewind.index.builder import build
from tradewind.index.catalogue import Catalogue
from tradewind.index.filters import Filters
from tradewind.settings import IndexSettings


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_data_give_the_same_answers_and_nothing_is_left_half_made(
    make: Callable[..., Catalogue], tools: Any, tmp_path: Path
) -> None:
    items = tools.items(150)
    (tmp_path / "two.partial").mkdir()
    (tmp_path / "two.partial" / "left.npy").write_bytes(b"of a killed build")
    one = make(tmp_path / "one", items, tools.events(items))
    two = make(tmp_path / "two", list(reversed(items)), tools.events(items))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "two"]
    assert [one.view().item(row).id for row in range(150)] == [two.view().item(row).id for row in range(150)]
    mine, theirs = contents(tmp_path / "one"), contents(tmp_path / "two")
    own = {name for name in mine if not name.startswith("lexical/")}
    assert {name: mine[name] for name in own} == {name: theirs[name] for name in own}
    for query in ("milk", "洗发水", "frozen pizza"):
        assert one.view().lexical(query, 99).scores.tobytes() == two.view().lexical(query, 99).scores.tobytes()


def test_opening_and_asking_leave_the_folder_as_it_was_signed(catalogue: Catalogue, tools: Any) -> None:
    before = contents(catalogue.folder)
    view = Catalogue.open(catalogue.folder).view()
    view.lexical("milk", 5)
    view.vector(tools.vector("milk"), 5)
    view.complete("mi", 5)
    assert contents(catalogue.folder) == before


def test_nothing_in_the_folder_can_run_code(catalogue: Catalogue) -> None:
    for path in catalogue.folder.glob("*.npy"):
        np.load(path, allow_pickle=False)
    assert not [name for name in contents(catalogue.folder) if name.endswith((".pkl", ".pickle", ".pt", ".bin"))]


@pytest.mark.parametrize("count", [0, 1])
def test_a_shop_of_nothing_or_of_one_item_works(
    make: Callable[..., Catalogue], tools: Any, tmp_path: Path, count: int
) -> None:
    view = make(tmp_path / "c", tools.items(count)).view()
    asked = Filters({"brand": ("Alder",)}, price_max=3.0)
    assert view.size == count
    assert len(view.lexical("milk pizza yogurt", 5)) <= count
    assert len(view.vector(tools.vector("milk"), 5)) == count
    assert len(view.vector(tools.vector("milk"), 5, asked)) == view.matching(asked)
    assert view.complete("zz", 5) == []
    assert len(view.trending(5)) == 0
    assert len(view.popular(5)) == count


def test_together_vectors_are_kept_beside_the_others(
    make: Callable[..., Catalogue], tools: Any, tmp_path: Path
) -> None:
    items = tools.items(40)
    together = np.stack([tools.vector("with " + item.text) for item in items])
    view = make(tmp_path / "c", items, together=together).view()
    for item, expected in zip(items, together, strict=True):
        row = view.row_of(item.id)
        assert row is not None
        assert view.vector_of(row, "together") == pytest.approx(expected, abs=1e-3)
        assert view.vector_of(row) == pytest.approx(tools.vector(item.text), abs=1e-3)
    plain = make(tmp_path / "plain", items).view()
    assert np.array_equal(plain.vector_of(3, "together"), plain.vector_of(3))
    assert plain.vectors_of([1, 2]).shape == (2, 48)


def test_the_shops_dictionary_is_used_for_items_and_for_queries(
    make: Callable[..., Catalogue], tools: Any, tmp_path: Path
) -> None:
    (tmp_path / "words.txt").write_text("# ours\n幼猫粮 10 n\nnot han\n", encoding="utf-8")
    settings = IndexSettings(dictionary=str(tmp_path / "words.txt"))
    catalogue = make(tmp_path / "c", tools.items(80), settings=settings)
    assert catalogue.facts["own_words"] == ["幼猫粮"]
    assert [unit.surface for unit in catalogue.view().understand("幼猫粮").units] == ["幼猫粮"]
    with pytest.raises(ConfigError, match="dictionary"):
        make(tmp_path / "d", [], settings=IndexSettings(dictionary=str(tmp_path / "nowhere")))


def test_rows_that_do_not_fit_are_refused_before_anything_is_written(tools: Any, tmp_path: Path) -> None:
    items, log = tools.table(tools.items(5)), tools.log([])
    for vectors in (np.zeros((4, 8), np.float32), np.zeros(5, np.float32)):
        with pytest.raises(DataError, match="5 items need as many passage vectors"):
            build(items, vectors, log, tools.settings, ["en"], None, tmp_path / "c")
    with pytest.raises(DataError, match="lack title"):
        build(
            items.drop_columns(["title"]),
            np.zeros((5, 8), np.float32),
            log,
            tools.settings,
            ["en"],
            None,
            tmp_path / "c",
        )
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_no_index_or_of_another_format_is_refused(
    make: Callable[..., Catalogue], tools: Any, tmp_path: Path
) -> None:
    with pytest.raises(ArtefactError, match=r"catalogue\.json"):
        Catalogue.open(tmp_path)
    make(tmp_path / "c", tools.items(3))
    (tmp_path / "c" / "catalogue.json").write_text('{"format": 99}')
    with pytest.raises(ArtefactError, match="build the index again"):
        Catalogue.open(tmp_path / "c")
    make(tmp_path / "c", tools.items(3))
    (tmp_path / "c" / "lexical" / "meta.json").write_text("{}")
    with pytest.raises(ArtefactError, match="text index"):
        Catalogue.open(tmp_path / "c")


def test_the_last_change_that_the_items_hold_is_kept(
    make: Callable[..., Catalogue], tools: Any, tmp_path: Path
) -> None:
    catalogue = make(tmp_path / "c", tools.items(3), change=41)
    assert catalogue.change == 41
    assert catalogue.view().delta == 41
