//! Private keys from the environment or a file; never from the command line, which other users of the machine can read.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use stacks_types::keys::PrivateKey;
use stacks_types::vrf::VrfPrivateKey;

/// Longest key file, in bytes: room for a hundred keys of 33 bytes as hex, with prefixes and line ends.
const MAX_KEY_FILE_BYTES: u64 = 8192;

/// Where a secret comes from: the file if one is given, else the environment variable.
#[derive(Debug, Clone)]
pub struct SecretSource {
    /// Name of the environment variable, which holds hex.
    pub variable: &'static str,
    /// Path of a file with hex text; `None` to read the variable.
    pub file: Option<PathBuf>,
}

/// Why a secret cannot be read. Never holds a part of it.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// There is neither a file nor the variable.
    #[error("no key: set the environment variable {variable} (hex) or give a key file")]
    Missing {
        /// Name of the variable.
        variable: &'static str,
    },
    /// The system cannot read the file.
    #[error("key file {path} cannot be read")]
    File {
        /// Path of the key file.
        path: PathBuf,
        /// Error of the system.
        #[source]
        source: std::io::Error,
    },
    /// The file is longer than a key file can be.
    #[error("key file {path} is longer than {MAX_KEY_FILE_BYTES} bytes")]
    TooLong {
        /// Path of the key file.
        path: PathBuf,
    },
    /// The text is not a key of the wanted kind.
    #[error("{place} does not hold {expected}")]
    Invalid {
        /// The variable or file that was read.
        place: String,
        /// What it should hold, for the message.
        expected: &'static str,
    },
}

/// Reads a secp256k1 private key: hex of 32 bytes, or of 33 with 01 at the end (compressed, the usual form on Stacks).
/// With 32 bytes, too, the public key is compressed, as block signers and stackers need it.
///
/// # Errors
/// [`SecretError`] names the variable or file, never the text in it.
pub fn read_private_key(source: &SecretSource) -> Result<PrivateKey, SecretError> {
    let (place, text) = read(source)?;
    private_key(&text).ok_or(SecretError::Invalid { place, expected: "a private key: 32 or 33 bytes as hex" })
}

/// Reads one or more keys of that form, separated by commas or white space.
///
/// # Errors
/// As [`read_private_key`].
pub fn read_private_keys(source: &SecretSource) -> Result<Vec<PrivateKey>, SecretError> {
    let (place, text) = read(source)?;
    let words = text.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty());
    let keys: Option<Vec<_>> = words.map(private_key).collect();
    let expected = "private keys: 32 or 33 bytes as hex each";
    keys.filter(|keys| !keys.is_empty()).ok_or(SecretError::Invalid { place, expected })
}

fn private_key(text: &str) -> Option<PrivateKey> {
    let key = PrivateKey::from_hex(text.strip_prefix("0x").unwrap_or(text)).ok()?;
    Some(key.with_encoding(stacks_types::keys::KeyEncoding::Compressed))
}

/// Reads a VRF private key: hex of its 32-byte seed.
///
/// # Errors
/// [`SecretError`] names the variable or file, never the text in it.
pub fn read_vrf_key(source: &SecretSource) -> Result<VrfPrivateKey, SecretError> {
    let (place, text) = read(source)?;
    let invalid = || SecretError::Invalid { place: place.clone(), expected: "a vrf key seed: 32 bytes as hex" };
    let mut seed = [0_u8; 32];
    hex::decode_to_slice(text.strip_prefix("0x").unwrap_or(&text), &mut seed).map_err(|_| invalid())?;
    Ok(VrfPrivateKey::from_seed(&seed))
}

/// The variable or file that was read, and its text without white space around it.
fn read(source: &SecretSource) -> Result<(String, String), SecretError> {
    let (place, text) = match &source.file {
        Some(path) => (format!("key file {}", path.display()), read_file(path)?),
        None => match std::env::var(source.variable) {
            Ok(text) => (format!("environment variable {}", source.variable), text),
            Err(_) => return Err(SecretError::Missing { variable: source.variable }),
        },
    };
    Ok((place, text.trim().to_owned()))
}

