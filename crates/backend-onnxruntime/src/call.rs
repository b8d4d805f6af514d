//! One run of a session whose inputs and outputs all have their tensors already.
#![allow(
    unsafe_code,
    reason = "the safe call builds names and handles anew, a tenth of a small run"
)]

use std::{
    ffi::CString,
    ptr::{self, NonNull},
};

use ort::{
    AsPointer as _,
    error::Error,
    session::{Session, SessionInputValue},
    value::DynValue,
};

/// The most inputs or outputs of a session that is called so: their handles stand on the stack.
const MOST: usize = 32;

/// The names of a session's inputs and outputs, as the library takes them.
#[derive(Debug)]
pub(crate) struct Names {
    inputs: Vec<CString>,
    outputs: Vec<CString>,
}

impl Names {
    /// The names, unless there are too many for a call.
    pub(crate) fn of(session: &Session) -> Option<Self> {
        let names = |values: &[ort::value::Outlet]| {
            values.iter().map(|value| CString::new(value.name()).ok()).collect::<Option<Vec<_>>>()
        };
        let (inputs, outputs) = (names(session.inputs())?, names(session.outputs())?);
        (inputs.len() <= MOST && outputs.len() <= MOST).then_some(Self { inputs, outputs })
    }
}

/// Runs the session on these inputs, and has it write its answers into `outputs`.
///
/// # Errors
///
/// What ONNX Runtime says; the outputs then hold anything.
///
/// # Panics
///
/// When there are not as many values as the session has names.
pub(crate) fn run(
    session: &mut Session,
    names: &Names,
    inputs: &[SessionInputValue<'static>],
    outputs: &mut [DynValue],
) -> Result<(), ort::Error> {
    assert!(outputs.len() == names.outputs.len(), "a value for each output");
    let mut values = [ptr::null_mut(); MOST];
    for (value, output) in values.iter_mut().zip(outputs.iter_mut()) {
        *value = output.ptr_mut();
    }
    // Each output is there and borrowed exclusively, so that nothing is made that would have to be
    // freed.
    run_into(session, names, inputs, &mut values[..names.outputs.len()])
}

/// Runs the session on these inputs, and takes the answers that it makes; `None` for one that the
/// graph leaves out.
///
/// # Errors
///
/// What ONNX Runtime says.
///
/// # Panics
///
/// When there are not as many values as the session has names.
pub(crate) fn run_optional(
    session: &mut Session,
    names: &Names,
    inputs: &[SessionInputValue<'static>],
) -> Result<Vec<Option<DynValue>>, ort::Error> {
    let mut values = [ptr::null_mut(); MOST];
    let values = &mut values[..names.outputs.len()];
    let outcome = run_into(session, names, inputs, values);
    let mut answers = Vec::with_capacity(values.len());
    for value in values.iter().map(|value| NonNull::new(*value)) {
        let Some(value) = value else {
            answers.push(None);
            continue;
        };
        let mut is_there = 0;
        // SAFETY: the library made the value and left it to us; the place is there to be written
        // to. A value that holds nothing is freed here, and any other belongs to what it becomes.
        answers.push(unsafe {
            let asked = (ort::api().HasValue)(value.as_ptr(), &mut is_there);
            if Error::result_from_status(asked).is_ok() && is_there != 0 {
                Some(DynValue::from_ptr(value, Some(session.allocator())))
            } else {
                (ort::api().ReleaseValue)(value.as_ptr());
                None
            }
        });
    }
    outcome.map(|()| answers)
}

/// Runs the session; an output whose handle is null gets a value that the caller must free.
fn run_into(
    session: &mut Session,
    names: &Names,
    inputs: &[SessionInputValue<'static>],
    outputs: &mut [*mut ort::sys::OrtValue],
) -> Result<(), ort::Error> {
    assert!(inputs.len() == names.inputs.len(), "a value for each input");
    let (mut input_names, mut output_names) = ([ptr::null(); MOST], [ptr::null(); MOST]);
    let mut input_values = [ptr::null(); MOST];
    for (index, (name, value)) in names.inputs.iter().zip(inputs).enumerate() {
        input_names[index] = name.as_ptr();
        input_values[index] = value.ptr();
    }
    for (to, name) in output_names.iter_mut().zip(&names.outputs) {
        *to = name.as_ptr();
    }
    // SAFETY:
    // - The session is borrowed exclusively, so that no other thread runs it.
    // - Each array holds as many C strings, or handles that are valid or (of outputs) null, as its
    //   length says, and each of them lives until this function returns.
    // - Inputs are only read, and an output that is there is borrowed exclusively by our callers.
    //   That a tensor has the type and shape that the graph needs is checked by the library, which
    //   then returns an error.
    unsafe {
        Error::result_from_status((ort::api().Run)(
            session.ptr().cast_mut(),
            ptr::null(),
            input_names.as_ptr(),
            input_values.as_ptr(),
            inputs.len(),
            output_names.as_ptr(),
            outputs.len(),
            outputs.as_mut_ptr(),
        ))
    }
}
