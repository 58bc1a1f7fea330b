//! Mails that verify addresses, as a mail server and a mail program see them.

mod floods;
mod forgetful;
mod keys;
mod outbox;
mod resets;
mod smtp;
mod waiting;

use std::path::Path;

use diesel::SqliteConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::harness::{Server, until};

/// How many rows of a table a server's SQLite file has.
fn rows(folder: &Path, table: &str) -> i64 {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        rows: i64,
    }
    let file = folder.join("tradewind.db").display().to_string();
    let mut connection = SqliteConnection::establish(&file).expect("the database opens");
    let count = diesel::sql_query(format!("SELECT count(*) AS rows FROM {table}"));
    count.get_result::<Count>(&mut connection).expect("the table").rows
}

/// Waits until the metric of the queue has a value.
async fn queue_is(server: &Server, mails: i64) {
    let metrics = server.running().metrics.clone();
    until("the queue's length", || metrics.mail_queue.get() == mails).await;
}
