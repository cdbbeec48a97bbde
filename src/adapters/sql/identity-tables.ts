/** Tables of identity providers and provisioning, as tables.ts has the others. spec/identity.md. @module */
export const IDENTITY_TABLES = `
CREATE TABLE identities (
  id TEXT PRIMARY KEY, person TEXT NOT NULL REFERENCES people (id), iss TEXT NOT NULL, by TEXT NOT NULL,
  sub_commit TEXT NOT NULL, entry INTEGER NOT NULL, key TEXT UNIQUE
) STRICT;
CREATE INDEX identities_person ON identities (person);
CREATE TABLE scim_clients (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, person TEXT NOT NULL, added INTEGER NOT NULL, expires INTEGER NOT NULL,
  removed INTEGER, token_hash TEXT UNIQUE
) STRICT;
CREATE TABLE scim_users (
  id TEXT PRIMARY KEY, client TEXT NOT NULL REFERENCES scim_clients (id), person TEXT NOT NULL REFERENCES people (id),
  active INTEGER NOT NULL, user_commit TEXT NOT NULL, added INTEGER NOT NULL, created INTEGER NOT NULL,
  changed INTEGER NOT NULL, modified INTEGER NOT NULL, name_key TEXT UNIQUE, look_key TEXT,
  external_key TEXT UNIQUE
) STRICT;
CREATE INDEX scim_users_client ON scim_users (client);
CREATE INDEX scim_users_person ON scim_users (person);
CREATE INDEX scim_users_look ON scim_users (look_key);
CREATE TABLE scim_groups (
  id TEXT PRIMARY KEY, client TEXT NOT NULL REFERENCES scim_clients (id), name TEXT NOT NULL, external TEXT,
  added INTEGER NOT NULL, created INTEGER NOT NULL, changed INTEGER NOT NULL, modified INTEGER NOT NULL,
  UNIQUE (client, name)
) STRICT;
CREATE TABLE scim_members (
  "group" TEXT NOT NULL REFERENCES scim_groups (id), "user" TEXT NOT NULL REFERENCES scim_users (id),
  PRIMARY KEY ("group", "user")
) STRICT, WITHOUT ROWID;
CREATE INDEX scim_members_user ON scim_members ("user");
`
