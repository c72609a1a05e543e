alter table catalogue_entries drop column retired_at;

-- Nobody gets in with a password that was good for once.
update users set password_hash = '' where password_until is not null;
alter table users drop column password_until;

create table receipts_of_acts (
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
insert into receipts_of_acts (user_id, scope, key, request, relationship_id, after_no, last_no, turn_id, at, expires_at)
select user_id, scope, key, request, relationship_id, after_no, last_no, turn_id, at, expires_at from receipts
where run is null and waifu_id is null;
drop table receipts;
alter table receipts_of_acts rename to receipts;
create index receipts_by_relationship on receipts (relationship_id);
create index receipts_by_turn on receipts (turn_id) where turn_id is not null;
