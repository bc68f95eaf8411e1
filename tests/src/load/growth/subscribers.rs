//! The age of an event when subscribers receive it, for a growing number of subscribers.

use super::{Named, chart, line};
use crate::load::Grown;
use crate::load::plot::Chart;
use crate::load::rows::{fan_out, float_of};

pub(super) async fn measure(grown: &Grown) -> Vec<Named> {
    let (mut median, mut p99) = (Vec::new(), Vec::new());
    for count in [1, 3, 10, 30, 100, 300, 1_000].into_iter().filter(|count| *count <= grown.subscribers) {
        let summary = fan_out::ages(count, grown.events).await.summary().expect("events came");
        median.push((float_of(count), summary.median));
        p99.push((float_of(count), summary.p99));
    }
    let lines = vec![line("median", median), line("p99", p99)];
    let chart = chart("Age of an event at its subscribers, 100 events a second", "subscribers", "ms", lines);
    vec![("", Chart { by_factors: true, ..chart })]
}
