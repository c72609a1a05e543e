-- All that is a user's is found by an index when he asks for it, or for its end.
drop index sessions_by_user;
create index sessions_by_user on sessions (user_id);
create index waifus_by_owner on waifus (owner_id) where owner_id is not null;
create index relationships_by_waifu on relationships (waifu_id);
create index conversations_by_relationship on conversations (relationship_id);
create index receipts_by_relationship on receipts (relationship_id);
create index receipts_by_turn on receipts (turn_id) where turn_id is not null;
create index interactions_by_operator on interactions (json_extract(cause, '$.operator_id')) where kind = 'adjustment';

-- Whoever deletes a turn or a relationship makes SQLite look for what refers to it.
create index messages_by_turn on messages (turn_id);
create index runs_by_relationship on runs (relationship_id);
