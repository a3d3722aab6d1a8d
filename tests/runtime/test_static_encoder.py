"""A table of token vectors answers like any encoder: unit vectors, each of its text alone, in any order of words."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from tradewind.errors import ArtefactError, NotFoundError
from tradewind.runtime.bundle import EncoderFacts
from tradewind.runtime.opening import encode_distinct, open_encoder
from tradewind.runtime.role_map import RoleMap, write_role_map
from tradewind.runtime.static_encoder import StaticEncoder
from tradewind.telemetry import SilentProgress

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "milk", "bread", "tea", "牛奶"]
SOME = ["milk", "bread milk tea", "牛奶", "", "tea tea tea tea tea", "milk", "never seen words", "bread"]
WIDTH = 24
any_text = st.text(alphabet="milkbread tea牛奶:😀\x00", max_size=60) | st.sampled_from(SOME)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A bundle of random rows with the roles query and passage."""
    tokenizer = Tokenizer(models.WordLevel({word: row for row, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    rng = np.random.default_rng(4)
    rows = {
        "rows": rng.integers(-127, 128, (len(WORDS), WIDTH), dtype=np.int8),
        "scale": rng.uniform(0.001, 0.01, len(WORDS)).astype(np.float32),
        "role.query": rng.standard_normal(WIDTH).astype(np.float32) * np.float32(0.1),
        "role.passage": rng.standard_normal(WIDTH).astype(np.float32) * np.float32(0.1),
    }
    save_file(rows, tmp_path / "static.safetensors")
    EncoderFacts(
        dimension=WIDTH, runtime="static", max_tokens=8, precision="int8", prefixes={"query": "", "passage": ""}
    ).write(tmp_path)
    return tmp_path


def test_a_vector_is_the_mean_of_its_tokens_and_its_roles_own(table: Path) -> None:
    parts = load_file(table / "static.safetensors")
    whole = parts["rows"] * parts["scale"][:, None]
    wanted = whole[[2, 4, 6, 3]].mean(axis=0) + parts["role.passage"]
    found = StaticEncoder(table).encode(["milk tea"], "passage")[0]
    np.testing.assert_allclose(found, wanted / np.linalg.norm(wanted), atol=1e-6)


def test_vectors_are_float32_unit_rows_whatever_the_text(table: Path) -> None:
    odd = ["\ud800 milk", "a\x00b", "😀😀😀", "x" * 100_000, "milk " * 50_000, "\u200b\ufeff"]
    vectors = StaticEncoder(table).encode([*SOME, *odd], "query")
    assert (vectors.shape, vectors.dtype) == ((len(SOME) + len(odd), WIDTH), np.float32)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-6)
    assert StaticEncoder(table).encode([], "query").shape == (0, WIDTH)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(any_text, min_size=1, max_size=24))
def test_a_vector_is_bit_identical_alone_in_company_and_by_threads(table: Path, texts: list[str]) -> None:
    encoder = StaticEncoder(table)
    together = encoder.encode(texts, "query")
    assert np.array_equal(together, encoder.encode_each(texts, "query", 2, SilentProgress()))
    for row, text in enumerate(texts):
        assert np.array_equal(together[row], encoder.encode([text], "query")[0])


def test_threads_that_share_an_encoder_get_what_one_alone_gets(table: Path) -> None:
    encoder = StaticEncoder(table)
    alone = encoder.encode(SOME, "query")
    with ThreadPoolExecutor(4) as pool:
        assert all(
            np.array_equal(found, alone) for found in pool.map(lambda _: encoder.encode(SOME, "query"), range(8))
        )


def test_it_is_opened_by_its_facts_like_any_encoder(table: Path) -> None:
    assert isinstance(open_encoder(table), StaticEncoder)
    assert np.array_equal(
        encode_distinct(table, [*SOME, *SOME], "query")[: len(SOME)], StaticEncoder(table).encode(SOME, "query")
    )


def test_the_map_of_the_role_together_is_applied(table: Path) -> None:
    parts = load_file(table / "static.safetensors")
    save_file({**parts, "role.together": parts["role.query"]}, table / "static.safetensors")
    facts = EncoderFacts.read(table)
    facts.model_copy(update={"prefixes": {**facts.prefixes, "together": ""}}).write(table)
    plain = StaticEncoder(table).encode(SOME, "together")
    role_map = RoleMap(np.eye(WIDTH, dtype=np.float32)[::-1].copy(), np.zeros(WIDTH, np.float32))
    write_role_map(role_map, table)
    np.testing.assert_allclose(StaticEncoder(table).encode(SOME, "together"), plain[:, ::-1], atol=1e-6)


def test_a_cut_keeps_the_first_numbers_at_length_one(table: Path) -> None:
    whole = StaticEncoder(table).encode(SOME, "query")
    EncoderFacts.read(table).model_copy(update={"dimension": 8, "width": WIDTH}).write(table)
    short = StaticEncoder(table).encode(SOME, "query")
    wanted = whole[:, :8] / np.linalg.norm(whole[:, :8], axis=1, keepdims=True)
    np.testing.assert_allclose(short, wanted, atol=1e-6)
    assert StaticEncoder(table).encode_each([], "query", 2, SilentProgress()).shape == (0, 8)


def test_a_role_it_does_not_have_is_named_with_those_it_has(table: Path) -> None:
    with pytest.raises(NotFoundError, match=r"no role 'together'.*query, passage"):
        StaticEncoder(table).encode(["milk"], "together")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"rows": np.zeros((len(WORDS), WIDTH + 1), np.int8)}, "does not fit 24 dimensions"),
        ({"scale": np.ones(3, np.float32)}, "does not fit 24 dimensions"),
        ({"role.query": np.ones(3, np.float32)}, "does not fit 24 dimensions"),
        ({"rows": np.zeros((4, WIDTH), np.int8), "scale": np.ones(4, np.float32)}, "8 tokens are more than"),
        ({"role.query": None}, "has no 'role.query'"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(table: Path, change: dict[str, np.ndarray | None], told: str) -> None:
    parts = {**load_file(table / "static.safetensors"), **change}
    save_file({name: part for name, part in parts.items() if part is not None}, table / "static.safetensors")
    with pytest.raises(ArtefactError, match=told):
        StaticEncoder(table)


def test_torch_is_never_loaded(table: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tradewind.runtime.static_encoder import StaticEncoder\n"
        f"StaticEncoder(Path({str(table)!r})).encode(['milk'], 'query')\n"
        "assert not {'torch', 'transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
