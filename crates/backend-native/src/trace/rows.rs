//! What each operator makes of the elements of a row.

use std::rc::Rc;

use hotplate_backend::BackendError;
use hotplate_tensor::Schema;

use super::{Arithmetic, Element, Followed, Known, Lookup, Tracer, Unknown};
use crate::{category::CategoryTable, graph::GraphNode};

impl Tracer {
    /// Each text element becomes one indicator per category, along a new last axis.
    pub(super) fn one_hot(
        &mut self,
        node: &GraphNode,
        categories: &[String],
        unknown: Unknown,
        mut dims: Vec<usize>,
        elements: &[Element],
    ) -> Result<Result<Known, String>, BackendError> {
        let count = elements.len().saturating_mul(categories.len());
        if let Err(reason) = self.allow(count, count) {
            return Ok(Err(reason));
        }
        let mut indicators = Vec::with_capacity(count);
        for element in elements {
            let &Element::Text { column } = element else {
                return Ok(Err("encodes numbers as categories".to_owned()));
            };
            let lookup = self.lookup(column, categories, unknown).map_err(|twice| {
                node.place.invalid(format!("the category {twice:?} stands twice"))
            })?;
            indicators.extend((0..categories.len()).map(|category| Element::Indicator {
                lookup,
                category,
                on: 1.0,
                off: 0.0,
            }));
        }
        dims.push(categories.len());
        Ok(Ok(Known::Row { dims, elements: Rc::new(indicators) }))
    }

    /// Each text element becomes a number.
    pub(super) fn encode(
        &mut self,
        keys: &[String],
        (values, default): (&[f32], f32),
        unknown: Unknown,
        dims: Vec<usize>,
        elements: &[Element],
    ) -> Result<Known, String> {
        self.allow(elements.len(), elements.len().saturating_mul(1 + keys.len()))?;
        let codes: Rc<[f32]> = values.into();
        let mut coded = Vec::with_capacity(elements.len());
        for element in elements {
            let &Element::Text { column } = element else {
                return Err("encodes numbers".to_owned());
            };
            // To ONNX the first of equal keys counts.
            let Ok(lookup) = self.lookup(column, keys, unknown) else {
                return Err("a key that stands twice".to_owned());
            };
            coded.push(Element::Coded { lookup, codes: Rc::clone(&codes), unknown: default });
        }
        Ok(Known::Row { dims, elements: Rc::new(coded) })
    }

    /// The lookup of a column in these categories, or the category that stands twice.
    fn lookup(
        &mut self,
        column: usize,
        categories: &[String],
        unknown: Unknown,
    ) -> Result<usize, String> {
        let of_column = self.lookups_of.entry(column).or_default();
        let same = of_column.iter().copied().find(|&lookup| {
            let lookup = &self.lookups[lookup];
            lookup.unknown == unknown && lookup.table.names() == categories
        });
        if let Some(same) = same {
            return Ok(same);
        }
        let table = CategoryTable::new(categories.to_vec())?;
        of_column.push(self.lookups.len());
        self.lookups.push(Lookup { column, table, unknown });
        Ok(self.lookups.len() - 1)
    }

    /// Takes from the allowance what a row of `width` elements costs, or says that it is too much.
    fn allow(&mut self, width: usize, cost: usize) -> Followed {
        if width > Schema::MAX_COLUMNS {
            return Err(format!("makes a row of {width} elements"));
        }
        let left = self.allowance.checked_sub(cost);
        self.allowance = left.ok_or("too many elements in all nodes together")?;
        Ok(())
    }

