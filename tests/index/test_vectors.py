from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tradewind.errors import ArtefactError, RequestError
from tradewind.index.quantise import exact_scores, to_int8, unit_length
from tradewind.index.selection import Selection
from tradewind.index.vectors import VectorIndex, as_query
from tradewind.index.vectors_build import GRAPH_FROM, distinct, write_vectors
from tradewind.telemetry import SilentProgress

NOTHING = np.zeros(0, dtype=np.int64)


def clustered(count: int, dimension: int = 32, seed: int = 0) -> np.ndarray:
    chance = np.random.default_rng(seed)
    centres = chance.normal(size=(60, dimension)) + 2.0
    return unit_length(centres[chance.integers(0, 60, count)] + 0.5 * chance.normal(size=(count, dimension)))


@pytest.fixture(scope="module")
def vectors() -> np.ndarray:
    some = clustered(3 * GRAPH_FROM)
    some[::3] = some[1::3]
    return some


@pytest.fixture(scope="module")
def index(vectors: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> VectorIndex:
    folder = tmp_path_factory.mktemp("vectors")
    write_vectors(folder, vectors, np.arange(len(vectors)), SilentProgress())
    return VectorIndex(folder)


def selection(index: VectorIndex, rows: np.ndarray, size: int) -> Selection:
    return Selection(np.sort(rows).astype(np.int64), size, index.text_of, index.size)


@pytest.mark.parametrize("share", [0.5, 0.05, 0.005, 0.002])
def test_recall_under_a_filter_is_at_least_97_percent(index: VectorIndex, vectors: np.ndarray, share: float) -> None:
    chance, found = np.random.default_rng(4), []
    for query in unit_length(vectors[chance.integers(0, len(vectors), 60)] + 0.02):
        rows = chance.choice(len(vectors), int(share * len(vectors)), replace=False)
        hits = index.search(query, 10, selection(index, rows, len(vectors)), NOTHING)
        scores = vectors @ query
        assert set(hits.rows.tolist()) <= set(rows.tolist())
        found.append(np.mean(scores[hits.rows] >= np.sort(scores[rows])[-10] - 1e-5))
    assert np.mean(found) >= 0.97


def test_a_filter_that_shuns_the_query_still_fills_the_answer(index: VectorIndex, vectors: np.ndarray) -> None:
    scores = vectors @ vectors[0]
    far = np.argsort(scores)[: len(vectors) // 3]
    hits = index.search(vectors[0], 50, selection(index, far, len(vectors)), NOTHING)
    assert len(hits) == 50
    assert set(hits.rows.tolist()) <= set(far.tolist())


def test_twins_come_together_in_the_order_of_rows(index: VectorIndex, vectors: np.ndarray) -> None:
    hits = index.search(vectors[0], 4, None, NOTHING)
    assert hits.rows[:2].tolist() == [0, 1]
    assert hits.scores[0] == hits.scores[1] == pytest.approx(1.0, abs=1e-3)


def test_a_limit_per_text_lets_other_texts_in_and_keeps_the_first_of_each(
    index: VectorIndex, vectors: np.ndarray
) -> None:
    every = index.search(vectors[0], 40, None, NOTHING)
    one = index.search(vectors[0], 20, None, NOTHING, per_text=1)
    firsts = dict(zip(index.text_of[every.rows][::-1].tolist(), every.rows[::-1].tolist(), strict=True))
    assert len(set(index.text_of[one.rows].tolist())) == len(one) == 20
    assert one.rows.tolist() == list(dict.fromkeys(firsts[text] for text in index.text_of[every.rows].tolist()))[:20]


def test_hidden_rows_never_come_back_and_others_take_their_place(index: VectorIndex, vectors: np.ndarray) -> None:
    first = index.search(vectors[5], 20, None, NOTHING)
    hidden = np.sort(first.rows[:15])
    again = index.search(vectors[5], 20, None, hidden)
    assert len(again) == 20
    assert not set(again.rows.tolist()) & set(hidden.tolist())
    assert again.rows[:5].tolist() == first.rows[15:].tolist()


def test_a_row_has_the_same_score_whichever_way_it_was_found(index: VectorIndex, vectors: np.ndarray) -> None:
    whole = index.search(vectors[9], 5, None, NOTHING)
    few = index.search(vectors[9], 5, selection(index, whole.rows, len(vectors)), NOTHING)
    assert few.rows.tolist() == whole.rows.tolist()
    assert few.scores.tobytes() == whole.scores.tobytes()


def test_the_same_vectors_give_the_same_files(vectors: np.ndarray, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_vectors(tmp_path / name, vectors, np.arange(len(vectors)), SilentProgress())
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name


@pytest.fixture(scope="module")
def lopsided(tmp_path_factory: pytest.TempPathFactory) -> tuple[VectorIndex, np.ndarray]:
    """300 texts of which a few have hundreds of rows and most have one; two texts differ and score the same."""
    chance = np.random.default_rng(7)
    texts = clustered(300)
    texts[9], texts[11] = 0, 0
    texts[9, 0] = texts[11, 1] = 1
    of = np.concatenate([np.arange(300), np.repeat([3, 9, 11, 40], [700, 90, 60, 200])])
    rows = texts[chance.permutation(of)]
    folder = tmp_path_factory.mktemp("lopsided")
    write_vectors(folder, rows, np.arange(len(rows)), SilentProgress())
    return VectorIndex(folder), rows


@pytest.mark.parametrize("k", [1, 7, 100, 900])
@pytest.mark.parametrize("per_text", [None, 1, 30])
@pytest.mark.parametrize("share", [None, 0.5, 0.02])
def test_however_lopsided_the_rows_are_the_answer_is_that_of_sorting_all_of_them(
    lopsided: tuple[VectorIndex, np.ndarray], k: int, per_text: int | None, share: float | None
) -> None:
    index, vectors = lopsided
    chance, size = np.random.default_rng(k), len(vectors)
    among = np.arange(size) if share is None else np.sort(chance.choice(size, int(share * size), replace=False))
    hidden = np.sort(chance.choice(size, 200, replace=False))
    twins = unit_length(np.eye(2, 32, dtype=np.float32).sum(axis=0, keepdims=True))[0]
    for query in (vectors[0], vectors[size // 2], twins):
        found = index.search(query, k, None if share is None else selection(index, among, size), hidden, per_text)
        left = np.setdiff1d(among, hidden)
        if per_text is not None:
            turn: dict[int, int] = {}
            text_of = index.text_of[left].tolist()
            left = np.asarray(
                [row for row, text in zip(left, text_of, strict=True) if _counted(turn, text) <= per_text]
            )
        scores = exact_scores(np.asarray([index.vector_of(int(row)) for row in left]), as_query(query, 32))
        assert found.rows.tolist() == left[np.lexsort((left, -scores))][:k].tolist()


def _counted(turn: dict[int, int], text: int) -> int:
    turn[text] = turn.get(text, 0) + 1
    return turn[text]


def test_asking_for_everything_gives_every_row_once(index: VectorIndex, vectors: np.ndarray) -> None:
    hits = index.search(vectors[1], 10 * len(vectors), None, NOTHING)
    assert sorted(hits.rows.tolist()) == list(range(len(vectors)))


def test_a_vector_of_another_dimension_is_refused(index: VectorIndex) -> None:
    with pytest.raises(RequestError, match="7 components"):
        index.search(np.ones(7, dtype=np.float32), 3, None, NOTHING)


def test_a_vector_without_a_direction_finds_nothing(index: VectorIndex) -> None:
    for value in (0.0, np.nan, np.inf):
        assert len(index.search(np.full(32, value, dtype=np.float32), 3, None, NOTHING)) == 0


def test_items_without_a_vector_do_not_disturb_the_others(tmp_path: Path) -> None:
    some = clustered(GRAPH_FROM + 50)
    some[7] = 0
    write_vectors(tmp_path, some, np.arange(len(some)), SilentProgress())
    hits = VectorIndex(tmp_path).search(some[8], 10, None, NOTHING)
    assert hits.rows[0] == 8
    assert 7 not in hits.rows


def test_a_damaged_graph_is_an_artefact_error(vectors: np.ndarray, tmp_path: Path) -> None:
    write_vectors(tmp_path, vectors, np.arange(len(vectors)), SilentProgress())
    (tmp_path / "vectors.usearch").write_bytes(b"no graph")
    with pytest.raises(ArtefactError, match="vector graph"):
        VectorIndex(tmp_path)


def test_equal_vectors_are_stored_once_in_the_order_of_rows() -> None:
    rows = np.asarray([[1, 0], [0, 1], [1, 0]], dtype=np.float32)
    codes, firsts = distinct(rows, np.asarray([2, 1, 0]))
    assert codes.tolist() == [0, 1, 0]
    assert firsts.tolist() == [2, 1]


def test_int8_keeps_the_direction_and_scores_do_not_depend_on_neighbours() -> None:
    some = clustered(50)
    codes = to_int8(some).astype(np.float32)
    assert np.abs(codes).max(axis=1).tolist() == [127.0] * 50
    assert ((unit_length(codes) * some).sum(axis=1) > 0.999).all()
    query = some[3]
    assert exact_scores(some, query)[10:11].tobytes() == exact_scores(some[10:11], query).tobytes()
