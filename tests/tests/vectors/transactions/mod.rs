//! `transactions.json` and the encodings in `stacksjs_transactions.json`.

mod fields;
mod refused;
mod signing;
mod sizes;
mod stacksjs;
mod valid;
