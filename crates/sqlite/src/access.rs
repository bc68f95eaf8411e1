//! Finds the cause of errors for which SQLite only says "unable to open database file", "disk I/O error" or "attempt to
//! write a readonly database".

use std::io;
use std::path::{Path, absolute};

use rustix::fs::{Access, access};

use crate::error::OpenError;
use crate::paths::beside;

/// Bytes of the longest path that SQLite accepts: 512 with the name of a journal.
const PATH_BYTES_MAX: usize = 504;

/// Checks that the file of a database and those beside it can be read and written, or made if they are missing. A
/// missing file or folder is no error here: opening it reports that.
pub(crate) fn check(path: &Path) -> Result<(), OpenError> {
    let whole = absolute(path).map_err(OpenError::file(path))?;
    let bytes = whole.as_os_str().len();
    if bytes > PATH_BYTES_MAX {
        let text =
            format!("the path has {bytes} bytes, SQLite takes {PATH_BYTES_MAX}: use a folder with a shorter one");
        return Err(OpenError::file(path)(io::Error::new(io::ErrorKind::InvalidFilename, text)));
    }
    let files = ["-wal", "-shm", "-sums"].map(|suffix| beside(path, suffix));
    for file in files.iter().map(AsRef::as_ref).chain([path]) {
        allowed(file, Access::READ_OK | Access::WRITE_OK)?;
    }
    whole.parent().map_or(Ok(()), |folder| allowed(folder, Access::WRITE_OK | Access::EXEC_OK))
}

fn allowed(path: &Path, wanted: Access) -> Result<(), OpenError> {
    match access(path, wanted) {
        Ok(()) | Err(rustix::io::Errno::NOENT) => Ok(()),
        Err(error) => Err(OpenError::file(path)(error.into())),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

    use rustix::process::Uid;

    use super::*;

    #[test]
    fn the_longest_path_is_as_long_as_sqlite_takes() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        for bytes in [PATH_BYTES_MAX - 1, PATH_BYTES_MAX, PATH_BYTES_MAX + 1] {
            let mut folder = root.clone();
            while folder.as_os_str().len() + 202 < bytes {
                folder.push("f".repeat(100));
            }
            std::fs::create_dir_all(&folder).unwrap();
            let path = folder.join("d".repeat(bytes - folder.as_os_str().len() - 1));
            assert_eq!(path.as_os_str().len(), bytes);
            let opened = rusqlite::Connection::open(&path);
            assert_eq!(check(&path).is_ok(), opened.is_ok(), "{bytes}");
        }
    }

    #[test]
    fn what_may_not_be_written_is_named() {
        const NOBODY: u32 = 65_534;
        let folder = tempfile::tempdir().unwrap();
        let mode = |path: &Path, mode| std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        let path = folder.path().join("a.sqlite");
        let log = beside(&path, "-wal");
        [&path, &log].into_iter().for_each(|file| std::fs::write(file, "").unwrap());
        mode(folder.path(), 0o777);
        mode(&log, 0o444);
        mode(&path, 0o666);
        let denied = |named: &Path| {
            // Root may write everything, but can run a thread as another user.
            let found = std::thread::scope(|scope| {
                let look = scope.spawn(|| {
                    if rustix::process::getuid().is_root() {
                        rustix::thread::set_thread_uid(Uid::from_raw(NOBODY)).unwrap();
                    }
                    crate::open_unchecked(&path).map(drop)
                });
                look.join().unwrap()
            });
            let Err(OpenError::Io { path, source }) = found else { panic!("{found:?}") };
            assert_eq!((path.as_path(), source.kind()), (named, io::ErrorKind::PermissionDenied));
        };
        denied(&log);
        mode(&log, 0o666);
        mode(folder.path(), 0o555);
        denied(folder.path());
        mode(folder.path(), 0o777);
        check(&path).unwrap();
    }
}
