-- Where a user's days begin, UTC when it is not known; and his birthday, as a day that exists.
alter table users add column time_zone text;
alter table users add column birthday text check (birthday is date(birthday));

-- How often things were done, and when last: caches of the ledger. A row that the release before this one makes has
-- none, which says that there is nothing.
alter table relationships add column counts text;
alter table relationships add column deeds text;

-- A reversal takes back one chat row. Nothing was given, and nobody went out, before this release.
update relationships
set counts = (
        select json_object(
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
alter table turns add column voided_at integer;

create table catalogue_entries (
    id blob primary key not null,
    kind text not null check (kind in ('gift', 'date', 'event')),
    key text not null,
    body text not null,
    version integer not null,
    -- The version that a seed wrote last; seeds leave newer ones alone.
    seeded_version integer,
    created_at integer not null,
    updated_at integer not null,
    unique (kind, key)
) strict;

create table receipts (
    user_id blob not null references users (id),
    scope text not null,
    key text not null,
    -- SHA-256 of what was asked for.
    request blob not null,
    relationship_id blob not null references relationships (id),
    -- The ledger rows after the one, up to and with the other.
    after_no integer not null,
    last_no integer not null,
    turn_id blob references turns (id),
    at integer not null,
    expires_at integer,
    primary key (user_id, scope, key)
) strict, without rowid;

-- Gifts, dates and choices count for longer than chats, and are far fewer.
create index interactions_deeds_in_time on interactions (relationship_id, at)
    where kind in ('gift', 'date', 'event');

-- Pages of what came up, newest first.
create index event_occurrences_by_age on event_occurrences (relationship_id, opened_at desc, id desc);
