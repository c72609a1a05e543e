drop index durable_events_by_time;
