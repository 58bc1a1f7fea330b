//! Ids that somebody has already are minted again, as often as is sensible.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tradewind::domain::mint::IdMint;
use tradewind::server::{Base, House};
use tradewind::service::accounts::Crowd;
use tradewind::store::StoreError;
use tradewind::store::accounts::mails::MailJob;
use tradewind::store::accounts::registrations::Mail;
use tradewind::store::accounts::writes::{self, NewAccount};

use super::harness::*;

/// A mint whose clock stands, so that what comes next is known, and the id it has given last.
fn standing_mint() -> (Arc<IdMint>, i64) {
    let mint = IdMint::new(0, 0, Duration::from_secs(10), Hand::new()).unwrap();
    let last = mint.user().unwrap().get();
    (Arc::new(mint), last)
}

/// Verifies a registration when so many of the ids are taken that come next; how many were passed over.
async fn verify(db: &TestDb, taken: i64) -> Result<i64, StoreError> {
    let live = Live::start(db);
    let (mint, last) = standing_mint();
    make_users(&live.database, &(1..=taken).map(|number| last + 2 * number).collect::<Vec<_>>());
    let (now, later) = (at(100), at(200));
    let (name, email, password_hash) = (name("new"), email("new@example.com"), String::new());
    let account = NewAccount { name, email, password_hash, created_at: now, expires_at: later };
    let registration = live.store.run(writes::register(account, Mail::Each)).await?;
    let mail = MailJob::Registration(registration);
    live.store.run(writes::add_mail_key(mail, [7; 32], (now, later))).await?;
    let user = live.store.run(writes::verify([7; 32], mint, now)).await?;
    Ok((user.unwrap().id.get() - last) / 2 - 1)
}

on_both! {
    fn a_function_is_done_again_with_another_id(db) {
        run(async {
            assert_eq!(verify(&db, 5).await.unwrap(), 5);
        });
    }

    fn not_for_ever(db) {
        run(async {
            assert!(verify(&db, 20).await.unwrap_err().is_unique_violation());
        });
    }
}

#[actix_web::test]
async fn commands_pass_over_ids_of_users_who_came_with_them() {
    let folder = tempfile::tempdir().unwrap();
    let config = crate::harness::server::config(folder.path());
    let mut base = Base::open(&config).unwrap();
    let (mint, first) = standing_mint();
    base.mint = mint;
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
