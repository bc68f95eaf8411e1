//! The tables of `staging.sqlite`.

use sqlite::{Migration, Schema};

/// Schema of the staging database; the application id reads "mSTG".
pub(super) const SCHEMA: Schema = Schema {
    application_id: 0x6d53_5447,
    migrations: &[
        Migration { version: 1, sql: include_str!("../../migrations/staging/0001_staging.sql") },
        Migration { version: 2, sql: include_str!("../../migrations/staging/0002_identity.sql") },
    ],
};
