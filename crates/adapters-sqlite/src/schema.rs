//! The tables as diesel sees them. A test holds this file against the migrated database.

diesel::table! {
    api_keys (id) {
        id -> Binary,
        user_id -> Binary,
        name -> Text,
        secret_hash -> Binary,
        scopes -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    users (id) {
        id -> Binary,
        username -> Text,
        display_name -> Text,
        password_hash -> Text,
        role -> Text,
        age_group -> Text,
        created_at -> BigInt,
        time_zone -> Nullable<Text>,
        birthday -> Nullable<Text>,
        suspended_at -> Nullable<BigInt>,
        pronouns -> Nullable<Text>,
        locale -> Nullable<Text>,
        persona -> Nullable<Text>,
        password_until -> Nullable<BigInt>,
    }
}

diesel::table! {
    sessions (id) {
        id -> Binary,
        user_id -> Binary,
        token_hash -> Binary,
        previous_token_hash -> Nullable<Binary>,
        created_at -> BigInt,
        rotated_at -> BigInt,
        expires_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
        family_hash -> Nullable<Binary>,
    }
}

diesel::table! {
    waifus (id) {
        id -> Binary,
        key -> Nullable<Text>,
        seeded_version -> Nullable<BigInt>,
        owner_id -> Nullable<Binary>,
        visibility -> Text,
        name -> Text,
        personality -> Text,
        appearance -> Text,
        stats -> Text,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    waifu_versions (waifu_id, version) {
        waifu_id -> Binary,
        version -> BigInt,
        name -> Text,
        personality -> Text,
        appearance -> Text,
        stats -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    rule_books (hash) {
        hash -> Binary,
        body -> Text,
    }
}

diesel::table! {
    relationships (id) {
        id -> Binary,
        user_id -> Binary,
        waifu_id -> Binary,
        affection -> BigInt,
        level -> BigInt,
        facts -> Text,
        last_interaction -> Nullable<BigInt>,
        persona -> Nullable<Text>,
        epoch -> Binary,
        head_seq -> BigInt,
        last_entry_no -> BigInt,
        version -> BigInt,
        created_at -> BigInt,
        counts -> Nullable<Text>,
        deeds -> Nullable<Text>,
    }
}

diesel::table! {
    conversations (id) {
        id -> Binary,
        relationship_id -> Binary,
        is_default -> Bool,
        last_turn_no -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    turns (id) {
        id -> Binary,
        relationship_id -> Binary,
        conversation_id -> Binary,
        turn_no -> BigInt,
        kind -> Text,
        client_message_id -> Nullable<Binary>,
        message_digest -> Nullable<Binary>,
        appraisal -> Nullable<Text>,
        waifu_version -> BigInt,
        chosen_run -> Nullable<BigInt>,
        cause -> Nullable<Text>,
        created_at -> BigInt,
        voided_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    runs (turn_id, run) {
        turn_id -> Binary,
        run -> BigInt,
        relationship_id -> Binary,
        status -> Text,
        reason -> Nullable<Text>,
        lease_owner -> Nullable<Binary>,
        lease_until -> Nullable<BigInt>,
        words_so_far -> Text,
        prompt_tokens -> Nullable<BigInt>,
        completion_tokens -> Nullable<BigInt>,
        started_at -> BigInt,
        ended_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    messages (conversation_id, turn_no, speaker, run) {
        conversation_id -> Binary,
        turn_no -> BigInt,
        speaker -> Text,
        run -> BigInt,
        id -> Binary,
        turn_id -> Binary,
        content -> Text,
        created_at -> BigInt,
        emotion -> Nullable<Text>,
    }
}

diesel::table! {
    interactions (relationship_id, no) {
        relationship_id -> Binary,
        no -> BigInt,
        id -> Binary,
        kind -> Text,
        at -> BigInt,
        requested_change -> BigInt,
        affection_change -> BigInt,
        affection_after -> BigInt,
        level_after -> BigInt,
        reasons -> Text,
        facts -> Text,
        cause -> Text,
        turn_id -> Nullable<Binary>,
        voids_no -> Nullable<BigInt>,
        rule_book -> Binary,
    }
}

diesel::table! {
    event_occurrences (id) {
        id -> Binary,
        relationship_id -> Binary,
        event -> Text,
        opened_at -> BigInt,
        expires_at -> Nullable<BigInt>,
        state -> Text,
        choice -> Nullable<Text>,
        closed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    durable_events (relationship_id, seq) {
        relationship_id -> Binary,
        seq -> BigInt,
        body -> Text,
        at -> BigInt,
    }
}

diesel::table! {
    catalogue_entries (id) {
        id -> Binary,
        kind -> Text,
        key -> Text,
        body -> Text,
        version -> BigInt,
        seeded_version -> Nullable<BigInt>,
        created_at -> BigInt,
        updated_at -> BigInt,
        retired_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    receipts (user_id, scope, key) {
        user_id -> Binary,
        scope -> Text,
        key -> Text,
        request -> Binary,
        relationship_id -> Nullable<Binary>,
        after_no -> Nullable<BigInt>,
        last_no -> Nullable<BigInt>,
        turn_id -> Nullable<Binary>,
        at -> BigInt,
        expires_at -> Nullable<BigInt>,
        run -> Nullable<BigInt>,
        waifu_id -> Nullable<Binary>,
    }
}

diesel::table! {
    spending (user_id, day) {
        user_id -> Binary,
        day -> BigInt,
        tokens -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    api_keys,
    interactions,
    messages,
    relationships,
    runs,
    sessions,
    turns,
    users,
    waifus,
);
