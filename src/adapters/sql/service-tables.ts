/** Tables of service accounts, as tables.ts has the others. @module */
export const SERVICE_TABLES = `
CREATE TABLE service_accounts (
  id TEXT PRIMARY KEY, entry INTEGER NOT NULL, name TEXT NOT NULL, purpose TEXT NOT NULL, owner TEXT NOT NULL,
  roles_json TEXT NOT NULL, networks_json TEXT NOT NULL, expires INTEGER NOT NULL, proposer TEXT NOT NULL,
  proposed INTEGER NOT NULL, approver TEXT, approval INTEGER, approved INTEGER, ended TEXT, ending INTEGER,
  ended_at INTEGER
) STRICT;
CREATE INDEX service_accounts_owner ON service_accounts (owner) WHERE ended IS NULL;
CREATE TABLE service_keys (
  jkt TEXT PRIMARY KEY, account TEXT NOT NULL REFERENCES service_accounts (id), entry INTEGER NOT NULL,
  since INTEGER NOT NULL, replaced INTEGER
) STRICT;
CREATE INDEX service_keys_account ON service_keys (account);
CREATE TABLE service_invitations (
  secret_hash TEXT PRIMARY KEY, account TEXT NOT NULL, expires INTEGER NOT NULL
) STRICT;
CREATE TABLE service_uses (account TEXT PRIMARY KEY, used INTEGER NOT NULL) STRICT;
`
