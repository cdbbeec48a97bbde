/** What the observer keeps. spec/telemetry.md, spec/registers.md. @module */
export const OBSERVE_TABLES = `CREATE TABLE cursors (fold TEXT PRIMARY KEY, next INTEGER NOT NULL) STRICT;
CREATE TABLE observers (name TEXT PRIMARY KEY, holder TEXT NOT NULL, until INTEGER NOT NULL) STRICT;
CREATE TABLE series (
  id INTEGER PRIMARY KEY, scope INTEGER NOT NULL, agent TEXT NOT NULL, point TEXT NOT NULL, server TEXT NOT NULL,
  tool TEXT NOT NULL, name TEXT NOT NULL, n INTEGER NOT NULL, total INTEGER NOT NULL, seen INTEGER NOT NULL
) STRICT;
CREATE INDEX series_scope ON series (scope, agent);
CREATE TABLE buckets (
  scope INTEGER NOT NULL, grain INTEGER NOT NULL, bucket INTEGER NOT NULL, series INTEGER NOT NULL, n INTEGER NOT NULL,
  total INTEGER NOT NULL, PRIMARY KEY (scope, grain, bucket, series)
) STRICT, WITHOUT ROWID;
CREATE INDEX buckets_series ON buckets (series, grain, bucket);
CREATE TABLE open_calls (
  action TEXT PRIMARY KEY, point TEXT NOT NULL, agent TEXT NOT NULL, server TEXT NOT NULL, tool TEXT NOT NULL,
  t INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`
