-- A receipt is of the rows of an act, of a run of a turn, or of a companion.
create table receipts_of_more (
    user_id blob not null references users (id),
    scope text not null,
    key text not null,
    -- SHA-256 of what was asked for.
    request blob not null,
    relationship_id blob references relationships (id),
    -- The ledger rows after the one, up to and with the other.
    after_no integer,
    last_no integer,
    turn_id blob references turns (id),
    at integer not null,
    expires_at integer,
    run integer check (run >= 1),
    waifu_id blob references waifus (id),
    primary key (user_id, scope, key),
    check (
        case
            when waifu_id is not null then coalesce(relationship_id, after_no, last_no, turn_id, run) is null
            when run is not null then
                relationship_id is not null and turn_id is not null and coalesce(after_no, last_no) is null
            else relationship_id is not null and after_no is not null and last_no is not null
        end
    )
) strict, without rowid;
insert into receipts_of_more (user_id, scope, key, request, relationship_id, after_no, last_no, turn_id, at, expires_at)
select user_id, scope, key, request, relationship_id, after_no, last_no, turn_id, at, expires_at from receipts;
drop table receipts;
alter table receipts_of_more rename to receipts;
create index receipts_by_relationship on receipts (relationship_id) where relationship_id is not null;
create index receipts_by_turn on receipts (turn_id) where turn_id is not null;
create index receipts_by_waifu on receipts (waifu_id) where waifu_id is not null;

-- Until when somebody can sign in with his password; null: for good.
alter table users add column password_until integer;

-- What is retired is offered no more, and no seed brings it back.
alter table catalogue_entries add column retired_at integer;
