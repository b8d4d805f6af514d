use std::{
    borrow::Cow,
    fs,
    path::{Path, PathBuf},
};

use crate::{
    Digest, ExternalFile, Format, ModelError, Signature,
    fault::{ExternalFault, Fault},
    file::{FileBytes, unreadable},
    lightgbm::LightGbmModel,
    limits,
    onnx::OnnxModel,
    pretrained::{Beside, Pretrained},
    safetensors::{self, Safetensors, Weights},
    xgboost::XgBoostModel,
    zipmap::ZipMaps,
};

/// An opened model file, its format recognised and its structure checked.
///
/// Holds the file's bytes, so it is dropped once a backend has compiled it.
#[derive(Debug)]
pub struct Model {
    bytes: FileBytes,
    format: Format,
    path: Option<PathBuf>,
    /// Of a model in safetensors format.
    pretrained: Option<(Weights, Beside)>,
}

impl Model {
    /// Opens a file and checks its structure. The format is told by content, not by name.
    ///
    /// A file of up to 16 MiB is read; a larger one is mapped while the `Model` lives, and must
    /// not be written to meanwhile. To replace a model, rename a finished file into its place.
    ///
    /// With weights in safetensors format, or an index of such files, the files beside them are
    /// opened that hold more weights or [say what they are of](crate::pretrained).
    ///
    /// # Errors
    ///
    /// Every [kind](crate::ModelErrorKind) up to and including external data; what is wrong with
    /// a signature only [`signature`](Self::signature) finds, with the files that hold external
    /// data [`external_files`](Self::external_files), and with what weights are said to be of
    /// [`pretrained`](Self::pretrained).
    pub fn open(path: &Path) -> Result<Self, ModelError> {
        FileBytes::open(path)
            .and_then(|bytes| Self::check(bytes, Some(path)))
            .map_err(|error| error.of_file(path))
    }

