"""Turns an E5S1 weights file into a Hugging Face BERT checkpoint with its fast tokenizer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from tradewind.models.checkpoint import EncoderWeights
from tradewind.models.e5_format import E5File

SPECIAL_TOKENS: Final = {"bos": "<s>", "pad": "<pad>", "eos": "</s>", "unk": "<unk>"}
WORD_MARK: Final = "▁"


def read_e5(path: Path) -> EncoderWeights:
    """Returns the encoder in the E5S1 file at `path`, its weights as float32. Raises ModelError when it is damaged."""
    file = E5File.open(path)
    return EncoderWeights(
        tensors=dict(_tensors(file)),
        config=_config(file),
        tokenizer=json.loads(_tokenizer(file).to_str()),
        tokenizer_config=_tokenizer_config(file),
    )


def _tensors(file: E5File) -> Iterator[tuple[str, np.ndarray]]:
    shape = file.shape
    yield "embeddings.word_embeddings.weight", file.dequantised("emb.word", shape.vocabulary, shape.hidden)
    yield "embeddings.position_embeddings.weight", file.float32("emb.pos", shape.positions, shape.hidden)
    yield "embeddings.token_type_embeddings.weight", file.float32("emb.type", shape.token_types, shape.hidden)
    yield from _layer_norm(file, "embeddings.LayerNorm", "emb.ln")
    for layer in range(shape.layers):
        yield from _layer_tensors(file, f"encoder.layer.{layer}", f"l{layer}")


def _layer_tensors(file: E5File, ours: str, theirs: str) -> Iterator[tuple[str, np.ndarray]]:
    hidden, feed_forward = file.shape.hidden, file.shape.feed_forward
    linears = (
        ("attention.self.query", "q", hidden, hidden),
        ("attention.self.key", "k", hidden, hidden),
        ("attention.self.value", "v", hidden, hidden),
        ("attention.output.dense", "ao", hidden, hidden),
        ("intermediate.dense", "fi", feed_forward, hidden),
        ("output.dense", "fo", hidden, feed_forward),
    )
    for name, short, rows, columns in linears:
        yield f"{ours}.{name}.weight", file.dequantised(f"{theirs}.{short}.w", rows, columns)
        yield f"{ours}.{name}.bias", file.float32(_bias_name(file, f"{theirs}.{short}"), rows)
    yield from _layer_norm(file, f"{ours}.attention.output.LayerNorm", f"{theirs}.aln")
    yield from _layer_norm(file, f"{ours}.output.LayerNorm", f"{theirs}.oln")


def _layer_norm(file: E5File, ours: str, theirs: str) -> Iterator[tuple[str, np.ndarray]]:
    yield f"{ours}.weight", file.float32(f"{theirs}.w", file.shape.hidden)
    yield f"{ours}.bias", file.float32(f"{theirs}.b", file.shape.hidden)


def _bias_name(file: E5File, linear: str) -> str:
    """The file writes `l0.qb` for some layers' biases and `l0.q.b` for others."""
    return f"{linear}b" if file.has(f"{linear}b") else f"{linear}.b"


def _config(file: E5File) -> dict[str, Any]:
    return {
        "architectures": ["BertModel"],
        "attention_probs_dropout_prob": 0.1,
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0.1,
        "hidden_size": file.shape.hidden,
        "intermediate_size": file.shape.feed_forward,
        "layer_norm_eps": float(f"{file.epsilon:.3g}"),
        "max_position_embeddings": file.shape.positions,
        "model_type": "bert",
        "num_attention_heads": file.shape.heads,
        "num_hidden_layers": file.shape.layers,
        "pad_token_id": file.special.pad,
        "type_vocab_size": file.shape.token_types,
        "vocab_size": file.shape.vocabulary,
    }


def _tokenizer(file: E5File) -> Tokenizer:
    """NFKC stands for the file's own character map; the probe strings of the tests get the same ids from both."""
    tokenizer = Tokenizer(models.Unigram(file.pieces, unk_id=file.special.unknown))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement=WORD_MARK, prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(replacement=WORD_MARK, prepend_scheme="always")
    bos, eos = SPECIAL_TOKENS["bos"], SPECIAL_TOKENS["eos"]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{bos} $A {eos}",
        pair=f"{bos} $A {eos} {eos} $B {eos}",
        special_tokens=[(bos, file.special.bos), (eos, file.special.eos)],
    )
    tokenizer.add_special_tokens([AddedToken(text, normalized=False, special=True) for text in SPECIAL_TOKENS.values()])
    return tokenizer


def _tokenizer_config(file: E5File) -> dict[str, Any]:
    named = {f"{role}_token": text for role, text in SPECIAL_TOKENS.items()}
    named |= {"cls_token": SPECIAL_TOKENS["bos"], "sep_token": SPECIAL_TOKENS["eos"], "mask_token": "<mask>"}
    return named | {"model_max_length": file.shape.positions, "tokenizer_class": "PreTrainedTokenizerFast"}
