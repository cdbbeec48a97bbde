/** Tables of registers that people keep by hand, as tables.ts has the others. @module */
export const REGISTER_TABLES = `
CREATE TABLE evaluations (
  id TEXT PRIMARY KEY, deviation TEXT NOT NULL, said_json TEXT NOT NULL, proposer TEXT NOT NULL,
  proposal INTEGER NOT NULL, signer TEXT, signature INTEGER, signed INTEGER
) STRICT;
CREATE INDEX evaluations_deviation ON evaluations (deviation);
CREATE TABLE narratives (
  id TEXT PRIMARY KEY, control TEXT NOT NULL, digest TEXT NOT NULL, proposer TEXT NOT NULL, proposal INTEGER NOT NULL,
  approver TEXT, approval INTEGER, approved INTEGER
) STRICT;
CREATE TABLE deficiencies (
  id TEXT PRIMARY KEY, entry INTEGER NOT NULL, criteria_json TEXT NOT NULL, deviation TEXT, opener TEXT NOT NULL,
  owner TEXT, title_commit TEXT, opened INTEGER NOT NULL, due INTEGER NOT NULL, closed INTEGER,
  remediation INTEGER, repairer TEXT, retest INTEGER, closing INTEGER
) STRICT;
CREATE INDEX deficiencies_open ON deficiencies (due) WHERE closed IS NULL;
CREATE TABLE vendors (
  id TEXT PRIMARY KEY, recorded INTEGER NOT NULL, vendor_json TEXT NOT NULL, ended INTEGER NOT NULL, assessment INTEGER
) STRICT;
CREATE TABLE assessments (
  entry INTEGER PRIMARY KEY, vendor TEXT NOT NULL REFERENCES vendors (id), recorded INTEGER NOT NULL,
  assessor TEXT NOT NULL, time INTEGER NOT NULL, outcome TEXT NOT NULL, valid_until INTEGER NOT NULL,
  next_review INTEGER NOT NULL, said_json TEXT NOT NULL, text_commit TEXT NOT NULL, approval INTEGER, approver TEXT
) STRICT;
CREATE INDEX assessments_vendor ON assessments (vendor);
CREATE TABLE breaches (
  id TEXT PRIMARY KEY, entry INTEGER NOT NULL, recorder TEXT NOT NULL, recorded INTEGER NOT NULL,
  aware INTEGER NOT NULL, incident TEXT, jurisdictions_json TEXT NOT NULL, categories_json TEXT NOT NULL,
  subjects_n INTEGER, risk TEXT NOT NULL, text_commit TEXT NOT NULL, closed INTEGER, closing INTEGER
) STRICT;
CREATE INDEX breaches_open ON breaches (aware) WHERE closed IS NULL;
CREATE TABLE breach_notices (
  entry INTEGER PRIMARY KEY, breach TEXT NOT NULL REFERENCES breaches (id), told TEXT NOT NULL,
  jurisdiction TEXT NOT NULL, at INTEGER NOT NULL, author TEXT NOT NULL, text_commit TEXT NOT NULL
) STRICT;
CREATE INDEX breach_notices_breach ON breach_notices (breach);
CREATE TABLE emergencies (
  id TEXT PRIMARY KEY, entry INTEGER NOT NULL, taker TEXT NOT NULL, agent TEXT NOT NULL, granted INTEGER NOT NULL,
  until INTEGER NOT NULL, reason_commit TEXT NOT NULL, delegations_n INTEGER NOT NULL, reviewer TEXT, review INTEGER
) STRICT;
CREATE INDEX emergencies_open ON emergencies (granted) WHERE review IS NULL;
CREATE TABLE lone_acts (
  entry INTEGER PRIMARY KEY, type TEXT NOT NULL, subject TEXT, person TEXT NOT NULL, time INTEGER NOT NULL,
  review INTEGER, reviewer TEXT, reviewed INTEGER, outcome TEXT, text_commit TEXT
) STRICT;
CREATE INDEX lone_acts_open ON lone_acts (time) WHERE review IS NULL;
CREATE TABLE deficiency_notes (
  entry INTEGER PRIMARY KEY, deficiency TEXT NOT NULL REFERENCES deficiencies (id), phase TEXT NOT NULL,
  author TEXT NOT NULL, time INTEGER NOT NULL, text_commit TEXT NOT NULL
) STRICT;
CREATE INDEX deficiency_notes_deficiency ON deficiency_notes (deficiency);
`
