//! From a text to the tokens that a model reads.

use std::{ops::Range, panic};

use tokenizers::{ModelWrapper, PostProcessorWrapper, Tokenizer, TruncationDirection};

use crate::frame::Frame;

/// The longest text that is taken. It is tokenised whole before it is cut to what the model reads.
pub(crate) const TEXT_BYTES: usize = 256 << 10;

/// The longest word that WordPiece may be told to look for pieces in.
const WORD_CHARS: usize = 1000;

/// What the files of a model say of its tokens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TokenRules {
    /// The most tokens of a row, special ones among them.
    pub(crate) max_tokens: usize,
    /// How many tokens the model knows.
    pub(crate) vocabulary: usize,
    /// How many kinds of segment the model knows; none where it knows of no segments.
    pub(crate) segments: usize,
    /// Whether a row may be two texts.
    pub(crate) has_pairs: bool,
    /// Whether texts lose their capitals first.
    pub(crate) lower_case: bool,
}

/// A model's tokenizer. It starts no threads.
#[derive(Debug)]
pub(crate) struct TextTokenizer {
    tokenizer: Tokenizer,
    single: Frame,
    pair: Option<Frame>,
    /// Whether it is the end that is kept of a text that is too long.
    keeps_end: bool,
    rules: TokenRules,
}

/// The tokens of rows, end to end.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    /// Each below the model's vocabulary.
    pub(crate) ids: Vec<u32>,
    /// The kind of segment of each, below the number of those that the model knows; zero where it
    /// knows none.
    pub(crate) segments: Vec<u32>,
}

impl Tokens {
    pub(crate) fn clear(&mut self) {
        self.ids.clear();
        self.segments.clear();
    }

    fn push(&mut self, id: u32, segment: u32) {
        self.ids.push(id);
        self.segments.push(segment);
    }
}

impl TextTokenizer {
    /// Reads a `tokenizer.json`, as the library `tokenizers` writes it.
    ///
    /// # Errors
    ///
    /// When it is none, or one that fits no model of these rules.
    pub(crate) fn read(json: &[u8], rules: TokenRules) -> Result<Self, String> {
        // The library believes what such a file says of lengths and places.
        panic::catch_unwind(|| Self::try_read(json, rules))
            .unwrap_or_else(|_| Err("what it says contradicts itself".to_owned()))
    }

    fn try_read(json: &[u8], rules: TokenRules) -> Result<Self, String> {
        let mut tokenizer = Tokenizer::from_bytes(json).map_err(|error| error.to_string())?;
        let keeps_end = tokenizer
            .get_truncation()
            .is_some_and(|truncation| truncation.direction == TruncationDirection::Left);
        // Rows are cut and framed here: the library keeps every piece that it cuts off.
        tokenizer.with_truncation(None).map_err(|error| error.to_string())?;
        tokenizer.with_padding(None);
        let processor = tokenizer.get_post_processor().cloned();
        tokenizer.with_post_processor(None::<PostProcessorWrapper>);
        // A cache would hold what clients sent: BPE's even longer than the model is there.
        match tokenizer.get_model() {
            ModelWrapper::BPE(bpe) => {
                let mut bpe = bpe.clone();
                bpe.resize_cache(0);
                tokenizer.with_model(bpe);
            }
            ModelWrapper::Unigram(unigram) => {
                let mut unigram = unigram.clone();
                unigram.resize_cache(0);
                tokenizer.with_model(unigram);
            }
            // Looking for the pieces of a word takes the square of its length.
            ModelWrapper::WordPiece(words) if words.max_input_chars_per_word > WORD_CHARS => {
                let got = words.max_input_chars_per_word;
                return Err(format!(
                    "max_input_chars_per_word: expected at most {WORD_CHARS}, got {got}"
                ));
            }
            _ => {}
        }
        let frame = |texts| Frame::learn(processor.as_ref(), texts)?.checked(&rules);
        let single = frame(1)?;
        let pair = rules.has_pairs.then(|| frame(2)).transpose()?;
        Ok(Self { tokenizer, single, pair, keeps_end, rules })
    }

    /// The most tokens of a row.
    pub(crate) const fn max_tokens(&self) -> usize {
        self.rules.max_tokens
    }

    /// What it does, for a person.
    pub(crate) fn describe(&self) -> String {
        let kind = match self.tokenizer.get_model() {
            ModelWrapper::BPE(_) => "BPE",
            ModelWrapper::WordPiece(_) => "WordPiece",
            ModelWrapper::WordLevel(_) => "WordLevel",
            ModelWrapper::Unigram(_) => "Unigram",
        };
        let TokenRules { max_tokens, vocabulary, .. } = self.rules;
        let texts = if self.pair.is_some() { "a text or a pair" } else { "a text" };
        format!("tokenizer: {kind} of {vocabulary} tokens; {texts} is cut to {max_tokens} of them")
    }

