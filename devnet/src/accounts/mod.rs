//! The accounts that have STX in block 0.
//!
//! These ten accounts are the ones that Stacks development tools have used for years. Their keys are public: never use
//! them for real money.

/// An account with an opening balance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Account {
    /// Name in Clarinet's default project: `deployer`, `wallet_1` to `wallet_8`, `faucet`.
    pub name: &'static str,
    /// Private key in hex: 32 bytes, then 01 for a compressed public key.
    pub private_key: &'static str,
    /// Testnet address of the key.
    pub address: &'static str,
    /// The mnemonic from which wallets derive the key (BIP-39; path m/44'/5757'/0'/0/0).
    pub mnemonic: &'static str,
}

/// Micro-STX in one STX.
pub(crate) const USTX_PER_STX: u64 = 1_000_000;

/// Opening balance of each account, in micro-STX.
pub(crate) const OPENING_BALANCE_USTX: u64 = 100_000_000_000_000;

/// The accounts that the devnet's genesis pays.
pub(crate) const ACCOUNTS: [Account; 10] = [
    Account {
        name: "deployer",
        private_key: "753b7cc01a1a2e86221266a154af739463fce51219d97e4f856cd7200c3bd2a601",
        address: "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM",
        mnemonic: concat!(
            "twice kind fence tip hidden tilt action fragile skin nothing glory cousin ",
            "green tomorrow spring wrist shed math olympic multiply hip blue scout claw"
        ),
    },
    Account {
        name: "wallet_1",
        private_key: "7287ba251d44a4d3fd9276c88ce34c5c52a038955511cccaf77e61068649c17801",
        address: "ST1SJ3DTE5DN7X54YDH5D64R3BCB6A2AG2ZQ8YPD5",
        mnemonic: concat!(
            "sell invite acquire kitten bamboo drastic jelly vivid peace spawn twice guilt ",
            "pave pen trash pretty park cube fragile unaware remain midnight betray rebuild"
        ),
    },
    Account {
        name: "wallet_2",
        private_key: "530d9f61984c888536871c6573073bdfc0058896dc1adfe9a6a10dfacadc209101",
        address: "ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AG",
        mnemonic: concat!(
            "hold excess usual excess ring elephant install account glad dry fragile ",
            "donkey gaze humble truck breeze nation gasp vacuum limb head keep delay hospital"
        ),
    },
    Account {
        name: "wallet_3",
        private_key: "d655b2523bcd65e34889725c73064feb17ceb796831c0e111ba1a552b0f31b3901",
        address: "ST2JHG361ZXG51QTKY2NQCVBPPRRE2KZB1HR05NNC",
        mnemonic: concat!(
            "cycle puppy glare enroll cost improve round trend wrist mushroom scorpion tower ",
            "claim oppose clever elephant dinosaur eight problem before frozen dune wagon high"
        ),
    },
    Account {
        name: "wallet_4",
        private_key: "f9d7206a47f14d2870c163ebab4bf3e70d18f5d14ce1031f3902fbbc894fe4c701",
        address: "ST2NEB84ASENDXKYGJPQW86YXQCEFEX2ZQPG87ND",
        mnemonic: concat!(
            "board list obtain sugar hour worth raven scout denial thunder horse ",
            "logic fury scorpion fold genuine phrase wealth news aim below celery when cabin"
        ),
    },
    Account {
        name: "wallet_5",
        private_key: "3eccc5dac8056590432db6a35d52b9896876a3d5cbdea53b72400bc9c2099fe801",
        address: "ST2REHHS5J3CERCRBEPMGH7921Q6PYKAADT7JP2VB",
        mnemonic: concat!(
            "hurry aunt blame peanut heavy update captain human rice crime juice adult ",
            "scale device promote vast project quiz unit note reform update climb purchase"
        ),
    },
    Account {
        name: "wallet_6",
        private_key: "7036b29cb5e235e5fd9b09ae3e8eec4404e44906814d5d01cbca968a60ed4bfb01",
        address: "ST3AM1A56AK2C1XAFJ4115ZSV26EB49BVQ10MGCS0",
        mnemonic: concat!(
            "area desk dutch sign gold cricket dawn toward giggle vibrant indoor bench ",
            "warfare wagon number tiny universe sand talk dilemma pottery bone trap buddy"
        ),
    },
    Account {
        name: "wallet_7",
        private_key: "b463f0df6c05d2f156393eee73f8016c5372caa0e9e29a901bb7171d90dc4f1401",
        address: "ST3PF13W7Z0RRM42A8VZRVFQ75SV1K26RXEP8YGKJ",
        mnemonic: concat!(
            "prevent gallery kind limb income control noise together echo rival record ",
            "wedding sense uncover school version force bleak nuclear include danger skirt enact arrow"
        ),
    },
    Account {
        name: "wallet_8",
        private_key: "6a1a754ba863d7bab14adbbc3f8ebb090af9e871ace621d3e5ab634e1422885e01",
        address: "ST3NBRSFKX28FQ2ZJ1MAKX58HKHSDGNV5N7R21XCP",
        mnemonic: concat!(
            "female adjust gallery certain visit token during great side clown fitness ",
            "like hurt clip knife warm bench start reunion globe detail dream depend fortune"
        ),
    },
    Account {
        name: "faucet",
        private_key: "de433bdfa14ec43aa1098d5be594c8ffb20a31485ff9de2923b2689471c401b801",
        address: "STNHKEPYEPJ8ET55ZZ0M5A34J0R3N5FM2CMMMAZ6",
        mnemonic: concat!(
            "shadow private easily thought say logic fault paddle word top book during ",
            "ignore notable orange flight clock image wealth health outside kitten belt reform"
        ),
    },
];

#[cfg(test)]
mod tests;
