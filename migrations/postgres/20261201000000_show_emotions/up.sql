-- What her words show of how she feels; null: nobody has told, as for the user's own.
alter table messages add column emotion text
    check (emotion in ('neutral', 'happy', 'sad', 'angry', 'surprised', 'shy', 'loving'));
