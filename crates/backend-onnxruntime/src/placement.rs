//! Which of a graph's nodes run where, as ONNX Runtime assigned them.
#![allow(unsafe_code, reason = "`ort` has no safe call for the assignment of nodes")]

use std::{collections::BTreeMap, ffi::CStr, ptr};

use ort::{AsPointer as _, error::Error, session::Session};

/// The entry of a session's configuration that makes it keep the assignment.
pub(crate) const RECORD: &str = "session.record_ep_graph_assignment_info";

/// The number of nodes of each execution provider, by its name: `CPUExecutionProvider`. Nodes are
/// those that optimisation left, and one that was fused of several counts once for each.
///
/// # Errors
///
/// When the session was not asked to record it.
pub(crate) fn of_session(session: &Session) -> Result<Vec<(String, usize)>, ort::Error> {
    let api = ort::api();
    let mut nodes = BTreeMap::<String, usize>::new();
    let (mut subgraphs, mut len) = (ptr::null(), 0);
    // SAFETY: the session lives, and both places are there to be written to. What comes back
    // belongs to the session, which is borrowed until the end of this function.
    unsafe {
        Error::result_from_status((api.Session_GetEpGraphAssignmentInfo)(
            session.ptr(),
            &mut subgraphs,
            &mut len,
        ))?;
    }
    for index in 0..len {
        let (mut name, mut inner, mut count) = (ptr::null(), ptr::null(), 0);
        // SAFETY: `subgraphs` has `len` entries, each a subgraph of the session.
        let subgraph = unsafe { *subgraphs.add(index) };
        // SAFETY: it is one, and the places are there to be written to.
        unsafe {
            Error::result_from_status((api.EpAssignedSubgraph_GetEpName)(subgraph, &mut name))?;
            Error::result_from_status((api.EpAssignedSubgraph_GetNodes)(
                subgraph, &mut inner, &mut count,
            ))?;
        }
        // SAFETY: a name that came without an error is a C string that the session owns.
        let name = unsafe { CStr::from_ptr(name) }.to_string_lossy().into_owned();
        *nodes.entry(name).or_default() += count;
    }
    Ok(nodes.into_iter().collect())
}

/// The device or library that an execution provider stands for.
pub(crate) fn short_name(provider: &str) -> String {
    provider.trim_end_matches("ExecutionProvider").to_lowercase()
}
