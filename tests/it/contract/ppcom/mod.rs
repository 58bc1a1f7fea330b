//! The contract of customer chat over HTTP: the endpoint of tokens, and each call.
//!
//! `shop` is an app with everything in it. Each test is one of both databases.

#![expect(clippy::cognitive_complexity, reason = "each assertion counts, and a story has many")]

mod calls;
mod conversations;
mod docs;
mod history;
mod limits;
pub mod shop;
mod socket;
mod token;
mod users;

/// Each named test, which takes a backend, on both databases.
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[actix_web::test]
            async fn $name() {
                super::$name($crate::harness::Backend::Sqlite).await;
            })+
        }

        mod postgres {
            $(#[actix_web::test]
            async fn $name() {
                super::$name($crate::harness::Backend::Postgres).await;
            })+
        }
    };
}

pub(super) use on_both;
