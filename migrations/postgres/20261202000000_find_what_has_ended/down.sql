drop index receipts_by_expiry;
drop index sessions_by_expiry;
