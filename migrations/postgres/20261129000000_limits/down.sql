drop table spending;
