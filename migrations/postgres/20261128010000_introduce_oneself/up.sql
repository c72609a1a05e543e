-- What users say of themselves. Null: nothing.
alter table users add column pronouns text;
alter table users add column locale text;
alter table users add column persona text;
