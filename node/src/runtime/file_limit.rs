//! Open files: each connection is one, and databases and logs must have theirs even when all connections are in use.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::limits::{LEAST_CONNECTIONS, RESERVED_FILES};

/// The system allows this process fewer open files than it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("at most {limit} files may be open, and the node needs {needed}: raise the limit (ulimit -n)")]
pub struct TooFewFiles {
    limit: usize,
    needed: usize,
}

/// Number of connections that there is room for, at most `wanted`. Raises the process's limit of open files if needed.
///
/// # Errors
/// [`TooFewFiles`]: with fewer, the databases would fail under load.
pub fn raise_file_limit(wanted: usize) -> Result<usize, TooFewFiles> {
    let limit = getrlimit(Resource::Nofile);
    let needed = wanted.saturating_add(RESERVED_FILES);
    let raised = raised(limit, needed);
    // If the system refuses, its limit stays.
    let is_raised = raised == limit.current || setrlimit(Resource::Nofile, Rlimit { current: raised, ..limit }).is_ok();
    room(if is_raised { raised } else { limit.current }, wanted)
}

/// The limit to set: what is needed, but at most the hard limit; `None` is no limit.
fn raised(limit: Rlimit, needed: usize) -> Option<u64> {
    let current = limit.current?;
    let needed = u64::try_from(needed).unwrap_or(u64::MAX);
    Some(current.max(needed.min(limit.maximum.unwrap_or(u64::MAX))))
}

fn room(limit: Option<u64>, wanted: usize) -> Result<usize, TooFewFiles> {
    let limit = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
    let needed = RESERVED_FILES + LEAST_CONNECTIONS.min(wanted);
    if limit < needed { Err(TooFewFiles { limit, needed }) } else { Ok(wanted.min(limit - RESERVED_FILES)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(current: Option<u64>, maximum: Option<u64>) -> Rlimit {
        Rlimit { current, maximum }
    }

    #[test]
    fn the_limit_is_raised_as_far_as_it_may_and_never_lowered() {
        assert_eq!(raised(limit(Some(1024), Some(4096)), 2000), Some(2000));
        assert_eq!(raised(limit(Some(1024), Some(4096)), 9000), Some(4096));
        assert_eq!(raised(limit(Some(1024), None), 9000), Some(9000));
        assert_eq!(raised(limit(Some(1024), Some(4096)), 10), Some(1024));
        assert_eq!(raised(limit(None, None), 10), None);
    }

    #[test]
    fn databases_come_before_connections_and_too_few_are_refused_with_the_number() {
        assert_eq!(room(Some(1024), 4096), Ok(1024 - RESERVED_FILES));
        assert_eq!(room(None, 4096), Ok(4096));
        assert_eq!(room(Some(1024), 1), Ok(1));
        let error = room(Some(128), 4096).unwrap_err();
        assert_eq!(error, TooFewFiles { limit: 128, needed: RESERVED_FILES + LEAST_CONNECTIONS });
        assert!(error.to_string().contains("at most 128 files"));
    }
}
