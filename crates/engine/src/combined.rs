//! Several models that answer as one.
//!
//! As SageMaker's XGBoost container does with a folder of several models: probabilities and values
//! are averaged, or the class that most models give is the answer.

pub(crate) mod agree;
mod votes;
mod worker;
mod xgboost;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
};

use hotplate_backend::{
    BackendError, BackendErrorKind, Device, Explainer, Limits, Placement, Plan, Worker,
};
use hotplate_model::Signature;
use hotplate_tensor::Inputs;

use self::worker::CombinedWorker;
use crate::{
    backends::Compiled,
    error::{Cause, Error},
};

/// The backend of models that run on different ones.
const SEVERAL: &str = "several";

/// How the answers of several models become one.
///
/// Written `average`, `vote` or `xgboost`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Combine {
    /// Every number is the mean of the models'. A class is that of the greatest mean probability;
    /// of two classes, the second where its mean is above one half.
    #[default]
    Average,
    /// The class that most models give; among equally many votes, that of the greater mean
    /// probability. Probabilities are means still.
    Vote,
    /// As SageMaker's container of XGBoost does it, bit by bit: what the objectives `multi:softmax`
    /// and `binary:hinge` predict is what most models predict, the least of those on a tie; all else
    /// is the mean in float32, added up in numpy's order, which for a single number differs from
    /// that of several.
    Xgboost,
}

/// Models that read the same rows, and how their answers become one.
#[derive(Debug)]
struct Combined {
    how: Combine,
    /// At least one, in the order of the file names.
    members: Vec<Member>,
    placement: Placement,
    warmup: Vec<usize>,
}

#[derive(Debug)]
struct Member {
    file: String,
    backend: &'static str,
    plan: Arc<dyn Plan>,
}

/// A plan that runs those of all files and combines their answers; of one file, its own.
///
/// `compile` is asked for each file in turn.
///
/// # Errors
///
/// The first error of `compile`, or when the models do not read and answer the same.
pub(crate) fn compile(
    files: &[PathBuf],
    how: Combine,
    mut compile: impl FnMut(&Path) -> Result<Compiled, Error>,
) -> Result<Compiled, Error> {
    if let [file] = files {
        return compile(file);
    }
    let mut passed_over = Vec::new();
    let mut placements = Vec::with_capacity(files.len());
    let mut members: Vec<Member> = Vec::with_capacity(files.len());
    for path in files {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let compiled = compile(path).map_err(|error| error.in_model(&file))?;
        let first = members.first().map_or(&compiled.plan, |first| &first.plan);
        agree::check(how, first.signature(), compiled.plan.signature()).map_err(|problem| {
            let first = members.first().map_or_else(|| file.clone(), |first| first.file.clone());
            Error::new(Cause::Members { file: file.clone(), first, problem })
        })?;
        passed_over.extend(compiled.passed_over);
        placements.push(compiled.placement);
        members.push(Member { file, backend: compiled.backend, plan: compiled.plan });
    }
    let backends: BTreeSet<&'static str> = members.iter().map(|member| member.backend).collect();
    let backend = if backends.len() == 1 { members[0].backend } else { SEVERAL };
    let sizes: BTreeSet<usize> =
        members.iter().flat_map(|member| member.plan.warmup()).copied().collect();
    let placement = placement_of_all(placements);
    let combined = Combined {
        how,
        members,
        placement: placement.clone(),
        warmup: sizes.into_iter().collect(),
    };
    Ok(Compiled { backend, plan: Arc::new(combined), passed_over, placement })
}

/// On a GPU where any of them is; the nodes are those of all.
fn placement_of_all(placements: Vec<Placement>) -> Placement {
    let mut nodes: BTreeMap<String, usize> = BTreeMap::new();
    let mut all = Placement::default();
    for placement in placements {
        if all.device == Device::Cpu {
            all.device = placement.device;
        }
        all.fell_back = all.fell_back.or(placement.fell_back);
        placement.nodes.into_iter().for_each(|(at, count)| *nodes.entry(at).or_default() += count);
    }
    Placement { nodes: nodes.into_iter().collect(), ..all }
}

impl Combined {
    fn plans(&self) -> impl ExactSizeIterator<Item = &Arc<dyn Plan>> {
        self.members.iter().map(|member| &member.plan)
    }
}

impl Plan for Combined {
    fn explainer(&self, _: Option<Inputs<'_>>) -> Result<Explainer, BackendError> {
        let reason = "only a model of one file can be explained, not several that are combined";
        Err(BackendError::told(BackendErrorKind::Unsupported, reason))
    }

    fn signature(&self) -> &Signature {
        self.members[0].plan.signature()
    }

    fn worker(&self, limits: &Limits) -> Result<Box<dyn Worker>, BackendError> {
        let workers: Result<Vec<_>, _> = self.plans().map(|plan| plan.worker(limits)).collect();
        Ok(Box::new(CombinedWorker::new(self.how, self.signature().clone(), workers?)))
    }

    fn seal(&self) {
        self.plans().for_each(|plan| plan.seal());
    }

    fn is_parallel(&self) -> bool {
        self.plans().any(|plan| plan.is_parallel())
    }

    fn warmup(&self) -> &[usize] {
        &self.warmup
    }

    fn steps(&self) -> Vec<String> {
        let what = match self.how {
            Combine::Average => "averaged",
            Combine::Vote => "vote",
            Combine::Xgboost => "combined as SageMaker's container of XGBoost does",
        };
        let mut steps = vec![format!("{} models {what}", self.members.len())];
        steps.extend(self.members.iter().map(|Member { file, backend, plan }| {
            format!("{file} ({backend}): {}", plan.steps().join("; "))
        }));
        steps
    }

    fn placement(&self) -> &Placement {
        &self.placement
    }

    /// A text counts once for each model that does not know it.
    fn unknown_categories(&self) -> Vec<(usize, u64)> {
        let mut counts: BTreeMap<usize, u64> = BTreeMap::new();
        for (column, count) in self.plans().flat_map(|plan| plan.unknown_categories()) {
            *counts.entry(column).or_default() += count;
        }
        counts.into_iter().collect()
    }
}

impl Combine {
    const fn name(self) -> &'static str {
        match self {
            Self::Average => "average",
            Self::Vote => "vote",
            Self::Xgboost => "xgboost",
        }
    }
}

impl fmt::Display for Combine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The error is what was expected.
impl FromStr for Combine {
    type Err = &'static str;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        [Self::Average, Self::Vote, Self::Xgboost]
            .into_iter()
            .find(|combine| combine.name() == name)
            .ok_or("average, vote or xgboost")
    }
}