    /// Takes a file's bytes and checks their structure.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), apart from what only a path can be.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, ModelError> {
        Self::check(FileBytes::Owned(bytes), None)
    }

    fn check(bytes: FileBytes, path: Option<&Path>) -> Result<Self, ModelError> {
        let (len, limit) = (bytes.len() as u64, limits::FILE_BYTES);
        if len > limit && !safetensors::starts_like_a_model(&bytes) {
            return Err(Fault::TooLarge { bytes: len, limit }.into());
        }
        let format = Format::recognise(&bytes)?;
        let mut pretrained = None;
        match format {
            Format::Onnx => drop(OnnxModel::parse(&bytes)?),
            Format::LightGbm => drop(LightGbmModel::parse(&bytes)?),
            Format::XgBoost(encoding) => drop(XgBoostModel::parse(&bytes, encoding)?),
            Format::Safetensors => {
                let folder =
                    path.map(folder_of).map(fs::canonicalize).transpose().map_err(unreadable)?;
                let mut weights = Weights::read(&bytes, folder.as_deref())?;
                let beside = match &folder {
                    Some(folder) => Beside::read(folder, &mut weights)?,
                    None => Beside::default(),
                };
                pretrained = Some((weights, beside));
            }
        }
        Ok(Self { bytes, format, path: path.map(Path::to_owned), pretrained })
    }

    /// The same model in a folder of these files.
    #[cfg(any(test, feature = "fixtures"))]
    pub(crate) fn beside(mut self, files: &[(&str, &[u8])]) -> Result<Self, ModelError> {
        if let Some((weights, beside)) = &mut self.pretrained {
            let bytes = |name: &str, _limit| {
                let file = files.iter().find(|(file, _)| *file == name);
                Ok(file.map(|(_, bytes)| FileBytes::Owned(bytes.to_vec())))
            };
            *beside = Beside::collect(Path::new(""), weights, &bytes)?;
        }
        Ok(self)
    }

    /// The format of the file.
    pub const fn format(&self) -> Format {
        self.format
    }

    /// The size of the file, with those of the weights beside it.
    pub fn size_bytes(&self) -> usize {
        let beside = self.pretrained.iter().flat_map(|(weights, _)| weights.files());
        self.bytes.len() + beside.map(|file| file.bytes.len()).sum::<usize>()
    }

    /// The bytes of the file, for a backend that brings its own reader.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The SHA-256 of the file. Where there are others that shape the answers of a model in
    /// safetensors format, that of all their digests and names.
    pub fn digest(&self) -> Digest {
        let own = Digest::of(&self.bytes);
        let Some((weights, beside)) = &self.pretrained else { return own };
        let weights = weights.files().iter().map(|file| (&*file.name, &*file.bytes));
        let mut parts = vec![own];
        for (name, bytes) in weights.chain(beside.files()) {
            parts.extend([Digest::of(name.as_bytes()), Digest::of(bytes)]);
        }
        Digest::of_all(&parts)
    }

    /// The contents of an ONNX file, borrowed. Read anew at each call, without copying.
    ///
    /// # Errors
    ///
    /// When the file is in another format.
    pub fn onnx(&self) -> Result<OnnxModel<'_>, ModelError> {
        match self.format {
            Format::Onnx => OnnxModel::parse(&self.bytes).map_err(|error| self.place(error)),
            _ => Err(self.other_than("ONNX")),
        }
    }

    /// The contents of a LightGBM file. Read anew at each call.
    ///
    /// # Errors
    ///
    /// When the file is in another format.
    pub fn lightgbm(&self) -> Result<LightGbmModel, ModelError> {
        match self.format {
            Format::LightGbm => {
                LightGbmModel::parse(&self.bytes).map_err(|error| self.place(error))
            }
            _ => Err(self.other_than("LightGBM")),
        }
    }

    /// The contents of a file of XGBoost. Read anew at each call.
    ///
    /// # Errors
    ///
    /// When the file is in another format.
    pub fn xgboost(&self) -> Result<XgBoostModel, ModelError> {
        match self.format {
            Format::XgBoost(encoding) => {
                XgBoostModel::parse(&self.bytes, encoding).map_err(|error| self.place(error))
            }
            _ => Err(self.other_than("XGBoost")),
        }
    }

    /// The tensors of a model in safetensors format, of all its files. Read anew at each call,
    /// without copying.
    ///
    /// # Errors
    ///
    /// When the file is in another format.
    pub fn safetensors(&self) -> Result<Safetensors<'_>, ModelError> {
        match &self.pretrained {
            Some((weights, _)) => Ok(Safetensors::new(weights, &self.bytes)),
            None => Err(self.other_than("safetensors")),
        }
    }

    /// What a model in safetensors format is: its architecture and its tokenizer, by the files
    /// beside its weights.
    ///
    /// # Errors
    ///
    /// When the file is in another format, when no file says what it is, or when what they say is
    /// not known or cannot be.
    pub fn pretrained(&self) -> Result<Pretrained, ModelError> {
        let tensors = self.safetensors()?;
        match &self.pretrained {
            Some((_, beside)) => {
                Pretrained::read(&tensors, beside).map_err(|error| self.place(error))
            }
            None => Err(self.other_than("safetensors")),
        }
    }

    fn other_than(&self, expected: &'static str) -> ModelError {
        self.place(Fault::OtherFormat { expected, got: self.format }.into())
    }

    /// What the model takes and gives.
    ///
    /// Columns are called by `names` when there are any, else as the file calls them (ONNX: its
    /// metadata entry `feature_names`, a JSON array of strings), else after the inputs.
    ///
    /// # Errors
    ///
    /// When rows cannot be given to these inputs, or the names do not fit them.
    pub fn signature(&self, names: Option<Vec<String>>) -> Result<Signature, ModelError> {
        let signature = match self.format {
            Format::Onnx => Signature::of_onnx(&self.onnx()?, names),
            Format::LightGbm => Signature::of_lightgbm(&self.lightgbm()?, names),
            Format::XgBoost(_) => Signature::of_xgboost(&self.xgboost()?, names),
            Format::Safetensors => {
                Signature::of_pretrained(&self.pretrained()?.architecture, names)
            }
        };
        signature.map_err(|error| self.place(error))
    }

    /// The bytes of the file, for a backend that takes tensors only: each ZipMap of the main graph
    /// that makes an output is an Identity of its scores, and the output float32 `[rows, classes]`,
    /// as the signature describes it. Every other byte is as it was; all are, borrowed, where there
    /// is no such node.
    ///
    /// # Errors
    ///
    /// When the file is in another format.
    pub fn without_zipmap(&self) -> Result<Cow<'_, [u8]>, ModelError> {
        let onnx = self.onnx()?;
        ZipMaps::of(&onnx.graph)
            .and_then(|zipmaps| zipmaps.remove_from(&onnx, &self.bytes))
            .map_err(|error| self.place(error))
    }

    /// The files beside the model's own that hold its tensors, each once; none for most models, and
    /// for those that are not ONNX.
    ///
    /// Each is a regular file with one name, beneath the folder that the model's file is in, and
    /// holds every byte that the model says is there.
    ///
    /// # Errors
    ///
    /// [`ExternalData`](crate::ModelErrorKind::ExternalData) when one is not, or when the model
    /// came from bytes, so that there is no folder.
    pub fn external_files(&self) -> Result<Vec<ExternalFile>, ModelError> {
        if self.format != Format::Onnx {
            return Ok(Vec::new());
        }
        let onnx = self.onnx()?;
        if onnx.external.is_empty() {
            return Ok(Vec::new());
        }
        let Some(path) = &self.path else {
            return Err(self.place(ExternalFault::NoFolder.into()));
        };
        ExternalFile::find(folder_of(path), &onnx.external).map_err(|error| self.place(error))
    }

    fn place(&self, error: ModelError) -> ModelError {
        match &self.path {
            Some(path) => error.of_file(path),
            None => error,
        }
    }
}

/// The folder that a file is in.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        // A bare file name is one of the current folder.
        _ => Path::new("."),
    }
}