    /// Appends the tokens of a row: one text, or a pair where the second says something. Returns
    /// where they are.
    ///
    /// # Errors
    ///
    /// When the tokenizer fails on a text, or says a token that the model does not know; nothing is
    /// appended then.
    pub(crate) fn append(
        &self,
        text: &str,
        second: &str,
        tokens: &mut Tokens,
    ) -> Result<Range<usize>, String> {
        let start = tokens.ids.len();
        let first = self.ids(text)?;
        match &self.pair {
            Some(frame) if !second.is_empty() => {
                let second = self.ids(second)?;
                let room = self.rules.max_tokens - frame.len();
                let (first_len, second_len) = share(first.len(), second.len(), room);
                let texts = [self.cut(&first, first_len), self.cut(&second, second_len)];
                append(frame, &texts, tokens);
            }
            _ => {
                let room = self.rules.max_tokens - self.single.len();
                append(&self.single, &[self.cut(&first, room)], tokens);
            }
        }
        Ok(start..tokens.ids.len())
    }

    /// The tokens of a text alone.
    fn ids(&self, text: &str) -> Result<Vec<u32>, String> {
        let TokenRules { lower_case, vocabulary, .. } = self.rules;
        let encoding = match lower_case {
            true => self.tokenizer.encode_fast(text.to_lowercase(), false),
            false => self.tokenizer.encode_fast(text, false),
        };
        let encoding = encoding.map_err(|error| error.to_string())?;
        let ids = encoding.get_ids();
        match ids.iter().find(|&&id| id as usize >= vocabulary) {
            Some(&id) => Err(unknown(id, vocabulary)),
            None => Ok(ids.to_vec()),
        }
    }

    fn cut<'i>(&self, ids: &'i [u32], len: usize) -> &'i [u32] {
        let len = len.min(ids.len());
        if self.keeps_end { &ids[ids.len() - len..] } else { &ids[..len] }
    }
}

impl Frame {
    /// The frame, where it leaves room for a token and the model knows all that it says.
    fn checked(self, rules: &TokenRules) -> Result<Self, String> {
        let TokenRules { max_tokens, vocabulary, segments, .. } = *rules;
        if self.len() >= max_tokens {
            let special = self.len();
            return Err(format!(
                "expected special tokens for a text of {max_tokens} tokens, got {special} of them"
            ));
        }
        if let Some(token) = self.tokens().find(|token| token.id as usize >= vocabulary) {
            return Err(unknown(token.id, vocabulary));
        }
        let highest = self.highest_segment();
        if segments <= 1 {
            Ok(self.of_one_segment())
        } else if (highest as usize) < segments {
            Ok(self)
        } else {
            Err(format!("expected segments below {segments}, got {highest}"))
        }
    }
}

fn append(frame: &Frame, texts: &[&[u32]], tokens: &mut Tokens) {
    for ((before, segment), ids) in frame.texts().zip(texts) {
        before.iter().for_each(|special| tokens.push(special.id, special.segment));
        ids.iter().for_each(|&id| tokens.push(id, segment));
    }
    frame.after().iter().for_each(|special| tokens.push(special.id, special.segment));
}

/// How many tokens each of two texts keeps of `room`: the longer one gives way first, as the
/// strategy `longest_first` of transformers has it.
fn share(first: usize, second: usize, room: usize) -> (usize, usize) {
    if first.saturating_add(second) <= room {
        return (first, second);
    }
    let shorter = first.min(second).min(room / 2);
    let longer = room - shorter;
    if first <= second { (shorter, longer) } else { (longer, shorter) }
}

