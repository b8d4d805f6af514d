use std::{fmt::Write as _, str::Utf8Error};

/// A text as Python's `repr` writes it.
pub fn repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut written = String::with_capacity(text.len() + 2);
    written.push(quote);
    for c in text.chars() {
        // Writing to a string cannot fail.
        let _ = match c {
            '\n' => written.write_str("\\n"),
            '\r' => written.write_str("\\r"),
            '\t' => written.write_str("\\t"),
            '\\' => written.write_str("\\\\"),
            _ if c == quote => write!(written, "\\{c}"),
            _ if is_printable(c) => written.write_char(c),
            _ => match u32::from(c) {
                code @ ..0x100 => write!(written, "\\x{code:02x}"),
                code @ ..0x1_0000 => write!(written, "\\u{code:04x}"),
                code => write!(written, "\\U{code:08x}"),
            },
        };
    }
    written.push(quote);
    written
}

/// What `str.isprintable` says: neither a separator but the blank, nor of the categories "other".
fn is_printable(c: char) -> bool {
    if c.is_ascii() {
        return !c.is_ascii_control();
    }
    // The standard library escapes just these characters; behind another one, because it also
    // escapes what would combine with a quote.
    let mut behind = String::from("a");
    behind.push(c);
    behind.escape_debug().count() == 2
}

/// Appends a text as Python's `json.dumps` writes it: in ASCII.
pub fn write_json_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend_from_slice(&[b'\\', if c == '"' { b'"' } else { b'\\' }]),
            '\n' => out.extend_from_slice(b"\\n"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\t' => out.extend_from_slice(b"\\t"),
            '\u{8}' => out.extend_from_slice(b"\\b"),
            '\u{c}' => out.extend_from_slice(b"\\f"),
            ' '..='\u{7e}' => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    out.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
                }
            }
        }
    }
    out.push(b'"');
}

/// What Python says of bytes that are no UTF-8.
pub fn invalid_utf8(bytes: &[u8], error: Utf8Error) -> String {
    let start = error.valid_up_to();
    let (end, reason) = match error.error_len() {
        None => (bytes.len(), "unexpected end of data"),
        Some(_) if !matches!(bytes[start], 0xc2..=0xf4) => (start + 1, "invalid start byte"),
        Some(length) => (start + length, "invalid continuation byte"),
    };
    if end - start == 1 {
        let byte = bytes[start];
        return format!(
            "'utf-8' codec can't decode byte 0x{byte:02x} in position {start}: {reason}"
        );
    }
    let last = end - 1;
    format!("'utf-8' codec can't decode bytes in position {start}-{last}: {reason}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_as_python_quotes_them() {
        for (text, written) in [
            ("a", "'a'"),
            ("it's", "\"it's\""),
            ("\"it's\"", "'\"it\\'s\"'"),
            ("\t\r\n\\\u{0}\u{7f}", "'\\t\\r\\n\\\\\\x00\\x7f'"),
            ("\u{feff}1", "'\\ufeff1'"),
            ("ü\u{301}漢", "'ü\u{301}漢'"),
            ("\u{a0}\u{e000}", "'\\xa0\\ue000'"),
            ("\u{10ffff}", "'\\U0010ffff'"),
        ] {
            assert_eq!(repr(text), written);
        }
    }

    #[test]
    fn json_is_ascii() {
        let mut out = Vec::new();
        write_json_string("a\"\\\n\u{1}\u{7f}ü\u{1f600}", &mut out);
        assert_eq!(out, br#""a\"\\\n\u0001\u007f\u00fc\ud83d\ude00""#);
    }

    #[test]
    fn bytes_that_are_no_utf8_are_named() {
        let told = |bytes: &[u8]| invalid_utf8(bytes, std::str::from_utf8(bytes).unwrap_err());
        let byte = |byte, at, why| {
            format!("'utf-8' codec can't decode byte 0x{byte} in position {at}: {why}")
        };
        assert_eq!(told(b"\xff"), byte("ff", 0, "invalid start byte"));
        assert_eq!(told(b"a\x80"), byte("80", 1, "invalid start byte"));
        assert_eq!(told(b"1,2,\xc3"), byte("c3", 4, "unexpected end of data"));
        assert_eq!(told(b"1\xe2\x28"), byte("e2", 1, "invalid continuation byte"));
        let several = "'utf-8' codec can't decode bytes in position";
        assert_eq!(told(b"\xe2\x82"), format!("{several} 0-1: unexpected end of data"));
        assert_eq!(told(b"\xe2\x82a"), format!("{several} 0-1: invalid continuation byte"));
    }
}
