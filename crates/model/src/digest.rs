use std::fmt;

use sha2::{Digest as _, Sha256};

/// A SHA-256, which is shown in lower-case hexadecimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The digest itself where there is one, else that of all of them one after another.
    pub fn of_all(digests: &[Self]) -> Self {
        match digests {
            [only] => *only,
            several => {
                let bytes: Vec<u8> = several.iter().flat_map(|digest| digest.0).collect();
                Self::of(&bytes)
            }
        }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digest_of_one_is_its_own_and_that_of_several_is_of_all_in_order() {
        // FIPS 180-4's example.
        let abc = Digest::of(b"abc");
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(abc.to_string(), known);
        assert_eq!(Digest::of_all(&[abc]), abc);
        let other = Digest::of(b"");
        let both = Digest::of_all(&[abc, other]);
        assert_eq!(both, Digest::of(&[abc.0, other.0].concat()));
        assert_ne!(both, Digest::of_all(&[other, abc]));
    }
}