fn unknown(id: u32, vocabulary: usize) -> String {
    format!(
        "the tokenizer says token {id}; expected one below {vocabulary}, the model's vocabulary"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str = r#"{
        "version": "1.0", "normalizer": null, "decoder": null,
        "truncation": {"max_length": 3, "strategy": "LongestFirst", "stride": 0, "direction": "Right"},
        "padding": {"strategy": {"Fixed": 32}, "direction": "Right", "pad_to_multiple_of": null,
            "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"},
        "added_tokens": [],
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 2], "cls": ["[CLS]", 1]},
        "model": {"type": "WordLevel", "unk_token": "[UNK]",
            "vocab": {"[PAD]": 0, "[CLS]": 1, "[SEP]": 2, "[UNK]": 3, "a": 4, "b": 5, "c": 6, "d": 7}}
    }"#;

    const RULES: TokenRules = TokenRules {
        max_tokens: 8,
        vocabulary: 8,
        segments: 2,
        has_pairs: true,
        lower_case: false,
    };

    fn tokenizer(json: &str, rules: TokenRules) -> TextTokenizer {
        TextTokenizer::read(json.as_bytes(), rules).unwrap()
    }

    fn ids(tokenizer: &TextTokenizer, text: &str, second: &str) -> Vec<u32> {
        let mut tokens = Tokens::default();
        assert_eq!(tokenizer.append(text, second, &mut tokens), Ok(0..tokens.ids.len()));
        tokens.ids
    }

    #[test]
    fn rows_are_cut_by_the_models_length_and_never_padded() {
        let tokenizer = tokenizer(JSON, RULES);
        assert_eq!(ids(&tokenizer, "a b", ""), [1, 4, 5, 2]);
        assert_eq!(ids(&tokenizer, "a b c d a b c d", ""), [1, 4, 5, 6, 7, 4, 5, 2]);
        assert_eq!(ids(&tokenizer, "", ""), [1, 2]);
    }

    #[test]
    fn end_is_kept_where_the_file_cuts_from_the_left() {
        let tokenizer = tokenizer(&JSON.replace("\"Right\"}", "\"Left\"}"), RULES);
        assert_eq!(ids(&tokenizer, "a b c d a b c d", ""), [1, 6, 7, 4, 5, 6, 7, 2]);
    }

    #[test]
    fn pair_has_segments_and_its_longer_text_gives_way() {
        let tokenizer = tokenizer(JSON, RULES);
        let mut tokens = Tokens::default();
        tokenizer.append("a", "b c d a b c", &mut tokens).unwrap();
        assert_eq!(tokens.ids, [1, 4, 2, 5, 6, 7, 4, 2]);
        assert_eq!(tokens.segments, [0, 0, 0, 1, 1, 1, 1, 1]);
    }

    #[test]
    fn model_without_segments_gets_zeros() {
        let tokenizer = tokenizer(JSON, TokenRules { segments: 0, ..RULES });
        let mut tokens = Tokens::default();
        tokenizer.append("a", "b", &mut tokens).unwrap();
        assert_eq!(tokens.segments, [0; 5]);
    }

    #[test]
    fn room_is_shared_as_transformers_shares_it() {
        assert_eq!(share(2, 3, 5), (2, 3));
        assert_eq!(share(2, 9, 5), (2, 3));
        assert_eq!(share(9, 2, 5), (3, 2));
        assert_eq!(share(9, 9, 5), (2, 3));
        assert_eq!(share(9, 8, 5), (3, 2));
        assert_eq!(share(usize::MAX, 0, 5), (5, 0));
    }

    #[test]
    fn texts_are_prepared_as_the_files_say() {
        let rules = TokenRules { lower_case: true, ..RULES };
        assert_eq!(ids(&tokenizer(JSON, rules), " A b\n", ""), [1, 4, 5, 2]);
    }

    #[test]
    fn what_the_model_does_not_know_is_refused() {
        let refused = |rules| TextTokenizer::read(JSON.as_bytes(), rules).unwrap_err();
        let error = refused(TokenRules { vocabulary: 2, ..RULES });
        assert!(error.contains("token 2; expected one below 2"), "{error}");
        let error = refused(TokenRules { max_tokens: 2, ..RULES });
        assert!(error.contains("got 2 of them"), "{error}");
        let few = tokenizer(JSON, TokenRules { vocabulary: 5, ..RULES });
        let error = few.append("a b", "", &mut Tokens::default()).unwrap_err();
        assert!(error.contains("token 5; expected one below 5"), "{error}");
    }

    #[test]
    fn words_in_which_pieces_are_looked_for_are_bounded() {
        let json = JSON.replace(
            "\"WordLevel\", \"unk_token\"",
            "\"WordPiece\", \"continuing_subword_prefix\": \"##\", \
             \"max_input_chars_per_word\": 1001, \"unk_token\"",
        );
        let error = TextTokenizer::read(json.as_bytes(), RULES).unwrap_err();
        assert!(error.contains("expected at most 1000, got 1001"), "{error}");
        assert!(TextTokenizer::read(json.replace("1001", "100").as_bytes(), RULES).is_ok());
    }

    #[test]
    fn wrong_file_is_refused() {
        for json in ["", "{", "[]", "{\"model\": 3}", &JSON.replace("WordLevel", "Unheard")] {
            assert!(TextTokenizer::read(json.as_bytes(), RULES).is_err(), "{json}");
        }
    }
}
