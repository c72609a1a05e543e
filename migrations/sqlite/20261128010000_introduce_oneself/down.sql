alter table users drop column persona;
alter table users drop column locale;
alter table users drop column pronouns;
