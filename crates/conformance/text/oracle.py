"""What the libraries that made these formats answer: `golden.json` beside each model."""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
import transformers
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer

from corpus import PAIRS, TEXTS
from encoders import Encoder

LIBRARIES = ("sentence-transformers", "tokenizers", "torch", "transformers")

APART = 2e-5
"""How far an answer may move with the rows beside it, in the oracle itself."""

Row = tuple[str, str | None]


def versions() -> dict[str, str]:
    return {name: importlib.metadata.version(name).partition("+")[0] for name in LIBRARIES}


def require(holds: bool, complaint: str) -> None:
    if not holds:
        raise ValueError(complaint)


def numbers(values: Iterable[float]) -> list[float]:
    """Each float32 with the fewest digits that read back as it."""
    return [float(np.format_float_scientific(np.float32(value), unique=True)) for value in values]


def rows_of(encoder: Encoder) -> list[Row]:
    return [(text, None) for text in TEXTS] + (list(PAIRS) if encoder.pairs else [])


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
    together = model.encode(list(texts), batch_size=len(texts))
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


def record(encoder: Encoder, folder: Path) -> int:
    """Write the golden rows of a made folder; give how many there are."""
    rows = rows_of(encoder)
    recorded: list[dict[str, object]] = []
    if encoder.labels:
        max_tokens = encoder.max_tokens
        answers = logits(folder, rows, max_tokens)
        by_label = scores(folder, rows, max_tokens)
        for row, by in zip(answers, by_label, strict=True):
            in_order = [by[label] for label in encoder.labels]
            recorded.append({"logits": numbers(row), "scores": numbers(in_order)})
    else:
        answers, max_tokens = embeddings(folder, [text for text, _ in rows])
        recorded = [{"embedding": numbers(row)} for row in answers]
    encoded = token_ids(folder, rows, max_tokens)
    lines = []
    for (text, pair), tokens, answer in zip(rows, encoded, recorded, strict=True):
        asked = {"text": text} if pair is None else {"text": text, "text_pair": pair}
        lines.append(json.dumps({**asked, **tokens, **answer}, ensure_ascii=False))
    head = {"libraries": versions(), "max_tokens": max_tokens, "labels": list(encoder.labels)}
    fields = ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in head.items())
    text = "{\n" + fields + ',\n"rows": [\n' + ",\n".join(lines) + "\n]\n}\n"
    (folder / "golden.json").write_text(text, encoding="utf-8")
    return len(rows)
