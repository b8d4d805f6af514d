//! RecordIO of protocol buffers, as SageMaker's own algorithms speak: a record to a row.
//!
//! A record is a magic number, a length, a message and zeros up to a multiple of four bytes. The
//! message is `Record { map<string, Value> features = 1, map<string, Value> label = 2, .. }`, and a
//! row is the tensor of floats or integers that `features` has under `"values"`.

mod decode;
mod frame;
mod tensor;
mod wire;

pub(crate) use frame::{MAGIC, PADDING, first_record, whole_records};
pub(crate) use tensor::Tensor;
