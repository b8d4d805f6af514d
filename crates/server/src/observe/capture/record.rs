//! A request and its reply, in one stretch of bytes.

use crate::head::Head;

/// What is kept of the head of a request that is captured.
#[derive(Debug)]
pub(crate) struct Sampled {
    pub(super) content_type: Option<String>,
    pub(super) inference_id: Option<String>,
}

impl Sampled {
    pub(super) fn of(head: &Head<'_>) -> Self {
        Self {
            content_type: head.content_type.map(str::to_owned),
            inference_id: head.inference_id.map(str::to_owned),
        }
    }
}

/// A request that was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record<'r> {
    /// When, in nanoseconds of the clock of its page.
    pub(super) at: u64,
    pub(super) model: &'r str,
    pub(super) variant: &'r str,
    pub(super) content_type: Option<&'r str>,
    pub(super) inference_id: Option<&'r str>,
    pub(super) body: &'r [u8],
    pub(super) reply_content_type: &'r str,
    pub(super) reply: &'r [u8],
}

/// The length of a text that is not there.
const ABSENT: u32 = u32::MAX;

/// The time, and the lengths of what follows.
const HEADER_BYTES: usize = 8 + 7 * 4;

impl<'r> Record<'r> {
    /// How long it is [written](Self::write).
    pub(super) fn len(&self) -> usize {
        HEADER_BYTES + self.parts().into_iter().flatten().map(<[u8]>::len).sum::<usize>()
    }

    fn parts(&self) -> [Option<&'r [u8]>; 7] {
        [
            Some(self.model.as_bytes()),
            Some(self.variant.as_bytes()),
            self.content_type.map(str::as_bytes),
            self.inference_id.map(str::as_bytes),
            Some(self.body),
            Some(self.reply_content_type.as_bytes()),
            Some(self.reply),
        ]
    }

    /// Appends it to a page; whether its lengths can be written at all.
    pub(super) fn write(&self, page: &mut Vec<u8>) -> bool {
        let parts = self.parts();
        let length = |part: &Option<&[u8]>| match part {
            None => Some(ABSENT),
            Some(part) => u32::try_from(part.len()).ok().filter(|length| *length != ABSENT),
        };
        let mut lengths = [0; 7];
        for (length_of, part) in lengths.iter_mut().zip(&parts) {
            let Some(length) = length(part) else { return false };
            *length_of = length;
        }
        page.extend_from_slice(&self.at.to_ne_bytes());
        lengths.iter().for_each(|length| page.extend_from_slice(&length.to_ne_bytes()));
        parts.into_iter().flatten().for_each(|part| page.extend_from_slice(part));
        true
    }

    /// The first record of a page, and what follows; none at its end.
    pub(super) fn read(page: &'r [u8]) -> Option<(Self, &'r [u8])> {
        let (at, rest) = page.split_first_chunk()?;
        let (lengths, mut rest) = rest.split_at_checked(7 * 4)?;
        let mut lengths = lengths.chunks_exact(4);
        let mut next = || {
            let length = u32::from_ne_bytes(lengths.next()?.try_into().ok()?);
            if length == ABSENT {
                return Some(None);
            }
            let (part, behind) = rest.split_at_checked(usize::try_from(length).ok()?)?;
            rest = behind;
            Some(Some(part))
        };
        let text = |part: Option<&'r [u8]>| part.and_then(|part| str::from_utf8(part).ok());
        let record = Self {
            at: u64::from_ne_bytes(*at),
            model: text(next()?)?,
            variant: text(next()?)?,
            content_type: text(next()?),
            inference_id: text(next()?),
            body: next()??,
            reply_content_type: text(next()?)?,
            reply: next()??,
        };
        Some((record, rest))
    }
}
