//! The accounts that have money from the start.
//!
//! They are the ten that Stacks development tools have used for years, with their published keys: good for nothing but play.

/// An account with an opening balance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    /// What people call it.
    pub name: &'static str,
    /// Its private key, 33 bytes hex.
    pub private_key: &'static str,
    /// Its testnet address.
    pub address: &'static str,
}

/// What each of them has at the start, in micro-STX.
pub const OPENING_BALANCE_USTX: u64 = 100_000_000_000_000;

/// The accounts.
pub const ACCOUNTS: [Account; 10] = [
    Account {
        name: "deployer",
        private_key: "753b7cc01a1a2e86221266a154af739463fce51219d97e4f856cd7200c3bd2a601",
        address: "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM",
    },
    Account {
        name: "wallet_1",
        private_key: "7287ba251d44a4d3fd9276c88ce34c5c52a038955511cccaf77e61068649c17801",
        address: "ST1SJ3DTE5DN7X54YDH5D64R3BCB6A2AG2ZQ8YPD5",
    },
    Account {
        name: "wallet_2",
        private_key: "530d9f61984c888536871c6573073bdfc0058896dc1adfe9a6a10dfacadc209101",
        address: "ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AG",
    },
    Account {
        name: "wallet_3",
        private_key: "d655b2523bcd65e34889725c73064feb17ceb796831c0e111ba1a552b0f31b3901",
        address: "ST2JHG361ZXG51QTKY2NQCVBPPRRE2KZB1HR05NNC",
    },
    Account {
        name: "wallet_4",
        private_key: "f9d7206a47f14d2870c163ebab4bf3e70d18f5d14ce1031f3902fbbc894fe4c701",
        address: "ST2NEB84ASENDXKYGJPQW86YXQCEFEX2ZQPG87ND",
    },
    Account {
        name: "wallet_5",
        private_key: "3eccc5dac8056590432db6a35d52b9896876a3d5cbdea53b72400bc9c2099fe801",
        address: "ST2REHHS5J3CERCRBEPMGH7921Q6PYKAADT7JP2VB",
    },
    Account {
        name: "wallet_6",
        private_key: "7036b29cb5e235e5fd9b09ae3e8eec4404e44906814d5d01cbca968a60ed4bfb01",
        address: "ST3AM1A56AK2C1XAFJ4115ZSV26EB49BVQ10MGCS0",
    },
    Account {
        name: "wallet_7",
        private_key: "b463f0df6c05d2f156393eee73f8016c5372caa0e9e29a901bb7171d90dc4f1401",
        address: "ST3PF13W7Z0RRM42A8VZRVFQ75SV1K26RXEP8YGKJ",
    },
    Account {
        name: "wallet_8",
        private_key: "6a1a754ba863d7bab14adbbc3f8ebb090af9e871ace621d3e5ab634e1422885e01",
        address: "ST3NBRSFKX28FQ2ZJ1MAKX58HKHSDGNV5N7R21XCP",
    },
    Account {
        name: "faucet",
        private_key: "de433bdfa14ec43aa1098d5be594c8ffb20a31485ff9de2923b2689471c401b801",
        address: "STNHKEPYEPJ8ET55ZZ0M5A34J0R3N5FM2CMMMAZ6",
    },
];

#[cfg(test)]
mod tests {
    use nakamoto_proto::address::StacksAddress;
    use nakamoto_proto::keys::PrivateKey;

    use super::*;

    #[test]
    fn each_key_is_its_address_and_names_are_unique() {
        for account in ACCOUNTS {
            let key = PrivateKey::from_hex(account.private_key).unwrap();
            assert_eq!(StacksAddress::p2pkh(&key.public_key(), false).to_string(), account.address);
            assert_eq!(ACCOUNTS.iter().filter(|other| other.name == account.name).count(), 1);
        }
    }

    #[test]
    fn they_are_the_accounts_of_the_vectors() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/stacksjs_transactions.json");
        let text = std::fs::read_to_string(path).unwrap();
        let vectors: serde_json::Value = serde_json::from_str(&text).unwrap();
        let balance = vectors["opening_balance_ustx"].to_string();
        assert_eq!(balance.trim_matches('"'), OPENING_BALANCE_USTX.to_string());
        let accounts = vectors["accounts"].as_object().unwrap();
        assert_eq!(accounts.len(), ACCOUNTS.len());
        for account in ACCOUNTS {
            assert_eq!(accounts[account.name]["address"], account.address);
            assert_eq!(accounts[account.name]["private_key"], account.private_key);
        }
    }
}
