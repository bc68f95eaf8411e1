//! Disturbances: kills, pauses, burn blocks, reorganizations and peers that do not read, chosen at random from a seed.

use std::collections::BTreeSet;
use std::time::Duration;

use nakamoto_proto::v1;
use nakamoto_proto::v1::admin_service_client::AdminServiceClient;
use tests::processes::{Cluster, WAIT};
use tests::random::Rng;
use tokio::net::TcpStream;

use super::{deep, readers};

/// Most peers at once that do not read.
const READERS_MAX: u64 = 60;
/// Most offers of deep contracts at once.
const DEEP_MAX: u64 = 40;
/// Deepest reorganization of the mocked bitcoin.
const DEPTH_MAX: u64 = 5;

/// Disturbs a cluster with one action after another.
pub(crate) struct Chaos {
    cluster: Cluster,
    random: Rng,
    /// Connections of peers that do not read.
    unread: Vec<TcpStream>,
    /// Ids of contracts that can never be mined.
    deep: BTreeSet<[u8; 32]>,
}

impl Chaos {
    pub(crate) fn new(cluster: Cluster, seed: u64) -> Self {
        Self { cluster, random: Rng::from_seed(seed), unread: Vec::new(), deep: BTreeSet::new() }
    }

    pub(crate) fn node_pid(&self) -> u32 {
        self.cluster.node.id()
    }

    /// Returns the cluster with everything running, and the ids of offers that can never be mined.
    pub(crate) fn end(self) -> (Cluster, BTreeSet<[u8; 32]>) {
        (self.cluster, self.deep)
    }

    /// Waits a little, does something, and returns a description of it.
    pub(crate) async fn act(&mut self) -> String {
        tokio::time::sleep(Duration::from_millis(self.random.number_below(900))).await;
        let mut one_of = |count: usize| u8::try_from(self.random.below(count)).expect("few processes");
        let (producer, signer) = (one_of(self.cluster.producers.len()), one_of(self.cluster.signers.len()));
        match self.random.number_below(15) {
            0 | 1 => {
                self.cluster.restart_node("0");
                "the node was killed".to_owned()
            }
            2 | 3 => {
                self.cluster.restart_producer(producer);
                format!("producer {producer} was killed")
            }
            4 | 5 => {
                self.cluster.restart_signer(signer);
                format!("signer {signer} was killed")
            }
            6 => {
                let pause = Duration::from_millis(100 + self.random.number_below(700));
                self.cluster.signers[usize::from(signer)].freeze();
                tokio::time::sleep(pause).await;
                self.cluster.signers[usize::from(signer)].thaw();
                format!("signer {signer} stood still for {pause:?}")
            }
            7..=9 => {
                let count = 1 + self.random.number_below(3);
                self.mine(count).await;
                format!("{count} burn blocks were mined")
            }
            10 | 11 => {
                let (kind, count) =
                    (self.random.number_below(readers::KINDS.len() as u64), 1 + self.random.number_below(READERS_MAX));
                let address = self.cluster.address().parse().expect("an address");
                let few = |number| usize::try_from(number).expect("few");
                let (what, open) = readers::open(address, few(kind), few(count)).await;
                self.unread = open;
                what
            }
            12 => {
                let count = 1 + self.random.number_below(DEEP_MAX);
                let salt = self.random.bits();
                self.deep.extend(deep::offer(&self.cluster.client(), salt, count));
                format!("{count} deep contracts were offered")
            }
            _ => {
                let depth = 1 + self.random.number_below(DEPTH_MAX);
                self.reorganize(depth).await;
                format!("bitcoin reorganized {depth} deep")
            }
        }
    }

    fn admin(&self) -> AdminServiceClient<tonic::transport::Channel> {
        AdminServiceClient::new(self.cluster.client().channel)
    }

    async fn mine(&self, count: u64) {
        let request = v1::MineBurnBlocksRequest { count: u32::try_from(count).ok(), ..Default::default() };
        let mined = tokio::time::timeout(WAIT, self.admin().mine_burn_blocks(request)).await;
        mined.expect("an answer in time").expect("burn blocks");
    }

    async fn reorganize(&self, depth: u64) {
        let request = v1::ReorganizeBurnchainRequest { depth: u32::try_from(depth).ok(), ..Default::default() };
        match tokio::time::timeout(WAIT, self.admin().reorganize_burnchain(request)).await.expect("an answer in time") {
            Ok(_) => {}
            // The chain is still too short.
            Err(status) if status.code() == tonic::Code::FailedPrecondition => {}
            Err(status) if status.code() == tonic::Code::InvalidArgument => {}
            Err(status) => panic!("{status}"),
        }
    }
}
