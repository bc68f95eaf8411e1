//! The two kinds of jobs, and how much of each is kept.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use nakamoto_proto::v1;

use super::board::{Board, BoardLimits};

/// Templates: one producer has one in flight. Eight may wait; 32 results of at most 2 MiB are kept for ten minutes, two
/// burn blocks of bitcoin's own pace.
pub const TEMPLATE_LIMITS: BoardLimits =
    BoardLimits { queue: 8, results: 32, result_bytes: 72 << 20, result_age: Duration::from_secs(600) };
/// Validations: each proposal is asked for by every signer of this node, but joined. 64 may wait (at most 128 MiB of
/// proposals); verdicts are small.
pub const VALIDATION_LIMITS: BoardLimits =
    BoardLimits { queue: 64, results: 1024, result_bytes: 8 << 20, result_age: Duration::from_secs(600) };

/// A template to assemble.
#[derive(Debug, Clone)]
pub struct TemplateJob {
    /// As it came.
    pub request: v1::RequestTemplateRequest,
    /// Do not begin later than this.
    pub not_after: Option<SystemTime>,
}

/// A proposal to validate.
#[derive(Debug, Clone)]
pub struct ValidationJob {
    /// Encoded block.
    pub block: Bytes,
    /// Do not begin later than this.
    pub not_after: Option<SystemTime>,
}

/// Template requests and results.
pub type TemplateJobs = Board<TemplateJob, v1::BlockTemplate>;
/// Validation requests and results.
pub type ValidationJobs = Board<ValidationJob, v1::ValidationVerdict>;

impl TemplateJobs {
    /// With the limits above.
    #[must_use]
    pub fn for_templates() -> Self {
        Self::new(&format!("t-{}", process_tag()), TEMPLATE_LIMITS)
    }
}

impl ValidationJobs {
    /// With the limits above.
    #[must_use]
    pub fn for_validations() -> Self {
        Self::new(&format!("v-{}", process_tag()), VALIDATION_LIMITS)
    }
}

/// Eight hex digits that differ from process to process, as the keys of the standard hash maps do.
fn process_tag() -> String {
    let number = RandomState::new().build_hasher().finish();
    format!("{:08x}", number & 0xffff_ffff)
}
