create table api_keys (
    id blob primary key not null,
    user_id blob not null references users (id),
    name text not null,
    -- SHA-256 of the whole key.
    secret_hash blob not null check (length(secret_hash) = 32),
    -- Names with a space between.
    scopes text not null,
    created_at integer not null
) strict;

create index api_keys_by_user on api_keys (user_id, id desc);
