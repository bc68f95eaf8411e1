//! What these tests share: the processes under test and the clients that speak to them.

pub(crate) use tests::processes::*;
