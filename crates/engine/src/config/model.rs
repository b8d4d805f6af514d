//! The keys of `[model]`.

use std::time::Duration;

use hotplate_backend::{DeviceChoice, TreeLayout, UnknownCategories};
use hotplate_codec::{Absent, Field, IndexBase};

use super::{Choice, Count, Entry, FilePath, Fraction, Kind, Text, Texts, Time, Truth};
use crate::{backends::BackendChoice, combined::Combine};

crate::settings! {
    /// What a model is, what it answers, and what runs it; in the model's own folder.
    pub(crate) struct ModelSettings = "model" {
        /// What the model is called in addresses.
        name: Text, otherwise "its folder's name, or its file's without the ending",
            like "\"churn\"";
        /// The model's file, where the folder holds several.
        file: Text, otherwise "the only one", like "\"model.onnx\"";
        /// `average`, `vote` or `xgboost`: how all model files of the folder answer as one.
        combine: Choice<Combine>, otherwise "several files are refused", like "\"average\"";
        /// The columns' names, in the order of the input's elements.
        columns: Texts, otherwise "the file's own", like "[\"MedInc\", \"HouseAge\"]";
        /// The second class's probability from which on it is predicted.
        threshold: Fraction, otherwise "the file's own", like "0.4";
        /// Of predicted_label, score, probabilities, labels, raw_score and raw_scores: what replies
        /// hold, in order.
        output: Fields, otherwise "by format", like "[\"score\"]";
        /// `accept` (no category, counted) or `refuse`: categories that training never saw.
        unknown_categories: Unknown, otherwise "accept", like "\"refuse\"";
        /// 0, 1 or `auto` (1 unless a body names 0): the number of the first column in libsvm.
        libsvm_base: Base, otherwise "1", like "0";
        /// `missing` or `zero`: what the cells are that a sparse row does not say.
        sparse_absent: Choice<Absent>, otherwise "missing", like "\"zero\"";
        /// Slots: threads that can run the model at once.
        instances: Threads,
            otherwise "one per core, or one that uses every core, whichever is faster", like "2";
        /// The most rows that are run together.
        max_batch_rows: Count, otherwise "as many as gain by it", like "64";
        /// How long a request may be kept waiting for company though a slot is free, at most "1s".
        max_queue_delay: Delay, otherwise "0ms", like "\"500us\"";
        /// The most rows that may wait for a slot; further requests are refused.
        max_waiting_rows: Count, otherwise "65536", like "65536";
        /// `auto`, `native` or `onnxruntime`: what runs the model.
        backend: Choice<BackendChoice>, otherwise "auto, native if it takes the whole graph",
            like "\"auto\"";
        /// `auto`, `cpu`, `cuda`, `cuda:N`, `tensorrt` or `tensorrt:N`: where it runs.
        device: Choice<DeviceChoice>, otherwise "auto, a GPU if ONNX Runtime can use one",
            like "\"cuda:0\"";
        /// Whether a model that cannot run on `device` is refused.
        require_device: Truth, otherwise "false, it runs on the processor, and says so",
            like "true";
        /// Threads that one run of ONNX Runtime may use.
        threads: Threads, otherwise "the cores shared among the slots", like "2";
        /// `auto`, `walk`, `blocks`, `quickscorer` or `symmetric`: how decision trees lie in memory.
        tree_layout: Layout, otherwise "auto, the fastest, as timed when the model is opened",
            like "\"auto\"";
        /// ONNX Runtime's shared library, or the folder that holds it, from this file on.
        onnxruntime: FilePath,
            otherwise "ORT_DYLIB_PATH, else lib beside the program, else where the system looks",
            like "\"/opt/ort/lib\"";
    }
}

impl ModelSettings {
    /// Whether replies should hold what only a plan that answers margins gives.
    pub(crate) fn asks_for_margins(&self) -> bool {
        self.output.iter().flatten().any(|field| field.is_raw())
    }
}

/// What replies hold.
pub(crate) struct Fields;

impl Kind for Fields {
    type Value = Vec<Field>;
    const PLACEHOLDER: &'static str = Texts::PLACEHOLDER;

    fn of_text(text: &str) -> Result<Vec<Field>, &'static str> {
        Texts::of_text(text).and_then(Self::of_names)
    }

    fn of_entry(entry: Entry<'_>) -> Result<Vec<Field>, &'static str> {
        Texts::of_entry(entry).and_then(Self::of_names)
    }
}

