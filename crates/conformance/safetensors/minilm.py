"""What sentence-transformers makes of two hundred texts with all-MiniLM-L6-v2.

The model is what `.ci/models minilm-safetensors` brings. `golden.json` has the texts with
their token ids, and `embeddings.f32` a vector of 384 float32 for each, little-endian.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

import golden
import oracle
import tickets

MODEL = Path(__file__).resolve().parents[3] / "target" / "models" / "minilm-safetensors"


def build(folder: Path) -> int:
    """Write the golden rows; give how many there are."""
    texts = tickets.texts()
    embeddings, max_tokens = oracle.embeddings(MODEL, texts)
    encoded = oracle.token_ids(MODEL, [(text, None) for text in texts], max_tokens)
    rows = [
        {"text": text, "ids": one["ids"]} for text, one in zip(texts, encoded, strict=True)
    ]
    golden.write(folder, {"max_tokens": max_tokens}, rows)
    (folder / "embeddings.f32").write_bytes(embeddings.astype(np.dtype("<f4")).tobytes())
    return len(rows)
