/** Tables of roles and of reviews of access, as tables.ts has the others. @module */
export const GOVERNANCE_TABLES = `
CREATE TABLE roles (
  id TEXT PRIMARY KEY, entry INTEGER NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, thing TEXT, person TEXT NOT NULL,
  proposer TEXT, proposed INTEGER NOT NULL, approver TEXT, approval INTEGER, approved INTEGER, removal INTEGER,
  removed INTEGER
) STRICT;
CREATE INDEX roles_standing ON roles (person) WHERE removed IS NULL;
CREATE TABLE access_reviews (
  id TEXT PRIMARY KEY, entry INTEGER NOT NULL, period TEXT NOT NULL, opener TEXT NOT NULL, items_n INTEGER NOT NULL,
  digest TEXT NOT NULL, list TEXT NOT NULL, opened INTEGER NOT NULL, closed INTEGER, closing INTEGER
) STRICT;
CREATE TABLE access_review_items (
  review TEXT NOT NULL REFERENCES access_reviews (id), n INTEGER NOT NULL, kind TEXT NOT NULL, target TEXT NOT NULL,
  owner TEXT, may_json TEXT NOT NULL, reviewer TEXT, decision TEXT, decider TEXT, decided INTEGER, acted INTEGER,
  PRIMARY KEY (review, n)
) STRICT, WITHOUT ROWID;
`
