//! How fast transactions are accepted as more and more wait.

use super::{Named, chart, line};
use crate::load::Grown;
use crate::load::rows::admission;

/// Number of points in the line.
const LOOKS: usize = 20;

pub(super) async fn measure(grown: &Grown) -> Vec<Named> {
    let points = admission::rates(grown.accounts, grown.mempool, LOOKS).await;
    vec![("", chart("POST /v2/transactions", "pending", "accepted a second", vec![line("rate", points)]))]
}
