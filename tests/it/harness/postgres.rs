//! A schema of its own in the PostgreSQL that `scripts/with-servers` has started.

use std::sync::atomic::{AtomicU32, Ordering};

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection};

/// An empty schema, dropped when this is.
pub struct Schema {
    base: String,
    name: String,
}

impl Schema {
    /// Makes a schema that no other test uses.
    pub fn create() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let base = std::env::var("TRADEWIND_TEST_POSTGRES")
            .expect("no PostgreSQL for this test: run scripts/test, or scripts/with-servers");
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("hub_{}_{number}", std::process::id());
        let schema = Self { base, name };
        schema.run(&format!("CREATE SCHEMA {}", schema.name));
        schema
    }

    /// The URL with which a server sees this schema only.
    pub fn url(&self) -> String {
        let separator = if self.base.contains('?') { '&' } else { '?' };
        format!("{}{separator}options=-csearch_path%3D{}", self.base, self.name)
    }

    fn run(&self, sql: &str) {
        let mut connection = PgConnection::establish(&self.base).expect("PostgreSQL answers");
        // Schemas that are made and dropped at once may wait for each other in a circle: PostgreSQL ends one of them.
        for _ in 0..10 {
            match connection.batch_execute(sql) {
                Err(error) if error.to_string().contains("deadlock detected") => {}
                outcome => return outcome.expect("PostgreSQL obeys"),
            }
        }
        panic!("{sql}: a deadlock each time");
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        self.run(&format!("DROP SCHEMA {} CASCADE", self.name));
    }
}
