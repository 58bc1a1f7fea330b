//! The tables as diesel sees them, on both databases.
//!
//! Kept by hand beside `migrations/`; a test migrates each database and compares names, types and
//! nullability with this file. Every time is a `Timestamp`: microseconds in a `BigInt`.

mod app_tables;
mod pubsub_tables;

pub use app_tables::*;
pub use pubsub_tables::*;

diesel::table! {
    users (id) {
        id -> BigInt,
        name -> Text,
        name_key -> Nullable<Text>,
        name_clash -> BigInt,
        email -> Text,
        password_hash -> Text,
        profile -> Nullable<Text>,
        imported -> Bool,
        created_at -> BigInt,
        last_seen_at -> Nullable<BigInt>,
        deleted_at -> Nullable<BigInt>,
        added_by -> SmallInt,
    }
}

diesel::table! {
    epochs (id) {
        id -> SmallInt,
        epoch -> Text,
    }
}

diesel::table! {
    friendships (low, high) {
        low -> BigInt,
        high -> BigInt,
        state -> SmallInt,
        changed_at -> BigInt,
    }
}

diesel::table! {
    rooms (id) {
        id -> BigInt,
        low -> Nullable<BigInt>,
        high -> Nullable<BigInt>,
        edits -> BigInt,
        closed -> Bool,
    }
}

diesel::table! {
    room_groups (room_id) {
        room_id -> BigInt,
        title -> Text,
        version -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    members (room_id, user_id) {
        room_id -> BigInt,
        user_id -> BigInt,
        role -> SmallInt,
        unaware -> Bool,
        joined_at -> BigInt,
    }
}

diesel::table! {
    authors (room_id, user_id) {
        room_id -> BigInt,
        user_id -> BigInt,
    }
}

diesel::table! {
    bans (room_id, user_id) {
        room_id -> BigInt,
        user_id -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    read_marks (user_id, room_id) {
        user_id -> BigInt,
        room_id -> BigInt,
        seq -> BigInt,
    }
}

diesel::table! {
    hidings (message_id, reader_id) {
        message_id -> BigInt,
        reader_id -> BigInt,
        withdrawn -> Bool,
    }
}

diesel::table! {
    lifted_blocks (blocker_id, blocked_id, created_at) {
        blocker_id -> BigInt,
        blocked_id -> BigInt,
        created_at -> BigInt,
        lifted_at -> BigInt,
    }
}

diesel::table! {
    messages (id) {
        id -> BigInt,
        room_id -> BigInt,
        seq -> BigInt,
        sent_rev -> BigInt,
        rev -> BigInt,
        author_id -> BigInt,
        created_at -> BigInt,
        edited_at -> Nullable<BigInt>,
        deleted -> Bool,
        content -> Text,
        hidden -> Bool,
    }
}

diesel::table! {
    blocks (blocker_id, blocked_id) {
        blocker_id -> BigInt,
        blocked_id -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    group_offers (room_id) {
        room_id -> BigInt,
        maker_id -> BigInt,
        heir_id -> BigInt,
        hidden -> Bool,
        expires_at -> BigInt,
    }
}

diesel::table! {
    quotas (user_id, kind) {
        user_id -> BigInt,
        kind -> SmallInt,
        since -> BigInt,
        used -> BigInt,
    }
}

diesel::table! {
    service_keys (key_hash) {
        key_hash -> Binary,
        name -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    nonces (message_id) {
        message_id -> BigInt,
        author_id -> BigInt,
        nonce -> Text,
    }
}

diesel::table! {
    registrations (id) {
        id -> BigInt,
        name -> Text,
        email -> Text,
        password_hash -> Text,
        created_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    verification_keys (key_hash) {
        key_hash -> Binary,
        registration_id -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    resets (id) {
        id -> BigInt,
        email -> Text,
        expires_at -> BigInt,
    }
}

diesel::table! {
    reset_keys (key_hash) {
        key_hash -> Binary,
        reset_id -> BigInt,
        user_id -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    jobs (id) {
        id -> BigInt,
        kind -> Text,
        key -> Text,
        payload -> Text,
        rev -> BigInt,
        attempts -> Integer,
        due_at -> BigInt,
        lease_by -> Nullable<SmallInt>,
        lease_until -> Nullable<BigInt>,
    }
}

diesel::table! {
    leases (name) {
        name -> Text,
        holder -> SmallInt,
        until -> BigInt,
    }
}

diesel::table! {
    logins (id) {
        id -> Text,
        user_id -> BigInt,
        created_at -> BigInt,
        renewed_at -> BigInt,
        expires_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
        agent -> Nullable<Text>,
        network -> Nullable<Text>,
    }
}

diesel::table! {
    token_voids (user_id) {
        user_id -> BigInt,
        through -> BigInt,
        kept -> Nullable<Text>,
    }
}

diesel::joinable!(messages -> rooms (room_id));
diesel::joinable!(nonces -> messages (message_id));
diesel::joinable!(members -> users (user_id));
diesel::joinable!(verification_keys -> registrations (registration_id));
diesel::allow_tables_to_appear_in_same_query!(friendships, users);
diesel::allow_tables_to_appear_in_same_query!(messages, nonces, rooms);
diesel::allow_tables_to_appear_in_same_query!(members, users);
diesel::allow_tables_to_appear_in_same_query!(verification_keys, registrations);
