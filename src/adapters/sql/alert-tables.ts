/** What is kept of alerts and of their policy. spec/registers.md, spec/alerts.md. @module */
export const ALERT_TABLES = `CREATE TABLE alert_policies (
  id TEXT PRIMARY KEY, status TEXT NOT NULL, policy_json TEXT NOT NULL, proposer TEXT NOT NULL, proposal INTEGER NOT NULL,
  approval INTEGER
) STRICT;
CREATE TABLE alerts (
  id TEXT PRIMARY KEY, entry INTEGER NOT NULL UNIQUE, rule TEXT NOT NULL, severity TEXT NOT NULL, subject TEXT NOT NULL,
  status TEXT NOT NULL, canary INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, count INTEGER NOT NULL,
  policy INTEGER, triage_min INTEGER NOT NULL, detail_json TEXT NOT NULL, entries_json TEXT NOT NULL,
  acknowledged INTEGER, taker TEXT, triage TEXT, closed INTEGER, disposition TEXT, escalated INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX alerts_open ON alerts (rule, subject, canary) WHERE closed IS NULL;
CREATE TABLE alert_keys (
  key TEXT PRIMARY KEY, alert TEXT NOT NULL, time INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX alert_keys_time ON alert_keys (time);`
