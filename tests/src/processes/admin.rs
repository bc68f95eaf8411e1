//! A client of the admin service with the calls that tests make most.

use nakamoto_proto::v1;
use nakamoto_proto::v1::admin_service_client::AdminServiceClient;
use tonic::transport::Channel;

use super::Client;

/// Client of a node's admin service.
pub struct Admin {
    /// The generated client, for all other calls.
    pub client: AdminServiceClient<Channel>,
}

impl Admin {
    /// Uses the connection of `client`.
    #[must_use]
    pub fn new(client: &Client) -> Self {
        Self { client: AdminServiceClient::new(client.channel.clone()).max_decoding_message_size(64 << 20) }
    }

    /// Mines burn blocks on the canonical tip. They are announced when this returns.
    ///
    /// # Panics
    /// When the node refuses.
    pub async fn mine_burn_blocks(&mut self, count: u32) -> Vec<v1::BurnBlock> {
        let request = v1::MineBurnBlocksRequest { count: Some(count), ..Default::default() };
        self.client.mine_burn_blocks(request).await.expect("burn blocks").into_inner().burn_blocks
    }

    /// Requests Stacks blocks, and waits for all of them.
    ///
    /// # Panics
    /// When fewer come.
    pub async fn mine_blocks(&mut self, count: u32) -> Vec<v1::BlockRef> {
        let request = v1::MineBlocksRequest { count: Some(count), wait: None };
        let mined = self.client.mine_blocks(request).await.expect("blocks").into_inner();
        assert_eq!(mined.missing, 0, "blocks are missing");
        mined.blocks
    }

    /// Sets when blocks are made.
    ///
    /// # Panics
    /// When the node refuses.
    pub async fn set_mining_mode(&mut self, mode: v1::MiningMode) {
        let request = v1::SetMiningModeRequest { mode: mode.into(), interval: None };
        self.client.set_mining_mode(request).await.expect("the mode is set");
    }
}
