//! The table alone.

use tradewind::domain::clock::Timestamp;
use tradewind::store::jobs::queue::{self, DueJob};
use tradewind::store::jobs::{self, Lease, NewJob, leases};
use tradewind::store::{Database, StoreError};

use super::super::harness::*;

const KIND: &str = "errand";

fn new<'a>(key: &'a str, payload: &'a str, due_at: i64) -> NewJob<'a> {
    NewJob { kind: KIND, key, payload, due_at: at(due_at) }
}

fn insert(database: &Database, key: &str, due_at: i64) -> bool {
    database.write(|conn| jobs::insert(conn, &new(key, key, due_at))).unwrap()
}

fn claim(database: &Database, by: i16, now: i64, limit: u32) -> Vec<DueJob> {
    let lease = Lease { by, until: at(now + 100) };
    database.write(|conn| queue::claim(conn, KIND, at(now), lease, limit)).unwrap()
}

fn payloads(jobs: &[DueJob]) -> Vec<&str> {
    jobs.iter().map(|job| job.payload.as_str()).collect()
}

fn look(database: &Database) -> (i64, Option<Timestamp>) {
    let look = database.read(|conn| queue::look(conn, KIND)).unwrap();
    (look.waiting, look.next_at)
}

on_both! {
    fn a_job_is_somebodys_until_the_lease_runs_out(db) {
        let database = db.open();
        assert!(insert(&database, "a", 50));
        assert_eq!(claim(&database, 0, 49, 9), []);
        let mine = claim(&database, 0, 50, 9).remove(0);
        assert_eq!(claim(&database, 1, 149, 9), []);
        assert_eq!(look(&database), (1, Some(at(150))));
        // Renewed in time.
        assert!(database.write(|conn| queue::renew(conn, &mine, at(300))).unwrap());
        let mine = DueJob { lease: Lease { until: at(300), ..mine.lease }, ..mine };
        assert_eq!(claim(&database, 1, 299, 9), []);
        let theirs = claim(&database, 1, 300, 9).remove(0);
        // Whoever was too slow changes nothing any more.
        assert!(!database.write(|conn| queue::renew(conn, &mine, at(900))).unwrap());
        database.write(|conn| queue::finish(conn, &mine)).unwrap();
        database.write(|conn| queue::fail(conn, &mine, at(999))).unwrap();
        database.write(|conn| queue::release(conn, &mine)).unwrap();
        assert_eq!(claim(&database, 0, 399, 9), []);
        assert!(database.write(|conn| queue::renew(conn, &theirs, at(500))).unwrap());
        let theirs = DueJob { lease: Lease { until: at(500), ..theirs.lease }, ..theirs };
        database.write(|conn| queue::finish(conn, &theirs)).unwrap();
        assert_eq!(look(&database), (0, None));
    }

    fn the_longest_waiting_come_first_and_what_fails_waits_again(db) {
        let database = db.open();
        for (key, due_at) in [("c", 30), ("a", 10), ("d", 99), ("b", 30)] {
            assert!(insert(&database, key, due_at));
        }
        assert!(database.write(|conn| jobs::insert(conn, &NewJob { kind: "other", ..new("a", "", 1) })).unwrap());
        assert_eq!(look(&database), (4, Some(at(10))));
        let two = claim(&database, 0, 40, 2);
        assert_eq!(payloads(&two), ["a", "c"]);
        database.write(|conn| queue::fail(conn, &two[0], at(60))).unwrap();
        database.write(|conn| queue::release(conn, &two[1])).unwrap();
        let rest = claim(&database, 1, 60, 9);
        assert_eq!(payloads(&rest), ["c", "b", "a"]);
        assert_eq!(rest.iter().map(|job| job.attempts).collect::<Vec<_>>(), [0, 0, 1]);
        assert_eq!(look(&database), (4, Some(at(99))));
    }

    fn one_of_a_key_waits_and_the_last_payload_counts(db) {
        let database = db.open();
        let replace = |payload| {
            database.write(|conn| jobs::insert_or_replace(conn, &new("a", payload, 10))).unwrap();
        };
        replace("one");
        assert!(!insert(&database, "a", 5), "there is one");
        replace("two");
        let job = claim(&database, 0, 10, 9).remove(0);
        assert_eq!((job.payload.as_str(), look(&database).0), ("two", 1));
        // Replaced while it is done: it is done again, also if the text is the same.
        replace("two");
        assert_eq!(claim(&database, 1, 20, 9), [], "not before the first is through");
        database.write(|conn| queue::finish(conn, &job)).unwrap();
        let job = claim(&database, 1, 20, 9).remove(0);
        database.write(|conn| queue::finish(conn, &job)).unwrap();
        assert_eq!(look(&database), (0, None));
        // Taken back only if it says what was meant.
        replace("three");
        let withdraw = |payload| database.write(|conn| jobs::withdraw(conn, KIND, "a", payload)).unwrap();
        assert!(!withdraw("two") && withdraw("three") && !withdraw("three"));
        assert_eq!(look(&database), (0, None));
    }

    fn a_job_comes_with_the_transaction_that_asks_for_it(db) {
        let database = db.open();
        let undone: Result<(), _> = database.write(|conn| {
            jobs::insert(conn, &new("a", "", 1))?;
            Err(StoreError::Busy)
        });
        assert!(undone.is_err());
        assert_eq!(look(&database), (0, None));
    }

    fn a_node_gives_back_what_it_had_and_no_more(db) {
        let database = db.open();
        for key in ["a", "b"] {
            assert!(insert(&database, key, 1));
        }
        assert_eq!((claim(&database, 3, 1, 1).len(), claim(&database, 4, 1, 1).len()), (1, 1));
        let holds_any = |by| database.read(|conn| queue::holds_any(conn, by)).unwrap();
        assert!(holds_any(3) && holds_any(4) && !holds_any(5));
        database.write(|conn| queue::free(conn, 3)).unwrap();
        assert!(!holds_any(3) && holds_any(4));
        assert_eq!(payloads(&claim(&database, 5, 2, 9)), ["a"]);
    }

    fn the_lease_of_a_dead_holder_runs_out(db) {
        let database = db.open();
        let take = |name, by, now| {
            let lease = Lease { by, until: at(now + 100) };
            database.write(|conn| leases::take(conn, name, lease, at(now))).unwrap()
        };
        assert!(take("sweep", 0, 10) && take("other", 1, 10));
        assert!(!take("sweep", 1, 11) && take("sweep", 0, 50));
        assert!(!take("sweep", 1, 149), "it was renewed");
        assert!(take("sweep", 1, 150));
        assert!(!take("sweep", 0, 151), "whoever comes back waits");
    }
}
