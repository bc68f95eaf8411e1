//! The mined transactions at the terminal: who did what, with what result, and what contracts printed.

use std::fmt::{self, Write as _};
use std::time::Instant;

use clarity::value::Value;
use nakamoto_proto::v1::transaction_event::Body as EventBody;
use nakamoto_proto::v1::{BlockProcessed, ContractPrint, TransactionReceipt, TransactionStatus};
use stacks_types::transaction::{StacksTransaction, TransactionPayload, TransactionVersion};

use super::line_budget::LineBudget;
use crate::accounts::{ACCOUNTS, USTX_PER_STX};

/// Most mined transactions that are shown in each window of ten seconds; more are counted.
const TRANSACTIONS_SHOWN: u32 = 20;

/// Most prints that are shown of one transaction.
const PRINTS_SHOWN: usize = 10;

/// Most bytes of a value's text, and of a failure's, that are shown.
const TEXT_SHOWN: usize = 200;

/// Makes a line for each mined transaction, and one for each print of it.
#[derive(Debug)]
pub(super) struct TransactionLines {
    budget: LineBudget,
}

impl TransactionLines {
    pub(super) const fn new(now: Instant) -> Self {
        Self { budget: LineBudget::new(TRANSACTIONS_SHOWN, now) }
    }

    /// The lines of a block; none for what the producer puts into it.
    pub(super) fn of_block(&mut self, block: &BlockProcessed, now: Instant) -> Vec<String> {
        let height = block.block.as_ref().map_or(0, |names| names.chain_length);
        let mut lines = Vec::new();
        for receipt in &block.receipts {
            let Some(what) = what_it_does(receipt) else { continue };
            let Some(more) = self.budget.take(now, 1) else { continue };
            let (txid, outcome) = (hex::encode(&receipt.txid), outcome(receipt));
            lines.push(format!("transaction 0x{txid} in block {height}{more}:\n  {what}{outcome}"));
            lines.extend(prints(receipt));
        }
        lines
    }
}

/// What the sender does with a transaction; `None` for a producer's own.
fn what_it_does(receipt: &TransactionReceipt) -> Option<String> {
    let transaction = StacksTransaction::decode(&receipt.transaction).ok()?;
    let sender = transaction.origin_address(transaction.version == TransactionVersion::Mainnet);
    let sender = named(&sender.to_string());
    Some(match &transaction.payload {
        TransactionPayload::TokenTransfer { recipient, amount, .. } => {
            let (stx, ustx) = (amount / USTX_PER_STX, amount % USTX_PER_STX);
            let amount = format!("{stx}.{ustx:06}");
            let (amount, recipient) =
                (amount.trim_end_matches('0').trim_end_matches('.'), named(&recipient.to_string()));
            format!("{sender} sends {amount} STX to {recipient}")
        }
        TransactionPayload::SmartContract { name, .. } | TransactionPayload::VersionedSmartContract { name, .. } => {
            format!("{sender} deploys {name}")
        }
        TransactionPayload::ContractCall(call) => {
            let contract = named(&format!("{}.{}", call.address, call.contract_name));
            let arguments = call.arguments.iter().map(|argument| format!(" {}", shortened(argument)));
            format!("{sender} calls ({contract} {}{})", call.function_name, arguments.collect::<String>())
        }
        TransactionPayload::PoisonMicroblock(_)
        | TransactionPayload::Coinbase { .. }
        | TransactionPayload::CoinbaseToAltRecipient { .. }
        | TransactionPayload::TenureChange(_)
        | TransactionPayload::NakamotoCoinbase { .. } => return None,
    })
}

/// An account or contract, by the account's name where it is one of the devnet's: `wallet_1.counter`.
fn named(principal: &str) -> String {
    let (address, contract) = principal.split_at(principal.find('.').unwrap_or(principal.len()));
    let account = ACCOUNTS.iter().find(|account| account.address == address);
    format!("{}{contract}", account.map_or(address, |account| account.name))
}

