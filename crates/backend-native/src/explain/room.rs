//! Memory for vectors.

/// How many numbers a line of the cache holds.
const LINE: usize = 64 / size_of::<f64>();

/// Numbers that begin where a line of the cache does: no vector among them lies in two lines.
#[derive(Debug)]
pub(super) struct Room(Vec<f64>);

impl Room {
    /// So many zeros.
    pub(super) fn new(len: usize) -> Self {
        Self(vec![0.0; len + LINE - 1])
    }

    /// The numbers in vectors; at the end may be some more than were asked for.
    #[inline(always)]
    pub(super) fn vectors<const N: usize>(&mut self) -> &mut [[f64; N]] {
        // It may be too much to tell, and then any place will do.
        let to_line = self.0.as_ptr().align_offset(LINE * size_of::<f64>());
        self.0.get_mut(to_line..).unwrap_or_default().as_chunks_mut().0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_begin_with_a_line_and_are_as_many_as_asked_for() {
        for len in [0, 4, 8, 24, 1000] {
            let mut room = Room::new(len);
            let vectors = room.vectors::<4>();
            assert!(vectors.len() >= len / 4);
            assert_eq!(vectors.as_ptr().align_offset(64), 0);
            assert!(room.vectors::<8>().len() >= len / 8);
        }
    }
}
