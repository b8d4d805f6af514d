use std::collections::HashSet;

use serde_json::Value as Json;

use super::{
    fault::{Problem, Wrong},
    text::{Line, Section},
};
use crate::limits;

/// The categories of a feature, as pandas had them: a value's place in the list is its code, which
/// is what the trees see, and a value that is not in the list is missing.
#[derive(Clone, Debug, PartialEq)]
pub enum Categories {
    /// Texts.
    Text(Vec<String>),
    /// Numbers, none of them NaN; an empty list too, of which nobody knows what it was to hold.
    Numbers(Vec<f64>),
    /// Truth values, which rows have as 0 and 1.
    Booleans(Vec<bool>),
}

impl Categories {
    /// The number of categories.
    pub const fn len(&self) -> usize {
        match self {
            Self::Text(texts) => texts.len(),
            Self::Numbers(numbers) => numbers.len(),
            Self::Booleans(booleans) => booleans.len(),
        }
    }

    /// Whether there are none, so that every value is missing.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Reads list number `list`, which has each category once and categories of one kind alone.
    fn of_list(list: usize, values: Vec<Json>) -> Result<Self, Problem> {
        let mixed = Problem::MixedCategories { list };
        let twice = Problem::CategoryTwice { list };
        match values.first() {
            Some(Json::String(_)) => {
                let texts: Option<Vec<String>> = values.into_iter().map(text).collect();
                let texts = texts.ok_or(mixed)?;
                let mut seen = HashSet::with_capacity(texts.len());
                let distinct = texts.iter().all(|text| seen.insert(text.as_str()));
                if distinct { Ok(Self::Text(texts)) } else { Err(twice) }
            }
            Some(Json::Bool(_)) => {
                let booleans: Option<Vec<bool>> = values.iter().map(Json::as_bool).collect();
                match &*booleans.ok_or(mixed)? {
                    [_, _, _, ..] | [true, true] | [false, false] => Err(twice),
                    booleans => Ok(Self::Booleans(booleans.to_vec())),
                }
            }
            Some(Json::Number(_)) | None => {
                let numbers: Option<Vec<f64>> = values.iter().map(Json::as_f64).collect();
                let numbers = numbers.ok_or(mixed)?;
                let mut seen = HashSet::with_capacity(numbers.len());
                // Zero of either sign is one category.
                let distinct = numbers.iter().all(|number| seen.insert((number + 0.0).to_bits()));
                if distinct { Ok(Self::Numbers(numbers)) } else { Err(twice) }
            }
            Some(Json::Null | Json::Array(_) | Json::Object(_)) => Err(mixed),
        }
    }
}

fn text(value: Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text),
        _ => None,
    }
}

/// What the parts of a file say of its categorical features.
#[derive(Debug)]
pub(super) struct Sources<'a> {
    pub(super) head: &'a Section<'a>,
    /// The line of the parameters that lists the categorical features' indices, without its key.
    pub(super) parameter: Option<&'a str>,
    /// The line of JSON, without its key.
    pub(super) pandas: Option<Line<'a>>,
}

impl Sources<'_> {
    /// The categories of each feature; none anywhere if the model was not trained on a data frame
    /// with categories, and where it was, those of the features without.
    ///
    /// The file does not say which list is whose. As in the library's Python package, the lists
    /// are those of the categorical columns in order, and a file is refused where that cannot be:
    /// where a data frame also had categories with an order, which LightGBM takes for numbers, or
    /// categorical features that were codes from the start.
    pub(super) fn categories(&self, names: &[&str]) -> Result<Vec<Option<Categories>>, Wrong> {
        let mut of_features = vec![None; names.len()];
        let Some(line) = self.pandas else { return Ok(of_features) };
        let wrong = |problem: Problem| problem.at(line.offset);
        let lists = read_lists(line.text).map_err(wrong)?;
        if lists.is_empty() {
            return Ok(of_features);
        }
        let codes = self.codes(names.len())?;
        let features: Vec<usize> =
            (0..names.len()).filter(|&feature| codes[feature].is_some()).collect();
        if features.len() != lists.len() {
            let (lists, features) = (lists.len(), features.len());
            return Err(wrong(Problem::CategoryLists { lists, features }));
        }
        for (&feature, categories) in features.iter().zip(lists) {
            if let Some(Some(code)) = codes[feature]
                && usize::try_from(code).is_ok_and(|code| code >= categories.len())
            {
                let (feature, categories) = (names[feature].to_owned(), categories.len());
                return Err(wrong(Problem::Code { feature, got: code, categories }));
            }
            of_features[feature] = Some(categories);
        }
        Ok(of_features)
    }

    /// The largest code of each categorical feature; none of one that has the same value in all
    /// rows, which only the parameters know to be categorical.
    fn codes(&self, features: usize) -> Result<Vec<Option<Option<i64>>>, Wrong> {
        let mut codes = vec![None; features];
        let listed = self.parameter.unwrap_or_default().split(',');
        for feature in listed.filter_map(|index| index.trim().parse::<usize>().ok()) {
            if let Some(code) = codes.get_mut(feature) {
                *code = Some(None);
            }
        }
        let infos = self.head.get("feature_infos")?;
        let got = infos.words().count();
        if got != features {
            return Err(infos.count(features, got));
        }
        for (code, info) in codes.iter_mut().zip(infos.words()) {
            // `[least:largest]` of numbers, `none` of a feature of one value.
            if info != "none" && !info.starts_with('[') {
                let largest = info.split(':').try_fold(-1, |largest: i64, word| {
                    infos.parse_integer(word).map(|code| largest.max(code))
                })?;
                *code = Some(Some(largest));
            }
        }
        Ok(codes)
    }
}

fn read_lists(json: &str) -> Result<Vec<Categories>, Problem> {
    if json.len() > limits::PANDAS_BYTES {
        return Err(Problem::LongCategories { bytes: json.len() });
    }
    let lists = match serde_json::from_str(json) {
        Ok(Json::Null) => return Ok(Vec::new()),
        Ok(Json::Array(lists)) => lists,
        _ => return Err(Problem::CategoriesNotJson),
    };
    lists
        .into_iter()
        .enumerate()
        .map(|(list, values)| match values {
            Json::Array(values) => Categories::of_list(list, values),
            _ => Err(Problem::CategoriesNotJson),
        })
        .collect()
}
