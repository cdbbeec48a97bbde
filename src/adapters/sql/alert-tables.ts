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
CREATE INDEX alerts_status ON alerts (status, entry);
CREATE TABLE channels (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, host TEXT NOT NULL, added INTEGER NOT NULL, removed INTEGER, config_box BLOB
) STRICT;
CREATE TABLE channel_states (
  channel TEXT PRIMARY KEY REFERENCES channels (id), attempts INTEGER NOT NULL, next_try INTEGER NOT NULL,
  failing_since INTEGER, alerted INTEGER NOT NULL, claimed_until INTEGER NOT NULL
) STRICT;
CREATE TABLE alert_notices (
  id TEXT PRIMARY KEY, channel TEXT NOT NULL REFERENCES channels (id), alert TEXT NOT NULL, event TEXT NOT NULL,
  time INTEGER NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL, since INTEGER NOT NULL,
  changed INTEGER NOT NULL, why TEXT
) STRICT;
CREATE INDEX alert_notices_waiting ON alert_notices (channel, attempts, time) WHERE state = 'waiting';
CREATE INDEX alert_notices_alert ON alert_notices (alert);
CREATE INDEX alert_notices_changed ON alert_notices (changed);
CREATE TABLE canaries (
  rule TEXT NOT NULL, day TEXT NOT NULL, ok INTEGER NOT NULL, entry INTEGER NOT NULL, PRIMARY KEY (rule, day)
) STRICT, WITHOUT ROWID;
CREATE INDEX canaries_day ON canaries (day);
CREATE TABLE detector_states (rule TEXT PRIMARY KEY, state_json TEXT NOT NULL) STRICT;
CREATE TABLE alert_keys (
  key TEXT PRIMARY KEY, alert TEXT NOT NULL, time INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX alert_keys_time ON alert_keys (time);`
