//! The keys of `[model]`.

use std::{path::PathBuf, time::Duration};

use hotplate_backend::{DeviceChoice, TreeLayout, UnknownCategories};
use hotplate_codec::Field;

use super::ConfigFile;
use crate::{backends::BackendChoice, combined::Combine, error::Error};

/// More slots than any machine has threads for.
const MOST_INSTANCES: usize = 1024;

/// Whoever waits for longer has no use for a server.
const LONGEST_DELAY: Duration = Duration::from_secs(1);

const DELAY: &str = "a time such as \"500us\" or \"2ms\", at most \"1s\"";

/// What `[model]` says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ModelSettings {
    pub(crate) name: Option<String>,
    pub(crate) file: Option<String>,
    pub(crate) combine: Option<Combine>,
    pub(crate) columns: Option<Vec<String>>,
    pub(crate) threshold: Option<f64>,
    pub(crate) output: Option<Vec<Field>>,
    pub(crate) unknown_categories: Option<UnknownCategories>,
    pub(crate) instances: Option<usize>,
    pub(crate) max_batch_rows: Option<usize>,
    pub(crate) max_queue_delay: Option<Duration>,
    pub(crate) max_waiting_rows: Option<usize>,
    pub(crate) backend: Option<BackendChoice>,
    pub(crate) device: Option<DeviceChoice>,
    pub(crate) require_device: Option<bool>,
    pub(crate) threads: Option<usize>,
    pub(crate) tree_layout: Option<TreeLayout>,
    pub(crate) onnxruntime: Option<PathBuf>,
}

impl ModelSettings {
    pub(crate) fn read(file: &ConfigFile) -> Result<Self, Error> {
        let known = [
            "name",
            "file",
            "combine",
            "columns",
            "threshold",
            "output",
            "unknown_categories",
            "instances",
            "max_batch_rows",
            "max_queue_delay",
            "max_waiting_rows",
            "backend",
            "device",
            "require_device",
            "threads",
            "tree_layout",
            "onnxruntime",
        ];
        let section = file.section("model", &known)?;
        let threshold = section.number("threshold")?;
        if threshold.is_some_and(|threshold| !(0.0..=1.0).contains(&threshold)) {
            return Err(section.refuse("threshold", "a probability from 0 to 1"));
        }
        let field = |name: &str| {
            Field::from_name(name).ok_or_else(|| {
                section.refuse("output", "of predicted_label, score and probabilities")
            })
        };
        let output = section.texts("output")?;
        let output = output.map(|names| names.into_iter().map(field).collect()).transpose()?;
        let unknown_categories = match section.text("unknown_categories")? {
            None => None,
            Some("accept") => Some(UnknownCategories::AsModelSays),
            Some("refuse") => Some(UnknownCategories::Refuse),
            Some(_) => return Err(section.refuse("unknown_categories", "\"accept\" or \"refuse\"")),
        };
        let instances = section.integer("instances")?;
        if instances.is_some_and(|instances| !(1..=MOST_INSTANCES).contains(&instances)) {
            return Err(section.refuse("instances", "1 to 1024"));
        }
        let max_batch_rows = section.integer("max_batch_rows")?;
        if max_batch_rows == Some(0) {
            return Err(section.refuse("max_batch_rows", "at least 1"));
        }
        let max_waiting_rows = section.integer("max_waiting_rows")?;
        if max_waiting_rows == Some(0) {
            return Err(section.refuse("max_waiting_rows", "at least 1"));
        }
        let max_queue_delay = match section.text("max_queue_delay")?.map(duration) {
            Some(Some(delay)) if delay <= LONGEST_DELAY => Some(delay),
            None => None,
            _ => return Err(section.refuse("max_queue_delay", DELAY)),
        };
        let threads = section.integer("threads")?;
        if threads.is_some_and(|threads| !(1..=MOST_INSTANCES).contains(&threads)) {
            return Err(section.refuse("threads", "1 to 1024"));
        }
        let backend = section.text("backend")?.map(str::parse).transpose();
        let backend = backend.map_err(|expected| section.refuse("backend", expected))?;
        let device = section.text("device")?.map(str::parse).transpose();
        let device = device.map_err(|expected| section.refuse("device", expected))?;
        let tree_layout = section.text("tree_layout")?.map(TreeLayout::choice).transpose();
        let tree_layout =
            tree_layout.map_err(|expected| section.refuse("tree_layout", expected))?;
        let combine = section.text("combine")?.map(str::parse).transpose();
        let combine = combine.map_err(|expected| section.refuse("combine", expected))?;
        let columns = section.texts("columns")?;
        Ok(Self {
            name: section.text("name")?.map(str::to_owned),
            file: section.text("file")?.map(str::to_owned),
            combine,
            columns: columns.map(|names| names.into_iter().map(str::to_owned).collect()),
            threshold,
            output,
            unknown_categories,
            instances,
            max_batch_rows,
            max_queue_delay,
            max_waiting_rows,
            backend,
            device,
            require_device: section.truth("require_device")?,
            threads,
            tree_layout: tree_layout.flatten(),
            // Relative to the file that says so, which is where people look for it.
            onnxruntime: section.text("onnxruntime")?.map(|path| section.folder().join(path)),
        })
    }
}

