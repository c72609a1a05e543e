-- What a user has spent on a day, as the number of days since 1970 in UTC. It refers to nobody, so that who settles a run
-- need not hold the user beside the relationship; who erases a user holds all of his, and takes this too.
create table spending (
    user_id blob not null,
    day integer not null,
    tokens integer not null,
    primary key (user_id, day)
) strict, without rowid;
