"""What the libraries that made these formats answer: `golden.json` beside each model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import transformers
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer

import encoders
import golden
from corpus import PADS, PAIRS, TEXTS
from encoders import Encoder

APART = 2e-5
"""How far an answer may move with the rows beside it, in the oracle itself."""

Row = tuple[str, str | None]


def require(holds: bool, complaint: str) -> None:
    if not holds:
        raise ValueError(complaint)


def rows_of(encoder: Encoder) -> list[Row]:
    return [(text, None) for text in (*TEXTS, PADS)] + (list(PAIRS) if encoder.pairs else [])


def token_ids(folder: Path, rows: Sequence[Row], max_tokens: int) -> list[dict[str, list[int]]]:
    """Ids and segments from transformers, which must be what `tokenizer.json` itself says."""
    fast = transformers.AutoTokenizer.from_pretrained(folder)
    plain = Tokenizer.from_file(str(folder / "tokenizer.json"))
    plain.no_padding()
    plain.enable_truncation(max_tokens)
    encoded = []
    for text, pair in rows:
        one = fast(
            text, pair, truncation=True, max_length=max_tokens, return_token_type_ids=True
        )
        # An empty second text is none, as in a call of transformers for one pair.
        same = plain.encode(text, pair) if pair else plain.encode(text)
        require(one["input_ids"] == same.ids, f"{folder.name}: other ids for {text!r}")
        require(one["token_type_ids"] == same.type_ids, f"{folder.name}: other segments")
        encoded.append({"ids": same.ids, "segments": same.type_ids})
    return encoded


def embeddings(folder: Path, texts: Sequence[str]) -> tuple[np.ndarray, int]:
    """`[rows, width]` from sentence-transformers, each text by itself; and where it cuts."""
    model = SentenceTransformer(
        str(folder), device="cpu", model_kwargs={"dtype": torch.float32}
    ).float()
    alone = np.stack([model.encode(text) for text in texts])
    together = model.encode(list(texts), batch_size=32)
    apart = np.abs(alone - together).max()
    require(apart < APART, f"{folder.name}: rows move by {apart:.1e} with those beside them")
    return alone, model.max_seq_length


def logits(folder: Path, rows: Sequence[Row], max_tokens: int) -> np.ndarray:
    """`[rows, classes]` from transformers, each row by itself."""
    model = transformers.AutoModelForSequenceClassification.from_pretrained(
        folder, dtype=torch.float32
    ).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    answers = []
    with torch.no_grad():
        for text, pair in rows:
            inputs = tokenizer(
                text, pair, truncation=True, max_length=max_tokens, return_tensors="pt"
            )
            answers.append(model(**inputs).logits[0].numpy())
    return np.stack(answers)


def scores(folder: Path, rows: Sequence[Row], max_tokens: int) -> list[dict[str, float]]:
    """What the pipeline of transformers makes of the logits, by label."""
    pipeline = transformers.pipeline("text-classification", model=str(folder), device="cpu")
    answers = []
    for text, pair in rows:
        inputs = {"text": text} if pair is None else {"text": text, "text_pair": pair}
        given = pipeline(inputs, top_k=None, truncation=True, max_length=max_tokens)
        answers.append({entry["label"]: entry["score"] for entry in given})
    return answers


def build(encoder: Encoder, folder: Path) -> int:
    """Write the folder of an encoder with its golden rows; give how many there are."""
    encoders.build(encoder, folder)
    rows = rows_of(encoder)
    recorded: list[dict[str, object]] = []
    if encoder.labels:
        max_tokens = encoder.max_tokens
        answers = logits(folder, rows, max_tokens)
        by_label = scores(folder, rows, max_tokens)
        for row, by in zip(answers, by_label, strict=True):
            in_order = [by[label] for label in encoder.labels]
            recorded.append({"logits": golden.numbers(row), "scores": golden.numbers(in_order)})
    else:
        answers, max_tokens = embeddings(folder, [text for text, _ in rows])
        recorded = [{"embedding": golden.numbers(row)} for row in answers]
    encoded = token_ids(folder, rows, max_tokens)
    lines = []
    for (text, pair), tokens, answer in zip(rows, encoded, recorded, strict=True):
        asked = {"text": text} if pair is None else {"text": text, "text_pair": pair}
        lines.append({**asked, **tokens, **answer})
    golden.write(folder, {"max_tokens": max_tokens, "labels": list(encoder.labels)}, lines)
    return len(rows)