fn read_file(path: &Path) -> Result<String, SecretError> {
    let failed = |source| SecretError::File { path: path.to_owned(), source };
    let mut text = String::new();
    // The length of a pipe or a device is unknown, so the read is bounded.
    let bound = MAX_KEY_FILE_BYTES.saturating_add(1);
    let read = std::fs::File::open(path).and_then(|file| file.take(bound).read_to_string(&mut text)).map_err(failed)?;
    if read as u64 > MAX_KEY_FILE_BYTES {
        return Err(SecretError::TooLong { path: path.to_owned() });
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A source with this content in a file, which exists as long as the second value.
    fn source(content: &str) -> (SecretSource, tempfile::NamedTempFile) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, content).unwrap();
        let path = Some(file.path().to_owned());
        (SecretSource { variable: "MOCKAMOTO_TEST_KEY_THAT_IS_NOT_SET", file: path }, file)
    }

    #[test]
    fn both_forms_of_a_private_key_are_one_key() {
        let scalar = "11".repeat(32);
        let (short, _file) = source(&format!("{scalar}\n"));
        let (long, _other) = source(&format!("0x{scalar}01"));
        let (short, long) = (read_private_key(&short).unwrap(), read_private_key(&long).unwrap());
        assert_eq!(short.public_key().to_compressed(), long.public_key().to_compressed());
        assert_eq!(short.encoding(), stacks_types::keys::KeyEncoding::Compressed);
        assert_eq!(long.encoding(), stacks_types::keys::KeyEncoding::Compressed);
    }

    #[test]
    fn several_keys_stand_beside_each_other() {
        let [one, two] = ["11", "22"].map(|byte| byte.repeat(32));
        for text in [format!("{one},{two}"), format!("0x{one}01\n{two}\n"), format!(" {one} , 0x{two} ")] {
            let (keys, _file) = source(&text);
            let keys = read_private_keys(&keys).unwrap();
            let expected = [&one, &two].map(|hex| PrivateKey::from_hex(hex).unwrap().public_key().hash160());
            assert_eq!(keys.iter().map(|key| key.public_key().hash160()).collect::<Vec<_>>(), expected, "{text:?}");
        }
        for text in [String::new(), " , ".to_owned(), format!("{one},{two}z")] {
            let (keys, _file) = source(&text);
            let error = read_private_keys(&keys).unwrap_err().to_string();
            assert!(error.contains("private keys") && !error.contains(&one), "{error}");
        }
    }

    #[test]
    fn an_error_names_the_place_and_never_the_text() {
        let secret = "zz".repeat(32);
        let (bad, _file) = source(&secret);
        for text in [read_private_key(&bad).unwrap_err().to_string(), read_vrf_key(&bad).unwrap_err().to_string()] {
            assert!(text.contains("key file") && !text.contains("zz"), "{text}");
        }
        let (long, _other) = source(&"0".repeat(10_000));
        assert!(matches!(read_vrf_key(&long), Err(SecretError::TooLong { .. })));
        let (most, _third) = source(&" ".repeat(usize::try_from(MAX_KEY_FILE_BYTES).unwrap()));
        assert!(!matches!(read_vrf_key(&most), Err(SecretError::TooLong { .. })));
        let endless = SecretSource { variable: "NONE", file: Some("/dev/zero".into()) };
        assert!(matches!(read_vrf_key(&endless), Err(SecretError::TooLong { .. })));
        let missing = SecretSource { variable: "MOCKAMOTO_TEST_KEY_THAT_IS_NOT_SET", file: None };
        assert!(read_vrf_key(&missing).unwrap_err().to_string().contains("MOCKAMOTO_TEST_KEY_THAT_IS_NOT_SET"));
    }
}
