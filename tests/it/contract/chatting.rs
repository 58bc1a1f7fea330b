//! The contract of the chatting dialect: transcripts, and what takes more than one hand to show.

use super::{Backend, Mode, all_are_played, play};

/// Each named transcript becomes two tests.
macro_rules! transcripts {
    ($($name:ident),+ $(,)?) => {
        const NAMES: &[&str] = &[$(stringify!($name)),+];
        $(mod $name {
            use super::{Backend, Mode, play};

            #[actix_web::test]
            async fn sqlite() {
                play(stringify!($name), Mode::Chatting, Backend::Sqlite).await;
            }

            #[actix_web::test]
            async fn postgres() {
                play(stringify!($name), Mode::Chatting, Backend::Postgres).await;
            }
        })+
    };
}

transcripts! {
    audience_friends,
    bad_frames,
    blocks,
    dialects,
    ids,
    invites,
    invites_end,
    invites_hidden,
    login,
    messages,
    no_keys,
    presence,
    rest,
    rows,
    settings,
    system,
}

#[test]
fn every_transcript_is_played() {
    all_are_played("chatting", NAMES);
}
