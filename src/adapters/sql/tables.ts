/**
 * The tables of `src/ports/store.ts`, once for every dialect: written as SQLite reads them, and kept so plain that another
 * dialect is a change of words (`src/adapters/postgres/schema.ts`).
 * @module
 */
import { ALERT_TABLES } from './alert-tables.ts'
import { CONSENT_TABLES } from './consent-tables.ts'
import { DRIFT_TABLES } from './drift-tables.ts'
import { IDENTITY_TABLES } from './identity-tables.ts'
import { OBSERVE_TABLES } from './observe-tables.ts'
import { GOVERNANCE_TABLES } from './governance-tables.ts'
import { REGISTER_TABLES } from './register-tables.ts'
import { PREVIEW_TABLES } from './preview-tables.ts'
import { RESPONSE_TABLES } from './response-tables.ts'
import { SERVICE_TABLES } from './service-tables.ts'

/** What a database of ours says that it holds. Raise it with every change of {@link TABLES} and bring a migration. */
export const SCHEMA_VERSION = 22

export const TABLES = `
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE entries (idx INTEGER PRIMARY KEY, type TEXT NOT NULL, bytes BLOB NOT NULL) STRICT;
CREATE TABLE submissions (key TEXT PRIMARY KEY, time INTEGER NOT NULL, result_json TEXT) STRICT;
CREATE INDEX submissions_time ON submissions (time);
CREATE TABLE checkpoints (size INTEGER PRIMARY KEY, time INTEGER NOT NULL, note BLOB NOT NULL) STRICT;
CREATE INDEX checkpoints_time ON checkpoints (time);
CREATE TABLE people (
  id TEXT PRIMARY KEY, name_commit TEXT, status TEXT NOT NULL, rev TEXT UNIQUE, registration INTEGER,
  operator_jkt TEXT UNIQUE, endorsed INTEGER
) STRICT;
CREATE TABLE passkeys (
  registration INTEGER PRIMARY KEY, person TEXT NOT NULL REFERENCES people (id), credential_json TEXT NOT NULL UNIQUE,
  credential_id TEXT UNIQUE, amr_json TEXT NOT NULL, operator_jkt TEXT UNIQUE, backed_up INTEGER NOT NULL, status TEXT NOT NULL, adder INTEGER,
  added INTEGER NOT NULL, name_box BLOB, signed_in INTEGER
) STRICT;
CREATE INDEX passkeys_person ON passkeys (person);
CREATE TABLE recoveries (
  person TEXT PRIMARY KEY REFERENCES people (id), invitation INTEGER NOT NULL, inviter TEXT, registration INTEGER,
  secret_hash TEXT
) STRICT;
CREATE TABLE invitations (
  secret_hash TEXT PRIMARY KEY, person TEXT NOT NULL REFERENCES people (id), expires INTEGER NOT NULL,
  used INTEGER NOT NULL
) STRICT;
CREATE TABLE systems (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE tools (
  id TEXT PRIMARY KEY, system TEXT NOT NULL REFERENCES systems (id), server TEXT NOT NULL, tool TEXT NOT NULL,
  definition_hash TEXT NOT NULL, measures_json TEXT NOT NULL, resources_json TEXT NOT NULL, definition TEXT,
  UNIQUE (server, tool)
) STRICT;
CREATE TABLE tool_changes (
  id TEXT PRIMARY KEY, registered TEXT NOT NULL REFERENCES tools (id), status TEXT NOT NULL,
  definition_hash TEXT NOT NULL, becomes_json TEXT NOT NULL, proposer TEXT NOT NULL, proposal INTEGER NOT NULL
) STRICT;
CREATE INDEX tool_changes_registered ON tool_changes (registered, status);
CREATE TABLE label_proposals (
  id TEXT PRIMARY KEY, status TEXT NOT NULL, labels_json TEXT NOT NULL, proposer TEXT NOT NULL, proposal INTEGER NOT NULL
) STRICT;
CREATE TABLE labels (
  tool TEXT NOT NULL REFERENCES tools (id), definition_hash TEXT NOT NULL, label_json TEXT NOT NULL,
  approval INTEGER NOT NULL, PRIMARY KEY (tool, definition_hash)
) STRICT;
CREATE TABLE flow_policies (
  id TEXT PRIMARY KEY, status TEXT NOT NULL, policy_json TEXT NOT NULL, proposer TEXT NOT NULL, proposal INTEGER NOT NULL,
  approval INTEGER
) STRICT;
CREATE TABLE output_policies (
  id TEXT PRIMARY KEY, status TEXT NOT NULL, policy_json TEXT NOT NULL, proposer TEXT NOT NULL, proposal INTEGER NOT NULL,
  approval INTEGER
) STRICT;
CREATE TABLE outputs (
  id TEXT PRIMARY KEY, entry INTEGER NOT NULL, kind TEXT NOT NULL, body_json TEXT NOT NULL, agent TEXT, system TEXT,
  registrar TEXT NOT NULL, registered INTEGER NOT NULL, released INTEGER, attestation TEXT, refusals INTEGER NOT NULL,
  digest_commit TEXT NOT NULL, content_commit TEXT, action TEXT UNIQUE
) STRICT;
CREATE INDEX outputs_entry ON outputs (entry);
CREATE INDEX outputs_uncovered ON outputs (released) WHERE released IS NOT NULL AND attestation IS NULL;
CREATE INDEX outputs_waiting ON outputs (registered) WHERE released IS NULL AND attestation IS NULL;
CREATE TABLE attestations (
  id TEXT PRIMARY KEY, output TEXT NOT NULL REFERENCES outputs (id), entry INTEGER NOT NULL, role TEXT NOT NULL,
  human TEXT NOT NULL, state TEXT NOT NULL, since INTEGER NOT NULL, envelope_commit TEXT NOT NULL,
  human_commit TEXT NOT NULL
) STRICT;
CREATE INDEX attestations_output ON attestations (output);
CREATE TABLE reviews (
  id TEXT PRIMARY KEY, output TEXT NOT NULL REFERENCES outputs (id), person TEXT NOT NULL, opened INTEGER NOT NULL,
  decided INTEGER, decision TEXT, flagged INTEGER NOT NULL
) STRICT;
CREATE INDEX reviews_output ON reviews (output);
CREATE TABLE coverage (
  kind TEXT NOT NULL, agent TEXT NOT NULL, system TEXT NOT NULL, day TEXT NOT NULL, released INTEGER NOT NULL,
  authored INTEGER NOT NULL, supervised INTEGER NOT NULL, directed INTEGER NOT NULL,
  PRIMARY KEY (day, kind, agent, system)
) STRICT, WITHOUT ROWID;
CREATE TABLE seeds (
  entry INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, seed_commit TEXT NOT NULL, output TEXT,
  outcome TEXT
) STRICT;
CREATE TABLE attest_drafts (
  id TEXT PRIMARY KEY, output TEXT NOT NULL, person TEXT NOT NULL, draft_box BLOB NOT NULL, expires INTEGER NOT NULL
) STRICT;
CREATE TABLE review_measures (
  review TEXT PRIMARY KEY, person TEXT NOT NULL, opened INTEGER NOT NULL, in_view INTEGER NOT NULL, seen INTEGER NOT NULL,
  length INTEGER NOT NULL, outcome TEXT NOT NULL, expires INTEGER NOT NULL
) STRICT;
CREATE INDEX review_measures_person ON review_measures (person);
${CONSENT_TABLES}
${OBSERVE_TABLES}${DRIFT_TABLES}
${ALERT_TABLES}
CREATE TABLE agents (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, owner TEXT NOT NULL REFERENCES people (id), class TEXT NOT NULL,
  purpose TEXT NOT NULL, systems_json TEXT NOT NULL, manifest TEXT NOT NULL, proposal INTEGER NOT NULL,
  proposer TEXT NOT NULL, status TEXT NOT NULL
) STRICT;
CREATE TABLE versions (
  agent TEXT NOT NULL REFERENCES agents (id), manifest TEXT NOT NULL, document_json TEXT NOT NULL,
  status TEXT NOT NULL, proposer TEXT NOT NULL, proposal INTEGER NOT NULL, approval INTEGER,
  PRIMARY KEY (agent, manifest)
) STRICT;
CREATE TABLE inventory (
  id TEXT PRIMARY KEY, ref TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, name TEXT NOT NULL, origin TEXT NOT NULL,
  point TEXT, owner TEXT, system TEXT, agent TEXT, secret TEXT NOT NULL, detail_json TEXT NOT NULL,
  created INTEGER, rotated INTEGER, used INTEGER, status TEXT NOT NULL
) STRICT;
CREATE TABLE agent_keys (
  jkt TEXT PRIMARY KEY, agent TEXT NOT NULL REFERENCES agents (id), jwk_json TEXT NOT NULL, revoked INTEGER NOT NULL
) STRICT;
CREATE INDEX agent_keys_agent ON agent_keys (agent);
CREATE TABLE points (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, jkt TEXT NOT NULL UNIQUE, jwk_json TEXT NOT NULL,
  placement TEXT NOT NULL, servers_json TEXT NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL, hash TEXT NOT NULL
) STRICT;
CREATE TABLE drafts (
  jti TEXT PRIMARY KEY, principal TEXT NOT NULL REFERENCES people (id), draft_box BLOB NOT NULL,
  expires INTEGER NOT NULL
) STRICT;
CREATE INDEX drafts_principal ON drafts (principal);
CREATE TABLE draft_answers (
  jti TEXT NOT NULL REFERENCES drafts (jti) ON DELETE CASCADE, person TEXT NOT NULL REFERENCES people (id),
  role TEXT NOT NULL, answer TEXT NOT NULL, gesture_json TEXT, PRIMARY KEY (jti, person)
) STRICT, WITHOUT ROWID;
CREATE INDEX draft_answers_person ON draft_answers (person);
CREATE TABLE templates (
  id TEXT PRIMARY KEY, class TEXT NOT NULL, status TEXT NOT NULL, template_json TEXT NOT NULL, proposer TEXT NOT NULL,
  proposal INTEGER NOT NULL, approval INTEGER
) STRICT;
CREATE UNIQUE INDEX templates_active ON templates (class) WHERE status = 'active';
CREATE TABLE issuer_keys (
  kid TEXT PRIMARY KEY, jwk_json TEXT NOT NULL, status TEXT NOT NULL, retired_at INTEGER
) STRICT;
CREATE UNIQUE INDEX issuer_keys_current ON issuer_keys (status) WHERE status = 'current';
CREATE TABLE issuers (
  id TEXT PRIMARY KEY, iss TEXT NOT NULL, status TEXT NOT NULL, issuer_json TEXT NOT NULL, proposer TEXT NOT NULL,
  proposal INTEGER NOT NULL, approval INTEGER
) STRICT;
CREATE UNIQUE INDEX issuers_standing ON issuers (iss, status) WHERE status IN ('proposed', 'trusted');
CREATE TABLE statuses (
  list INTEGER NOT NULL, idx INTEGER NOT NULL, jti TEXT NOT NULL UNIQUE, PRIMARY KEY (list, idx)
) STRICT, WITHOUT ROWID;
CREATE TABLE handles (
  owner TEXT NOT NULL, kind TEXT NOT NULL, handle TEXT NOT NULL, PRIMARY KEY (owner, kind, handle)
) STRICT, WITHOUT ROWID;
CREATE INDEX handles_handle ON handles (kind, handle);
CREATE TABLE exchanges (
  jti TEXT PRIMARY KEY, delegation TEXT NOT NULL, agent TEXT NOT NULL, exp INTEGER NOT NULL, revoked INTEGER NOT NULL
) STRICT;
CREATE TABLE ceremonies (
  id TEXT PRIMARY KEY, secret_hash TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, person TEXT NOT NULL, jkt TEXT NOT NULL,
  request_box BLOB NOT NULL, answer_json TEXT, expires INTEGER NOT NULL
) STRICT;
CREATE TABLE hosting_keys (
  jkt TEXT PRIMARY KEY, point TEXT NOT NULL REFERENCES points (id), jwk_json TEXT NOT NULL, agent TEXT
) STRICT;
CREATE INDEX hosting_keys_point ON hosting_keys (point, agent);
CREATE TABLE hosted_resources (
  url TEXT PRIMARY KEY, point TEXT NOT NULL REFERENCES points (id), server TEXT NOT NULL
) STRICT;
CREATE TABLE oauth_state (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, uid TEXT UNIQUE, grant_id TEXT, box BLOB NOT NULL, consumed INTEGER,
  expires INTEGER NOT NULL
) STRICT;
CREATE INDEX oauth_state_grant ON oauth_state (grant_id);
CREATE INDEX oauth_state_expires ON oauth_state (expires);
CREATE INDEX oauth_state_kind ON oauth_state (kind);
CREATE TABLE delegations (
  jti TEXT PRIMARY KEY, agent TEXT NOT NULL REFERENCES agents (id), principal TEXT NOT NULL REFERENCES people (id),
  exp INTEGER NOT NULL, chain TEXT NOT NULL, issued INTEGER NOT NULL, revoked INTEGER NOT NULL
) STRICT;
CREATE INDEX delegations_principal ON delegations (principal);
CREATE TABLE receipts (
  point TEXT NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL, hash TEXT NOT NULL,
  PRIMARY KEY (point, epoch, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE segments (
  id TEXT PRIMARY KEY, subject TEXT NOT NULL, agent TEXT, parent TEXT, entry INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX segments_subject ON segments (subject, entry);
CREATE TABLE frames (
  seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, handle TEXT NOT NULL, frame_json TEXT NOT NULL, sig TEXT NOT NULL,
  UNIQUE (kind, handle)
) STRICT;
CREATE TABLE statements (
  entry INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, statement_json TEXT NOT NULL,
  UNIQUE (kind, name)
) STRICT;
CREATE TABLE lifted (kill TEXT PRIMARY KEY, lift TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE lift_drafts (id TEXT PRIMARY KEY, lift_json TEXT NOT NULL, expires INTEGER NOT NULL) STRICT;
CREATE TABLE lift_gestures (
  lift TEXT NOT NULL REFERENCES lift_drafts (id) ON DELETE CASCADE, person TEXT NOT NULL REFERENCES people (id),
  gesture_json TEXT NOT NULL, PRIMARY KEY (lift, person)
) STRICT, WITHOUT ROWID;
CREATE TABLE drills (
  id TEXT PRIMARY KEY, entry INTEGER NOT NULL, mode TEXT NOT NULL, scope_json TEXT NOT NULL, at INTEGER NOT NULL,
  planner TEXT NOT NULL, started INTEGER, kill TEXT, closed INTEGER, closed_ms INTEGER
) STRICT;
CREATE TABLE acks (
  point TEXT PRIMARY KEY, epoch INTEGER NOT NULL, head INTEGER NOT NULL, t INTEGER NOT NULL, kills_json TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE listeners (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, url TEXT, added INTEGER NOT NULL, after INTEGER NOT NULL, removed INTEGER,
  token_hash TEXT UNIQUE, secret_box BLOB
) STRICT;
CREATE TABLE deliveries (
  listener TEXT PRIMARY KEY REFERENCES listeners (id), sent INTEGER NOT NULL, status TEXT NOT NULL,
  attempts INTEGER NOT NULL, next_try INTEGER NOT NULL, failing_since INTEGER, alerted INTEGER NOT NULL,
  claimed_until INTEGER NOT NULL, acked_json TEXT NOT NULL, verify_json TEXT
) STRICT;
CREATE TABLE budgets (
  key TEXT PRIMARY KEY, max INTEGER NOT NULL, spent INTEGER NOT NULL, near INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE leases (
  id TEXT PRIMARY KEY, key TEXT NOT NULL, point TEXT NOT NULL, epoch INTEGER NOT NULL, from_seq INTEGER NOT NULL,
  amount INTEGER NOT NULL, debited INTEGER NOT NULL, expires INTEGER NOT NULL, window_ms INTEGER NOT NULL,
  recalled INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX leases_key ON leases (key);
CREATE INDEX leases_point ON leases (point);
CREATE TABLE domains (
  agent TEXT PRIMARY KEY, point TEXT, epoch INTEGER NOT NULL, run TEXT NOT NULL, turn INTEGER NOT NULL,
  expires INTEGER NOT NULL, taint_json TEXT NOT NULL, wanted_by TEXT, wanted_until INTEGER NOT NULL
) STRICT;
CREATE INDEX domains_wanted ON domains (wanted_until);
CREATE TABLE usages (
  key TEXT NOT NULL, until INTEGER NOT NULL, amount INTEGER NOT NULL, PRIMARY KEY (key, until)
) STRICT, WITHOUT ROWID;
CREATE TABLE topups (
  id TEXT PRIMARY KEY, key TEXT NOT NULL UNIQUE, agent TEXT NOT NULL, delegation TEXT NOT NULL,
  grant_digest TEXT NOT NULL, limit_json TEXT NOT NULL, asked INTEGER NOT NULL, status TEXT NOT NULL,
  requested INTEGER NOT NULL, answer TEXT
) STRICT;
CREATE TABLE approvals (
  id TEXT PRIMARY KEY, point TEXT NOT NULL, action TEXT NOT NULL, agent TEXT NOT NULL, iss TEXT NOT NULL,
  jti TEXT NOT NULL, grant_digest TEXT NOT NULL, server TEXT NOT NULL, tool TEXT NOT NULL, definition_hash TEXT,
  args_commit TEXT NOT NULL, expires INTEGER NOT NULL, requested INTEGER NOT NULL, status TEXT NOT NULL,
  decided INTEGER, approver TEXT, act_json TEXT, gesture_json TEXT, flow_json TEXT
) STRICT;
CREATE INDEX approvals_requested ON approvals (requested);
CREATE INDEX approvals_open ON approvals (point) WHERE status = 'open';
CREATE INDEX approvals_waiting ON approvals (expires) WHERE status = 'open';
CREATE TABLE approval_links (
  secret_hash TEXT PRIMARY KEY, approval TEXT NOT NULL REFERENCES approvals (id), expires INTEGER NOT NULL
) STRICT;
CREATE TABLE subjects (
  id TEXT PRIMARY KEY, owner TEXT, first INTEGER NOT NULL, erased INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX subjects_owner ON subjects (owner);
CREATE TABLE sealed (
  commitment TEXT PRIMARY KEY, subject TEXT NOT NULL REFERENCES subjects (id), field TEXT NOT NULL, box BLOB NOT NULL
) STRICT;
CREATE INDEX sealed_subject ON sealed (subject);
CREATE TABLE erasures (
  subject TEXT PRIMARY KEY, state TEXT NOT NULL, basis TEXT NOT NULL, approver TEXT NOT NULL,
  requested INTEGER NOT NULL, deferred INTEGER, erased INTEGER
) STRICT;
CREATE TABLE holds (
  id TEXT PRIMARY KEY, target TEXT NOT NULL, reason_commit TEXT NOT NULL, placed INTEGER NOT NULL, lifted INTEGER
) STRICT;
CREATE TABLE packs (
  entry INTEGER PRIMARY KEY, person TEXT NOT NULL, from_ms INTEGER NOT NULL, to_ms INTEGER NOT NULL,
  size INTEGER NOT NULL, sha256 TEXT NOT NULL
) STRICT;
CREATE TABLE prunings (
  entry INTEGER PRIMARY KEY, from_idx INTEGER NOT NULL, to_idx INTEGER NOT NULL, before_ms INTEGER NOT NULL, map BLOB
) STRICT;
CREATE TABLE pruned (bundle INTEGER PRIMARY KEY, hashes BLOB NOT NULL) STRICT;
${RESPONSE_TABLES}
${GOVERNANCE_TABLES}
${SERVICE_TABLES}
${REGISTER_TABLES}
${PREVIEW_TABLES}
${IDENTITY_TABLES}
CREATE INDEX entries_tombstones ON entries (idx) WHERE type = 'subject.erased';
CREATE INDEX entries_telling ON entries (type, idx)
  WHERE type = 'log.anchored' OR type = 'restore.tested' OR type = 'evidence.built' OR type = 'narrative.approved'
    OR type = 'preview.granted' OR type = 'note.added' OR type = 'person.endorsed' OR type = 'population.frozen'
    OR type = 'sample.drawn' OR type = 'reconciliation.uploaded' OR type = 'key.created';
`
