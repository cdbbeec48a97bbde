/** What the observer keeps. spec/telemetry.md, spec/registers.md. @module */
export const OBSERVE_TABLES = `CREATE TABLE cursors (fold TEXT PRIMARY KEY, next INTEGER NOT NULL) STRICT;
CREATE TABLE observers (name TEXT PRIMARY KEY, holder TEXT NOT NULL, until INTEGER NOT NULL) STRICT;
CREATE TABLE places (
  id INTEGER PRIMARY KEY, view INTEGER NOT NULL, agent TEXT NOT NULL, point TEXT NOT NULL, server TEXT NOT NULL,
  tool TEXT NOT NULL, seen INTEGER NOT NULL, totals_json TEXT NOT NULL
) STRICT;
CREATE INDEX places_view ON places (view, agent);
CREATE TABLE counts (
  view INTEGER NOT NULL, grain INTEGER NOT NULL, bucket INTEGER NOT NULL, place INTEGER NOT NULL,
  allowed INTEGER NOT NULL, denied INTEGER NOT NULL, asked INTEGER NOT NULL, finished INTEGER NOT NULL,
  failed INTEGER NOT NULL, stopped INTEGER NOT NULL, unknown INTEGER NOT NULL, latency_ms INTEGER NOT NULL,
  latencies INTEGER NOT NULL, within_100ms INTEGER NOT NULL, within_1s INTEGER NOT NULL, within_10s INTEGER NOT NULL,
  PRIMARY KEY (view, grain, bucket, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX counts_place ON counts (place, grain, bucket);
CREATE TABLE named_counts (
  view INTEGER NOT NULL, kind INTEGER NOT NULL, grain INTEGER NOT NULL, bucket INTEGER NOT NULL, place INTEGER NOT NULL,
  name TEXT NOT NULL, n INTEGER NOT NULL, total INTEGER NOT NULL,
  PRIMARY KEY (view, kind, grain, bucket, place, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX named_counts_place ON named_counts (place, kind, grain, bucket);
CREATE TABLE sources (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, agent TEXT, added INTEGER NOT NULL, removed INTEGER, token_hash TEXT UNIQUE
) STRICT;
CREATE TABLE spans (
  trace TEXT NOT NULL, span TEXT NOT NULL, parent TEXT NOT NULL, source TEXT NOT NULL, agent TEXT NOT NULL, server TEXT,
  tool TEXT NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL, received INTEGER NOT NULL, PRIMARY KEY (agent, trace, span)
) STRICT, WITHOUT ROWID;
CREATE INDEX spans_received ON spans (received);
CREATE INDEX spans_source ON spans (source);
CREATE TABLE span_calls (
  point TEXT NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL, agent TEXT NOT NULL, server TEXT NOT NULL,
  tool TEXT NOT NULL, t INTEGER NOT NULL, taken INTEGER NOT NULL, PRIMARY KEY (point, epoch, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX span_calls_agent ON span_calls (agent, tool, t);
CREATE TABLE span_days (
  day TEXT PRIMARY KEY, matched INTEGER NOT NULL, unmatched INTEGER NOT NULL, unknown INTEGER NOT NULL
) STRICT;
CREATE TABLE open_calls (
  action TEXT PRIMARY KEY, point TEXT NOT NULL, agent TEXT NOT NULL, server TEXT NOT NULL, tool TEXT NOT NULL,
  t INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE tile_words (tile INTEGER PRIMARY KEY, version INTEGER NOT NULL, filter BLOB NOT NULL) STRICT;
`
