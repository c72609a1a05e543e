-- Servers that share this database, so that each knows whether another one wants to be told its news.
create table processes (
    id uuid primary key,
    -- By this database's clock.
    lives_until timestamptz not null
);

-- Old events are forgotten. Rows come in the order of time, so a summary a megabyte finds them; a b-tree would be
-- written by every turn.
create index durable_events_by_time on durable_events using brin (at) with (autosummarize = on);
