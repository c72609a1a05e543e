-- No column has a default: every value is decided in Rust and given.

create table users (
    id uuid primary key,
    username text not null unique,
    display_name text not null,
    password_hash text not null,
    role text not null check (role in ('user', 'operator')),
    age_group text not null check (age_group in ('adult', 'minor')),
    created_at timestamptz not null
);

create table sessions (
    id uuid primary key,
    user_id uuid not null references users (id),
    -- SHA-256 of the refresh token, and of the one before the last rotation.
    token_hash bytea not null unique check (length(token_hash) = 32),
    previous_token_hash bytea unique check (length(previous_token_hash) = 32),
    created_at timestamptz not null,
    rotated_at timestamptz not null,
    expires_at timestamptz not null,
    revoked_at timestamptz
);

create table waifus (
    id uuid primary key,
    -- The house's own companions alone have one.
    key text unique,
    -- The version that a seed wrote last; seeds leave newer ones alone.
    seeded_version integer,
    owner_id uuid references users (id),
    visibility text not null check (visibility in ('public', 'private')),
    name text not null,
    personality jsonb not null,
    appearance jsonb not null,
    stats jsonb not null,
    version integer not null check (version >= 1),
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz
);
-- Pages of companions, oldest first.
create index waifus_by_age on waifus (created_at, id);

create table waifu_versions (
    waifu_id uuid not null references waifus (id),
    version integer not null check (version >= 1),
    name text not null,
    personality jsonb not null,
    appearance jsonb not null,
    stats jsonb not null,
    created_at timestamptz not null,
    primary key (waifu_id, version)
);

create table rule_books (
    hash bytea primary key check (length(hash) = 32),
    -- Text, not jsonb: the hash is over these very bytes.
    body text not null
);

create table relationships (
    id uuid primary key,
    user_id uuid not null references users (id),
    waifu_id uuid not null references waifus (id),
    affection integer not null check (affection between 0 and 1000),
    level integer not null check (level between 0 and 10),
    facts jsonb not null check (jsonb_typeof(facts) = 'array'),
    last_interaction timestamptz,
    persona text,
    epoch uuid not null,
    head_seq bigint not null check (head_seq >= 0),
    last_entry_no integer not null check (last_entry_no >= 0),
    version integer not null check (version >= 0),
    created_at timestamptz not null,
    unique (user_id, waifu_id)
)
-- Two updates a turn, of no indexed column: with room on the page they touch no index.
with (fillfactor = 50);

create table conversations (
    id uuid primary key,
    relationship_id uuid not null references relationships (id),
    is_default boolean not null,
    last_turn_no integer not null check (last_turn_no >= 0),
    created_at timestamptz not null
)
with (fillfactor = 50);
create unique index conversations_one_default on conversations (relationship_id) where is_default;

create table turns (
    id uuid primary key,
    relationship_id uuid not null references relationships (id),
    conversation_id uuid not null references conversations (id),
    turn_no integer not null check (turn_no >= 1),
    kind text not null check (kind in ('greeting', 'chat', 'gift', 'date', 'event')),
    client_message_id uuid,
    -- SHA-256 of the user's text: tells a message that was sent again from another under its id.
    message_digest bytea check (length(message_digest) = 32),
    appraisal text check (appraisal in ('hostile', 'cold', 'neutral', 'warm', 'affectionate')),
    waifu_version integer not null,
    chosen_run integer,
    cause jsonb,
    created_at timestamptz not null,
    unique (conversation_id, turn_no),
    -- One message is one turn, however often it is sent.
    unique (relationship_id, client_message_id)
)
with (fillfactor = 80);

create table runs (
    turn_id uuid not null references turns (id),
    run integer not null check (run >= 1),
    relationship_id uuid not null references relationships (id),
    status text not null
        check (status in ('streaming', 'completed', 'incomplete', 'failed', 'cancelled')),
    reason text
        check (reason in (
            'length', 'too_long', 'provider_failed', 'provider_unavailable', 'provider_timeout',
            'filtered', 'cut', 'empty', 'draining', 'abandoned'
        )),
    lease_owner uuid,
    -- By this database's clock.
    lease_until timestamptz,
    -- As the last heartbeat saved them; empty once the run has ended.
    words_so_far text not null,
    prompt_tokens integer check (prompt_tokens >= 0),
    completion_tokens integer check (completion_tokens >= 0),
    started_at timestamptz not null,
    ended_at timestamptz,
    primary key (turn_id, run),
    -- Queries and the index below ask for `ended_at is null`, which needs no bound value.
    check ((status = 'streaming') = (ended_at is null)),
    check ((ended_at is null) = (lease_owner is not null)),
    check ((ended_at is null) = (lease_until is not null)),
    check ((prompt_tokens is null) = (completion_tokens is null))
)
with (fillfactor = 50);
-- At most one run of a relationship streams. It holds the streaming runs alone, so it serves the search for
-- leases that have run out as well: an index on `lease_until` would be written by every heartbeat.
create unique index runs_one_streaming on runs (relationship_id) where ended_at is null;

create table messages (
    conversation_id uuid not null references conversations (id),
    turn_no integer not null,
    -- 0 for the user's message; hers has the number of the run that said it.
    run integer not null check (run >= 0),
    speaker text not null check (speaker in ('user', 'waifu')),
    id uuid not null unique,
    turn_id uuid not null references turns (id),
    content jsonb not null check (jsonb_typeof(content) = 'array'),
    created_at timestamptz not null,
    -- Read backwards it is a history, newest first.
    primary key (conversation_id, turn_no, run, speaker),
    check ((speaker = 'user') = (run = 0))
);

create table interactions (
    relationship_id uuid not null references relationships (id),
    no integer not null check (no >= 1),
    id uuid not null unique,
    kind text not null
        check (kind in ('chat', 'gift', 'date', 'event', 'decay', 'reversal', 'adjustment')),
    at timestamptz not null,
    requested_change integer not null,
    affection_change integer not null,
    affection_after integer not null check (affection_after between 0 and 1000),
    level_after integer not null check (level_after between 0 and 10),
    reasons jsonb not null check (jsonb_typeof(reasons) = 'array'),
    facts jsonb not null check (jsonb_typeof(facts) = 'array'),
    cause jsonb not null,
    turn_id uuid references turns (id),
    voids_no integer,
    rule_book bytea not null references rule_books (hash),
    primary key (relationship_id, no)
);
-- A turn moves affection once; the same index finds the rows that a turn wrote.
create unique index interactions_once_a_turn on interactions (turn_id, kind) where turn_id is not null;
-- A row is taken back once; the same index tells whether it was.
create unique index interactions_void_once on interactions (relationship_id, voids_no)
    where voids_no is not null;
-- The rules' rolling windows.
create index interactions_by_time on interactions (relationship_id, at);

create table event_occurrences (
    id uuid primary key,
    relationship_id uuid not null references relationships (id),
    event text not null,
    opened_at timestamptz not null,
    expires_at timestamptz,
    state text not null check (state in ('pending', 'resolved', 'expired')),
    choice text,
    closed_at timestamptz,
    check ((state = 'pending') = (closed_at is null))
);
-- An event waits once at a time.
create unique index event_occurrences_one_pending on event_occurrences (relationship_id, event)
    where state = 'pending';
-- The newest occurrence of each event.
create index event_occurrences_by_event on event_occurrences (relationship_id, event, opened_at desc, id desc);

create table durable_events (
    relationship_id uuid not null references relationships (id),
    seq bigint not null check (seq >= 1),
    body jsonb not null,
    at timestamptz not null,
    primary key (relationship_id, seq)
);
