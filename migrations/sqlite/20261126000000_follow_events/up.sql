-- Old events are forgotten, wherever they lie.
create index durable_events_by_time on durable_events (at);
