/** What the observer keeps. spec/telemetry.md, spec/registers.md. @module */
export const OBSERVE_TABLES = `CREATE TABLE cursors (fold TEXT PRIMARY KEY, next INTEGER NOT NULL) STRICT;
CREATE TABLE observers (name TEXT PRIMARY KEY, holder TEXT NOT NULL, until INTEGER NOT NULL) STRICT;
CREATE TABLE alert_keys (key TEXT PRIMARY KEY, entry INTEGER NOT NULL) STRICT;
`
