alter table messages drop column emotion;
