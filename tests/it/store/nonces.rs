//! What is sent again under the same nonce is stored once.

use std::time::Duration;

use tradewind::domain::chat::message::{Message, NONCE_KEPT, Nonce};
use tradewind::domain::clock::Timestamp;
use tradewind::domain::mint::EPOCH;
use tradewind::jobs::sweeps;
use tradewind::store::ChatCommand;

use super::batches::plug;
use super::harness::*;

fn named(author: i64, peer: i64, text: &str, name: &str) -> ChatCommand {
    post(author, room(author, Some(peer)), text, Nonce::new(name.to_owned()))
}

fn posted(done: Done) -> Message {
    match done {
        Done::Posted(message, _) => message,
        done => panic!("{done:?}"),
    }
}

/// When the id of a message was minted, in microseconds.
fn mint_time(message: &Message) -> i64 {
    EPOCH.micros() + (message.id.get() >> 12) * 1_000
}

on_both! {
    fn a_repeat_is_answered_with_the_first_message(db) {
        run(async {
            let live = Live::start(&db);
            make_users(&live.database, &[2, 4, 6]);
            let first = posted(live.apply(named(2, 4, "one", "n")).await);
            let again = live.apply(named(2, 4, "two", "n")).await;
            assert_eq!(again, Done::Repeated(first.clone()));
            // Whatever room it is sent to: the name is the author's.
            let elsewhere = live.apply(named(2, 6, "three", "n")).await;
            assert_eq!(elsewhere, Done::Repeated(first.clone()));
            // Others have names of their own.
            posted(live.apply(named(4, 2, "four", "n")).await);
            posted(live.apply(named(2, 4, "five", "N")).await);
            assert_eq!(live.counters(2, 4), Some((3, 3)));
            assert_eq!(live.counters(2, 6), None);
        });
    }

    fn a_repeat_shows_what_became_of_the_message(db) {
        run(async {
            let live = Live::start(&db);
            make_users(&live.database, &[2, 4]);
            let first = posted(live.apply(named(2, 4, "one", "n")).await);
            let Done::Edited { message: edited, .. } = live.edit(2, 4, first.id, Some("other")).await else {
                panic!("edited");
            };
            assert_eq!(live.apply(named(2, 4, "one", "n")).await, Done::Repeated(edited));
        });
    }

    fn repeats_within_one_batch_are_repeats(db) {
        run(async {
            let live = Live::start(&db);
            make_users(&live.database, &[2, 4]);
            let plug = plug(&live.store).await;
            for ticket in 0..3 {
                live.store.submit(ticket, named(2, 4, "text", "n")).unwrap();
            }
            drop(plug);
            let outcomes = live.next().await;
            let [(_, Ok(Done::Posted(first, _))), (_, Ok(Done::Repeated(a))), (_, Ok(Done::Repeated(b)))] =
                &outcomes[..]
            else {
                panic!("{outcomes:?}");
            };
            assert_eq!([a, b], [first, first]);
            assert_eq!(live.counters(2, 4), Some((1, 1)));
        });
    }

    fn nonces_outlive_a_restart_and_are_kept_for_seven_days(db) {
        run(async {
            let first = {
                let live = Live::start(&db);
                make_users(&live.database, &[2, 4]);
                posted(live.apply(named(2, 4, "one", "n")).await)
            };
            let live = Live::start(&db);
            let again = live.apply(named(2, 4, "one", "n")).await;
            assert_eq!(again, Done::Repeated(first.clone()));
            // As old as the message, give or take the tick of the mint.
            let kept = Timestamp::from_micros(mint_time(&first)).after(NONCE_KEPT);
            let second = Duration::from_secs(1);
            let early = Timestamp::from_micros(kept.micros() - 1_000_000);
            assert_eq!(sweep(&live.store, &sweeps::nonces(), early).await, 0);
            assert!(matches!(live.apply(named(2, 4, "one", "n")).await, Done::Repeated(_)));
            assert_eq!(sweep(&live.store, &sweeps::nonces(), kept.after(second)).await, 1);
            assert!(matches!(live.apply(named(2, 4, "one", "n")).await, Done::Posted(..)));
        });
    }
}

#[test]
fn a_nonce_has_1_to_64_printable_characters() {
    for good in ["a", " ", "한", &"한".repeat(64)] {
        assert!(Nonce::new(good.to_owned()).is_some(), "{good:?}");
    }
    for bad in ["", "a\n", "\u{7f}", "\0", &"한".repeat(65)] {
        assert!(Nonce::new(bad.to_owned()).is_none(), "{bad:?}");
    }
}
