drop index event_occurrences_by_age;
drop index interactions_deeds_by_time;
drop table receipts;
drop table catalogue_entries;
alter table turns drop column voided_at;
alter table relationships drop column deeds;
alter table relationships drop column counts;
alter table users drop column birthday;
alter table users drop column time_zone;
