/** Tables of reviews of access, as tables.ts has the others. @module */
export const GOVERNANCE_TABLES = `
CREATE TABLE access_reviews (
  id TEXT PRIMARY KEY, entry INTEGER NOT NULL, period TEXT NOT NULL, opener TEXT NOT NULL, items_n INTEGER NOT NULL,
  digest TEXT NOT NULL, opened INTEGER NOT NULL, closed INTEGER, closing INTEGER
) STRICT;
CREATE TABLE access_review_items (
  review TEXT NOT NULL REFERENCES access_reviews (id), n INTEGER NOT NULL, kind TEXT NOT NULL, target TEXT NOT NULL,
  owner TEXT, may_json TEXT NOT NULL, reviewer TEXT, decision TEXT, decider TEXT, decided INTEGER, acted INTEGER,
  PRIMARY KEY (review, n)
) STRICT, WITHOUT ROWID;
`
