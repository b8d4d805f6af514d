//! Rows asked for alone, in part and in another order.

use hotplate::{Batching, DataView, Engine, Tensor, TensorView, tolerance::Tolerance};
use hotplate_conformance::{Case, compare::compare, rows, run};
use proptest::{
    collection::vec,
    prelude::ProptestConfig,
    test_runner::{TestCaseError, TestRunner},
};

/// The most rows of a request; small enough for a handful to be shrunk to.
const MOST_ROWS: usize = 40;

/// # Errors
///
/// The smallest request that was found whose rows are not answered as in the whole batch.
pub(crate) fn check(engine: &Engine, case: &Case) -> Result<(), String> {
    if engine.signature().batching() != Batching::Rows {
        return Ok(());
    }
    for data_set in case.data_sets().map_err(|error| error.to_string())? {
        let inputs = run::inputs(engine, &data_set)?;
        let rows = inputs.first().map_or(0, |input| input.shape().rows());
        if rows == 0 {
            continue;
        }
        let whole = engine.predict(&inputs[..]).map_err(|error| error.to_string())?;
        let config = ProptestConfig { cases: 48, failure_persistence: None, ..Default::default() };
        TestRunner::new(config)
            .run(&vec(0..rows, 0..=MOST_ROWS), |picked| {
                same_rows(engine, &inputs, whole.outputs(), &picked).map_err(TestCaseError::fail)
            })
            .map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn same_rows(
    engine: &Engine,
    inputs: &[TensorView<'_>],
    whole: &[Tensor],
    picked: &[usize],
) -> Result<(), String> {
    let inputs: Vec<Tensor> = inputs.iter().map(|input| rows::pick(input, picked)).collect();
    let views: Vec<TensorView<'_>> = inputs.iter().map(Tensor::view).collect();
    let answer = engine.predict(&views[..]).map_err(|error| error.to_string())?;
    for (output, (whole, got)) in whole.iter().zip(answer.outputs()).enumerate() {
        let expected = rows::pick(&whole.view(), picked);
        let name = &engine.signature().outputs()[output].name;
        let fail = |problem: String| format!("rows {picked:?}, output {name:?}: {problem}");
        if picked.is_empty() && engine.backend() != "native" {
            // No graph was asked, so what a row looks like is not known.
            let nothing = got.shape().rows() == 0 && got.dtype() == whole.dtype();
            return if nothing { Ok(()) } else { Err(fail("expected nothing".to_owned())) };
        }
        let tolerance = Tolerance::of_engine(engine, expected.dtype());
        compare(tolerance, &expected.view(), &got.view())
            .map_err(|mismatch| fail(mismatch.to_string()))?;
        if engine.backend() == "native" && !same_bits(expected.data(), got.data()) {
            return Err(fail("not the same bits as in the batch".to_owned()));
        }
    }
    Ok(())
}

/// Whether two tensors of one type are equal without a tolerance, NaN and zeros by their bits.
fn same_bits(expected: DataView<'_>, got: DataView<'_>) -> bool {
    match (expected, got) {
        (DataView::F32(expected), DataView::F32(got)) => {
            expected.iter().zip(got).all(|(expected, got)| expected.to_bits() == got.to_bits())
        }
        (DataView::F64(expected), DataView::F64(got)) => {
            expected.iter().zip(got).all(|(expected, got)| expected.to_bits() == got.to_bits())
        }
        _ => expected == got,
    }
}
