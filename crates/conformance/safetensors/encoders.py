"""Tiny encoders with random weights, as folders of Hugging Face and sentence-transformers.

The weights are wide enough that attention, norms and activations all matter: what a library
starts training from would hide mistakes in most of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
import transformers
from safetensors.torch import save_file

import vocabularies

CLASSIC = "sentence_transformers.models."
"""How sentence-transformers before its release 6 names the types of modules."""

CURRENT = {
    "Transformer": "sentence_transformers.base.modules.transformer.Transformer",
    "Pooling": "sentence_transformers.sentence_transformer.modules.pooling.Pooling",
    "Normalize": "sentence_transformers.base.modules.normalize.Normalize",
    "Dense": "sentence_transformers.base.modules.dense.Dense",
}
"""How it names them since."""

POOLINGS = ("cls_token", "mean_tokens", "max_tokens", "mean_sqrt_len_tokens")


@dataclass(frozen=True)
class Modules:
    """What sentence-transformers does with the tokens' vectors."""

    pooling: Sequence[str] = ("mean_tokens",)
    normalize: bool = False
    dense: int = 0
    """The width after a Dense module with tanh; 0 for none."""
    max_tokens: int = 48
    classic: bool = True
    """Written as before release 6."""


@dataclass(frozen=True)
class Encoder:
    """One model."""

    seed: int
    architecture: str
    """The class in transformers."""
    config: Mapping[str, object]
    tokenizer: str
    """A kind of `vocabularies.NAMES`."""
    vocabulary: int
    lowercase: bool = True
    modules: Modules | None = None
    labels: Sequence[str] = ()
    pairs: bool = False
    """Whether it is asked about pairs of texts beside single ones."""
    max_tokens: int = 48
    """`model_max_length` of the tokenizer."""
    padded_file: bool = False
    """Whether `tokenizer.json` itself cuts and pads, which those who load it override."""
    dtype: torch.dtype = torch.float32
    shard_bytes: int = 0
    """The size of a shard; 0 for one file."""
    extra: Mapping[str, object] = field(default_factory=dict)
    """More of `config.json`."""


BERT = {
    "hidden_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 56,
    "max_position_embeddings": 56,
}

ENCODERS = {
    "bert-mean": Encoder(
        seed=1,
        architecture="BertModel",
        config={**BERT, "hidden_size": 32, "num_attention_heads": 4, "intermediate_size": 64},
        tokenizer="wordpiece",
        vocabulary=500,
        modules=Modules(normalize=True),
        padded_file=True,
    ),
    "distilbert-topics": Encoder(
        seed=2,
        architecture="DistilBertForSequenceClassification",
        config={
            "dim": 32,
            "n_layers": 2,
            "n_heads": 2,
            "hidden_dim": 72,
            "max_position_embeddings": 40,
            "sinusoidal_pos_embds": False,
        },
        tokenizer="wordpiece",
        vocabulary=420,
        lowercase=False,
        labels=("billing", "delivery", "login", "praise", "other"),
        max_tokens=40,
    ),
    "bert-cls": Encoder(
        seed=3,
        architecture="BertModel",
        config={**BERT, "hidden_act": "gelu_new"},
        tokenizer="wordpiece",
        vocabulary=420,
        modules=Modules(pooling=("cls_token",), classic=False),
    ),
    "roberta-pairs": Encoder(
        seed=4,
        architecture="RobertaForSequenceClassification",
        config={
            **BERT,
            "hidden_size": 32,
            "num_attention_heads": 4,
            "max_position_embeddings": 66,
            "type_vocab_size": 1,
            "layer_norm_eps": 1e-5,
        },
        tokenizer="bpe",
        vocabulary=560,
        labels=("contradiction", "neutral", "entailment"),
        pairs=True,
        max_tokens=64,
    ),
    "roberta-mean": Encoder(
        seed=11,
        architecture="RobertaModel",
        config={
            **BERT,
            "hidden_size": 16,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "max_position_embeddings": 50,
            "type_vocab_size": 1,
            "layer_norm_eps": 1e-5,
        },
        tokenizer="bpe",
        vocabulary=420,
        modules=Modules(),
    ),
    "xlmr-shards": Encoder(
        seed=5,
        architecture="XLMRobertaModel",
        config={
            **BERT,
            "num_attention_heads": 4,
            "max_position_embeddings": 50,
            "type_vocab_size": 1,
            "layer_norm_eps": 1e-5,
        },
        tokenizer="unigram",
        vocabulary=600,
        modules=Modules(normalize=True),
        shard_bytes=40_000,
    ),
    "bert-regression": Encoder(
        seed=6,
        architecture="BertForSequenceClassification",
        config={**BERT, "hidden_act": "relu"},
        tokenizer="wordpiece",
        vocabulary=420,
        labels=("LABEL_0",),
        pairs=True,
        extra={"problem_type": "regression"},
    ),
    "bert-multilabel": Encoder(
        seed=7,
        architecture="BertForSequenceClassification",
        config={**BERT, "hidden_size": 16, "num_attention_heads": 2, "num_hidden_layers": 3},
        tokenizer="wordpiece",
        vocabulary=420,
        labels=("urgent", "angry", "refund", "thanks", "question", "spam"),
        extra={"problem_type": "multi_label_classification"},
    ),
    "bert-f16": Encoder(
        seed=8,
        architecture="BertModel",
        config=BERT,
        tokenizer="wordpiece",
        vocabulary=420,
        dtype=torch.float16,
    ),
    "bert-bf16": Encoder(
        seed=9,
        architecture="BertModel",
        config={**BERT, "hidden_size": 16, "num_attention_heads": 2},
        tokenizer="wordpiece",
        vocabulary=420,
        modules=Modules(pooling=POOLINGS),
        dtype=torch.bfloat16,
    ),
    "bert-dense": Encoder(
        seed=10,
        architecture="BertModel",
        config={**BERT, "hidden_size": 20, "num_attention_heads": 2, "num_hidden_layers": 1},
        tokenizer="wordpiece",
        vocabulary=420,
        modules=Modules(dense=12, normalize=True),
    ),
}


