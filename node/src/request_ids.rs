//! Ids of template and validation demands: `LETTER-START-NUMBER`, where START is the number of the node's start.

/// First letter of the ids of template requests.
pub(crate) const TEMPLATE_PREFIX: &str = "t";
/// First letter of the ids of validation demands.
pub(crate) const VALIDATION_PREFIX: &str = "v";

/// Whether this is an id that a queue of some node could have given.
#[must_use]
pub(crate) fn is_request_id(id: &str) -> bool {
    [TEMPLATE_PREFIX, VALIDATION_PREFIX].into_iter().any(|letter| request_numbers(letter, id).is_some())
}

/// The two numbers of an id in the form that its queue writes.
pub(crate) fn request_numbers(letter: &str, id: &str) -> Option<(u64, u64)> {
    let (start, number) = id.strip_prefix(letter)?.strip_prefix('-')?.split_once('-')?;
    let (start, number) = (start.parse().ok()?, number.parse().ok()?);
    (format!("{letter}-{start}-{number}") == id && number > 0).then_some((start, number))
}
