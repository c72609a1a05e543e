drop index runs_by_time;

alter table catalogue_entries drop column retired_at;

-- Nobody gets in with a password that was good for once.
update users set password_hash = '' where password_until is not null;
alter table users drop column password_until;

delete from receipts where run is not null or waifu_id is not null;
alter table receipts
    drop column run,
    drop column waifu_id,
    drop constraint if exists receipts_are_of_one_thing,
    alter column relationship_id set not null,
    alter column after_no set not null,
    alter column last_no set not null;
