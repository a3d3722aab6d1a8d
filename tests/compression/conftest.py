"""Tiny random encoders of several families, and the real weights, converted and exported once for the whole run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from transformers import AutoConfig, AutoModel

from tradewind.models.pretrained import Checkpoint, resolve
from tradewind.training.match_examples import shop_words

WORDS = [
    "<s>",
    "<pad>",
    "</s>",
    "<unk>",
    "query",
    "passage",
    "bought",
    "with",
    ":",
    "milk",
    "bread",
    "tea",
    "juice",
    "奶",
]

ENGLISH = [
    "Frozen pizza, pepperoni, 12 oz",
    "Anti-dandruff shampoo 400 ml",
    "Dry cat food with salmon",
    "Whole milk, gallon",
    "Spaghetti, durum wheat",
    "Orange juice, no pulp",
    "Baby diapers, size 3",
    "Greek yoghurt, plain",
    "Sourdough bread",
    "Laundry detergent, liquid",
    "Ground coffee, dark roast",
    "Toothpaste, whitening",
    "Bananas, organic",
    "Chicken breast, boneless",
    "Paper towels, 6 rolls",
    "Cheddar cheese, sliced",
    "Dog treats, peanut butter",
    "Potato chips, sea salt",
    "Tomato ketchup",
    "Dish soap, lemon",
]
CHINESE = """
冷冻披萨 意式香肠、去屑洗发水 400毫升、三文鱼猫粮、全脂牛奶、意大利面、鲜榨橙汁、婴儿纸尿裤 3号、原味酸奶、全麦面包、
洗衣液、研磨咖啡、美白牙膏、有机香蕉、鸡胸肉、厨房用纸、切片奶酪、狗零食、海盐薯片、番茄酱、洗洁精
""".replace("\n", "").split("、")


def write_tiny(folder: Path, model_type: str = "bert", **changes: object) -> Path:
    tokenizer = Tokenizer(models.WordLevel({word: row for row, word in enumerate(WORDS)}, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    torch.manual_seed(7)
    sizes = {
        "vocab_size": len(WORDS),
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 64,
        "max_position_embeddings": 40,
        "pad_token_id": 1,
        "initializer_range": 0.3,
    }
    AutoModel.from_config(AutoConfig.for_model(model_type, **(sizes | changes))).save_pretrained(folder)
    return folder


@pytest.fixture
def tiny(tmp_path: Path) -> Callable[..., Path]:
    """Returns a function that writes a tiny random checkpoint of a family and gives its folder."""
    return lambda model_type="bert", **changes: write_tiny(tmp_path / model_type, model_type, **changes)


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("weights")


@pytest.fixture(scope="session")
def e5(cache: Path) -> Checkpoint:
    return resolve("package:e5", cache)


@pytest.fixture(scope="session")
def minilm(cache: Path) -> Checkpoint:
    return resolve("package:minilm", cache)


@pytest.fixture(scope="session")
def held_out() -> list[str]:
    """Forty product texts, English and Chinese."""
    return ENGLISH + CHINESE


@pytest.fixture(scope="session")
def words(held_out: list[str]) -> list[str]:
    """Everyday words of shops that are none of these texts, English and Chinese, to calibrate by."""
    return [word for word in shop_words() if word not in held_out][::2]
