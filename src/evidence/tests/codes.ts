/** What a deviation is of: codes of tests, beside those of the verifier's faults. A closed list. spec/tests.md (TST-8). @module */
import type { FaultCode } from '../verify/fault-codes.ts'

export const DEVIATION_CODES = {
  ACTED_ALONE: 'approved by who asked for it, and nobody else',
  AGENT_KEY_SHARED: 'two agents hold the same key',
  AGENT_OWNER_UNKNOWN: 'nobody in the log answers for the agent',
  AGENT_PURPOSE_MISSING: 'the agent has no purpose',
  AGENT_SYSTEM_MISSING: 'the agent belongs to no system',
  ALERT_LATE: 'nobody took the alert within its limit',
  ALERT_WITHOUT_INCIDENT: 'closed as an incident, and no incident names it',
  ANCHOR_GAP: 'nobody outside said for over 24 hours that the log exists',
  ANCHOR_ROOT: 'somebody outside saw another log of that size',
  ATTESTED_LATE: 'attested after it left',
  BASIS_WANTED: 'personal data was used without a basis',
  CHANGE_TESTS_FAILED: 'approved with tests that failed',
  CHANGE_UNTESTED: 'approved without a test',
  DELEGATED_AFTER_LEAVING: 'a delegation was issued of somebody, or to an agent, that had left',
  DRILL_INCOMPLETE: 'an enforcement point did not answer in a drill',
  DRILL_TABLETOP_ONLY: 'no drill of the period was in production',
  EMERGENCY_UNAPPROVED: 'made by one person alone, and nobody approved it afterwards in time',
  ENTRY_DATED: 'an entry is dated outside of the anchors around it',
  HOUR_MISSING: 'nobody sampled the capacity of that hour',
  INCIDENT_OPEN: 'the incident was not closed in time',
  INCIDENT_UNCONTAINED: 'the incident was not contained in time',
  KEY_NOT_ROTATED: 'an issuer key signed for longer than a year',
  LEAVER_NOT_REVOKED: 'delegations of a leaver outlived the bound',
  NOTICE_UNKNOWN: 'the notice of a consent is not in the log',
  OUTPUT_NOT_ATTESTED: 'no attestation is valid for the output at the end of the log',
  READ_ABOVE_CLEARANCE: 'data was read above the clearance of the grant',
  RESTORE_FAILED: 'a restore test failed',
  RESTORE_ROOT: 'a restored log has another root than this log at that size',
  SOFTWARE_AUTHENTICATOR: 'a gesture in production was made with software',
  TOKEN_BEFORE_APPROVAL: 'the agent was given something to act with before anybody approved it',
  USED_AFTER_WITHDRAWAL: 'used after the data subject withdrew',
} as const satisfies Readonly<Record<string, string>>

export type DeviationCode = keyof typeof DEVIATION_CODES | FaultCode
