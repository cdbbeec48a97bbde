/** What is kept of data subjects, their consents and the bases beside them. spec/registers.md, spec/consent.md. @module */
export const CONSENT_TABLES = `CREATE TABLE notices (
  id TEXT PRIMARY KEY, status TEXT NOT NULL, name TEXT NOT NULL, version TEXT NOT NULL, language TEXT NOT NULL,
  jurisdiction TEXT NOT NULL, notice_json TEXT NOT NULL, text TEXT, proposer TEXT NOT NULL, proposal INTEGER NOT NULL,
  approval INTEGER, UNIQUE (name, version, language, jurisdiction)
) STRICT;
CREATE TABLE bases (
  id TEXT PRIMARY KEY, status TEXT NOT NULL, basis_json TEXT NOT NULL, proposer TEXT NOT NULL, proposal INTEGER NOT NULL,
  approval INTEGER, changed INTEGER
) STRICT;
CREATE TABLE managers (
  id TEXT PRIMARY KEY, status TEXT NOT NULL, jkt TEXT NOT NULL UNIQUE, manager_json TEXT NOT NULL, proposer TEXT NOT NULL,
  proposal INTEGER NOT NULL, approval INTEGER
) STRICT;
CREATE TABLE data_subjects (
  id TEXT PRIMARY KEY, jurisdiction TEXT NOT NULL, changed INTEGER NOT NULL, credential_json TEXT, registration INTEGER,
  credential_id TEXT UNIQUE
) STRICT, WITHOUT ROWID;
CREATE INDEX data_subjects_changed ON data_subjects (changed);
CREATE TABLE identifiers (
  commitment TEXT PRIMARY KEY, subject TEXT NOT NULL, system TEXT, entry INTEGER NOT NULL, key TEXT UNIQUE,
  alike TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX identifiers_subject ON identifiers (subject);
CREATE TABLE consents (
  id TEXT PRIMARY KEY, subject TEXT NOT NULL, rev TEXT NOT NULL UNIQUE, notice TEXT NOT NULL, record_json TEXT NOT NULL,
  proof TEXT NOT NULL, manager TEXT, given INTEGER NOT NULL, expires INTEGER NOT NULL, withdrawn_json TEXT NOT NULL
) STRICT;
CREATE INDEX consents_subject ON consents (subject);
CREATE INDEX consents_given ON consents (given);
CREATE TABLE withdrawals (
  entry INTEGER PRIMARY KEY, consent TEXT, subject TEXT NOT NULL, purposes_json TEXT NOT NULL, time_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX withdrawals_subject ON withdrawals (subject);
CREATE TABLE taken (
  listener TEXT NOT NULL, seq INTEGER NOT NULL, entry INTEGER NOT NULL, time_ms INTEGER NOT NULL,
  PRIMARY KEY (listener, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE subject_requests (
  id TEXT PRIMARY KEY, subject TEXT NOT NULL, kind TEXT NOT NULL, jurisdiction TEXT NOT NULL, status TEXT NOT NULL,
  opened INTEGER NOT NULL, due INTEGER NOT NULL, extended INTEGER NOT NULL, outcome TEXT, text_commit TEXT,
  answer_commit TEXT, alerted INTEGER NOT NULL
) STRICT;
CREATE INDEX subject_requests_subject ON subject_requests (subject);
CREATE INDEX subject_requests_due ON subject_requests (due) WHERE status = 'open';
CREATE TABLE subject_links (
  secret_hash TEXT PRIMARY KEY, subject TEXT NOT NULL, by TEXT NOT NULL, expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE disclosures (
  entry INTEGER NOT NULL, part INTEGER NOT NULL, subject TEXT NOT NULL, time_ms INTEGER NOT NULL, agent TEXT,
  server TEXT NOT NULL, tool TEXT NOT NULL, purpose TEXT, basis TEXT, reason TEXT, n INTEGER NOT NULL,
  PRIMARY KEY (entry, part)
) STRICT, WITHOUT ROWID;
CREATE INDEX disclosures_subject ON disclosures (subject, time_ms);`