def fill(module: torch.nn.Module, seed: int) -> None:
    """Random weights for all parameters, the same for the same seed and names."""
    random = np.random.default_rng(seed)
    with torch.no_grad():
        for name, parameter in sorted(module.named_parameters()):
            shape = tuple(parameter.shape)
            values = random.standard_normal(shape)
            if name.endswith("bias"):
                values *= 0.2
            elif "norm" in name.lower():
                values = 1.0 + 0.2 * values
            elif "embeddings" not in name:
                values *= 1.4 / np.sqrt(shape[-1])
            parameter.copy_(torch.from_numpy(values.astype(np.float32)))


def write_json(path: Path, document: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(document, indent=2, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def build(encoder: Encoder, folder: Path) -> None:
    """Write the folder of a model."""
    tokenizer = vocabularies.make(
        encoder.tokenizer, encoder.vocabulary, lowercase=encoder.lowercase
    )
    names = vocabularies.NAMES[encoder.tokenizer]
    labels = {"id2label": dict(enumerate(encoder.labels))}
    labels["label2id"] = {label: at for at, label in labels["id2label"].items()}
    configuration = getattr(transformers, encoder.architecture).config_class(
        vocab_size=tokenizer.get_vocab_size(),
        pad_token_id=tokenizer.token_to_id(names["pad"]),
        bos_token_id=tokenizer.token_to_id(names["cls"]),
        eos_token_id=tokenizer.token_to_id(names["sep"]),
        **encoder.config,
        **encoder.extra,
        **(labels if encoder.labels else {}),
    )
    model = getattr(transformers, encoder.architecture)(configuration).eval()
    fill(model, encoder.seed)
    sharding = {"max_shard_size": encoder.shard_bytes} if encoder.shard_bytes else {}
    model.to(encoder.dtype).save_pretrained(folder, **sharding)

    two_segments = configuration.model_type == "bert"
    write_json(
        folder / "tokenizer_config.json",
        {
            **{f"{role}_token": name for role, name in names.items()},
            "model_input_names": ["input_ids", "attention_mask"]
            + (["token_type_ids"] if two_segments else []),
            "model_max_length": encoder.max_tokens,
            "tokenizer_class": "PreTrainedTokenizerFast",
        },
    )
    if encoder.padded_file:
        tokenizer.enable_truncation(16)
        tokenizer.enable_padding(length=16, pad_id=configuration.pad_token_id, pad_token="[PAD]")
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    if encoder.modules:
        write_modules(encoder, encoder.modules, configuration.hidden_size, folder)


def write_modules(encoder: Encoder, modules: Modules, width: int, folder: Path) -> None:
    """The files of sentence-transformers."""
    names = ["Transformer", "Pooling"]
    names += ["Dense"] if modules.dense else []
    names += ["Normalize"] if modules.normalize else []
    places = ["", *(f"{at}_{name}" for at, name in enumerate(names) if at)]
    write_json(
        folder / "modules.json",
        [
            {
                "idx": at,
                "name": str(at),
                "path": place,
                "type": CLASSIC + name if modules.classic else CURRENT[name],
            }
            for at, (name, place) in enumerate(zip(names, places, strict=True))
        ],
    )
    if modules.classic:
        write_json(
            folder / "sentence_bert_config.json",
            {"max_seq_length": modules.max_tokens, "do_lower_case": False},
        )
        pooling = {f"pooling_mode_{mode}": mode in modules.pooling for mode in POOLINGS}
        write_json(
            folder / places[1] / "config.json", {"word_embedding_dimension": width, **pooling}
        )
    else:
        write_json(
            folder / "sentence_bert_config.json",
            {
                "transformer_task": "feature-extraction",
                "modality_config": {
                    "text": {"method": "forward", "method_output_name": "last_hidden_state"}
                },
                "module_output_name": "token_embeddings",
            },
        )
        (mode,) = modules.pooling
        write_json(
            folder / places[1] / "config.json",
            {
                "embedding_dimension": width,
                "pooling_mode": mode.removesuffix("_token").removesuffix("_tokens"),
                "include_prompt": True,
            },
        )
    if modules.dense:
        dense = torch.nn.Module()
        dense.linear = torch.nn.Linear(width, modules.dense)
        fill(dense, encoder.seed + 100)
        place = folder / places[2]
        write_json(
            place / "config.json",
            {
                "in_features": width,
                "out_features": modules.dense,
                "bias": True,
                "activation_function": "torch.nn.modules.activation.Tanh",
            },
        )
        save_file(dense.state_dict(), place / "model.safetensors", metadata={"format": "pt"})
