//! The admin service's client, with the calls that tests make most.

use nakamoto_proto::v1;
use nakamoto_proto::v1::admin_service_client::AdminServiceClient;
use tonic::transport::Channel;

use super::Client;

/// Changes the mocks of a node.
pub struct Admin {
    /// All of its calls.
    pub client: AdminServiceClient<Channel>,
}

impl Admin {
    /// On the client's connection.
    #[must_use]
    pub fn new(client: &Client) -> Self {
        Self { client: AdminServiceClient::new(client.channel.clone()).max_decoding_message_size(64 << 20) }
    }

    /// Burn blocks on the canonical tip. They are announced when this returns.
    ///
    /// # Panics
    /// When the node refuses.
    pub async fn mine_burn_blocks(&mut self, count: u32) -> Vec<v1::BurnBlock> {
        let request = v1::MineBurnBlocksRequest { count: Some(count), ..Default::default() };
        self.client.mine_burn_blocks(request).await.expect("burn blocks").into_inner().burn_blocks
    }

    /// Stacks blocks, all of which must come.
    ///
    /// # Panics
    /// When they do not.
    pub async fn mine_blocks(&mut self, count: u32) -> Vec<v1::BlockRef> {
        let request = v1::MineBlocksRequest { count: Some(count), wait: None };
        let mined = self.client.mine_blocks(request).await.expect("blocks").into_inner();
        assert_eq!(mined.missing, 0, "blocks are missing");
        mined.blocks
    }

    /// What changes when blocks are made.
    ///
    /// # Panics
    /// When the node refuses.
    pub async fn set_mining_mode(&mut self, mode: v1::MiningMode) {
        let request = v1::SetMiningModeRequest { mode: mode.into(), interval: None };
        self.client.set_mining_mode(request).await.expect("the mode is set");
    }
}
