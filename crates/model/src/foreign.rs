use std::fmt;

/// A format that people bring and that is not read, recognised by its first bytes so that the
/// refusal can say what to do instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Foreign {
    Pickle,
    PickledBooster,
    CompressedJoblib,
    Torch,
    Zip,
    Gzip,
    OtherCompression,
    Hdf5,
    Json,
    CatBoost,
    TensorFlowLite,
    OrtFlatbuffer,
    Xml,
}

impl Foreign {
    /// How far [`recognise`](Self::recognise) looks for words behind the first bytes.
    const WINDOW: usize = 4096;

    /// The format whose first bytes these are, if it is one of them.
    ///
    /// None of the signatures begins like an ONNX file, whose first byte is the tag of a field
    /// that a model has.
    pub(crate) fn recognise(bytes: &[u8]) -> Option<Self> {
        let start = &bytes[..bytes.len().min(Self::WINDOW)];
        match start {
            [0x80, 2..=5, ..] if contains(start, b"xgboost") => Some(Self::PickledBooster),
            [0x80, 2..=5, ..] => Some(Self::Pickle),
            // The two bytes of a zlib header are a multiple of 31.
            [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..] => Some(Self::CompressedJoblib),
            [b'P', b'K', 3, 4, ..] if contains(start, b"data.pkl") => Some(Self::Torch),
            [b'P', b'K', 3, 4, ..] => Some(Self::Zip),
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            [b'B', b'Z', b'h', ..]
            | [0xfd, b'7', b'z', b'X', b'Z', 0, ..]
            | [0x04, 0x22, 0x4d, 0x18, ..]
            | [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Self::OtherCompression),
            [0x89, b'H', b'D', b'F', ..] => Some(Self::Hdf5),
            [b'C', b'B', b'M', b'1', ..] => Some(Self::CatBoost),
            [_, _, _, _, b'T', b'F', b'L', b'3', ..] => Some(Self::TensorFlowLite),
            [_, _, _, _, b'O', b'R', b'T', b'M', ..] => Some(Self::OrtFlatbuffer),
            _ => Self::recognise_text(start),
        }
    }

    fn recognise_text(start: &[u8]) -> Option<Self> {
        // Protocol 0 of pickle is text: a call of `copy_reg`, or a module and a name.
        let is_pickle = start.starts_with(b"ccopy_reg");
        if start.starts_with(b"cxgboost") || is_pickle && contains(start, b"xgboost") {
            return Some(Self::PickledBooster);
        }
        if is_pickle || start.starts_with(b"csklearn") {
            return Some(Self::Pickle);
        }
        let json = start.trim_ascii_start();
        match json.first() {
            Some(b'{') if is_catboost(json) => Some(Self::CatBoost),
            Some(b'{') => Some(Self::Json),
            Some(b'<') => Some(Self::Xml),
            _ => None,
        }
    }

    /// Whether a file of this format holds a model and nothing else.
    pub(crate) const fn is_model(self) -> bool {
        matches!(self, Self::CatBoost | Self::TensorFlowLite | Self::OrtFlatbuffer)
    }

    /// Whether loading a file of this format can run code that the file brings.
    pub(crate) const fn runs_code(self) -> bool {
        matches!(self, Self::Pickle | Self::PickledBooster | Self::CompressedJoblib | Self::Torch)
    }
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, advice) = match self {
            Self::Pickle => (
                "a pickle or joblib file, which is never loaded, because loading one runs code",
                "export to ONNX: skl2onnx.to_onnx(model, X[:1])",
            ),
            Self::PickledBooster => (
                "a pickle of an XGBoost model, which is never loaded, because loading one runs code",
                "load it in Python where it was trained and save it as a model: \
                 booster.save_model(\"model.ubj\")",
            ),
            Self::CompressedJoblib => (
                "a compressed joblib file, which is never loaded, because loading one runs code",
                "export to ONNX: skl2onnx.to_onnx(model, X[:1])",
            ),
            Self::Torch => (
                "a PyTorch file, which is never loaded, because it holds a pickle",
                "export to ONNX: torch.onnx.export",
            ),
            Self::Zip => ("a zip archive", "unpack it first"),
            Self::Gzip => ("a gzip file (model.tar.gz?)", "unpack it first"),
            Self::OtherCompression => ("a compressed file", "unpack it first"),
            Self::Hdf5 => ("an HDF5 file, as Keras writes", "export to ONNX with tf2onnx"),
            Self::Json => ("JSON", "name the model file instead"),
            Self::CatBoost => {
                ("a CatBoost model", "export to ONNX: save_model(path, format=\"onnx\")")
            }
            Self::TensorFlowLite => ("a TensorFlow Lite model", "export to ONNX with tf2onnx"),
            Self::OrtFlatbuffer => {
                ("ONNX Runtime's own format", "bring the ONNX file that it was made from")
            }
            Self::Xml => ("XML, as PMML is", "export to ONNX"),
        };
        write!(f, "this looks like {what}; {advice}")
    }
}

