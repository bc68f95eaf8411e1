//! Well-formed values of every wire type.

use clarity::names::{ClarityName, ContractName};
use clarity::principal::{ContractId, Principal};
use clarity::value::Value;
use proptest::array::{uniform20, uniform32};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use stacks_types::address::StacksAddress;
use stacks_types::block::{NakamotoStacksBlock, NakamotoStacksBlockHeader};
use stacks_types::ids::{BlockHash, BurnBlockHash, ConsensusHash, Hash160, MerkleRoot, StacksBlockId, StateRoot};
use stacks_types::keys::{KeyEncoding, MessageSignature, PrivateKey};
use stacks_types::proposal::SlotMessage;
use stacks_types::transaction::*;
use stacks_types::value::decode_value;
use stacks_types::vrf::VrfProof;

pub(crate) fn signature() -> impl Strategy<Value = MessageSignature> {
    vec(any::<u8>(), 65).prop_map(|bytes| MessageSignature::try_from(bytes.as_slice()).expect("65 bytes"))
}

pub(crate) fn address() -> impl Strategy<Value = StacksAddress> {
    (0u8..32, uniform20(any::<u8>()))
        .prop_map(|(version, hash)| StacksAddress::new(version, Hash160(hash)).expect("a version"))
}

fn contract_name(length_max: usize) -> impl Strategy<Value = ContractName> {
    let pattern = format!("[a-zA-Z][a-zA-Z0-9_-]{{0,{}}}", length_max - 1);
    proptest::string::string_regex(&pattern)
        .expect("a pattern")
        .prop_map(|name| ContractName::new(&name).expect("a name"))
}

fn clarity_name() -> impl Strategy<Value = ClarityName> {
    prop_oneof![
        "[a-zA-Z][a-zA-Z0-9!?+<>=/*_-]{0,20}",
        Just("<=".to_owned()),
        Just("*".to_owned()),
        Just("a".repeat(128)),
    ]
    .prop_map(|name| ClarityName::new(&name).expect("a name"))
}

pub(crate) fn principal() -> impl Strategy<Value = Principal> {
    (address(), proptest::option::of(contract_name(128))).prop_map(|(address, name)| match name {
        Some(name) => Principal::Contract(ContractId { issuer: address.standard(), name }),
        None => address.to_principal(),
    })
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i128>().prop_map(Value::Int),
        any::<u128>().prop_map(Value::UInt),
        any::<bool>().prop_map(Value::Bool),
        Just(Value::NONE),
        principal().prop_map(Value::principal),
        vec(any::<u8>(), 0..40).prop_map(Value::buffer),
        "[ -~\t\n\r]{0,40}".prop_map(|text| Value::ascii(text.into_bytes()).expect("ascii")),
        any::<String>().prop_map(|text| Value::utf8(&text)),
    ]
}

/// Values up to five levels deep. A list repeats one element, so that its entries have a common type.
pub(crate) fn value() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(4, 24, 6, |inner| {
        prop_oneof![
            inner.clone().prop_map(|value| Value::some(value).expect("small")),
            inner.clone().prop_map(|value| Value::okay(value).expect("small")),
            inner.clone().prop_map(|value| Value::error(value).expect("small")),
            (inner.clone(), 0usize..5).prop_map(|(value, count)| Value::list(vec![value; count]).expect("one type")),
            btree_map("[a-z][a-z0-9]{0,8}", inner, 1..4).prop_map(|fields| {
                let named = |(key, value): (String, Value)| (ClarityName::new(&key).expect("a name"), value);
                Value::tuple(fields.into_iter().map(named).collect()).expect("small")
            }),
        ]
    })
}

fn encoding() -> impl Strategy<Value = KeyEncoding> {
    prop_oneof![Just(KeyEncoding::Compressed), Just(KeyEncoding::Uncompressed)]
}

fn single_sig() -> impl Strategy<Value = SpendingCondition> {
    let mode = prop_oneof![
        encoding().prop_map(|encoding| (SingleSigHashMode::P2pkh, encoding)),
        Just((SingleSigHashMode::P2wpkh, KeyEncoding::Compressed)),
    ];
    (mode, uniform20(any::<u8>()), any::<u64>(), any::<u64>(), signature()).prop_map(
        |((hash_mode, key_encoding), signer, nonce, fee, signature)| {
            SpendingCondition::SingleSig(SingleSigCondition {
                hash_mode,
                signer: Hash160(signer),
                nonce,
                fee,
                key_encoding,
                signature,
            })
        },
    )
}

fn auth_field(encoding: impl Strategy<Value = KeyEncoding>) -> impl Strategy<Value = AuthField> {
    (encoding, any::<bool>(), any::<u8>(), signature()).prop_map(|(encoding, signs, seed, signature)| match signs {
        true => AuthField::Signature { encoding, signature },
        false => AuthField::PublicKey { encoding, key: PrivateKey::from_seed(&[seed]).public_key() },
    })
}

