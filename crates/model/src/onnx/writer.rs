//! A protobuf writer, for tests alone.

/// A message being written. Each method appends a field and gives the message back.
#[derive(Clone, Debug, Default)]
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    pub(crate) fn varint(mut self, mut value: u64) -> Self {
        while value >= 0x80 {
            self.0.push(value.to_le_bytes()[0] | 0x80);
            value >>= 7;
        }
        self.0.push(value.to_le_bytes()[0]);
        self
    }

    pub(crate) fn tag(self, number: u32, wire_type: u32) -> Self {
        self.varint(u64::from(number << 3 | wire_type))
    }

    pub(crate) fn int(self, number: u32, value: i64) -> Self {
        self.tag(number, 0).varint(value.cast_unsigned())
    }

    pub(crate) fn float(self, number: u32, value: f32) -> Self {
        self.tag(number, 5).raw(&value.to_le_bytes())
    }

    pub(crate) fn double(self, number: u32, value: f64) -> Self {
        self.tag(number, 1).raw(&value.to_le_bytes())
    }

    pub(crate) fn bytes(self, number: u32, bytes: &[u8]) -> Self {
        self.tag(number, 2).varint(bytes.len() as u64).raw(bytes)
    }

    pub(crate) fn text(self, number: u32, text: &str) -> Self {
        self.bytes(number, text.as_bytes())
    }

    pub(crate) fn message(self, number: u32, message: &Self) -> Self {
        self.bytes(number, &message.0)
    }

    pub(crate) fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.0
    }
}
