-- Where a user's days begin, UTC when it is not known; and his birthday.
alter table users
    add column time_zone text,
    add column birthday date;

-- How often things were done, and when last: caches of the ledger. A row that the release before this one makes has
-- none, which says that there is nothing.
alter table relationships
    add column counts jsonb check (jsonb_typeof(counts) = 'object'),
    add column deeds jsonb check (jsonb_typeof(deeds) = 'object');

-- A reversal takes back one chat row. Nothing was given, and nobody went out, before this release.
update relationships
set counts = (
        select jsonb_build_object(
            'chat', count(*) filter (where kind = 'chat') - count(*) filter (where kind = 'reversal'),
            'gift', count(*) filter (where kind = 'gift'),
            'date', count(*) filter (where kind = 'date'),
            'event', count(*) filter (where kind = 'event')
        )
        from interactions
        where interactions.relationship_id = relationships.id
    ),
    deeds = '{}';

-- Taken back: no history shows it.
alter table turns add column voided_at timestamptz;

create table catalogue_entries (
    id uuid primary key,
    kind text not null check (kind in ('gift', 'date', 'event')),
    -- Sorts by its bytes, in every locale.
    key text collate "C" not null,
    body jsonb not null check (jsonb_typeof(body) = 'object'),
    version integer not null check (version >= 1),
    -- The version that a seed wrote last; seeds leave newer ones alone.
    seeded_version integer,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    unique (kind, key)
);

create table receipts (
    user_id uuid not null references users (id),
    scope text not null,
    key text not null,
    -- SHA-256 of what was asked for.
    request bytea not null check (length(request) = 32),
    relationship_id uuid not null references relationships (id),
    -- The ledger rows after the one, up to and with the other.
    after_no integer not null check (after_no >= 0),
    last_no integer not null check (last_no >= after_no),
    turn_id uuid references turns (id),
    at timestamptz not null,
    expires_at timestamptz,
    primary key (user_id, scope, key)
);

-- Gifts, dates and choices count for longer than chats, and are far fewer.
create index interactions_deeds_by_time on interactions (relationship_id, at)
    where kind in ('gift', 'date', 'event');

-- Pages of what came up, newest first.
create index event_occurrences_by_age on event_occurrences (relationship_id, opened_at desc, id desc);