    /// Rows side by side.
    pub(super) fn concat(
        &mut self,
        node: &GraphNode,
        axis: i64,
        inputs: Vec<Known>,
    ) -> Result<Result<Known, String>, BackendError> {
        let mut joined: Option<(Vec<usize>, Vec<Element>)> = None;
        for input in inputs {
            let Known::Row { dims, elements } = input else {
                return Ok(Err("works on the answer of the trees".to_owned()));
            };
            // Axis 0 is the rows, which `dims` does not have.
            let rank = dims.len() + 1;
            let along = usize::try_from(axis).ok().or_else(|| {
                usize::try_from(axis.unsigned_abs()).ok().and_then(|back| rank.checked_sub(back))
            });
            let Some(along) = along.filter(|along| (1..rank).contains(along)) else {
                return Ok(Err(format!("axis {axis} of rank {rank}")));
            };
            if dims[..along - 1].iter().any(|&dim| dim != 1) {
                return Ok(Err("an axis behind others that are not one".to_owned()));
            }
            let width = joined.as_ref().map_or(0, |(_, row)| row.len()) + elements.len();
            if let Err(reason) = self.allow(width, cost(&elements)) {
                return Ok(Err(reason));
            }
            match &mut joined {
                None => joined = Some((dims, elements.to_vec())),
                Some((all, row)) => {
                    let others = |dims: &[usize]| {
                        let mut others = dims.to_vec();
                        others.remove(along - 1);
                        others
                    };
                    if all.len() != dims.len() || others(all) != others(&dims) {
                        return Err(node
                            .place
                            .invalid(format!("joins {all:?} and {dims:?} a row")));
                    }
                    all[along - 1] += dims[along - 1];
                    row.extend_from_slice(&elements);
                }
            }
        }
        let (dims, elements) = joined.ok_or_else(|| node.place.invalid("joins nothing"))?;
        Ok(Ok(Known::Row { dims, elements: Rc::new(elements) }))
    }

    /// Does `steps[i]` to element `i` of a row of one axis, or the only step to all.
    pub(super) fn arithmetic(
        &mut self,
        node: &GraphNode,
        dims: Vec<usize>,
        elements: Rc<Vec<Element>>,
        steps: &[Arithmetic],
    ) -> Result<Result<Known, String>, BackendError> {
        if dims.len() != 1 {
            return Ok(Err(format!("on rows of {} axes", dims.len())));
        }
        if steps.len() != 1 && steps.len() != elements.len() {
            let (values, features) = (steps.len(), elements.len());
            return Err(node.place.invalid(format!("{values} values for {features} features")));
        }
        if let Err(reason) = self.allow(elements.len(), cost(&elements)) {
            return Ok(Err(reason));
        }
        let mut elements = elements.to_vec();
        for (element, &step) in elements.iter_mut().zip(steps.iter().cycle()) {
            match element {
                Element::Number { arithmetic, .. } => arithmetic.push(step),
                Element::Indicator { on, off, .. } => {
                    *on = step.apply(*on);
                    *off = step.apply(*off);
                }
                Element::Coded { codes, unknown, .. } => {
                    *codes = codes.iter().map(|&code| step.apply(code)).collect();
                    *unknown = step.apply(*unknown);
                }
                Element::Text { .. } => return Ok(Err("arithmetic on text".to_owned())),
            }
        }
        Ok(Ok(Known::Row { dims, elements: Rc::new(elements) }))
    }
}

/// The elements and their steps of arithmetic.
fn cost(elements: &[Element]) -> usize {
    let steps = |element: &Element| match element {
        Element::Number { arithmetic, .. } => 1 + arithmetic.len(),
        Element::Coded { codes, .. } => 1 + codes.len(),
        Element::Text { .. } | Element::Indicator { .. } => 1,
    };
    elements.iter().map(steps).sum()
}

/// Other dimensions for the same elements.
pub(super) fn reshape(wanted: &[i64], elements: Rc<Vec<Element>>) -> Result<Known, String> {
    let Some((-1 | 0, rest)) = wanted.split_first() else {
        return Err(format!("to {wanted:?}, which need not keep rows apart"));
    };
    let dims: Option<Vec<usize>> =
        rest.iter().map(|&dim| usize::try_from(dim).ok().filter(|&dim| dim > 0)).collect();
    let Some(dims) = dims else {
        return Err(format!("to {wanted:?}"));
    };
    let product = dims.iter().try_fold(1_usize, |product, &dim| product.checked_mul(dim));
    if product != Some(elements.len()) {
        let width = elements.len();
        return Err(format!("{width} elements a row as {wanted:?}"));
    }
    Ok(Known::Row { dims, elements })
}