fn multi_sig() -> impl Strategy<Value = SpendingCondition> {
    let parts = prop_oneof![
        (
            prop_oneof![Just(MultiSigHashMode::P2sh), Just(MultiSigHashMode::P2shNonSequential)],
            vec(auth_field(encoding()), 0..5),
        ),
        (
            prop_oneof![Just(MultiSigHashMode::P2wsh), Just(MultiSigHashMode::P2wshNonSequential)],
            vec(auth_field(Just(KeyEncoding::Compressed)), 0..5),
        ),
    ];
    (parts, uniform20(any::<u8>()), any::<u64>(), any::<u64>()).prop_map(|((hash_mode, fields), signer, nonce, fee)| {
        let signatures = fields.iter().filter(|field| matches!(field, AuthField::Signature { .. })).count();
        let signatures_required = u16::try_from(signatures).expect("few");
        let signer = Hash160(signer);
        SpendingCondition::MultiSig(MultiSigCondition { hash_mode, signer, nonce, fee, fields, signatures_required })
    })
}

fn condition() -> impl Strategy<Value = SpendingCondition> {
    prop_oneof![single_sig(), multi_sig()]
}

fn auth() -> impl Strategy<Value = TransactionAuth> {
    prop_oneof![
        condition().prop_map(TransactionAuth::Standard),
        (condition(), condition()).prop_map(|(origin, sponsor)| TransactionAuth::Sponsored { origin, sponsor }),
    ]
}

fn asset() -> impl Strategy<Value = AssetInfo> {
    (address(), contract_name(40), clarity_name()).prop_map(|(address, contract_name, asset_name)| AssetInfo {
        address,
        contract_name,
        asset_name,
    })
}

fn post_condition() -> impl Strategy<Value = PostCondition> {
    let principal = prop_oneof![
        Just(PostConditionPrincipal::Origin),
        address().prop_map(PostConditionPrincipal::Standard),
        (address(), contract_name(40)).prop_map(|(address, name)| PostConditionPrincipal::Contract(address, name)),
    ];
    let code = prop_oneof![
        Just(FungibleCode::Equal),
        Just(FungibleCode::Greater),
        Just(FungibleCode::GreaterOrEqual),
        Just(FungibleCode::Less),
        Just(FungibleCode::LessOrEqual),
    ];
    let nft =
        prop_oneof![Just(NonFungibleCode::Sent), Just(NonFungibleCode::NotSent), Just(NonFungibleCode::MaybeSent)];
    let pox = prop_oneof![Just(PoxCode::NotPerformed), Just(PoxCode::MaybePerformed), Just(PoxCode::Performed)];
    (0u8..5, principal, code, any::<u64>(), asset(), value(), (nft, pox)).prop_map(
        |(kind, principal, code, amount, asset, id, (nft, pox))| match kind {
            0 => PostCondition::Stx { principal, code, amount },
            1 => PostCondition::Fungible { principal, asset, code, amount },
            2 => PostCondition::NonFungible { principal, asset, id, code: nft },
            3 => PostCondition::Staking { principal, code, amount },
            _ => PostCondition::Pox { principal, code: pox },
        },
    )
}

fn poison() -> impl Strategy<Value = TransactionPayload> {
    (any::<u16>(), uniform32(any::<u8>()), uniform32(any::<u8>()), any::<u8>()).prop_map(
        |(sequence, prev, root, seed)| {
            let signature = PrivateKey::from_seed(&[seed]).sign(&root);
            let header = |version| MicroblockHeader {
                version,
                sequence,
                prev_block: BlockHash(prev),
                tx_merkle_root: root,
                signature,
            };
            TransactionPayload::PoisonMicroblock(Box::new([header(0), header(1)]))
        },
    )
}

fn tenure_change() -> impl Strategy<Value = TransactionPayload> {
    (uniform20(any::<u8>()), uniform32(any::<u8>()), any::<u32>(), 0u8..7).prop_map(|(hash, block, blocks, cause)| {
        TransactionPayload::TenureChange(Box::new(TenureChange {
            tenure_consensus_hash: ConsensusHash(hash),
            prev_tenure_consensus_hash: ConsensusHash([3; 20]),
            burn_view_consensus_hash: ConsensusHash(hash),
            previous_tenure_end: StacksBlockId(block),
            previous_tenure_blocks: blocks,
            cause: TenureChangeCause::from_byte(cause).expect("0 to 6"),
            pubkey_hash: Hash160(hash),
        }))
    })
}

fn contract_call() -> impl Strategy<Value = TransactionPayload> {
    (address(), contract_name(40), clarity_name(), vec(value(), 0..4)).prop_map(
        |(address, contract_name, function_name, arguments)| {
            TransactionPayload::ContractCall(ContractCall { address, contract_name, function_name, arguments })
        },
    )
}

