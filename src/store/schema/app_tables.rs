//! The tables of apps.

diesel::table! {
    apps (id) {
        id -> BigInt,
        name -> Text,
        service_hash -> Binary,
        allowed_origins -> Text,
        welcome -> Text,
        offline_text -> Text,
        return_offline -> Bool,
        trust_email -> Bool,
        request_ms -> BigInt,
        removed -> Bool,
        created_at -> BigInt,
    }
}

diesel::table! {
    app_keys (key) {
        key -> Text,
        app_id -> BigInt,
        level -> SmallInt,
        secret_hash -> Binary,
        old_secret_hash -> Nullable<Binary>,
        created_at -> BigInt,
    }
}

diesel::table! {
    app_tokens (hash) {
        hash -> Binary,
        app_id -> BigInt,
        level -> SmallInt,
        user_id -> Nullable<BigInt>,
        lifetime_ms -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    app_servers (id) {
        id -> BigInt,
        app_id -> BigInt,
        name -> Text,
        removed -> Bool,
    }
}

diesel::table! {
    app_users (app_id, user_id) {
        app_id -> BigInt,
        user_id -> BigInt,
        is_agent -> Bool,
        shown_name -> Text,
        icon -> Nullable<Text>,
        email -> Nullable<Text>,
        password_hash -> Nullable<Text>,
        trace_hash -> Nullable<Binary>,
        browser_device_id -> Nullable<BigInt>,
        mobile_device_id -> Nullable<BigInt>,
        updated_at -> BigInt,
        seen_at -> BigInt,
    }
}

diesel::table! {
    devices (id) {
        id -> BigInt,
        app_id -> BigInt,
        owner_id -> BigInt,
        terminal_hash -> Binary,
        os -> SmallInt,
        created_at -> BigInt,
        seen_at -> BigInt,
    }
}

diesel::table! {
    device_groups (id) {
        id -> BigInt,
        app_id -> BigInt,
        name -> Text,
        description -> Nullable<Text>,
        size -> BigInt,
        version -> BigInt,
        ended -> Bool,
    }
}

diesel::table! {
    device_group_members (group_id, device_id, since) {
        group_id -> BigInt,
        device_id -> BigInt,
        since -> BigInt,
        until -> Nullable<BigInt>,
    }
}

diesel::table! {
    downstreams (id) {
        id -> BigInt,
        app_id -> BigInt,
        server_id -> Nullable<BigInt>,
        audience -> SmallInt,
        group_id -> Nullable<BigInt>,
        version -> Nullable<BigInt>,
        reached -> Nullable<BigInt>,
        sent_at -> BigInt,
        expires_at -> BigInt,
        title -> Nullable<Text>,
        body -> Nullable<Text>,
        data -> Text,
        queued -> Bool,
    }
}

diesel::table! {
    deliveries (device_id, message_id) {
        device_id -> BigInt,
        message_id -> BigInt,
        acked -> Bool,
        queued -> Bool,
    }
}

diesel::table! {
    conversations (room_id) {
        room_id -> BigInt,
        app_id -> BigInt,
        user_id -> Nullable<BigInt>,
        assigned_id -> Nullable<BigInt>,
        kind -> SmallInt,
        status -> SmallInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        offline_told_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    conversation_messages (message_id) {
        message_id -> BigInt,
        app_id -> BigInt,
        uuid -> Text,
        subtype -> Text,
        is_machine -> Bool,
        device_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    pushes (user_id, message_id) {
        user_id -> BigInt,
        message_id -> BigInt,
    }
}

diesel::table! {
    conversation_waits (app_id, user_id) {
        app_id -> BigInt,
        user_id -> BigInt,
        since -> BigInt,
    }
}

diesel::table! {
    app_files (id) {
        id -> Text,
        app_id -> BigInt,
        user_id -> BigInt,
        name -> Text,
        mime -> Text,
        created_at -> BigInt,
        bytes -> Binary,
    }
}

diesel::table! {
    visits (id) {
        id -> BigInt,
        app_id -> BigInt,
        user_id -> BigInt,
        url -> Text,
        title -> Text,
        at -> BigInt,
    }
}
