/** Tables of auditors' previews, as tables.ts has the others. @module */
export const PREVIEW_TABLES = `
CREATE TABLE previews (
  id TEXT PRIMARY KEY, status TEXT NOT NULL, proposer TEXT NOT NULL, proposal INTEGER NOT NULL, approval INTEGER,
  scope_json TEXT NOT NULL, expires INTEGER NOT NULL, auditor_commit TEXT NOT NULL, firm_commit TEXT NOT NULL,
  holder TEXT, jkt TEXT UNIQUE, credential_json TEXT, credential_id TEXT UNIQUE, registration INTEGER,
  looks_n INTEGER NOT NULL, looked INTEGER
) STRICT;
CREATE TABLE preview_comments (
  entry INTEGER PRIMARY KEY, preview TEXT NOT NULL REFERENCES previews (id), person TEXT, about_json TEXT NOT NULL,
  text_commit TEXT NOT NULL, time INTEGER NOT NULL
) STRICT;
CREATE INDEX preview_comments_preview ON preview_comments (preview);
CREATE TABLE evidence_requests (
  id TEXT PRIMARY KEY, preview TEXT NOT NULL REFERENCES previews (id), entry INTEGER NOT NULL, about_json TEXT,
  text_commit TEXT NOT NULL, opened INTEGER NOT NULL, outcome TEXT, answer_commit TEXT, person TEXT, answered INTEGER
) STRICT;
CREATE INDEX evidence_requests_preview ON evidence_requests (preview);
CREATE TABLE preview_invitations (
  secret_hash TEXT PRIMARY KEY, preview TEXT NOT NULL REFERENCES previews (id), expires INTEGER NOT NULL
) STRICT;
`
