//! Models in safetensors format, opened as a lane opens them: what they answer, against the
//! libraries that made the formats, and what is refused.
#![expect(clippy::unwrap_used, reason = "a test panics where it fails")]

mod folders;
mod goldens;
mod networks;
mod refusals;
mod rows;