fn payload() -> impl Strategy<Value = TransactionPayload> {
    prop_oneof![
        (principal(), any::<u64>(), vec(any::<u8>(), 34)).prop_map(|(recipient, amount, memo)| {
            TransactionPayload::TokenTransfer { recipient, amount, memo: memo.try_into().expect("34 bytes") }
        }),
        (contract_name(40), "[ -~\t\n]{0,200}")
            .prop_map(|(name, code)| TransactionPayload::SmartContract { name, code }),
        (contract_name(40), "[ -~\t\n]{0,200}", 1u8..7).prop_map(|(name, code, version)| {
            let version = ContractVersion::from_byte(version).expect("1 to 6");
            TransactionPayload::VersionedSmartContract { version, name, code }
        }),
        contract_call(),
        poison(),
        uniform32(any::<u8>()).prop_map(|buffer| TransactionPayload::Coinbase { buffer }),
        (uniform32(any::<u8>()), principal())
            .prop_map(|(buffer, recipient)| TransactionPayload::CoinbaseToAltRecipient { buffer, recipient }),
        tenure_change(),
        (uniform32(any::<u8>()), proptest::option::of(principal())).prop_map(|(buffer, recipient)| {
            // The all-01 proof decodes (docs/CONSENSUS.md#vrf).
            let vrf_proof = Box::new(VrfProof([1; 80]));
            TransactionPayload::NakamotoCoinbase { buffer, recipient, vrf_proof }
        }),
    ]
}

pub(crate) fn transaction() -> impl Strategy<Value = StacksTransaction> {
    let post_condition_mode = prop_oneof![
        Just(PostConditionMode::Allow),
        Just(PostConditionMode::Deny),
        Just(PostConditionMode::Originator),
    ];
    (any::<bool>(), any::<u32>(), auth(), post_condition_mode, vec(post_condition(), 0..3), payload()).prop_map(
        |(mainnet, chain_id, auth, post_condition_mode, post_conditions, payload)| StacksTransaction {
            chain_id,
            post_condition_mode,
            post_conditions,
            ..StacksTransaction::new(mainnet, auth, payload)
        },
    )
}

pub(crate) fn header() -> impl Strategy<Value = NakamotoStacksBlockHeader> {
    let hashes = (uniform32(any::<u8>()), uniform32(any::<u8>()), uniform32(any::<u8>()), uniform32(any::<u8>()));
    (any::<u64>(), any::<u64>(), hashes, vec(any::<u8>(), 80), signature(), vec(signature(), 0..4)).prop_map(
        |(chain_length, burn_spent, (burn, parent, merkle, state), proof, producer_signature, stacker_signatures)| {
            NakamotoStacksBlockHeader {
                version: 0,
                chain_length,
                burn_spent,
                bitcoin_block_hash: BurnBlockHash(burn),
                parent_block_id: StacksBlockId(parent),
                tx_merkle_root: MerkleRoot(merkle),
                state_index_root: StateRoot(state),
                vrf_proof: VrfProof::try_from(proof.as_slice()).expect("80 bytes"),
                producer_signature,
                stacker_signatures,
            }
        },
    )
}

pub(crate) fn block() -> impl Strategy<Value = NakamotoStacksBlock> {
    (header(), vec(transaction(), 0..4)).prop_map(|(header, transactions)| {
        let mut txs: Vec<BlockTransaction> = transactions.into_iter().map(BlockTransaction::new).collect();
        txs.sort_by_key(BlockTransaction::txid);
        txs.dedup_by_key(|transaction| transaction.txid());
        NakamotoStacksBlock { header, txs }
    })
}

pub(crate) fn slot_message() -> impl Strategy<Value = SlotMessage> {
    prop_oneof![
        vec(any::<u8>(), 0..200).prop_map(|block| SlotMessage::BlockProposal { block }),
        (uniform32(any::<u8>()), signature())
            .prop_map(|(hash, signature)| SlotMessage::SignatureAccept { block_hash: BlockHash(hash), signature }),
        (uniform32(any::<u8>()), any::<u32>(), "[ -~é☂]{0,100}").prop_map(|(hash, reason_code, reason)| {
            SlotMessage::Reject { block_hash: BlockHash(hash), reason_code, reason }
        }),
    ]
}

/// A decoder as the tests need it: from bytes to the encoding of the decoded value.
pub(crate) type Decoder = fn(&[u8]) -> Option<Vec<u8>>;

/// Every exact decoder of the crate.
pub(crate) const DECODERS: [(&str, Decoder); 6] = [
    ("value", |bytes| decode_value(bytes).ok().map(|value| value.encode())),
    ("transaction", |bytes| StacksTransaction::decode(bytes).ok().map(|transaction| transaction.encode())),
    ("block transaction", |bytes| BlockTransaction::decode(bytes).ok().map(|transaction| transaction.raw().to_vec())),
    ("header", |bytes| NakamotoStacksBlockHeader::decode(bytes).ok().map(|header| header.encode())),
    ("block", |bytes| NakamotoStacksBlock::decode(bytes).ok().map(|block| block.encode())),
    ("slot message", |bytes| SlotMessage::decode(bytes).ok().map(|message| message.encode())),
];
