-- By which what nobody can use any more is found, and forgotten.
create index sessions_by_expiry on sessions (expires_at);
create index receipts_by_expiry on receipts (expires_at) where expires_at is not null;