impl Fields {
    fn of_names(names: Vec<String>) -> Result<Vec<Field>, &'static str> {
        let fields = names.iter().map(|name| Field::from_name(name)).collect::<Option<_>>();
        fields.ok_or("of predicted_label, score, probabilities, labels, raw_score and raw_scores")
    }
}

/// What becomes of categories that training never saw.
pub(crate) struct Unknown;

impl Kind for Unknown {
    type Value = UnknownCategories;
    const PLACEHOLDER: &'static str = "NAME";

    fn of_text(text: &str) -> Result<UnknownCategories, &'static str> {
        match text {
            "accept" => Ok(UnknownCategories::AsModelSays),
            "refuse" => Ok(UnknownCategories::Refuse),
            _ => Err("\"accept\" or \"refuse\""),
        }
    }
}

/// The number of the first column: as an integer, or in a string.
pub(crate) struct Base;

impl Kind for Base {
    type Value = IndexBase;
    const PLACEHOLDER: &'static str = "BASE";

    fn of_text(text: &str) -> Result<IndexBase, &'static str> {
        text.parse()
    }

    fn of_entry(entry: Entry<'_>) -> Result<IndexBase, &'static str> {
        match entry.integer::<u8>() {
            Some(base) => Self::of_text(&base.to_string()),
            None => Self::of_text(entry.text().unwrap_or_default()),
        }
    }
}

/// As many threads as a machine may have.
pub(crate) struct Threads;

impl Threads {
    const MOST: usize = 1024;

    fn checked(count: usize) -> Result<usize, &'static str> {
        if (1..=Self::MOST).contains(&count) { Ok(count) } else { Err("1 to 1024") }
    }
}

impl Kind for Threads {
    type Value = usize;
    const PLACEHOLDER: &'static str = Count::PLACEHOLDER;

    fn of_text(text: &str) -> Result<usize, &'static str> {
        text.parse().map_err(|_| "1 to 1024").and_then(Self::checked)
    }

    fn of_entry(entry: Entry<'_>) -> Result<usize, &'static str> {
        entry.integer().ok_or("1 to 1024").and_then(Self::checked)
    }
}

/// How long a request may be kept waiting.
pub(crate) struct Delay;

impl Delay {
    /// Whoever waits for longer has no use for a server.
    const LONGEST: Duration = Duration::from_secs(1);
}

impl Kind for Delay {
    type Value = Duration;
    const PLACEHOLDER: &'static str = Time::PLACEHOLDER;

    fn of_text(text: &str) -> Result<Duration, &'static str> {
        let delay = Time::of_text(text).ok().filter(|&delay| delay <= Self::LONGEST);
        delay.ok_or("a time such as \"500us\" or \"2ms\", at most \"1s\"")
    }
}

/// A layout of trees; none where the fastest is taken.
pub(crate) struct Layout;

impl Kind for Layout {
    type Value = Option<TreeLayout>;
    const PLACEHOLDER: &'static str = "NAME";

    fn of_text(text: &str) -> Result<Option<TreeLayout>, &'static str> {
        TreeLayout::choice(text)
    }
}

#[cfg(test)]
mod tests {
    use hotplate_backend::Device;

    use super::*;
    use crate::config::{ConfigFile, FILE_NAME};

