//! What nobody but its author sees is not published; what others see is, whoever has blocked whom.

use super::*;
use crate::harness::Backend;

on_both!(a_room_of_two_with_a_block, a_group_with_blocks);

async fn a_room_of_two_with_a_block(backend: Backend) {
    let server = Server::with(backend, |_| {}).await;
    let (alice, bob) = (server.user("alice").await, server.user("bob").await);
    let (room, source) = direct(&alice, &bob);
    bridge_out(&server, source).await;
    let seen = say(&server, &bob, room, "seen").await;
    assert_eq!(told(&server, "all", 1).await, events(&[("sent", "seen")]));
    assert!(server.block(&alice, &bob, false).await.status < 300);
    let secret = say(&server, &bob, room, "secret").await;
    edit(&server, &bob, &secret, "still secret").await;
    delete(&server, &bob, &secret).await;
    // What could be seen is there no more for anybody else: as for her, so for those who follow.
    edit(&server, &bob, &seen, "seen by nobody").await;
    say(&server, &alice, room, "from her").await;
    let came = events(&[("deleted", ""), ("sent", "from her")]);
    assert_eq!(told(&server, "all", 2).await, came);
    assert!(server.block(&alice, &bob, true).await.status < 300);
    say(&server, &bob, room, "heard again").await;
    assert_eq!(told(&server, "all", 1).await, events(&[("sent", "heard again")]));
    nothing_waits(&server, "all").await;
    server.stop().await;
}

async fn a_group_with_blocks(backend: Backend) {
    let server = Server::with(backend, |_| {}).await;
    let (alice, bob, carol) =
        (server.user("alice").await, server.user("bob").await, server.user("carol").await);
    let group = group(&server, &alice, &[&bob, &carol]).await;
    let room = RoomKey::Group(group);
    bridge_out(&server, BridgeSource::Group { group }).await;
    assert!(server.block(&alice, &bob, false).await.status < 300);
    // Carol sees it.
    let partly = say(&server, &bob, room, "to carol").await;
    assert_eq!(told(&server, "all", 1).await, events(&[("sent", "to carol")]));
    assert!(server.block(&carol, &bob, false).await.status < 300);
    say(&server, &bob, room, "to nobody").await;
    edit(&server, &bob, &partly, "gone").await;
    say(&server, &carol, room, "from carol").await;
    let came = events(&[("deleted", ""), ("sent", "from carol")]);
    assert_eq!(told(&server, "all", 2).await, came);
    nothing_waits(&server, "all").await;
    server.stop().await;
}
