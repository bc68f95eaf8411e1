//! Which program a data folder belongs to. Another program would start from nothing in it, beside the first one's files.

use std::io;
use std::path::Path;

/// A program that keeps a data folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// The devnet: participants, and a folder for each of its processes.
    Devnet,
    /// The node, which keeps the chain.
    Node,
    /// A block producer, which keeps what it has signed.
    Producer,
    /// A signer, which keeps what it has signed.
    Signer,
}

impl Owner {
    const ALL: [Self; 4] = [Self::Devnet, Self::Node, Self::Producer, Self::Signer];

    /// Name of a file that is in each folder of this program, and in no other program's.
    #[must_use]
    pub const fn file(self) -> &'static str {
        match self {
            Self::Devnet => "devnet.json",
            Self::Node => "chainstate.sqlite",
            Self::Producer => "producer.sqlite",
            Self::Signer => "signer.sqlite",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Devnet => "the devnet",
            Self::Node => "a node",
            Self::Producer => "a producer",
            Self::Signer => "a signer",
        }
    }
}

/// Refuses a folder that another program keeps. A folder that does not exist belongs to nobody.
///
/// # Errors
/// A text that names the program, and says what to do.
pub fn check(folder: &Path, own: Owner) -> io::Result<()> {
    for other in Owner::ALL.into_iter().filter(|other| *other != own) {
        if folder.join(other.file()).try_exists()? {
            let hint = match (other, own) {
                (Owner::Devnet, Owner::Node) => ": the folder of its node is `node` in it",
                _ => ": give another folder",
            };
            let text = format!("it is the folder of {} ({} is in it){hint}", other.name(), other.file());
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, text));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_serves_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        for owner in Owner::ALL {
            check(folder.path(), owner).unwrap();
            check(&folder.path().join("none"), owner).unwrap();
        }
        for owner in Owner::ALL {
            let file = folder.path().join(owner.file());
            std::fs::write(&file, "").unwrap();
            for other in Owner::ALL {
                let checked = check(folder.path(), other).map_err(|error| error.to_string());
                match other == owner {
                    true => checked.unwrap(),
                    false => assert!(checked.unwrap_err().contains(owner.file())),
                }
            }
            std::fs::remove_file(file).unwrap();
        }
    }
}
