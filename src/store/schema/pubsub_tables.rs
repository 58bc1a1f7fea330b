//! The tables of Pub/Sub.

diesel::table! {
    ps_topics (id) {
        id -> BigInt,
        project -> Text,
        name -> Text,
        config -> Text,
    }
}

diesel::table! {
    ps_subscriptions (id) {
        id -> BigInt,
        project -> Text,
        name -> Text,
        topic_id -> BigInt,
        detached -> Bool,
        filter -> Text,
        retains_acked -> Bool,
        retention -> BigInt,
        expires_after -> Nullable<BigInt>,
        active_at -> BigInt,
        config -> Text,
    }
}

diesel::table! {
    ps_messages (id) {
        id -> BigInt,
        topic_id -> BigInt,
        data -> Binary,
        attributes -> Text,
        ordering_key -> Text,
    }
}

diesel::table! {
    ps_clock (id) {
        id -> SmallInt,
        last -> BigInt,
    }
}

diesel::table! {
    ps_backlog (subscription_id, message_id) {
        subscription_id -> BigInt,
        message_id -> BigInt,
        attempt -> BigInt,
    }
}

diesel::table! {
    ps_retained (subscription_id, message_id) {
        subscription_id -> BigInt,
        message_id -> BigInt,
    }
}

diesel::table! {
    ps_snapshots (id) {
        id -> BigInt,
        project -> Text,
        name -> Text,
        topic_id -> BigInt,
        position -> BigInt,
        expires_at -> BigInt,
        labels -> Text,
    }
}

diesel::table! {
    ps_snapshot_messages (snapshot_id, message_id) {
        snapshot_id -> BigInt,
        message_id -> BigInt,
    }
}

diesel::table! {
    ps_leavings (subscription_id) {
        subscription_id -> BigInt,
    }
}

diesel::table! {
    ps_received (id) {
        id -> BigInt,
        subscription -> Text,
        message_id -> Nullable<Text>,
        token -> Nullable<Text>,
        claims -> Nullable<Text>,
        payload -> Binary,
        payload_bytes -> BigInt,
        received_at -> BigInt,
    }
}

diesel::table! {
    ps_bridges (id) {
        id -> BigInt,
        name -> Text,
        config -> Text,
        since -> BigInt,
        ended -> Bool,
    }
}

diesel::table! {
    ps_bridge_rooms (bridge_id, room_id) {
        bridge_id -> BigInt,
        room_id -> BigInt,
        seq -> BigInt,
        rev -> BigInt,
    }
}
