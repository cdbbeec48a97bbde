/** Drift: its policy, baselines, levels, and what its fold takes up again. spec/drift.md, spec/registers.md. @module */
export const DRIFT_TABLES = `CREATE TABLE drift_policies (
  id TEXT PRIMARY KEY, status TEXT NOT NULL, policy_json TEXT NOT NULL, proposer TEXT NOT NULL, proposal INTEGER NOT NULL,
  approval INTEGER
) STRICT;
CREATE TABLE baselines (
  id TEXT PRIMARY KEY, agent TEXT NOT NULL, epoch TEXT NOT NULL UNIQUE, status TEXT NOT NULL, digest TEXT NOT NULL,
  document TEXT, sessions INTEGER NOT NULL, proposal INTEGER NOT NULL, approval INTEGER
) STRICT;
CREATE INDEX baselines_agent ON baselines (agent);
CREATE TABLE drift_levels (
  epoch TEXT PRIMARY KEY, agent TEXT NOT NULL, manifest TEXT NOT NULL, tools TEXT NOT NULL, task_class TEXT NOT NULL,
  level TEXT NOT NULL, warm INTEGER NOT NULL, scored INTEGER NOT NULL, entry INTEGER NOT NULL, alarm INTEGER,
  alarmed INTEGER
) STRICT;
CREATE INDEX drift_levels_agent ON drift_levels (agent);
CREATE TABLE drift_state (name TEXT PRIMARY KEY, value_json TEXT NOT NULL) STRICT, WITHOUT ROWID;
`
