//! Ids that somebody has already are minted again, as often as is sensible.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tradewind::domain::id::UserId;
use tradewind::domain::mint::IdMint;
use tradewind::server::{Base, House};
use tradewind::service::accounts::Crowd;
use tradewind::store::StoreError;
use tradewind::store::accounts::users::{self, NewUser};

use super::harness::*;

/// Makes a user with the id that `next` says, at each try another one.
fn make(
    conn: &mut tradewind::store::engine::Connection,
    next: &AtomicI64,
) -> Result<i64, StoreError> {
    let number = next.fetch_add(2, Ordering::Relaxed);
    let new = NewUser {
        id: UserId::new(number).unwrap(),
        name: &name("new"),
        email: &email("new@example.com"),
        password_hash: "",
        imported: false,
        created_at: tradewind::domain::clock::Timestamp::from_micros(1),
    };
    users::insert(conn, &new)?;
    Ok(number)
}

on_both! {
    fn a_function_is_done_again_with_another_id(db) {
        run(async {
            let live = Live::start(&db);
            make_users(&live.database, &[2, 4, 6, 8, 10]);
            let next = AtomicI64::new(2);
            let made = live.store.write(move |conn| make(conn, &next)).await;
            assert_eq!(made.unwrap(), 12);
        });
    }

    fn not_for_ever(db) {
        run(async {
            let live = Live::start(&db);
            let taken: Vec<i64> = (1..=20).map(|number| 2 * number).collect();
            make_users(&live.database, &taken);
            let next = AtomicI64::new(2);
            let made = live.store.write(move |conn| make(conn, &next)).await;
            assert!(made.unwrap_err().is_unique_violation());
        });
    }
}

#[actix_web::test]
async fn commands_pass_over_ids_of_users_who_came_with_them() {
    let folder = tempfile::tempdir().unwrap();
    let config = crate::harness::server::config(folder.path());
    let mut base = Base::open(&config).unwrap();
    // A clock that stands, so that what comes next is known.
    let mint = IdMint::new(0, 0, Duration::from_secs(10), Hand::new()).unwrap();
    let first = mint.user().unwrap().get();
    base.mint = Arc::new(mint);
    let taken = [first + 2, first + 4, first + 8];
    make_users(&base.database, &taken);
    let house = House::start(&config, &base).await.unwrap();
    let seed = async |users| {
        let crowd = Crowd { users, friends: |_| Vec::new(), password: None };
        house.service.accounts.seed(&crowd).await.unwrap().users
    };
    let made = seed(5).await;
    let ids: HashSet<i64> = made.iter().map(|seeded| seeded.user.id.get()).collect();
    assert_eq!(ids.len(), 5);
    assert!(taken.iter().all(|id| !ids.contains(id)) && ids.contains(&(first + 6)), "{ids:?}");
    assert!(seed(0).await.is_empty());
    house.stop().await;
}
