"""A small image network: is a line of text upside down?

The text-direction classifier of PaddleOCR's mobile models (a MobileNetV3), as the
package rapidocr-onnxruntime ships it in ONNX. The file is left as it is, opset 11 and
free dimensions written as -1 among the rest: such files are what users have.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

import wheels
from backend_test import require, write_data_sets

WHEEL = wheels.Wheel(
    "rapidocr-onnxruntime==1.4.4",
    "971d7d5f223a7a808662229df1ef69893809d8457d834e6373d3854bc1782cbf",
)
MODEL = "rapidocr_onnxruntime/models/ch_ppocr_mobile_v2.0_cls_infer.onnx"

HEIGHT, WIDTH = 48, 192
DOT = 4
"""Pixels along each side of a dot of a glyph."""

GLYPHS = {
    "A": "01110 10001 10001 11111 10001 10001 10001",
    "E": "11111 10000 10000 11110 10000 10000 11111",
    "F": "11111 10000 10000 11110 10000 10000 10000",
    "L": "10000 10000 10000 10000 10000 10000 11111",
    "P": "11110 10001 10001 11110 10000 10000 10000",
    "R": "11110 10001 10001 11110 10100 10010 10001",
    "T": "11111 00100 00100 00100 00100 00100 00100",
    "2": "01110 10001 00001 00110 01000 10000 11111",
    "4": "00010 00110 01010 10010 11111 00010 00010",
    "7": "11111 00001 00010 00100 01000 01000 01000",
}
"""Letters that differ from themselves when they are turned."""

WORDS = ("PLATE 7", "ALERT 4", "PAPER 2", "FLARE 47")


def picture(word: str, turned: bool, generator: np.random.Generator) -> np.ndarray:
    """A word, dark on light with some noise, as the network takes it: `[3, 48, 192]`, -1 to 1."""
    image = np.full((HEIGHT, WIDTH), 220.0)
    top = (HEIGHT - 7 * DOT) // 2
    left = (WIDTH - (6 * len(word) - 1) * DOT) // 2
    for position, letter in enumerate(word):
        rows = GLYPHS.get(letter, "").split()
        for y, x in ((y, x) for y, row in enumerate(rows) for x in range(5) if row[x] == "1"):
            above, before = top + y * DOT, left + (6 * position + x) * DOT
            image[above : above + DOT, before : before + DOT] = 40.0
    if turned:
        image = image[::-1, ::-1]
    image = np.clip(image + generator.normal(0, 6, (3, HEIGHT, WIDTH)), 0, 255)
    return (image / 127.5 - 1).astype(np.float32)


def build(folder: Path) -> None:
    """The network as it comes, with one picture and with eight, every second one turned."""
    (model,) = wheels.read(WHEEL, [MODEL])
    (folder / "model.onnx").write_bytes(model)
    generator = np.random.default_rng(48)
    turns = [position % 2 == 1 for position in range(2 * len(WORDS))]
    pictures = [
        picture(WORDS[position // 2], turned, generator) for position, turned in enumerate(turns)
    ]
    data_sets = [{"x": np.stack(pictures[:1])}, {"x": np.stack(pictures)}]
    for outputs in write_data_sets(folder, data_sets):
        (shares,) = outputs.values()
        found = list(shares.argmax(axis=1) == 1)
        require(found == turns[: len(found)], f"which words are turned: {found}")
