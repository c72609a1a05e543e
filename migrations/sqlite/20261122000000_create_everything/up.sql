-- Ids are 16-byte blobs, times whole microseconds since 1970 in UTC, documents JSON as text, and enums the names
-- that the program gives them. Nothing has a default: every value is the caller's.

create table users (
    id blob primary key not null,
    username text not null unique,
    display_name text not null,
    password_hash text not null,
    role text not null check (role in ('user', 'operator')),
    age_group text not null check (age_group in ('adult', 'minor')),
    created_at integer not null
) strict;

-- Both tokens are unique, so that a lookup by either finds one session.
create table sessions (
    id blob primary key not null,
    user_id blob not null references users (id),
    token_hash blob not null unique,
    previous_token_hash blob unique,
    created_at integer not null,
    rotated_at integer not null,
    expires_at integer not null,
    revoked_at integer
) strict;

create table waifus (
    id blob primary key not null,
    key text unique,
    -- The version that a seed wrote last; seeds leave newer ones alone.
    seeded_version integer,
    owner_id blob references users (id),
    visibility text not null check (visibility in ('public', 'private')),
    name text not null,
    personality text not null,
    appearance text not null,
    stats text not null,
    version integer not null,
    created_at integer not null,
    updated_at integer not null,
    deleted_at integer
) strict;

-- Pages of companions are cut in this order.
create index waifus_in_order on waifus (created_at, id);

create table waifu_versions (
    waifu_id blob not null references waifus (id),
    version integer not null,
    name text not null,
    personality text not null,
    appearance text not null,
    stats text not null,
    created_at integer not null,
    primary key (waifu_id, version)
) strict, without rowid;

create table rule_books (
    hash blob primary key not null,
    body text not null
) strict;

create table relationships (
    id blob primary key not null,
    user_id blob not null references users (id),
    waifu_id blob not null references waifus (id),
    affection integer not null check (affection between 0 and 1000),
    level integer not null check (level between 0 and 10),
    facts text not null,
    last_interaction integer,
    persona text,
    epoch blob not null,
    head_seq integer not null,
    last_entry_no integer not null,
    version integer not null,
    created_at integer not null,
    -- Two who meet in two requests at once meet once.
    unique (user_id, waifu_id)
) strict;

create table conversations (
    id blob primary key not null,
    relationship_id blob not null references relationships (id),
    is_default integer not null check (is_default in (0, 1)),
    last_turn_no integer not null,
    created_at integer not null
) strict;

-- Each relationship has one default conversation.
create unique index conversations_default on conversations (relationship_id) where is_default = 1;

create table turns (
    id blob primary key not null,
    relationship_id blob not null references relationships (id),
    conversation_id blob not null references conversations (id),
    turn_no integer not null,
    kind text not null check (kind in ('greeting', 'chat', 'gift', 'date', 'event')),
    client_message_id blob,
    message_digest blob,
    appraisal text check (appraisal in ('hostile', 'cold', 'neutral', 'warm', 'affectionate')),
    waifu_version integer not null,
    chosen_run integer,
    cause text,
    created_at integer not null,
    unique (conversation_id, turn_no),
    -- A message is sent once, however often a client repeats it.
    unique (relationship_id, client_message_id)
) strict;

create table runs (
    turn_id blob not null references turns (id),
    run integer not null,
    relationship_id blob not null references relationships (id),
    status text not null check (status in ('streaming', 'completed', 'incomplete', 'failed', 'cancelled')),
    reason text check (
        reason in (
            'length', 'too_long', 'provider_failed', 'provider_unavailable', 'provider_timeout', 'filtered',
            'cut', 'empty', 'draining', 'abandoned'
        )
    ),
    lease_owner blob,
    lease_until integer,
    words_so_far text not null,
    prompt_tokens integer,
    completion_tokens integer,
    started_at integer not null,
    ended_at integer,
    primary key (turn_id, run)
) strict, without rowid;

-- One answer at a time. The reaper looks through these few as well; none is over the leases, which every
-- heartbeat would have to write.
create unique index runs_streaming on runs (relationship_id) where ended_at is null;

-- Clusters by the order of a history: within a turn 'user' comes before 'waifu'. The user's own message is of run 0.
create table messages (
    conversation_id blob not null references conversations (id),
    turn_no integer not null,
    speaker text not null check (speaker in ('user', 'waifu')),
    run integer not null,
    id blob not null unique,
    turn_id blob not null references turns (id),
    content text not null,
    created_at integer not null,
    primary key (conversation_id, turn_no, speaker, run)
) strict, without rowid;

create table interactions (
    relationship_id blob not null references relationships (id),
    no integer not null,
    id blob not null unique,
    kind text not null check (kind in ('chat', 'gift', 'date', 'event', 'decay', 'reversal', 'adjustment')),
    at integer not null,
    requested_change integer not null,
    affection_change integer not null,
    affection_after integer not null check (affection_after between 0 and 1000),
    level_after integer not null check (level_after between 0 and 10),
    reasons text not null,
    facts text not null,
    cause text not null,
    turn_id blob references turns (id),
    voids_no integer,
    rule_book blob not null references rule_books (hash),
    primary key (relationship_id, no)
) strict, without rowid;

-- A turn moves affection once, whichever of its runs does.
create unique index interactions_chat on interactions (turn_id) where kind = 'chat';

-- What a turn left: its chat row and the decay before it.
create index interactions_of_turn on interactions (turn_id) where turn_id is not null;

-- A row is taken back once; and whether one stands is looked up here.
create unique index interactions_voided on interactions (relationship_id, voids_no) where voids_no is not null;

-- The rolling windows of the rules.
create index interactions_in_time on interactions (relationship_id, at);

create table event_occurrences (
    id blob primary key not null,
    relationship_id blob not null references relationships (id),
    event text not null,
    opened_at integer not null,
    expires_at integer,
    state text not null check (state in ('pending', 'resolved', 'expired')),
    choice text,
    closed_at integer
) strict;

-- An event waits once.
create unique index event_occurrences_pending on event_occurrences (relationship_id, event) where state = 'pending';

-- The last time that each event came up.
create index event_occurrences_in_time on event_occurrences (relationship_id, event, opened_at);

create table durable_events (
    relationship_id blob not null references relationships (id),
    seq integer not null,
    body text not null,
    at integer not null,
    primary key (relationship_id, seq)
) strict, without rowid;
