//! The special tokens around texts, learnt once so that no row is post-processed.

use tokenizers::{Encoding, PostProcessor as _, PostProcessorWrapper, Token};

/// What a text is replaced by to see where it comes to lie.
const TEXT: [u32; 2] = [u32::MAX, u32::MAX - 1];

/// A token and the kind of segment that it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Special {
    pub(crate) id: u32,
    pub(crate) segment: u32,
}

/// Where one text, or two, lie among special tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    /// The tokens in front of each text.
    before: Vec<Vec<Special>>,
    /// The segment of each text.
    segments: Vec<u32>,
    /// The tokens behind the last text.
    after: Vec<Special>,
}

impl Frame {
    /// What a post-processor makes of this many texts, one or two.
    ///
    /// # Errors
    ///
    /// When that is not each text once, in order.
    pub(crate) fn learn(
        processor: Option<&PostProcessorWrapper>,
        texts: usize,
    ) -> Result<Self, String> {
        let text = |index: usize| {
            let token = Token::new(TEXT[index], "text".to_owned(), (0, 4));
            Encoding::from_tokens(vec![token], u32::from(index == 1))
        };
        let (tokens, segments) = match processor {
            None => (TEXT[..texts].to_vec(), (0..).take(texts).collect()),
            Some(processor) => {
                let pair = (texts == 2).then(|| text(1));
                let processed = processor.process(text(0), pair, true);
                let processed = processed.map_err(|error| error.to_string())?;
                (processed.get_ids().to_vec(), processed.get_type_ids().to_vec())
            }
        };
        let mut frame = Self { before: Vec::new(), segments: Vec::new(), after: Vec::new() };
        for (id, segment) in tokens.into_iter().zip(segments) {
            match TEXT[..texts].iter().position(|&text| text == id) {
                Some(text) if text == frame.segments.len() => {
                    frame.before.push(std::mem::take(&mut frame.after));
                    frame.segments.push(segment);
                }
                Some(_) => break,
                None => frame.after.push(Special { id, segment }),
            }
        }
        if frame.segments.len() == texts && frame.tokens().all(|token| !TEXT.contains(&token.id)) {
            return Ok(frame);
        }
        Err(format!("post_processor: expected {texts} text(s), each once and in order"))
    }

    /// The number of special tokens.
    pub(crate) fn len(&self) -> usize {
        self.tokens().count()
    }

    /// Each text's special tokens in front of it, and its segment.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&[Special], u32)> {
        self.before.iter().map(Vec::as_slice).zip(self.segments.iter().copied())
    }

    /// The special tokens behind the last text.
    pub(crate) fn after(&self) -> &[Special] {
        &self.after
    }

    /// The highest segment of any token.
    pub(crate) fn highest_segment(&self) -> u32 {
        let specials = self.tokens().map(|token| token.segment);
        specials.chain(self.segments.iter().copied()).max().unwrap_or(0)
    }

    /// The same with every token in segment zero.
    pub(crate) fn of_one_segment(mut self) -> Self {
        let specials = self.before.iter_mut().flatten().chain(&mut self.after);
        specials.for_each(|token| token.segment = 0);
        self.segments.fill(0);
        self
    }

    /// All special tokens.
    pub(crate) fn tokens(&self) -> impl Iterator<Item = &Special> {
        self.before.iter().flatten().chain(&self.after)
    }
}

#[cfg(test)]
mod tests {
    use tokenizers::processors::{
        bert::BertProcessing, roberta::RobertaProcessing, template::TemplateProcessing,
    };

    use super::*;

    fn specials(tokens: &[(u32, u32)]) -> Vec<Special> {
        tokens.iter().map(|&(id, segment)| Special { id, segment }).collect()
    }

    #[test]
    fn pair_of_bert_has_a_separator_of_the_first_segment_between() {
        let bert = BertProcessing::new(("[SEP]".into(), 102), ("[CLS]".into(), 101)).into();
        let frame = Frame::learn(Some(&bert), 2).unwrap();
        assert_eq!(frame.before, [specials(&[(101, 0)]), specials(&[(102, 0)])]);
        assert_eq!(frame.segments, [0, 1]);
        assert_eq!((frame.after(), frame.len()), (&specials(&[(102, 1)])[..], 3));
    }

    #[test]
    fn pair_of_roberta_is_of_one_segment() {
        let roberta = RobertaProcessing::new(("</s>".into(), 2), ("<s>".into(), 0)).into();
        let frame = Frame::learn(Some(&roberta), 2).unwrap();
        assert_eq!(frame.before, [specials(&[(0, 0)]), specials(&[(2, 0), (2, 0)])]);
        assert_eq!((frame.highest_segment(), frame.len()), (0, 4));
    }

    #[test]
    fn texts_stand_alone_without_a_processor() {
        let frame = Frame::learn(None, 2).unwrap();
        assert_eq!((frame.len(), frame.segments), (0, vec![0, 1]));
    }

    #[test]
    fn texts_in_another_order_are_refused() {
        let template = TemplateProcessing::builder()
            .try_single("[CLS] $A")
            .and_then(|builder| builder.try_pair("[CLS] $B:1 $A"))
            .unwrap()
            .special_tokens(vec![("[CLS]", 1)])
            .build();
        let template = PostProcessorWrapper::from(template.unwrap());
        assert_eq!(Frame::learn(Some(&template), 1).unwrap().len(), 1);
        let error = Frame::learn(Some(&template), 2).unwrap_err();
        assert!(error.contains("2 text(s)"), "{error}");
    }
}
