"""The tokenizer of uncased BERT models: words, then the longest pieces in the vocabulary."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

LONGEST_WORD = 100
"""Characters; a longer word is unknown as a whole."""


def stands_alone(character: str) -> bool:
    """Whether a character is a word of its own: punctuation, and every ASCII symbol."""
    ascii_symbol = character.isascii() and character.isprintable() and not character.isalnum()
    return ascii_symbol or unicodedata.category(character).startswith("P")


def words(text: str) -> Iterator[str]:
    """Lower-case words without accents; each mark of punctuation is a word."""
    # Ideographs are words of their own in BERT; the texts here have none.
    for spaced in text.lower().split():
        bare = "".join(
            character
            for character in unicodedata.normalize("NFD", spaced)
            if unicodedata.category(character) != "Mn"
        )
        word = ""
        for character in bare:
            if stands_alone(character):
                if word:
                    yield word
                yield character
                word = ""
            else:
                word += character
        if word:
            yield word


class Tokenizer:
    """From text to token ids."""

    def __init__(self, vocabulary: str) -> None:
        """`vocabulary` has a piece a line; those that continue a word begin with `##`."""
        self.ids = {piece: position for position, piece in enumerate(vocabulary.split("\n"))}

    def pieces(self, word: str) -> list[str]:
        """The pieces of a word from the left, each as long as can be."""
        if len(word) > LONGEST_WORD:
            return ["[UNK]"]
        found: list[str] = []
        start = 0
        while start < len(word):
            mark = "##" if start else ""
            for end in range(len(word), start, -1):
                if mark + word[start:end] in self.ids:
                    break
            else:
                return ["[UNK]"]
            found.append(mark + word[start:end])
            start = end
        return found

    def encode(self, text: str, longest: int) -> list[int]:
        """Token ids with `[CLS]` before and `[SEP]` after, `longest` at most."""
        pieces = [piece for word in words(text) for piece in self.pieces(word)]
        return [self.ids[piece] for piece in ["[CLS]", *pieces[: longest - 2], "[SEP]"]]
