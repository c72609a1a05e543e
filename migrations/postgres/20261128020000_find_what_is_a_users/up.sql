-- All that is a user's is found by an index when he asks for it, or for its end.
drop index sessions_by_user;
create index sessions_by_user on sessions (user_id);
create index waifus_by_owner on waifus (owner_id) where owner_id is not null;
create index relationships_by_waifu on relationships (waifu_id);
create index conversations_by_relationship on conversations (relationship_id);
create index receipts_by_relationship on receipts (relationship_id);
create index receipts_by_turn on receipts (turn_id) where turn_id is not null;
create index interactions_by_operator on interactions ((cause ->> 'operator_id')) where kind = 'adjustment';

-- A message's conversation and a run's turn say the same; an index for each of these would be written with every turn.
alter table messages drop constraint messages_turn_id_fkey;
alter table runs drop constraint runs_relationship_id_fkey;