    fn settings(text: &str) -> Result<ModelSettings, String> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE_NAME), text).unwrap();
        let file = ConfigFile::in_folder(folder.path());
        let settings = file.and_then(|file| file.read());
        settings.map_err(|error| {
            error.to_string().split_once(": ").map(|(_, problem)| problem.to_owned()).unwrap()
        })
    }

    #[test]
    fn every_key_is_read() {
        let settings = settings(
            "[model]\nname = \"n\"\nfile = \"f.onnx\"\n\
             combine = \"vote\"\ncolumns = [\"a\"]\nthreshold = 0.4\n\
             output = [\"score\"]\nunknown_categories = \"refuse\"\n\
             libsvm_base = 0\nsparse_absent = \"zero\"\ninstances = 3\n\
             max_batch_rows = 64\nmax_queue_delay = \"500us\"\nmax_waiting_rows = 9\n\
             backend = \"onnxruntime\"\ndevice = \"cuda:1\"\nrequire_device = true\n\
             threads = 2\ntree_layout = \"blocks\"\nonnxruntime = \"/lib/libonnxruntime.so\"\n",
        );
        let expected = ModelSettings {
            name: Some("n".into()),
            file: Some("f.onnx".into()),
            combine: Some(Combine::Vote),
            columns: Some(vec!["a".into()]),
            threshold: Some(0.4),
            output: Some(vec![Field::Score]),
            unknown_categories: Some(UnknownCategories::Refuse),
            libsvm_base: Some(IndexBase::Zero),
            sparse_absent: Some(Absent::Zero),
            instances: Some(3),
            max_batch_rows: Some(64),
            max_queue_delay: Some(Duration::from_micros(500)),
            max_waiting_rows: Some(9),
            backend: Some(BackendChoice::OnnxRuntime),
            device: Some(DeviceChoice::On(Device::Cuda(1))),
            require_device: Some(true),
            threads: Some(2),
            tree_layout: Some(Some(TreeLayout::Blocks)),
            onnxruntime: Some("/lib/libonnxruntime.so".into()),
        };
        assert_eq!(settings.unwrap(), expected);
    }

    #[test]
    fn first_column_is_an_integer_or_a_word() {
        let base = |value: &str| settings(&format!("[model]\nlibsvm_base = {value}"));
        for (value, expected) in
            [("1", IndexBase::One), ("\"0\"", IndexBase::Zero), ("\"auto\"", IndexBase::Auto)]
        {
            assert_eq!(base(value).unwrap().libsvm_base, Some(expected), "{value}");
        }
    }

    #[test]
    fn slip_is_answered_with_the_nearest_key() {
        let problem = settings("[model]\ntreshold = 0.4").unwrap_err();
        assert_eq!(problem, "[model] unknown key `treshold`; did you mean `threshold`?");
        let problem = settings("[model]\ncombined = \"vote\"").unwrap_err();
        assert_eq!(problem, "[model] unknown key `combined`; did you mean `combine`?");
        let problem = settings("[modle]\nname = \"x\"").unwrap_err();
        assert_eq!(problem, "unknown key `modle`; did you mean `model`?");
    }

    #[test]
    fn values_out_of_place_are_refused() {
        let refused = |text: &str, words: &str| {
            let problem = settings(text).unwrap_err();
            assert!(problem.contains(words), "{problem}");
        };
        refused("[model]\nthreshold = 1.5", "a probability from 0 to 1, got 1.5");
        refused("[model]\nthreshold = \"high\"", "a number, got \"high\"");
        refused("[model]\noutput = [\"scores\"]", "of predicted_label, score, probabilities, ");
        refused("[model]\nunknown_categories = \"ignore\"", "\"accept\" or \"refuse\"");
        refused("[model]\nlibsvm_base = 2", "0, 1 or auto, got 2");
        refused("[model]\nlibsvm_base = [0]", "0, 1 or auto, got [0]");
        refused("[model]\nsparse_absent = \"nan\"", "missing or zero, got \"nan\"");
        refused("[model]\ninstances = 0", "1 to 1024, got 0");
        refused("[model]\nthreads = 0", "1 to 1024, got 0");
        refused("[model]\nmax_batch_rows = 0", "at least 1, got 0");
        refused("[model]\nmax_waiting_rows = 0", "at least 1, got 0");
        for delay in ["2", "ms", "-1ms", "2 min", "1001ms", "99999999999999999999us"] {
            refused(&format!("[model]\nmax_queue_delay = {delay:?}"), "at most \"1s\", got");
        }
        refused("[model]\nmax_queue_delay = 2", "a string, got 2");
        refused(
            "[model]\nbackend = \"torch\"",
            "auto, native, onnxruntime or candle, got \"torch\"",
        );
        refused("[model]\ncombine = \"mean\"", "average, vote or xgboost, got \"mean\"");
        refused("[model]\ndevice = \"gpu\"", "cuda:N, tensorrt or tensorrt:N, got \"gpu\"");
        refused("[model]\ntree_layout = \"fast\"", "quickscorer or symmetric, got \"fast\"");
        refused("[model]\ninstances = -1", "1 to 1024, got -1");
        refused("model = 3", "model must be a table");
        refused("[model\n", "");
    }
}
