/**
 * Where the rows of each table come from: the log, or somewhere that no log may be. spec/registers.md (REG-1).
 * The compiler refuses a table that nobody classified, and so does test/flow/rebuild.test.ts for a backend's own.
 * @module
 */
import { ALERT_TABLES_FROM } from './alert-tables.ts'
import { IDENTITY_RULES } from './identities.ts'
import { OBSERVED_TABLES } from './observed-tables.ts'
import { OBSERVE_RULES } from './observe-rules.ts'
import { log, type TableName, type TableRule } from './table-rule.ts'

export type { TableName } from './table-rule.ts'

export const TABLES: { readonly [T in TableName]: TableRule<T> } = {
  ...ALERT_TABLES_FROM,
  meta: {
    from: 'partly',
    key: ['name'],
    missing: [],
    why: 'which vault has the keys: the next start takes the one that it finds',
  },
  entries: log('idx'),
  ...OBSERVED_TABLES,
  systems: log('id'),
  tools: log('id'),
  tool_changes: log('id'),
  label_proposals: log('id'),
  labels: log('tool', 'definition_hash'),
  flow_policies: log('id'),
  output_policies: log('id'),
  response_policies: log('id'),
  oversight: log('agent'),
  incidents: log('id'),
  incident_alerts: log('incident', 'alert'),
  incident_notes: log('entry'),
  capacity: log('hour'),
  roles: log('id'),
  service_accounts: log('id'),
  service_keys: log('jkt'),
  service_invitations: {
    from: 'transient',
    key: ['secret_hash'],
    missing: [],
    why: 'a secret of an hour: invite again',
  },
  service_uses: { from: 'transient', key: ['account'], missing: [], why: 'programs ask again' },
  access_reviews: log('id'),
  access_review_items: log('review', 'n'),
  evaluations: log('id'),
  narratives: log('id'),
  deficiencies: log('id'),
  deficiency_notes: log('entry'),
  breaches: log('id'),
  breach_notices: log('entry'),
  emergencies: log('id'),
  lone_acts: log('entry'),
  vendors: log('id'),
  assessments: log('entry'),
  previews: {
    from: 'partly',
    key: ['id'],
    missing: ['credential_id'],
    why: 'a credential identifier recognises a passkey in any browser that is asked with it',
  },
  preview_comments: log('entry'),
  evidence_requests: log('id'),
  preview_invitations: {
    from: 'transient',
    key: ['secret_hash'],
    missing: [],
    why: 'a secret of three days: invite again',
  },
  outputs: log('id'),
  attestations: log('id'),
  reviews: log('id'),
  coverage: log('day', 'kind', 'agent', 'system'),
  seeds: log('entry'),
  notices: {
    from: 'partly',
    key: ['id'],
    missing: ['text'],
    why: 'the words of a notice, of which the log has the hash: give them again with "countersign notice text"',
  },
  bases: log('id'),
  managers: log('id'),
  data_subjects: {
    from: 'partly',
    key: ['id'],
    missing: ['credential_id'],
    why: 'a credential identifier recognises a passkey in any browser that is asked with it',
  },
  identifiers: {
    from: 'partly',
    key: ['commitment'],
    missing: ['key', 'alike'],
    why: 'what data subjects are found by: identify them again, or their records are unresolved',
  },
  consents: log('id'),
  withdrawals: log('entry'),
  taken: log('listener', 'seq'),
  subject_requests: log('id'),
  disclosures: log('entry', 'part'),
  subject_links: {
    from: 'transient',
    key: ['secret_hash'],
    missing: [],
    why: 'a secret of minutes: make another link',
  },
  agents: log('id'),
  versions: log('agent', 'manifest'),
  inventory: log('id'),
  agent_keys: log('jkt'),
  points: log('id'),
  templates: log('id'),
  issuer_keys: log('kid'),
  issuers: log('id'),
  handles: log('owner', 'kind', 'handle'),
  exchanges: log('jti'),
  receipts: log('point', 'epoch', 'seq'),
  segments: log('id'),
  frames: log('seq'),
  budgets: log('key'),
  leases: log('id'),
  usages: log('key', 'until'),
  domains: log('agent'),
  topups: log('id'),
  approvals: log('id'),
  statements: log('entry'),
  lifted: log('kill'),
  drills: log('id'),
  delegations: log('jti'),
  subjects: log('id'),
  erasures: log('subject'),
  holds: log('id'),
  packs: log('entry'),
  prunings: {
    from: 'partly',
    key: ['entry'],
    missing: ['map'],
    why: 'which entries go: the published log has it as a file, which the entry names by its digest',
  },
  pruned: {
    from: 'kept',
    key: ['bundle'],
    missing: [],
    why: 'hashes of entries that are gone: with them the tree is the one that was signed',
  },
  people: log('id'),
  passkeys: {
    from: 'partly',
    key: ['registration'],
    missing: ['credential_id', 'name_box', 'signed_in'],
    why: 'a credential identifier recognises a passkey in any browser that is asked with it; what its person calls it',
  },
  recoveries: {
    from: 'partly',
    key: ['person'],
    missing: ['secret_hash'],
    why: 'a secret of a day: invite again',
  },
  statuses: {
    from: 'partly',
    key: ['list', 'idx'],
    missing: [],
    why: 'places of drafts that were never sealed: nothing refers to them',
  },
  checkpoints: {
    from: 'kept',
    key: ['size'],
    missing: [],
    why: 'signatures over the log cannot stand in it: each is checked against the tree of its size',
  },
  sealed: {
    from: 'kept',
    key: ['commitment'],
    missing: [],
    why: 'names, instructions, words and arguments are personal and erasable: each is checked against its commitment',
  },
  invitations: {
    from: 'transient',
    key: ['secret_hash'],
    missing: [],
    why: 'a secret of a day: invite again',
  },
  drafts: {
    from: 'transient',
    key: ['jti'],
    missing: [],
    why: 'not issued, and holds the instruction: draft again',
  },
  signs: {
    from: 'transient',
    key: ['agent', 'rule'],
    missing: [],
    why: 'what was found lately: what was done about it names the entries',
  },
  heard: {
    from: 'transient',
    key: ['point'],
    missing: [],
    why: 'when points reported last: they say it again',
  },
  draft_answers: {
    from: 'transient',
    key: ['jti', 'person'],
    missing: [],
    why: 'gone with its draft; what counts is in the sealed root',
  },
  lift_drafts: {
    from: 'transient',
    key: ['id'],
    missing: [],
    why: 'a lift that waits for gestures: begin it again',
  },
  lift_gestures: {
    from: 'transient',
    key: ['lift', 'person'],
    missing: [],
    why: 'gone with its draft; those that count are in the lift',
  },
  approval_links: {
    from: 'transient',
    key: ['secret_hash'],
    missing: [],
    why: 'a secret of minutes: list what waits',
  },
  attest_drafts: {
    from: 'transient',
    key: ['id'],
    missing: [],
    why: 'statements that wait for a gesture: draft again',
  },
  review_measures: {
    from: 'transient',
    key: ['review'],
    missing: [],
    why: 'measures of a reviewer end after 90 days, which no log does',
  },
  submissions: {
    from: 'transient',
    key: ['key'],
    missing: [],
    why: 'answers to requests that may come again within a day: what they made is in the log',
  },
  listeners: {
    from: 'partly',
    key: ['id'],
    missing: ['token_hash', 'secret_box'],
    why: 'secrets that it is told with: add the listener again',
  },
  deliveries: {
    from: 'transient',
    key: ['listener'],
    missing: [],
    why: 'how far a listener was told: a rebuilt one has no secret, and is added again',
  },
  acks: {
    from: 'transient',
    key: ['point'],
    missing: [],
    why: 'how far points have come: they say it again',
  },
  hosting_keys: {
    from: 'partly',
    key: ['jkt'],
    missing: [],
    why: 'keys that no agent has yet: the gateway hands them over again',
  },
  hosted_resources: {
    from: 'transient',
    key: ['url'],
    missing: [],
    why: 'where gateways are reached: they say it again',
  },
  oauth_state: {
    from: 'transient',
    key: ['id'],
    missing: [],
    why: 'clients, requests and tokens of a while: connect the client again',
  },
  ...OBSERVE_RULES,
  ...IDENTITY_RULES,
  ceremonies: { from: 'transient', key: ['id'], missing: [], why: 'a question of ten minutes: ask again' },
}

/** Those first that refer to others. */
export function transientTables(): TableName[] {
  const names = Object.keys(TABLES) as TableName[]
  return names.filter((name) => TABLES[name].from === 'transient').toReversed()
}

/** What a database that was rebuilt from the log alone does without. */
export function missingFromLog(): { table: TableName; columns: readonly string[]; why: string }[] {
  return Object.entries(TABLES)
    .filter(([, rule]) => rule.from !== 'log')
    .map(([table, { missing, why }]) => ({ table: table as TableName, columns: missing, why }))
}
