//! What hashing passwords takes.

use futures_util::future::join_all;

use super::{LOGIN, WRONG};
use crate::harness::http::post_form;
use crate::harness::process::Process;

const MIB: u64 = 1_024 * 1_024;
/// Of one hash.
const HASH_BYTES: u64 = 19 * MIB;

#[actix_web::test]
async fn two_hundred_hashes_take_the_memory_of_those_that_run_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Process::start(folder.path(), &["auth.hashes_max=2"]);
    let before = server.memory();
    for _ in 0..10 {
        let fields = [("email", "nobody@test.example"), ("password", "wrong")];
        let tries = (0..20).map(|_| post_form(server.address, LOGIN, &fields));
        join_all(tries).await.iter().for_each(|answer| answer.expect_error(401, WRONG));
    }
    let grown = server.memory().saturating_sub(before);
    assert!(grown < 2 * HASH_BYTES + 12 * MIB, "{} MiB", grown / MIB);
    server.stop();
}
