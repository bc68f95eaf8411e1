//! Messages for transactions that row 4 of admission refuses: the cause, and what the sender can do.
//!
//! The reference has one word for nearly all of these, `SignatureValidation`, and clients match on it. Most are not
//! about signatures, so the message names the real cause and what to do.

use stacks_types::keys::{KeyError, MessageSignature};
use stacks_types::transaction::{
    AuthRole, ContractVersion, Epoch, SpendingCondition, StacksTransaction, StaticRejection, VerifyError,
};

/// The transaction is signed for another chain.
pub(super) fn of_chain_id(got: u32, expected: u32) -> String {
    format!(
        "chain id is {got:#010x}, not {expected:#010x}: sign it again with this chain's (the network's chainId in stacks.js)"
    )
}

/// The chain's epoch does not know a feature of the transaction.
pub(super) fn of_epoch(rejection: &StaticRejection) -> String {
    match rejection {
        StaticRejection::TooEarly { needed, .. } => {
            format!("{rejection}: sign it again without, or start a chain with --epoch {}", needed.name())
        }
        StaticRejection::ClarityVersion { .. }
        | StaticRejection::CoinbaseWithoutProof { .. }
        | StaticRejection::CoinbaseWithProof => rejection.to_string(),
    }
}

/// A contract asks for a Clarity version that the chain does not have.
pub(super) fn of_clarity_version(version: ContractVersion, epoch: Epoch) -> String {
    let has = |epoch: &Epoch| epoch.newest_clarity().is_some_and(|newest| version <= newest);
    let needed = Epoch::ALL
        .iter()
        .find(|epoch| has(epoch))
        .map_or_else(String::new, |epoch| format!(", or start a chain with --epoch {}", epoch.name()));
    let newest = epoch.newest_clarity().map_or(0, ContractVersion::to_byte);
    format!(
        "clarity version {} is above {newest}, the newest of epoch {}: deploy with that (clarityVersion in stacks.js) or \
         with none{needed}",
        version.to_byte(),
        epoch.name()
    )
}

/// A signature is missing or not good.
pub(super) fn of_signature(transaction: &StacksTransaction, error: &VerifyError) -> String {
    let role = role_of(error);
    let condition = match role {
        AuthRole::Origin => Some(transaction.auth.origin()),
        AuthRole::Sponsor => transaction.auth.sponsor(),
    };
    if condition.is_some_and(is_unsigned) {
        return match role {
            AuthRole::Origin => "the origin has not signed: sign it before it is sent".to_owned(),
            AuthRole::Sponsor => "it is made for a sponsor, and none has signed: let the sponsor sign it \
                 (sponsorTransaction in stacks.js), or make it without a sponsor"
                .to_owned(),
        };
    }
    match error {
        VerifyError::Signature { source: KeyError::HighS, .. } => {
            format!("{error}: it has a high S; sign with the lower of the two, as secp256k1 libraries do by default")
        }
        VerifyError::Signature { source, .. } => {
            format!("{error}: {source}; sign it again (the bytes are recovery id, r, s)")
        }
        VerifyError::SignatureCount { .. } => {
            format!("{error}: add the missing ones, or send the keys that did not sign")
        }
        VerifyError::Account { source, .. } => format!("{error}: {source}"),
        VerifyError::WrongSigner { role, got, .. } => {
            let mainnet = transaction.version.is_mainnet();
            let named = match role {
                AuthRole::Origin => transaction.origin_address(mainnet),
                AuthRole::Sponsor => transaction.payer(mainnet),
            };
            let signed = named.with_hash(*got);
            format!(
                "the {role} is {named}, but its signatures are by {signed}: sign with the account's own key, and after the \
                 last change of fee, nonce or payload"
            )
        }
    }
}

const fn role_of(error: &VerifyError) -> AuthRole {
    match error {
        VerifyError::Signature { role, .. }
        | VerifyError::SignatureCount { role, .. }
        | VerifyError::Account { role, .. }
        | VerifyError::WrongSigner { role, .. } => *role,
    }
}

/// Whether nobody has signed.
fn is_unsigned(condition: &SpendingCondition) -> bool {
    match condition {
        SpendingCondition::SingleSig(condition) => condition.signature == MessageSignature::default(),
        SpendingCondition::MultiSig(condition) => condition.signatures_required > 0 && condition.signature_count() == 0,
    }
}
