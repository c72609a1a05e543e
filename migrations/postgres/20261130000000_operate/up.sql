-- A receipt is of the rows of an act, of a run of a turn, or of a companion.
alter table receipts
    alter column relationship_id drop not null,
    alter column after_no drop not null,
    alter column last_no drop not null,
    add column run integer check (run >= 1),
    add column waifu_id uuid references waifus (id),
    add constraint receipts_are_of_one_thing check (
        case
            when waifu_id is not null then num_nonnulls(relationship_id, after_no, last_no, turn_id, run) = 0
            when run is not null then num_nonnulls(relationship_id, turn_id) = 2 and num_nonnulls(after_no, last_no) = 0
            else num_nonnulls(relationship_id, after_no, last_no) = 3
        end
    );
create index receipts_by_waifu on receipts (waifu_id) where waifu_id is not null;

-- Until when somebody can sign in with his password; null: for good.
alter table users add column password_until timestamptz;

-- What is retired is offered no more, and no seed brings it back.
alter table catalogue_entries add column retired_at timestamptz;

-- What was used on a day. Rows come in the order of their time, so that next to nothing is written for it.
create index runs_by_time on runs using brin (started_at) with (autosummarize = on);
