-- Who did what, where, why, with which outcome. It refers to sites by name: it outlives them.
CREATE TABLE audit (
  seq       INTEGER NOT NULL PRIMARY KEY,
  at        INTEGER NOT NULL,
  who       TEXT    NOT NULL,
  action    TEXT    NOT NULL,
  site      TEXT    NOT NULL,
  operation TEXT    NOT NULL,
  outcome   TEXT    NOT NULL,
  reason    TEXT    NOT NULL,
  detail    TEXT    NOT NULL,
  previous  TEXT    NOT NULL,
  hash      TEXT    NOT NULL
) STRICT;

CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
BEGIN
  SELECT RAISE(ABORT, 'the audit is append-only');
END;

CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit
BEGIN
  SELECT RAISE(ABORT, 'the audit is append-only');
END;
