//! The features of REWIND: transcripts.

use super::{Backend, Mode, all_are_played, play_in};

/// Each named transcript becomes two tests.
macro_rules! transcripts {
    ($($name:ident),+ $(,)?) => {
        const NAMES: &[&str] = &[$(stringify!($name)),+];
        $(mod $name {
            use super::{Backend, Mode, play_in};

            #[actix_web::test]
            async fn sqlite() {
                play_in("features", stringify!($name), Mode::Readme, Backend::Sqlite).await;
            }

            #[actix_web::test]
            async fn postgres() {
                play_in("features", stringify!($name), Mode::Readme, Backend::Postgres).await;
            }
        })+
    };
}

transcripts! {
    auth,
    chat_list,
    chat_list_long,
    group,
    group_added_by,
    group_errors,
    group_limits,
    group_messages,
    group_offers,
    group_offers_blocked,
    group_per_user,
    group_per_user_blocked,
    page,
    presence,
    presence_away,
    presence_friends,
    presence_grace,
    read,
    requests,
    requests_blocked,
    sync,
    sync_many,
    sync_requests,
    typing,
    typing_ends,
    users,
    without,
    wind,
}

#[test]
fn every_transcript_is_played() {
    all_are_played("features", NAMES);
}
