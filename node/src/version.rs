//! The node's name and version, as its clients see them.

/// Version that `GetServiceInfo` and `/v2/info` show.
pub(crate) const SERVER_VERSION: &str = concat!("mockamoto-node ", env!("CARGO_PKG_VERSION"));
