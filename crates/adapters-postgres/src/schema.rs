//! The tables, as the migrations leave them. A test holds them against a migrated database and prints what they
//! should be.

diesel::table! {
    api_keys (id) {
        id -> Uuid,
        user_id -> Uuid,
        name -> Text,
        secret_hash -> Binary,
        scopes -> Text,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    catalogue_entries (id) {
        id -> Uuid,
        kind -> Text,
        key -> Text,
        body -> Jsonb,
        version -> Integer,
        seeded_version -> Nullable<Integer>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        retired_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    conversations (id) {
        id -> Uuid,
        relationship_id -> Uuid,
        is_default -> Bool,
        last_turn_no -> Integer,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    durable_events (relationship_id, seq) {
        relationship_id -> Uuid,
        seq -> BigInt,
        body -> Jsonb,
        at -> Timestamptz,
    }
}

diesel::table! {
    event_occurrences (id) {
        id -> Uuid,
        relationship_id -> Uuid,
        event -> Text,
        opened_at -> Timestamptz,
        expires_at -> Nullable<Timestamptz>,
        state -> Text,
        choice -> Nullable<Text>,
        closed_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    interactions (relationship_id, no) {
        relationship_id -> Uuid,
        no -> Integer,
        id -> Uuid,
        kind -> Text,
        at -> Timestamptz,
        requested_change -> Integer,
        affection_change -> Integer,
        affection_after -> Integer,
        level_after -> Integer,
        reasons -> Jsonb,
        facts -> Jsonb,
        cause -> Jsonb,
        turn_id -> Nullable<Uuid>,
        voids_no -> Nullable<Integer>,
        rule_book -> Binary,
    }
}

diesel::table! {
    messages (conversation_id, turn_no, run, speaker) {
        conversation_id -> Uuid,
        turn_no -> Integer,
        run -> Integer,
        speaker -> Text,
        id -> Uuid,
        turn_id -> Uuid,
        content -> Jsonb,
        created_at -> Timestamptz,
        emotion -> Nullable<Text>,
    }
}

diesel::table! {
    processes (id) {
        id -> Uuid,
        lives_until -> Timestamptz,
    }
}

diesel::table! {
    receipts (user_id, scope, key) {
        user_id -> Uuid,
        scope -> Text,
        key -> Text,
        request -> Binary,
        relationship_id -> Nullable<Uuid>,
        after_no -> Nullable<Integer>,
        last_no -> Nullable<Integer>,
        turn_id -> Nullable<Uuid>,
        at -> Timestamptz,
        expires_at -> Nullable<Timestamptz>,
        run -> Nullable<Integer>,
        waifu_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    relationships (id) {
        id -> Uuid,
        user_id -> Uuid,
        waifu_id -> Uuid,
        affection -> Integer,
        level -> Integer,
        facts -> Jsonb,
        last_interaction -> Nullable<Timestamptz>,
        persona -> Nullable<Text>,
        epoch -> Uuid,
        head_seq -> BigInt,
        last_entry_no -> Integer,
        version -> Integer,
        created_at -> Timestamptz,
        counts -> Nullable<Jsonb>,
        deeds -> Nullable<Jsonb>,
    }
}

diesel::table! {
    rule_books (hash) {
        hash -> Binary,
        body -> Text,
    }
}

diesel::table! {
    runs (turn_id, run) {
        turn_id -> Uuid,
        run -> Integer,
        relationship_id -> Uuid,
        status -> Text,
        reason -> Nullable<Text>,
        lease_owner -> Nullable<Uuid>,
        lease_until -> Nullable<Timestamptz>,
        words_so_far -> Text,
        prompt_tokens -> Nullable<Integer>,
        completion_tokens -> Nullable<Integer>,
        started_at -> Timestamptz,
        ended_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    sessions (id) {
        id -> Uuid,
        user_id -> Uuid,
        token_hash -> Binary,
        previous_token_hash -> Nullable<Binary>,
        created_at -> Timestamptz,
        rotated_at -> Timestamptz,
        expires_at -> Timestamptz,
        revoked_at -> Nullable<Timestamptz>,
        family_hash -> Nullable<Binary>,
    }
}

diesel::table! {
    spending (user_id, day) {
        user_id -> Uuid,
        day -> Integer,
        tokens -> BigInt,
    }
}

diesel::table! {
    turns (id) {
        id -> Uuid,
        relationship_id -> Uuid,
        conversation_id -> Uuid,
        turn_no -> Integer,
        kind -> Text,
        client_message_id -> Nullable<Uuid>,
        message_digest -> Nullable<Binary>,
        appraisal -> Nullable<Text>,
        waifu_version -> Integer,
        chosen_run -> Nullable<Integer>,
        cause -> Nullable<Jsonb>,
        created_at -> Timestamptz,
        voided_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    users (id) {
        id -> Uuid,
        username -> Text,
        display_name -> Text,
        password_hash -> Text,
        role -> Text,
        age_group -> Text,
        created_at -> Timestamptz,
        time_zone -> Nullable<Text>,
        birthday -> Nullable<Date>,
        suspended_at -> Nullable<Timestamptz>,
        pronouns -> Nullable<Text>,
        locale -> Nullable<Text>,
        persona -> Nullable<Text>,
        password_until -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    waifu_versions (waifu_id, version) {
        waifu_id -> Uuid,
        version -> Integer,
        name -> Text,
        personality -> Jsonb,
        appearance -> Jsonb,
        stats -> Jsonb,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    waifus (id) {
        id -> Uuid,
        key -> Nullable<Text>,
        seeded_version -> Nullable<Integer>,
        owner_id -> Nullable<Uuid>,
        visibility -> Text,
        name -> Text,
        personality -> Jsonb,
        appearance -> Jsonb,
        stats -> Jsonb,
        version -> Integer,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        deleted_at -> Nullable<Timestamptz>,
    }
}

diesel::joinable!(api_keys -> users (user_id));
diesel::joinable!(relationships -> users (user_id));
diesel::joinable!(sessions -> users (user_id));
diesel::joinable!(turns -> relationships (relationship_id));
diesel::joinable!(messages -> turns (turn_id));

diesel::allow_tables_to_appear_in_same_query!(
    api_keys,
    interactions,
    messages,
    relationships,
    runs,
    sessions,
    turns,
    users,
    waifu_versions,
    waifus,
);
