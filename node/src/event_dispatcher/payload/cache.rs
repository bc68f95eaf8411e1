//! Bodies that are being posted, shared by observers that get the same one.
//!
//! # Invariants
//! - The cache keeps no body alive: a body lives as long as a post of it is in progress.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use bytes::Bytes;

use super::{EncodeError, Endpoint, PostedEvents, View, encode};

/// What a body depends on: the first and last event, the endpoint, and for `/new_block` the view.
type Key = ((u64, u64), Endpoint, Option<View>);

/// Makes each body once for all observers that get it at the same time.
#[derive(Default)]
pub(in super::super) struct PayloadCache {
    bodies: Mutex<BTreeMap<Key, Weak<Vec<u8>>>>,
}

/// A body that is being posted. Cheap to clone.
#[derive(Debug, Clone)]
pub(in super::super) struct Body(Arc<Vec<u8>>);

impl AsRef<[u8]> for Body {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Body {
    /// The bytes for a request; they keep the body alive.
    pub(in super::super) fn bytes(&self) -> Bytes {
        Bytes::from_owner(self.clone())
    }
}

impl PayloadCache {
    /// The body, made now or shared with another observer's post. Other observers wait while it is made, as they may
    /// want the same one.
    pub(in super::super) fn body(
        &self,
        endpoint: Endpoint,
        posted: &PostedEvents,
        view: &View,
    ) -> Result<Body, EncodeError> {
        let of_view = (endpoint == Endpoint::NewBlock).then(|| view.clone());
        let key = (posted.range(), endpoint, of_view);
        let mut bodies = self.bodies.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(body) = bodies.get(&key).and_then(Weak::upgrade) {
            return Ok(Body(body));
        }
        let body = Arc::new(encode(endpoint, posted, view)?);
        bodies.retain(|_, body| body.strong_count() > 0);
        bodies.insert(key, Arc::downgrade(&body));
        Ok(Body(body))
    }
}

#[cfg(test)]
mod tests {
    use nakamoto_proto::v1;

    use super::*;

    #[test]
    fn a_body_is_shared_while_it_is_used_and_gone_after() {
        let accepted = v1::MempoolAccepted { txid: Bytes::new(), transaction: Bytes::from_static(&[1]) };
        let event =
            v1::Event { sequence: 3, body: Some(v1::event::Body::MempoolAccepted(accepted)), ..v1::Event::default() };
        let cache = PayloadCache::default();
        let posted = PostedEvents { first: Arc::new(event), more: Vec::new() };
        let body = |endpoint| cache.body(endpoint, &posted, &View::default());
        let first = body(Endpoint::NewMempoolTx).unwrap();
        let second = body(Endpoint::NewMempoolTx).unwrap();
        assert!(Arc::ptr_eq(&first.0, &second.0));
        assert_eq!(&*first.bytes(), b"[\"0x01\"]");
        let both = PostedEvents {
            more: vec![Arc::new(v1::Event { sequence: 4, ..posted.first.as_ref().clone() })],
            ..posted.clone()
        };
        let joined = cache.body(Endpoint::NewMempoolTx, &both, &View::default()).unwrap();
        assert_eq!(&*joined.bytes(), b"[\"0x01\",\"0x01\"]", "not the body of the first alone");
        assert!(body(Endpoint::NewBlock).is_err());
        drop((first, second, joined));
        assert_eq!(cache.bodies.lock().unwrap().values().filter(|body| body.strong_count() > 0).count(), 0);
    }
}
