//! The tables of `burn.sqlite`.

use sqlite::{Migration, Schema};

/// Schema of the burn database; the application id reads "mBRN".
pub(super) const SCHEMA: Schema = Schema {
    application_id: 0x6d42_524e,
    migrations: &[
        Migration { version: 1, sql: include_str!("../../migrations/burn/0001_burn.sql") },
        Migration { version: 2, sql: include_str!("../../migrations/burn/0002_producer_sets.sql") },
        Migration { version: 3, sql: include_str!("../../migrations/burn/0003_identity.sql") },
    ],
};
