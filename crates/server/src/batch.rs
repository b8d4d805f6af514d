//! What SageMaker's batch transform asks before it sends its batches.

/// The most megabytes that requests may hold together, and the most requests at once.
const MOST: usize = 100;

/// What `GET /execution-parameters` answers: how many requests at once keep so many threads busy,
/// and how large each may be. Both together keep SageMaker's rule that the requests at once hold no
/// more than a hundred megabytes.
pub(crate) fn parameters(threads: usize, max_body_bytes: usize) -> String {
    let concurrent = threads.clamp(1, MOST);
    let megabytes = (max_body_bytes >> 20).clamp(1, MOST / concurrent);
    format!(
        "{{\"MaxConcurrentTransforms\":{concurrent},\"BatchStrategy\":\"MULTI_RECORD\",\
         \"MaxPayloadInMB\":{megabytes}}}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_at_once_hold_no_more_than_they_may() {
        let numbers = |threads, bytes| {
            let document = serde_json::from_str(&parameters(threads, bytes)).unwrap();
            let serde_json::Value::Object(document) = document else { panic!("no object") };
            assert_eq!(document["BatchStrategy"], "MULTI_RECORD");
            let number = |key: &str| document[key].as_u64().unwrap();
            (number("MaxConcurrentTransforms"), number("MaxPayloadInMB"))
        };
        assert_eq!(numbers(2, 25 << 20), (2, 25));
        assert_eq!(numbers(8, 25 << 20), (8, 12));
        assert_eq!(numbers(2, usize::MAX), (2, 50));
        assert_eq!(numbers(200, 1000), (100, 1));
    }
}
