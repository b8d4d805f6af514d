//! How a model is opened.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use hotplate_backend::{DeviceChoice, Limits, TreeLayout, UnknownCategories};
use hotplate_codec::{Absent, Field, IndexBase, Sparse};
use hotplate_model::{Digest, Format, Model, Signature, Task};
use hotplate_scheduler::{Lane, LaneSettings};

use super::{Engine, TURN_ROWS, behind::Behind};
use crate::{
    BackendChoice, Combine, GoldenRows, Inspection, ModelFolder,
    backends::{self, Compiled},
    combined,
    config::{ModelSettings, Table as _},
    error::{Cause, Error},
    folder::Combining,
    inspect::inspect_with,
    slots::Slots,
};

/// How to open a model; what is not said here, the model's folder or file says.
#[derive(Clone, Debug, Default)]
pub struct OpenOptions {
    settings: ModelSettings,
    skip_golden_rows: bool,
    otherwise_combine: Option<Combine>,
    takes_first: bool,
    compile_behind: Option<fn()>,
}

impl OpenOptions {
    /// Nothing said.
    pub fn new() -> Self {
        Self::default()
    }

    /// What to call the model.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.settings.name = Some(name.into());
        self
    }

    /// Reads and compiles on threads of their own, which call `prepare` first: to step back behind
    /// threads that answer requests, by lowering their priority. What the model is run by does not
    /// inherit that: a backend that starts threads while it compiles, such as a GPU's driver,
    /// compiles on the thread that opens the model.
    #[must_use]
    pub const fn compile_behind(mut self, prepare: fn()) -> Self {
        self.compile_behind = Some(prepare);
        self
    }

    /// How the model files of a folder that holds several answer as one.
    #[must_use]
    pub const fn combine(mut self, combine: Combine) -> Self {
        self.settings.combine = Some(combine);
        self
    }

    /// As [`combine`](Self::combine), where the folder's configuration says nothing about its files.
    #[must_use]
    pub const fn combine_unless_said(mut self, combine: Combine) -> Self {
        self.otherwise_combine = Some(combine);
        self
    }

    /// Of a folder of several model files whose configuration says nothing about them, takes the
    /// first by name instead of refusing it.
    #[must_use]
    pub const fn first_file_unless_said(mut self) -> Self {
        self.takes_first = true;
        self
    }

    /// The columns' names, in the order of the input's elements.
    #[must_use]
    pub fn columns(mut self, names: impl IntoIterator<Item: Into<String>>) -> Self {
        self.settings.columns = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// The second class's probability from which on it is predicted.
    #[must_use]
    pub const fn threshold(mut self, threshold: f64) -> Self {
        self.settings.threshold = Some(threshold);
        self
    }

    /// What becomes of texts that training never saw.
    #[must_use]
    pub const fn unknown_categories(mut self, unknown: UnknownCategories) -> Self {
        self.settings.unknown_categories = Some(unknown);
        self
    }

    /// The number of the first column in libsvm; [`IndexBase::One`] unless said.
    #[must_use]
    pub const fn libsvm_base(mut self, base: IndexBase) -> Self {
        self.settings.libsvm_base = Some(base);
        self
    }

    /// What the cells are that a sparse row does not say; [`Absent::Missing`] unless said.
    #[must_use]
    pub const fn sparse_absent(mut self, absent: Absent) -> Self {
        self.settings.sparse_absent = Some(absent);
        self
    }

    /// The number of threads that can run the model at once; one per core unless said.
    #[must_use]
    pub const fn instances(mut self, instances: usize) -> Self {
        self.settings.instances = Some(instances);
        self
    }

    /// The most rows that are run together; as many as gain by it, as timed when the model is
    /// opened, unless said.
    #[must_use]
    pub const fn max_batch_rows(mut self, rows: usize) -> Self {
        self.settings.max_batch_rows = Some(rows);
        self
    }

    /// How long a request may be kept waiting for company though a slot is free: not at all unless
    /// said, which is best for the latency of every load. More is for throughput alone.
    #[must_use]
    pub const fn max_queue_delay(mut self, delay: Duration) -> Self {
        self.settings.max_queue_delay = Some(delay);
        self
    }

    /// The most rows that may wait for a slot; further requests are refused. 65536 unless said.
    #[must_use]
    pub const fn max_waiting_rows(mut self, rows: usize) -> Self {
        self.settings.max_waiting_rows = Some(rows);
        self
    }

    /// What runs the model; the first that takes the whole graph unless said.
    #[must_use]
    pub const fn backend(mut self, backend: BackendChoice) -> Self {
        self.settings.backend = Some(backend);
        self
    }

    /// Where the model should run; on a GPU if one can be used, unless said.
    #[must_use]
    pub const fn device(mut self, device: DeviceChoice) -> Self {
        self.settings.device = Some(device);
        self
    }

    /// Whether a model that cannot run on that device is refused; it then runs on the processor
    /// unless said.
    #[must_use]
    pub const fn require_device(mut self, require: bool) -> Self {
        self.settings.require_device = Some(require);
        self
    }

    /// The threads that one run of a backend that works in parallel may use; the cores shared among
    /// the slots unless said.
    #[must_use]
    pub const fn threads(mut self, threads: usize) -> Self {
        self.settings.threads = Some(threads);
        self
    }

    /// How decision trees lie in memory; the fastest way, as timed when the model is opened, unless
    /// said.
    #[must_use]
    pub const fn tree_layout(mut self, layout: TreeLayout) -> Self {
        self.settings.tree_layout = Some(Some(layout));
        self
    }

    /// ONNX Runtime's shared library, or the folder that holds it, to try in front of
    /// `ORT_DYLIB_PATH`, the folder `lib` beside the program, and where the system looks. A process
    /// loads one such library, for the first model that needs it.
    #[must_use]
    pub fn onnxruntime(mut self, library: impl Into<PathBuf>) -> Self {
        self.settings.onnxruntime = Some(library.into());
        self
    }

    /// Whether the model must reproduce its golden rows, where it has some; it must unless said.
    #[must_use]
    pub const fn golden_rows(mut self, must: bool) -> Self {
        self.skip_golden_rows = !must;
        self
    }

    /// Opens the model at `path`, a file or a folder, and returns when it is warm.
    ///
    /// # Errors
    ///
    /// As [`Engine::open`].
    pub fn open(&self, path: impl AsRef<Path>) -> Result<Engine, Error> {
        self.open_folder(&ModelFolder::find_with(path.as_ref(), self.combining())?)
    }

    /// Opens a model that was found, and returns when it is warm.
    ///
    /// # Errors
    ///
    /// As [`Engine::open`].
    pub fn open_folder(&self, folder: &ModelFolder) -> Result<Engine, Error> {
        let start = Instant::now();
        let engine = self.open_verified(folder)?;
        Ok(Engine { opened_in: start.elapsed(), ..engine })
    }

    fn open_verified(&self, folder: &ModelFolder) -> Result<Engine, Error> {
        let engine = self.open_unverified(folder)?;
        let golden_rows = folder.golden_rows().filter(|_| !self.skip_golden_rows);
        let Some(path) = golden_rows else { return Ok(engine) };
        let golden = GoldenRows::read(path, engine.signature())?;
        let verdict = golden.verify(&engine)?;
        match verdict.first {
            None => {
                let unknown_when_opened = engine.plan().unknown_categories();
                let background = Some(golden.into_rows());
                Ok(Engine { golden_rows: verdict.rows, unknown_when_opened, background, ..engine })
            }
            Some(first) => {
                let (rows, wrong) = (verdict.rows, verdict.wrong);
                Err(Error::new(Cause::WrongAnswers { rows, wrong, first }))
            }
        }
    }

    /// Looks into the model at `path`, a file or a folder, without running it.
    ///
    /// # Errors
    ///
    /// As [`inspect`](crate::inspect()).
    pub fn inspect(&self, path: impl AsRef<Path>) -> Result<Inspection, Error> {
        inspect_with(&self.settings, self.combining(), path.as_ref())
    }

    pub(crate) const fn combining(&self) -> Combining {
        Combining {
            said: self.settings.combine,
            otherwise: self.otherwise_combine,
            takes_first: self.takes_first,
        }
    }

    /// Opens a model that was found without asking it for its golden rows.
    fn open_unverified(&self, folder: &ModelFolder) -> Result<Engine, Error> {
        let said = self.settings.clone().or(folder.settings.clone());
        let how = said.combine.unwrap_or_default();
        if said.asks_for_margins() && folder.files.len() > 1 {
            let reason = "not for several models that are combined".to_owned();
            return Err(Error::new(Cause::NoMargins { reason }));
        }
        let mut format = Format::Onnx;
        let mut digests = Vec::new();
        let behind = Behind(self.compile_behind);
        let compiled = combined::compile(&folder.files, how, |file| {
            let read = behind.run(|| Model::open(file).map(|model| (model.digest(), model)))?;
            let (digest, model) = read?;
            format = model.format();
            digests.push(digest);
            // Nothing of a file is needed once it is compiled.
            backends::compile(&model, &said, behind)
        });
        let Compiled { backend, plan, placement, .. } = compiled?;
        let signature = Arc::new(plan.signature().clone());
        let two_classes = matches!(
            signature.task(), Task::Classifier { classes, .. } if classes.len() == 2
        );
        if said.threshold.is_some() && !two_classes {
            return Err(Error::new(Cause::Threshold));
        }
        if said.threshold.is_some() && how != Combine::Average && folder.files.len() > 1 {
            return Err(Error::new(Cause::VoteThreshold));
        }
        if let Some(output) = &said.output {
            check_output(output, &signature, backend)?;
        }
        let backend_error = |error| Error::new(Cause::Backend(error));
        let Slots { instances, threads } =
            Slots::of(&plan, said.instances, said.threads).map_err(backend_error)?;
        let defaults = LaneSettings::default();
        let lane = LaneSettings {
            instances,
            limits: Limits { max_rows: TURN_ROWS.min(plan.turn_rows()), threads },
            max_batch_rows: said.max_batch_rows,
            max_queue_delay: said.max_queue_delay.unwrap_or(defaults.max_queue_delay),
            max_waiting_rows: said.max_waiting_rows.unwrap_or(defaults.max_waiting_rows),
            ..defaults
        };
        let lane = Lane::start(plan, lane).map_err(backend_error)?;
        lane.plan().seal();
        lane.warm_up().map_err(|error| Error::of_rows(error, signature.schema()))?;
        let unknown_when_opened = lane.plan().unknown_categories();
        Ok(Engine {
            name: self.settings.name.clone().unwrap_or_else(|| folder.name.clone()),
            format,
            sha256: Digest::of_all(&digests).to_string(),
            opened_in: Duration::ZERO,
            backend,
            placement,
            requested_device: said.device.unwrap_or_default(),
            lane,
            signature,
            threshold: said.threshold,
            unknown_categories: said.unknown_categories.unwrap_or_default(),
            unknown_when_opened,
            sparse: Sparse {
                index_base: said.libsvm_base.unwrap_or_default(),
                absent: said.sparse_absent.unwrap_or_default(),
            },
            output: said.output,
            golden_rows: 0,
            background: None,
            explaining: OnceLock::new(),
        })
    }
}

/// Checks that replies can hold what configuration asks for.
fn check_output(output: &[Field], signature: &Signature, backend: &str) -> Result<(), Error> {
    let fits = |field: &Field| match signature.task() {
        Task::Classifier { .. } => true,
        Task::Regressor { .. } => matches!(field, Field::Score | Field::PredictedScore),
        _ => false,
    };
    if output.is_empty() || !output.iter().all(fits) {
        let possible = match signature.task() {
            Task::Classifier { .. } => {
                "some of predicted_label, labels, score, probability, probabilities, raw_score and \
                 raw_scores"
            }
            Task::Regressor { .. } => {
                "\"score\" or \"predicted_score\", because the model gives one number a row"
            }
            _ => "nothing, because the model's outputs speak for themselves",
        };
        return Err(Error::new(Cause::Output { possible }));
    }
    if output.iter().any(|field| field.is_raw()) && signature.margins().is_none() {
        let reason = format!("and the {backend} backend finds no such numbers in this one");
        return Err(Error::new(Cause::NoMargins { reason }));
    }
    Ok(())
}