/// The result, and why it failed if it did.
fn outcome(receipt: &TransactionReceipt) -> String {
    let result = value(&receipt.result);
    let failure = match receipt.status() {
        TransactionStatus::Success => return format!(": {result}"),
        TransactionStatus::AbortByPostCondition => "a post-condition failed",
        TransactionStatus::AbortByResponse | TransactionStatus::Unspecified => "failed",
    };
    match receipt.vm_error.is_empty() {
        true => format!(": {failure}, {result}"),
        false => format!(": {failure}, {result}: {}", shortened(&receipt.vm_error)),
    }
}

/// A line for each print.
fn prints(receipt: &TransactionReceipt) -> Vec<String> {
    let prints = receipt.events.iter().filter_map(|event| match &event.body {
        Some(EventBody::ContractPrint(print)) => Some(print),
        _ => None,
    });
    let line = |print: &ContractPrint| format!("  {} prints {}", named(&print.contract_id), value(&print.value));
    let mut lines: Vec<_> = prints.clone().take(PRINTS_SHOWN).map(line).collect();
    match prints.skip(PRINTS_SHOWN).count() {
        0 => {}
        more => lines.push(format!("  and {more} more prints")),
    }
    lines
}

/// A value in the language's words.
fn value(bytes: &[u8]) -> String {
    match Value::decode_made(bytes) {
        Ok(value) => shortened(&value),
        Err(_) => format!("0x{}", shortened(&hex::encode(bytes))),
    }
}

