//! Names: of functions, variables and fields, and of contracts.

use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// Bytes of the longest name.
pub const MAX_NAME: usize = 128;
/// Bytes of the longest contract name in source texts and transactions. Where principals are decoded from stored values, names up
/// to [`MAX_NAME`] are read.
pub const MAX_CONTRACT_NAME: usize = 40;

macro_rules! name {
    ($(#[$doc:meta])* $id:ident, $valid:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $id(Arc<str>);

        impl $id {
            /// The name, if the text is one.
            #[must_use]
            pub fn new(text: &str) -> Option<Self> {
                $valid(text).then(|| Self(Arc::from(text)))
            }

            /// The name as it is written, in ASCII.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl Deref for $id {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<str> for $id {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
    };
}

name!(
    /// A name of the language: `transfer`, `is-owner?`, `+`.
    ClarityName,
    is_clarity_name
);
name!(
    /// A contract's name, the part after the point. `__transient` names the context of a snippet that has no contract.
    ContractName,
    is_contract_name
);

const OPERATORS: [&str; 9] = ["-", "+", "=", "/", "*", "<", ">", "<=", ">="];

/// A letter, then letters, digits and `-_!?+<>=/*`; or an operator.
fn is_clarity_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    let Some(first) = bytes.next() else { return false };
    text.len() <= MAX_NAME
        && (OPERATORS.contains(&text)
            || first.is_ascii_alphabetic() && bytes.all(|b| b.is_ascii_alphanumeric() || b"-_!?+<>=/*".contains(&b)))
}

/// A letter, then letters, digits, `-` and `_`; or `__transient`.
fn is_contract_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    let Some(first) = bytes.next() else { return false };
    text.len() <= MAX_NAME
        && (text == "__transient"
            || first.is_ascii_alphabetic() && bytes.all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_grammar() {
        for good in ["a", "transfer?", "a-", "x1_!?+<>=/*", "<=", "-"] {
            assert!(ClarityName::new(good).is_some(), "{good}");
        }
        for bad in ["", "1a", "-a", "a b", "<>", "é", &"a".repeat(MAX_NAME + 1)] {
            assert!(ClarityName::new(bad).is_none(), "{bad}");
        }
        for (text, good) in [("token-v2", true), ("a?", false), ("__transient", true), ("_a", false), ("", false)] {
            assert_eq!(ContractName::new(text).is_some(), good, "{text}");
        }
    }
}
