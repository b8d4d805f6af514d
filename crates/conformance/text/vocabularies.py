"""Small tokenizers of the kinds that the models have, trained on the corpus."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable

import sentencepiece
from sentencepiece import sentencepiece_model_pb2 as proto
from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

from corpus import CORPUS

BERT_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
ROBERTA_TOKENS = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")

NAMES = {
    "wordpiece": dict(zip(("pad", "unk", "cls", "sep", "mask"), BERT_TOKENS)),
    "bpe": dict(zip(("cls", "pad", "sep", "unk", "mask"), ROBERTA_TOKENS)),
    "unigram": dict(zip(("cls", "pad", "sep", "unk", "mask"), ROBERTA_TOKENS)),
}
"""What the special tokens are called, for each kind of tokenizer."""

REWRITTEN = {
    **{chr(0xFF01 + at): chr(0x21 + at) for at in range(94)},
    "\u3000": " ",
    "\u00a0": " ",
    "\t": " ",
    "\n": " ",
    "\r": " ",
    "\u200b": "",
    "\u00ad": "",
    "ﬁ": "fi",
    "ﬂ": "fl",
    "½": "1/2",
    "①": "1",
    "e\u0301": "é",
}
"""What the Unigram model's own table of characters makes of them."""


def wordpiece(size: int, *, lowercase: bool) -> Tokenizer:
    """As BERT's."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.train_from_iterator(
        CORPUS,
        trainers.WordPieceTrainer(
            vocab_size=size, special_tokens=list(BERT_TOKENS), show_progress=False
        ),
    )
    cls, sep = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS]:0 $A:0 [SEP]:0",
        pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1",
        special_tokens=[("[CLS]", cls), ("[SEP]", sep)],
    )
    return tokenizer


def bpe(size: int) -> Tokenizer:
    """As RoBERTa's: byte pairs, where a space belongs to the word that follows."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    mask = AddedToken("<mask>", lstrip=True, normalized=False, special=True)
    tokenizer.train_from_iterator(
        CORPUS,
        trainers.BpeTrainer(
            vocab_size=size,
            special_tokens=[*ROBERTA_TOKENS[:4], mask],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    tokenizer.post_processor = processors.RobertaProcessing(
        ("</s>", tokenizer.token_to_id("</s>")),
        ("<s>", tokenizer.token_to_id("<s>")),
        trim_offsets=True,
        add_prefix_space=False,
    )
    return tokenizer


def unigram(size: int) -> Tokenizer:
    """As XLM-R's: pieces of sentencepiece with their scores, and its table of characters."""
    trained = trained_pieces(size - len(ROBERTA_TOKENS))
    # The first three pieces are sentencepiece's own <unk>, <s> and </s>.
    pieces = [(piece.piece, piece.score) for piece in trained.pieces[3:]]
    special = [(name, 0.0) for name in ROBERTA_TOKENS]
    vocabulary = [*special[:4], *pieces, special[4]]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=3, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Precompiled(trained.normalizer_spec.precompiled_charsmap),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.WhitespaceSplit(),
            pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always"),
        ]
    )
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.add_special_tokens(
        [
            *[AddedToken(name, normalized=False, special=True) for name in ROBERTA_TOKENS[:4]],
            AddedToken("<mask>", lstrip=True, normalized=False, special=True),
        ]
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[(name, tokenizer.token_to_id(name)) for name in ("<s>", "</s>")],
    )
    return tokenizer


def trained_pieces(size: int) -> proto.ModelProto:
    """A Unigram model of sentencepiece, with its rules for characters compiled into it."""
    rules = "".join(
        f"{' '.join(f'{ord(c):X}' for c in given)}\t{' '.join(f'{ord(c):X}' for c in made)}\n"
        for given, made in REWRITTEN.items()
    )
    written = io.BytesIO()
    with tempfile.NamedTemporaryFile("w", suffix=".tsv", encoding="utf-8") as file:
        file.write(rules)
        file.flush()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(CORPUS),
            model_writer=written,
            model_type="unigram",
            vocab_size=size + 3,
            normalization_rule_tsv=file.name,
            character_coverage=1.0,
            hard_vocab_limit=False,
            num_threads=1,
            minloglevel=2,
        )
    return proto.ModelProto.FromString(written.getvalue())


def make(kind: str, size: int, *, lowercase: bool = True) -> Tokenizer:
    """A tokenizer of one of the kinds in `NAMES`."""
    made: dict[str, Callable[[], Tokenizer]] = {
        "wordpiece": lambda: wordpiece(size, lowercase=lowercase),
        "bpe": lambda: bpe(size),
        "unigram": lambda: unigram(size),
    }
    return made[kind]()
