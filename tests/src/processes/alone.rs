//! A node without producer and signers. A second chain in this process makes its blocks, so the test decides when a
//! block comes.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use chainstate::assembly::TemplateOrder;
use chainstate::chain::{NakamotoChainState, Processed, StoreOutcome};
use chainstate::execution::STACK_BYTES;
use chainstate::test_support::{address, key, signed, transfer_payload, vrf_key};
use mockamoto_node::chain::chain_params;
use mockamoto_node::config::GenesisFile;
use nakamoto_proto::v1;
use nakamoto_proto::v1::block_service_client::BlockServiceClient;
use nakamoto_proto::v1::event::Body;
use sqlite::Durability;
use stacks_types::block::NakamotoStacksBlock;
use stacks_types::ids::SortitionHash;
use stacks_types::keys::PrivateKey;
use stacks_types::transaction::TransactionPayload;

use super::cluster::{CONFIG_FILE, Plan, genesis, start_node, start_node_on};
use super::{Client, Process, SmallDisk, Watch, stacksjs};

/// A node with a folder of its own.
pub struct NodeAlone {
    address: String,
    /// The node's process.
    pub node: Process,
    /// The disk that holds its data, if it has one of its own.
    pub disk: Option<SmallDisk>,
    // Dropped last: the log in it must outlive the process, which prints it.
    folder: tempfile::TempDir,
}

impl NodeAlone {
    /// Starts the node on a free port with this config. It mines only one burn block.
    ///
    /// # Panics
    /// When the node does not start.
    #[must_use]
    pub fn start(config: &str) -> Self {
        let folder = new_folder(config);
        let (node, address) = start_node(folder.path(), "127.0.0.1:0", "0");
        Self { address, node, disk: None, folder }
    }

    /// As [`Self::start`], with its data on a disk of `bytes` bytes.
    ///
    /// # Errors
    /// Why this user cannot mount a disk.
    ///
    /// # Panics
    /// When the node does not start.
    pub fn start_on_small_disk(bytes: u64) -> Result<Self, String> {
        let folder = new_folder("");
        std::fs::create_dir(folder.path().join("node")).expect("a data folder");
        let disk = SmallDisk::mount(&folder.path().join("node"), bytes)?;
        let (node, address) = start_node_on(Some(&disk), folder.path(), "127.0.0.1:0", "0");
        Ok(Self { address, node, disk: Some(disk), folder })
    }

    /// Kills the node by kill -9 and starts it on the same port and folder.
    pub fn restart(&mut self) {
        self.node.kill();
        self.node = start_node_on(self.disk.as_ref(), self.folder.path(), &self.address, "0").0;
    }

    /// Path of the genesis file.
    #[must_use]
    pub fn genesis_file(&self) -> PathBuf {
        self.folder.path().join("genesis.json")
    }

    /// Content of the genesis file.
    ///
    /// # Panics
    /// When the file cannot be read.
    #[must_use]
    pub fn genesis_text(&self) -> String {
        std::fs::read_to_string(self.genesis_file()).expect("a genesis file")
    }

    /// Path of its data folder.
    #[must_use]
    pub fn data_folder(&self) -> PathBuf {
        self.folder.path().join("node")
    }

    /// A gRPC client with a connection of its own.
    #[must_use]
    pub fn client(&self) -> Client {
        Client::new(&self.address)
    }

    /// `host:port` of the node.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Makes consecutive blocks that the node will accept, each with this many transfers.
    ///
    /// # Panics
    /// When they cannot be made.
    pub async fn script(&self, blocks: usize, transfers: u64) -> Vec<Vec<u8>> {
        let mut watch = self.client().watch(0).await;
        let burn_block = watch.until("a burn block is mined", |body| match body {
            Body::BurnBlock(event) => event.burn_block.clone().filter(|block| block.height > 0),
            _ => None,
        });
        let (genesis, time_s) = (self.folder.path().join("genesis.json"), burn_block.await.timestamp_s);
        let maker = move || make_blocks(genesis, time_s, blocks, transfers);
        let maker = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(maker).expect("a thread");
        tokio::task::spawn_blocking(|| maker.join().expect("blocks")).await.expect("no panic")
    }

