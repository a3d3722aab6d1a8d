"""Tiny random models on disk, as a `dir:` source takes them: for tests of what is learned in seconds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers
from transformers import BertConfig, BertModel, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from tradewind.models.vision.efficientnet_lite import EfficientNetLite, Stage
from tradewind.models.vision.pretrained import save_backbone

UNKNOWN = "[UNK]"
PADDING, END, UNREAD = "<pad>", "<eos>", "<unk>"
SHOP_TALK = (
    *("Product", ":", "Brand", "Material", "Description", "glass", "teapot", "Mubai"),
    *("A", "of", "by", ".", "bamboo", "tray", "wood"),
)


def tiny_encoder(
    folder: Path, words: Sequence[str], *, width: int = 16, inner: int = 32, layers: int = 2, by_character: bool = False
) -> Path:
    """Writes a BERT that knows `words`, `[UNK]` among them, in lower case, and returns `folder`, made when not there.

    `by_character` reads each Chinese character as a word of its own.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer(models.WordLevel({word: n for n, word in enumerate(words)}, unk_token=UNKNOWN))
    tokenizer.normalizer = normalizers.BertNormalizer() if by_character else normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer() if by_character else pre_tokenizers.Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text("{}")
    torch.manual_seed(3)
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=2,
        intermediate_size=inner,
        max_position_embeddings=80,
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    return folder


def tiny_pictures(folder: Path) -> Path:
    """Writes a picture model of two blocks, for pictures of any size, and returns `folder`, made when not there."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    save_backbone(EfficientNetLite((Stage(1, 3, 2, 1, 8), Stage(1, 3, 1, 2, 8))), folder)
    return folder


def tiny_causal(folder: Path) -> Path:
    """Writes a causal model that knows the words of SHOP_TALK, and returns `folder`."""
    words = [PADDING, END, UNREAD, *SHOP_TALK]
    tokenizer = Tokenizer(models.WordLevel({word: n for n, word in enumerate(words)}, unk_token=UNREAD))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.decoder = decoders.WordPiece(prefix="##")
    fast = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer, pad_token=PADDING, eos_token=END, unk_token=UNREAD
    )
    fast.save_pretrained(folder)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(words),
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=64,
        tie_word_embeddings=True,
        initializer_range=0.4,
        eos_token_id=1,
        bos_token_id=None,
        pad_token_id=0,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder
