//! Two apps with all that can be touched.

use serde_json::json;
use tradewind::server::Config;
use tradewind::service::apps::NewAppKeys;

use crate::contract::ppcom::shop::{Agent, Shop, Visitor};
use crate::harness::Backend;

/// A UUID of nothing.
pub const NOTHING: &str = "00000000-0000-4000-8000-000000000000";

/// Two apps, each with an agent, a visitor and an operator, and in the first a second visitor.
pub struct World {
    pub shop: Shop,
    pub bank: NewAppKeys,
    pub vic: Visitor,
    pub wim: Visitor,
    pub ann: Agent,
    pub cyd: Visitor,
    pub bea: Agent,
    pub consoles: [String; 2],
    /// Where the first visitor and the agent talk.
    pub room: String,
    /// By which that visitor acknowledges a message.
    pub pid: String,
}

impl World {
    pub async fn open(backend: Backend, change: impl FnOnce(&mut Config)) -> Self {
        let shop = Shop::with(backend, change).await;
        let bank = shop.other().await;
        let (ann, bea) = (shop.agent("ann").await, shop.agent_of(&bank, "bea").await);
        let (vic, wim) = (shop.visitor("vic").await, shop.visitor("wim").await);
        let cyd = shop.visitor_of(&bank, "cyd").await;
        let room = shop.conversation(&vic).await;
        shop.conversation(&wim).await;
        shop.say((&vic.token, &vic.user), &room, "m-1", "my secret").await;
        shop.say((&ann.token, &ann.user), &room, "m-2", "our secret").await;
        let asked = json!({"app_uuid": shop.uuid(), "user_uuid": vic.user});
        let unacked = shop.do_call(&vic.token, "PP_PAGE_UNACKED_MESSAGE", asked).await;
        let pid = unacked["list"][0].as_str().unwrap().to_owned();
        let console = shop.token("THIRD_PARTY_CONSOLE").await;
        let consoles = [console, shop.token_of(&bank, "THIRD_PARTY_CONSOLE").await];
        Self { shop, bank, vic, wim, ann, cyd, bea, consoles, room, pid }
    }

    /// The UUIDs of both apps.
    pub fn apps(&self) -> [String; 2] {
        [self.shop.uuid(), self.bank.id.uuid().to_string()]
    }
}