    /// Pushes a block, which is stored when this returns.
    ///
    /// # Panics
    /// When the node does not take it.
    pub async fn push(&self, client: &Client, block: &[u8]) {
        let mut service = BlockServiceClient::new(client.channel.clone());
        let request = v1::PushBlockRequest { block: block.to_vec().into() };
        let answer = service.push_block(request).await.expect("an answer").into_inner();
        assert_eq!(answer.outcome(), v1::PushOutcome::Accepted, "{answer:?}");
    }

    /// Pushes blocks, each after the one before is processed, and returns the time that it took.
    ///
    /// # Panics
    /// When the node does not take one.
    pub async fn push_all(&self, client: &Client, watch: &mut Watch, blocks: &[Vec<u8>]) -> Duration {
        let begun = Instant::now();
        for block in blocks {
            self.push(client, block).await;
            watch.block().await;
        }
        begun.elapsed()
    }
}

fn new_folder(config: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let genesis = serde_json::to_string_pretty(&genesis(&Plan::default())).expect("JSON");
    std::fs::write(folder.path().join("genesis.json"), genesis).expect("a genesis file");
    std::fs::write(folder.path().join(CONFIG_FILE), config).expect("a config file");
    folder
}

/// An address that occurs in no block.
#[must_use]
pub fn address_of_nobody() -> String {
    address("nobody", 0).to_string()
}

/// A block as its producer proposes it, without the stackers' signatures.
///
/// # Panics
/// When the bytes are no block.
#[must_use]
pub fn proposal_of(block: &[u8]) -> NakamotoStacksBlock {
    let mut block = NakamotoStacksBlock::decode(block).expect("a block");
    block.header.stacker_signatures.clear();
    block
}

fn make_blocks(genesis: PathBuf, burn_time_s: u64, blocks: usize, transfers: u64) -> Vec<Vec<u8>> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let params = chain_params(&GenesisFile::read(&genesis).expect("a genesis")).expect("a good genesis");
    let (chain, _) = NakamotoChainState::open(folder.path(), params, Durability::Synced, || 0).expect("a chain");
    chain.mine_burn_block(None, burn_time_s).expect("a burn block");
    while chain.announce().expect("storage works") {}
    let wallet = stacksjs()["accounts"]["wallet_1"]["private_key"].as_str().map(PrivateKey::from_hex);
    let wallet = wallet.expect("a key").expect("a key");
    let to = address("stacker", 0).to_principal();
    let mut made = Vec::new();
    for number in 0..blocks as u64 {
        for nonce in number * transfers..(number + 1) * transfers {
            let transaction = signed(&wallet, nonce, 1_000, transfer_payload(to.clone(), 1));
            chain.admit_transaction(transaction.encode()).expect("storage works").expect("a good transaction");
        }
        let coinbase = (number == 0)
            .then(|| signed(&key("producer", 0), 0, 0, TransactionPayload::Coinbase { buffer: [0; 32] }).encode());
        let order = TemplateOrder { coinbase, allow_empty: true, ..TemplateOrder::default() };
        let assembled =
            chain.assemble(&order, Duration::MAX, &AtomicBool::new(false)).expect("storage works").expect("a template");
        let block = finish(&assembled.template);
        let encoded = block.encode();
        assert!(matches!(chain.store_block(&encoded, |_| ()).expect("storage works"), StoreOutcome::Stored(_)));
        while chain.announce().expect("storage works") {}
        let done = chain.process_next().expect("storage works");
        assert!(matches!(done, Some(Processed::Appended(_))), "{done:?}");
        made.push(encoded);
    }
    made
}

fn finish(template: &v1::BlockTemplate) -> NakamotoStacksBlock {
    let mut block = NakamotoStacksBlock::decode(&template.block).expect("a block");
    let sortition = SortitionHash::try_from(&template.sortition_hash[..]).expect("32 bytes");
    block.header.vrf_proof = vrf_key(0).prove(sortition.as_bytes());
    block.header.sign_producer(&key("producer", 0));
    block.header.stacker_signatures =
        (0..Plan::default().running_signers).map(|index| block.header.sign_stacker(&key("stacker", index))).collect();
    block
}
