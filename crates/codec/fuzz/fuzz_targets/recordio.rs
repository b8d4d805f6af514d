//! No bytes make the decoder of RecordIO panic, and a file in blocks gives the rows of the whole.

#![no_main]

use hotplate_codec::Format;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| hotplate_codec_fuzz::survives(Format::RecordIo, bytes));
