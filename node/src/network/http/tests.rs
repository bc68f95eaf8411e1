//! Tests of the shim.