/// Whether a document is CatBoost's export to JSON. Its first key is one of these, and the data of
/// any may go on for longer than is looked at.
fn is_catboost(json: &[u8]) -> bool {
    const KEYS: [&[u8]; 5] = [
        b"\"ctr_data\"",
        b"\"features_info\"",
        b"\"model_info\"",
        b"\"oblivious_trees\"",
        b"\"scale_and_bias\"",
    ];
    let members = json[1..].trim_ascii_start();
    KEYS.iter().any(|key| members.starts_with(key))
}

fn contains(text: &[u8], word: &[u8]) -> bool {
    text.windows(word.len()).any(|window| window == word)
}

#[cfg(test)]
mod tests {
    use crate::{Model, ModelErrorKind as Kind};

    fn refusal(bytes: &[u8]) -> (Kind, String) {
        let error = Model::from_bytes(bytes.to_vec()).unwrap_err();
        (error.kind(), error.to_string())
    }

    #[test]
    fn files_that_run_code_are_refused_by_name() {
        let cases: [&[u8]; 7] = [
            b"\x80\x04\x95\x10\0\0",
            b"\x80\x02}q\0.",
            b"ccopy_reg\n_reconstructor",
            b"csklearn.linear_model\nLogisticRegression",
            b"\x78\x9c\x6b",
            b"\x78\x01\x6b",
            b"PK\x03\x04\0\0\0\0archive/data.pkl",
        ];
        for bytes in cases {
            let (kind, sentence) = refusal(bytes);
            assert_eq!(kind, Kind::UnsafeFormat, "{bytes:?}");
            assert!(sentence.contains("never loaded"), "{sentence}");
            assert!(sentence.contains("export to ONNX"), "{sentence}");
        }
    }

    #[test]
    fn pickled_boosters_are_refused_with_the_command_that_converts_them() {
        let cases: [&[u8]; 3] = [
            b"\x80\x04\x95\x10\0\0\0\0\0\0\0\x8c\x0cxgboost.core\x94",
            b"cxgboost.core\nBooster\n",
            b"ccopy_reg\n_reconstructor\np0\n(cxgboost.sklearn\nXGBClassifier",
        ];
        for bytes in cases {
            let (kind, sentence) = refusal(bytes);
            assert_eq!(kind, Kind::UnsafeFormat, "{bytes:?}");
            assert!(sentence.contains("booster.save_model(\"model.ubj\")"), "{sentence}");
        }
    }

    #[test]
    fn other_formats_are_refused_with_advice() {
        let cases: [(&[u8], &str); 14] = [
            (b"PK\x03\x04rest", "zip"),
            (b"\x1f\x8b\x08rest", "unpack it first"),
            (b"BZh91AY", "unpack it first"),
            (b"\xfd7zXZ\0", "unpack it first"),
            (b"\x28\xb5\x2f\xfdrest", "unpack it first"),
            (b"\x89HDF\r\n\x1a\n", "tf2onnx"),
            (b"{\"a\": 1}", "JSON"),
            (b"CBM1rest", "CatBoost"),
            (
                b"{\n\"features_info\":\n{\"float_features\":[]},\"oblivious_trees\":[]}",
                "CatBoost model; export to ONNX: save_model(path, format=\"onnx\")",
            ),
            (b"{\"model_info\": {\"params\": {}}}", "CatBoost"),
            // Nothing of CatBoost says the word deeper down.
            (b"{\"a\": {\"model_info\": 1}}", "looks like JSON"),
            (b"\x1c\0\0\0TFL3", "tf2onnx"),
            (b"\x1c\0\0\0ORTM", "ONNX file that it was made from"),
            (b"\n<?xml", "PMML"),
        ];
        for (bytes, expected) in cases {
            let (kind, sentence) = refusal(bytes);
            assert_eq!(kind, Kind::UnsupportedFormat, "{bytes:?}");
            assert!(sentence.contains(expected), "{sentence}");
        }
    }

    #[test]
    fn what_is_no_model_is_refused() {
        for bytes in [&b"hello"[..], b"a,b\n1,2\n", b"\0\0", b"\xff", b"\x0a\x01a"] {
            let (kind, sentence) = refusal(bytes);
            assert_eq!(kind, Kind::UnsupportedFormat, "{bytes:?}");
            assert_eq!(
                sentence,
                "the file is not a model in ONNX, LightGBM, XGBoost or safetensors format"
            );
        }
        assert_eq!(refusal(b"").0, Kind::Empty);
    }
}
