//! Nothing polls: an idle chain uses almost no processor time. A program of its own, as cargo runs one after the other:
//! tests beside it would disturb the measurement.

#[cfg(test)]
mod chain;
