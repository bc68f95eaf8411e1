//! Reads settings files, up to a size.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// Largest config, genesis or token file. A genesis may name hundreds of thousands of accounts.
const MAX_CONFIG_FILE_BYTES: u64 = 64 << 20;

/// The text of a file.
///
/// # Errors
/// The system's error; [`io::ErrorKind::FileTooLarge`] for more than [`MAX_CONFIG_FILE_BYTES`].
pub(super) fn read_text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    // Not every file has a length: a pipe or a device does not.
    let size = File::open(path)?.take(MAX_CONFIG_FILE_BYTES + 1).read_to_string(&mut text)?;
    if size as u64 > MAX_CONFIG_FILE_BYTES {
        let detail = format!("it has more than {MAX_CONFIG_FILE_BYTES} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, detail));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_file_without_an_end_is_refused() {
        let error = read_text(Path::new("/dev/zero")).unwrap_err();
        assert_eq!(error.to_string(), "it has more than 67108864 bytes");
    }
}
