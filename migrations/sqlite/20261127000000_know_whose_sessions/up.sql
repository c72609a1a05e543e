-- SHA-256 of what all refresh tokens of a session begin with: an old one is known for what it is by it. Sessions of the
-- release before have none until they are refreshed.
alter table sessions add column family_hash blob check (length(family_hash) = 32);
create unique index sessions_by_family on sessions (family_hash);
-- To end all of a user's.
create index sessions_by_user on sessions (user_id) where revoked_at is null;

-- He is kept out from then on.
alter table users add column suspended_at integer;