/// A text's first [`TEXT_SHOWN`] bytes. The rest is not even written: a value's text may have megabytes.
fn shortened(text: &impl fmt::Display) -> String {
    struct Beginning(String);
    impl fmt::Write for Beginning {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            for character in text.chars() {
                if self.0.len() + character.len_utf8() > TEXT_SHOWN {
                    return Err(fmt::Error);
                }
                self.0.push(character);
            }
            Ok(())
        }
    }
    let mut beginning = Beginning(String::new());
    match write!(beginning, "{text}") {
        Ok(()) => beginning.0,
        Err(fmt::Error) => beginning.0 + "...",
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clarity::names::{ClarityName, ContractName};
    use clarity::principal::Principal;
    use nakamoto_proto::v1::{BlockRef, TransactionEvent};
    use stacks_types::address::StacksAddress;
    use stacks_types::keys::PrivateKey;
    use stacks_types::transaction::{ContractCall, SpendingCondition, TransactionAuth};

    use super::*;

    /// A receipt of wallet_1's transaction with this payload.
    fn receipt(payload: TransactionPayload, result: &Value) -> TransactionReceipt {
        let wallet = PrivateKey::from_hex(ACCOUNTS[1].private_key).unwrap();
        let auth = TransactionAuth::Standard(SpendingCondition::p2pkh(&wallet, 0, 0));
        TransactionReceipt {
            txid: vec![0xab; 32].into(),
            status: TransactionStatus::Success.into(),
            result: result.encode().into(),
            transaction: StacksTransaction::new(false, auth, payload).encode().into(),
            ..TransactionReceipt::default()
        }
    }

    fn call(arguments: Vec<Value>, result: &Value) -> TransactionReceipt {
        let call = ContractCall {
            address: StacksAddress::parse(ACCOUNTS[2].address).unwrap(),
            contract_name: ContractName::new("counter").unwrap(),
            function_name: ClarityName::new("add").unwrap(),
            arguments,
        };
        receipt(TransactionPayload::ContractCall(call), result)
    }

    fn ok(value: Value) -> Value {
        Value::Ok(value.into())
    }

    fn block(receipts: Vec<TransactionReceipt>) -> BlockProcessed {
        let names = BlockRef { chain_length: 7, ..BlockRef::default() };
        BlockProcessed { block: Some(names), receipts, ..BlockProcessed::default() }
    }

    /// The lines of one transaction, without the first.
    fn lines(receipt: TransactionReceipt) -> Vec<String> {
        let now = Instant::now();
        let mut lines = TransactionLines::new(now).of_block(&block(vec![receipt]), now);
        let first = format!("transaction 0x{} in block 7:", "ab".repeat(32));
        let text = lines.join("\n");
        assert_eq!(text.lines().next(), Some(first.as_str()));
        lines.clear();
        lines.extend(text.lines().skip(1).map(str::to_owned));
        lines
    }

    #[test]
    fn accounts_of_the_devnet_have_their_names_and_others_their_address() {
        let recipient = "ST000000000000000000002AMW42H";
        let transfer = |amount, recipient: &str| TransactionPayload::TokenTransfer {
            recipient: Principal::parse(recipient).unwrap(),
            amount,
            memo: [0; 34],
        };
        let of = |amount, recipient| lines(receipt(transfer(amount, recipient), &ok(Value::Bool(true))));
        assert_eq!(of(1_500_000, recipient), [format!("  wallet_1 sends 1.5 STX to {recipient}: (ok true)")]);
        assert_eq!(of(1, ACCOUNTS[2].address), ["  wallet_1 sends 0.000001 STX to wallet_2: (ok true)"]);
        let vault = format!("{}.vault", ACCOUNTS[0].address);
        assert_eq!(of(20_000_000, &vault), ["  wallet_1 sends 20 STX to deployer.vault: (ok true)"]);
    }

    #[test]
    fn a_failure_has_its_result_and_its_cause() {
        let mut failed = call(vec![Value::UInt(30), Value::Bool(true)], &Value::Err(Value::UInt(7).into()));
        failed.set_status(TransactionStatus::AbortByResponse);
        assert_eq!(lines(failed.clone()), ["  wallet_1 calls (wallet_2.counter add u30 true): failed, (err u7)"]);
        failed.vm_error = "DivisionByZero".to_owned();
        let text = "  wallet_1 calls (wallet_2.counter add u30 true): failed, (err u7): DivisionByZero";
        assert_eq!(lines(failed.clone()), [text]);
        failed.set_status(TransactionStatus::AbortByPostCondition);
        assert!(lines(failed)[0].contains("): a post-condition failed, (err u7): DivisionByZero"));
    }

    #[test]
    fn prints_follow_their_transaction_and_long_texts_and_many_prints_are_cut() {
        let long = Value::Buffer(vec![0xcd; 1 << 20].into());
        let mut printing = call(vec![], &ok(Value::UInt(1)));
        let print = |value: &Value| {
            let contract_id = format!("{}.counter", ACCOUNTS[2].address);
            let print = ContractPrint { contract_id, value: value.encode().into(), ..ContractPrint::default() };
            TransactionEvent { event_index: 0, body: Some(EventBody::ContractPrint(print)) }
        };
        printing.events = vec![print(&Value::Bool(true)), print(&long)];
        let shown = lines(printing.clone());
        assert_eq!(shown[..2], ["  wallet_1 calls (wallet_2.counter add): (ok u1)", "  wallet_2.counter prints true"]);
        let start = format!("  wallet_2.counter prints 0x{}...", "cd".repeat(TEXT_SHOWN / 2 - 1));
        assert_eq!(shown[2..], [start]);
        printing.events = vec![print(&Value::Bool(true)); PRINTS_SHOWN + 3];
        let shown = lines(printing);
        assert_eq!(shown.len(), 1 + PRINTS_SHOWN + 1);
        assert_eq!(shown.last().map(String::as_str), Some("  and 3 more prints"));
    }

    #[test]
    fn what_the_producer_puts_in_is_not_shown_and_a_flood_is_counted() {
        let now = Instant::now();
        let mut lines = TransactionLines::new(now);
        let coinbase = receipt(TransactionPayload::Coinbase { buffer: [0; 32] }, &ok(Value::Bool(true)));
        assert_eq!(lines.of_block(&block(vec![coinbase]), now), [""; 0]);
        let many = |count| block(vec![call(vec![], &ok(Value::UInt(1))); count]);
        let shown = usize::try_from(TRANSACTIONS_SHOWN).unwrap();
        assert_eq!(lines.of_block(&many(shown + 30), now).len(), shown);
        assert_eq!(lines.of_block(&many(5), now + Duration::from_secs(9)).len(), 0);
        let later = lines.of_block(&many(1), now + Duration::from_secs(10));
        assert!(later[0].contains(" in block 7 (and 35 more before):"), "{later:?}");
    }
}
