/** Tables of oversight, isolation, incidents and capacity, as tables.ts has the others. @module */
export const RESPONSE_TABLES = `
CREATE TABLE response_policies (
  id TEXT PRIMARY KEY, status TEXT NOT NULL, policy_json TEXT NOT NULL, proposer TEXT NOT NULL, proposal INTEGER NOT NULL,
  approval INTEGER
) STRICT;
CREATE TABLE oversight (
  agent TEXT PRIMARY KEY REFERENCES agents (id), n INTEGER NOT NULL, begun INTEGER, because TEXT, isolated INTEGER
) STRICT;
CREATE TABLE signs (
  agent TEXT NOT NULL REFERENCES agents (id), rule TEXT NOT NULL, time INTEGER NOT NULL, entries_json TEXT NOT NULL,
  PRIMARY KEY (agent, rule)
) STRICT, WITHOUT ROWID;
CREATE TABLE incidents (
  id TEXT PRIMARY KEY, entry INTEGER NOT NULL, kind TEXT NOT NULL, severity TEXT NOT NULL, agent TEXT,
  opener TEXT NOT NULL, owner TEXT, title_commit TEXT, first INTEGER NOT NULL, detected INTEGER NOT NULL,
  opened INTEGER NOT NULL, acknowledged INTEGER, contained INTEGER, contained_by TEXT, closed INTEGER,
  containment INTEGER, cause INTEGER, lessons INTEGER, closing INTEGER
) STRICT;
CREATE INDEX incidents_open ON incidents (opened) WHERE closed IS NULL;
CREATE TABLE incident_alerts (
  incident TEXT NOT NULL REFERENCES incidents (id), alert TEXT NOT NULL, PRIMARY KEY (incident, alert)
) STRICT, WITHOUT ROWID;
CREATE INDEX incident_alerts_alert ON incident_alerts (alert);
CREATE TABLE incident_notes (
  entry INTEGER PRIMARY KEY, incident TEXT NOT NULL REFERENCES incidents (id), phase TEXT NOT NULL,
  author TEXT NOT NULL, time INTEGER NOT NULL, text_commit TEXT NOT NULL
) STRICT;
CREATE INDEX incident_notes_incident ON incident_notes (incident);
CREATE TABLE heard (
  point TEXT PRIMARY KEY REFERENCES points (id), time INTEGER NOT NULL, behind INTEGER NOT NULL, head INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE capacity (hour INTEGER PRIMARY KEY, entry INTEGER NOT NULL, sample_json TEXT NOT NULL) STRICT;
CREATE INDEX entries_restore_tests ON entries (idx) WHERE type = 'restore.tested';
`
