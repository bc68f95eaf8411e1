//! A process that stores, appends, journals and prunes is killed at every named point, and at any moment.
//!
//! The parent starts this test binary again with one ignored test, the child. The child runs a fixed script on a folder
//! and writes down each acknowledgement. It dies; the parent opens the folder and checks: nothing acknowledged is
//! missing, the state is the one before or after the interrupted step, the parts agree, and the script, run again,
//! gives the same chain as a run that never died.

mod check;
mod damage;
mod log;
mod points;
mod script;
