alter table users drop column suspended_at;
drop index sessions_by_user;
alter table sessions drop column family_hash;
