//! Genesis keys whose value is one of a few words: an enum each, read and written as these words.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A word that its key does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: `{text}` is none of {}", words.join(", "))]
pub struct UnknownWord {
    key: &'static str,
    text: String,
    words: &'static [&'static str],
}

/// Declares an enum of the words that a key may have. The error for another word names the key and its words, in TOML
/// and JSON alike.
macro_rules! choice {
    ($(#[$about:meta])* $name:ident of $key:literal { $($(#[$about_variant:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(into = "&'static str", try_from = "String")]
        pub enum $name {
            $($(#[$about_variant])* $variant,)+
        }

        impl $name {
            /// The words, as files and flags have them.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The word of this value.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl From<$name> for &'static str {
            fn from(choice: $name) -> Self {
                choice.as_str()
            }
        }

        impl TryFrom<String> for $name {
            type Error = UnknownWord;

            fn try_from(text: String) -> Result<Self, UnknownWord> {
                match text.as_str() {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(UnknownWord { key: $key, text, words: Self::WORDS }),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

choice! {
    /// Network whose addresses are used.
    Network of "network" {
        /// Addresses that begin with ST and SN.
        #[default]
        Testnet = "testnet",
        /// Addresses that begin with SP and SM.
        Mainnet = "mainnet",
    }
}

choice! {
    /// How blocks are signed.
    Signing of "signing" {
        /// By the keys of producers and stackers.
        #[default]
        Ecdsa = "ecdsa",
        /// One published constant stands for every signature.
        WellKnown = "well-known",
    }
}

choice! {
    /// Cost limit of a tenure.
    CostLimit of "cost_limit" {
        /// The limit of the reference's test networks.
        #[default]
        Helium20 = "helium-20",
        /// The limit of the epoch on mainnet.
        Mainnet = "mainnet",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{GenesisFile, SAMPLE_GENESIS};

    #[test]
    fn each_word_is_read_back_and_others_are_refused_with_those_that_can_be() {
        fn check<T: TryFrom<String, Error = UnknownWord> + Copy + Into<&'static str>>(words: &[&str], key: &str) {
            for word in words {
                let read: &str = T::try_from((*word).to_owned()).unwrap().into();
                assert_eq!(read, *word);
            }
            let error = T::try_from("devnet".to_owned()).err().unwrap().to_string();
            assert_eq!(error, format!("{key}: `devnet` is none of {}", words.join(", ")));
        }
        check::<Network>(Network::WORDS, "network");
        check::<Signing>(Signing::WORDS, "signing");
        check::<CostLimit>(CostLimit::WORDS, "cost_limit");
    }

    #[test]
    fn a_file_with_another_word_is_refused_with_key_and_words() {
        let folder = tempfile::tempdir().unwrap();
        let sample: GenesisFile = toml::from_str(SAMPLE_GENESIS).unwrap();
        let said = |name: &str, text: String| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            GenesisFile::read(&path).unwrap_err().to_string()
        };
        for (key, word, words) in [
            ("network", "testnet", "testnet, mainnet"),
            ("signing", "ecdsa", "ecdsa, well-known"),
            ("cost_limit", "helium-20", "helium-20, mainnet"),
        ] {
            let expected = format!("{key}: `none` is none of {words}");
            let toml =
                said("g.toml", SAMPLE_GENESIS.replace(&format!("{key} = \"{word}\""), &format!("{key} = \"none\"")));
            assert!(toml.contains(&expected), "{toml}");
            let json = serde_json::to_string(&sample).unwrap();
            let json = said("g.json", json.replace(&format!("\"{key}\":\"{word}\""), &format!("\"{key}\":\"none\"")));
            assert!(json.contains(&expected), "{json}");
        }
    }
}