impl ModelSettings {
    /// These, and `others` where these say nothing.
    pub(crate) fn or(self, others: &Self) -> Self {
        Self {
            name: self.name.or_else(|| others.name.clone()),
            file: self.file.or_else(|| others.file.clone()),
            combine: self.combine.or(others.combine),
            columns: self.columns.or_else(|| others.columns.clone()),
            threshold: self.threshold.or(others.threshold),
            output: self.output.or_else(|| others.output.clone()),
            unknown_categories: self.unknown_categories.or(others.unknown_categories),
            instances: self.instances.or(others.instances),
            max_batch_rows: self.max_batch_rows.or(others.max_batch_rows),
            max_queue_delay: self.max_queue_delay.or(others.max_queue_delay),
            max_waiting_rows: self.max_waiting_rows.or(others.max_waiting_rows),
            backend: self.backend.or(others.backend),
            device: self.device.or(others.device),
            require_device: self.require_device.or(others.require_device),
            threads: self.threads.or(others.threads),
            tree_layout: self.tree_layout.or(others.tree_layout),
            onnxruntime: self.onnxruntime.or_else(|| others.onnxruntime.clone()),
        }
    }
}

/// A time as people write it: a whole number of `us`, `ms` or `s`.
fn duration(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let number = text[..digits].parse().ok()?;
    match text[digits..].trim_start() {
        "us" => Some(Duration::from_micros(number)),
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use hotplate_backend::Device;

    use super::*;
    use crate::config::FILE_NAME;

    fn settings(text: &str) -> Result<ModelSettings, String> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE_NAME), text).unwrap();
        let file = ConfigFile::in_folder(folder.path());
        let settings = file.and_then(|file| ModelSettings::read(&file));
        settings.map_err(|error| {
            error.to_string().split_once(": ").map(|(_, problem)| problem.to_owned()).unwrap()
        })
    }

    #[test]
    fn every_key_is_read() {
        let settings = settings(
            "[model]\nname = \"n\"\nfile = \"f.onnx\"\n\
             combine = \"vote\"\ncolumns = [\"a\"]\nthreshold = 0.4\n\
             output = [\"score\"]\nunknown_categories = \"refuse\"\ninstances = 3\n\
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
            instances: Some(3),
            max_batch_rows: Some(64),
            max_queue_delay: Some(Duration::from_micros(500)),
            max_waiting_rows: Some(9),
            backend: Some(BackendChoice::OnnxRuntime),
            device: Some(DeviceChoice::On(Device::Cuda(1))),
            require_device: Some(true),
            threads: Some(2),
            tree_layout: Some(TreeLayout::Blocks),
            onnxruntime: Some("/lib/libonnxruntime.so".into()),
        };
        assert_eq!(settings.unwrap(), expected);
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
        refused("[model]\noutput = [\"scores\"]", "predicted_label, score and probabilities");
        refused("[model]\nunknown_categories = \"ignore\"", "\"accept\" or \"refuse\"");
        refused("[model]\ninstances = 0", "1 to 1024, got 0");
        refused("[model]\nthreads = 0", "1 to 1024, got 0");
        refused("[model]\nmax_batch_rows = 0", "at least 1, got 0");
        refused("[model]\nmax_waiting_rows = 0", "at least 1, got 0");
        for delay in ["2", "ms", "-1ms", "2 min", "1001ms", "99999999999999999999us"] {
            refused(&format!("[model]\nmax_queue_delay = {delay:?}"), "at most \"1s\", got");
        }
        refused("[model]\nmax_queue_delay = 2", "a string, got 2");
        refused("[model]\nbackend = \"torch\"", "auto, native or onnxruntime, got \"torch\"");
        refused("[model]\ncombine = \"mean\"", "average or vote, got \"mean\"");
        refused("[model]\ndevice = \"gpu\"", "cuda:N, tensorrt or tensorrt:N, got \"gpu\"");
        refused("[model]\ntree_layout = \"fast\"", "quickscorer or symmetric, got \"fast\"");
        refused("[model]\ninstances = -1", "a whole number in range, got -1");
        refused("model = 3", "model must be a table");
        refused("[model\n", "");
    }
}
