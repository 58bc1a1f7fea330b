//! What an app sends to its devices, where these are widgets: it is shown in a conversation, and which one it is has
//! to be looked up.

use std::sync::Arc;

use super::ChatServer;
use crate::domain::apps::downstream::Downstream;
use crate::domain::event::Topic;
use crate::domain::id::DeviceId;
use crate::domain::news::{Circle, Recipients};
use crate::domain::principal::Mailbox;
use crate::store::apps::message_writes::show_downstream;

impl ChatServer {
    /// Has a message to devices shown at the widgets among them. What of it becomes news again comes as news.
    pub(super) fn show_at_widgets(&self, downstream: &Arc<Downstream>, recipients: &Recipients) {
        let Circle::Mailboxes(mailboxes) = &recipients.circle else { return };
        if self.classes.is_empty() {
            return;
        }
        let is_widget = |mailbox: &Mailbox| {
            let mut sessions = self.sessions_at(*mailbox);
            sessions.any(|(_, variant)| self.subscribes(variant, Topic::Conversations))
        };
        let widgets = mailboxes.iter().filter(|mailbox| is_widget(mailbox));
        let widgets = widgets.filter_map(|mailbox| match mailbox {
            Mailbox::Device(device) => Some(*device),
            Mailbox::User(_) | Mailbox::Console(_) => None,
        });
        let widgets: Vec<DeviceId> = widgets.collect();
        if widgets.is_empty() {
            return;
        }
        let (store, downstream) = (self.parts.store.clone(), Arc::clone(downstream));
        actix::spawn(async move {
            // It waits for the devices all the same.
            if let Err(error) = store.run(show_downstream(downstream, widgets)).await {
                log::warn!("a message to devices is not shown at widgets: {error}");
            }
        });
    }
}
