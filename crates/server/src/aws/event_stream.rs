//! AWS's event-stream framing, `application/vnd.amazon.eventstream`.
//!
//! A frame is big-endian: `u32` its whole length, `u32` the length of its headers, `u32` CRC-32 of
//! these eight bytes, the headers, the payload, and `u32` CRC-32 of all that. A header is a name
//! behind its length in a byte, the byte 7 for text, and a value behind its length in a `u16`. The
//! end of the HTTP body ends the stream.

use serde_json::json;

/// The media type.
pub(crate) const MEDIA_TYPE: &str = "application/vnd.amazon.eventstream";

/// The most bytes in the payload of one frame; clients refuse those of more than 24 MiB.
const PAYLOAD_BYTES: usize = 64 << 10;

/// Appends the exception that tells, behind parts of a reply, that the rest will not come.
pub(crate) fn write_failure(message: &str, out: &mut Vec<u8>) {
    let headers = [
        (":exception-type", "ModelStreamError"),
        (":content-type", "application/json"),
        (":message-type", "exception"),
    ];
    let payload = json!({ "Message": message, "ErrorCode": "StreamBroken" }).to_string();
    write_frame(&headers, payload.as_bytes(), out);
}

/// Appends `bytes` of a reply, as one `PayloadPart` or several.
pub(crate) fn write_parts(bytes: &[u8], out: &mut Vec<u8>) {
    for payload in bytes.chunks(PAYLOAD_BYTES) {
        let headers = [
            (":event-type", "PayloadPart"),
            (":content-type", "application/octet-stream"),
            (":message-type", "event"),
        ];
        write_frame(&headers, payload, out);
    }
}

fn write_frame(headers: &[(&str, &str)], payload: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    // Both lengths and their checksum are known at the end.
    out.extend_from_slice(&[0; 12]);
    for (name, value) in headers {
        out.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
        out.extend_from_slice(name.as_bytes());
        out.push(7);
        out.extend_from_slice(&u16::try_from(value.len()).unwrap_or(u16::MAX).to_be_bytes());
        out.extend_from_slice(value.as_bytes());
    }
    let headers_length = out.len() - start - 12;
    out.extend_from_slice(payload);
    let whole_length = out.len() - start + 4;
    for (place, length) in [(start, whole_length), (start + 4, headers_length)] {
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        out[place..place + 4].copy_from_slice(&length.to_be_bytes());
    }
    let checksum = crc32fast::hash(&out[start..start + 8]);
    out[start + 8..start + 12].copy_from_slice(&checksum.to_be_bytes());
    let checksum = crc32fast::hash(&out[start..]);
    out.extend_from_slice(&checksum.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    #[test]
    fn frame_is_what_botocore_decodes() {
        let mut frame = Vec::new();
        write_parts(b"hi", &mut frame);
        let hex = frame.iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        assert_eq!(
            hex,
            "0000006b00000059997770650b3a6576656e742d7479706507000b5061796c6f6164506172740d3a636f6e\
             74656e742d747970650700186170706c69636174696f6e2f6f637465742d73747265616d0d3a6d65737361\
             67652d747970650700056576656e746869f0e10a16"
        );
    }

    /// The text headers and the payload of the only frame.
    fn read(frame: &[u8]) -> (Vec<(String, String)>, &[u8]) {
        let number = |at: usize| u32::from_be_bytes(frame[at..at + 4].try_into().unwrap());
        let (length, headers_length) = (number(0) as usize, number(4) as usize);
        assert_eq!(length, frame.len());
        assert_eq!(number(8), crc32fast::hash(&frame[..8]));
        assert_eq!(number(length - 4), crc32fast::hash(&frame[..length - 4]));
        let (mut rest, payload) = frame[12..length - 4].split_at(headers_length);
        let mut headers = Vec::new();
        let mut take = |count: usize| {
            let (taken, others) = rest.split_at_checked(count)?;
            rest = others;
            Some(taken)
        };
        while let Some(&[name_length]) = take(1) {
            let name = take(name_length.into()).unwrap();
            let Some(&[7, high, low]) = take(3) else { panic!("a header that is no text") };
            let value = take(u16::from_be_bytes([high, low]).into()).unwrap();
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
            headers.push((text(name), text(value)));
        }
        (headers, payload)
    }

    #[test]
    fn failure_is_an_exception_of_the_model() {
        let mut frame = Vec::new();
        write_failure("no \"more\"", &mut frame);
        let (headers, payload) = read(&frame);
        let expected = [
            (":exception-type", "ModelStreamError"),
            (":content-type", "application/json"),
            (":message-type", "exception"),
        ];
        assert_eq!(headers, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let payload: serde_json::Value = serde_json::from_slice(payload).unwrap();
        assert_eq!(payload, json!({ "Message": "no \"more\"", "ErrorCode": "StreamBroken" }));
    }

    #[test]
    fn long_replies_are_several_frames() {
        let mut frames = Vec::new();
        write_parts(&[0; PAYLOAD_BYTES + 1], &mut frames);
        let length = u32::from_be_bytes(frames[..4].try_into().unwrap());
        assert_eq!(length as usize, PAYLOAD_BYTES + 105);
        assert_eq!(frames.len(), PAYLOAD_BYTES + 105 + 106);
    }
}
