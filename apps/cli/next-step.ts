/**
 * What to do about a fault, by its code: the control plane says what is wrong to whoever calls it, and only here is it
 * known that a person at a command line reads it. A code that is not here says it in its own message.
 * @module
 */
import type { ApiErrorCode as ClientErrorCode } from '../../src/adapters/http/client.ts'
import type { PackErrorCode } from '../../src/evidence/errors.ts'
import type { LogErrorCode } from '../../src/log/entries.ts'
import type { Refused } from '../../src/provenance/carriers/commit.ts'
import type { RegistryErrorCode } from '../../src/registry/errors.ts'
import type { TokenErrorCode } from '../../src/token/errors.ts'
import type { ApiErrorCode as ServerErrorCode } from '../server/errors.ts'

type Code =
  | ClientErrorCode
  | LogErrorCode
  | PackErrorCode
  | Refused
  | RegistryErrorCode
  | ServerErrorCode
  | TokenErrorCode

/** Every member that a template has, as a file holds it. */
export const TEMPLATE_EXAMPLE = {
  class: 'assistant',
  ttl_s_max: 28_800,
  depth_max: 0,
  grants: null,
  approvals: null,
}

const CHAIN_FILE =
  'give the file that "countersign delegate … -o FILE" or "countersign narrow … -o FILE" wrote'
const ATTESTATION_FILE = 'give the file OUTPUT.attestation.json that belongs to this output'
const PACK_FILE = 'give the file that "countersign evidence build … -o FILE" wrote'
const ENROL_AGAIN = 'ask somebody for "countersign person invite NAME", and enrol with another --profile'
const TRY_AGAIN = 'run the command again'

const STEPS: Partial<Record<Code, string>> = {
  ATTESTATION_MISSING: 'name it with --attestation, or ask who sent the output for it',
  API_ANSWER_INVALID: 'give the URL that "countersign start" printed',
  API_REFUSED: 'give the URL that "countersign start" printed',
  API_UNREACHABLE: 'see that "countersign start" runs there, and that the URL is the one that it printed',
  AUTH_KEY_UNKNOWN: `the profile is of somebody who left, or of another control plane: ${ENROL_AGAIN}`,
  AUTH_REPLAYED: TRY_AGAIN,
  AUTH_STALE: 'set the clock of this machine, or run the command again in a second',
  AUTH_TARGET_MISMATCH: 'give the URL that "countersign start" printed, or start it with --public-url',
  BODY_TOO_LARGE: 'give less at once',
  BUNDLE_INVALID: ATTESTATION_FILE,
  CARRIER_MALFORMED: ATTESTATION_FILE,
  CHAIN_BROKEN: CHAIN_FILE,
  CONTENT_CHANGED: 'ask for the output as it was attested, or for an attestation of this one',
  COSIGNATURES_MISSING:
    'see that these witnesses run and know the key of this log, or take "mode": "required" out of the --anchors file',
  DIGEST_OTHER: ATTESTATION_FILE,
  DISCLOSURE_INVALID: CHAIN_FILE,
  EXPIRED: 'delegate again with "countersign delegate"',
  GESTURE_INVALID: 'run the command again, with the authenticator that you enrolled with',
  GRANT_INVALID: 'see spec/grants.md for what a grant may say',
  HOST_REFUSED: 'give the URL that "countersign start" printed, or start it with --public-url',
  INTERNAL: 'run it again with COUNTERSIGN_DEBUG=1 set, and report what it says',
  ISSUER_UNKNOWN: 'give the thumbprint of its issuer’s key with --key, or its issuer with --issuer',
  KEY_CURRENT: 'that is "countersign keys rotate"',
  LINE_ENDINGS_CHANGED: 'undo what changed them, or have it attested in the form text',
  NOTE_INVALID: 'give the line "log key" that "countersign start" prints',
  NOT_FOUND: 'the control plane may be of another version than this command line',
  OUTSIDE_TEMPLATE: 'ask for less, or see "countersign template list" and propose another',
  CONTROLS_INVALID: 'mend what it names, spec/controls.md says what a file may hold',
  PACK_ARCHIVE_INVALID: PACK_FILE,
  PACK_DESCRIPTION_INVALID: 'docs/description.example.yaml has every member that one may hold',
  PACK_FILE_MISSING: PACK_FILE,
  PACK_LOG_EMPTY: 'choose a later --to',
  PACK_MANIFEST_INVALID: PACK_FILE,
  PACK_PERIOD_INVALID: 'choose a --from that is before --to',
  PARENT_GRANT_HIDDEN: 'see "countersign grants CHAIN" for the grants that the file shows',
  REQUEST_INVALID: 'run the command with --help to see what it takes',
  LAST_OWNER:
    'see "countersign role list": whoever is to be the next owner proposes it, and the owner approves',
  OWNER_NEEDED: 'see "countersign role list" for who is an owner',
  SAME_LINE: 'see "countersign person list", or start the control plane with --recover PERSON',
  SAME_PERSON: 'that person runs it with a --profile of their own, see "countersign person list"',
  SECRET_INVALID:
    'the first person uses the one that "countersign start" printed last, everybody else asks somebody ' +
    'who is enrolled for "countersign person invite NAME"',
  STATEMENT_INVALID: 'make a new one with "countersign agent statement AGENT --key FILE"',
  TEMPLATE_INVALID: `a template is like ${JSON.stringify(TEMPLATE_EXAMPLE)}, see spec/grants.md`,
  TOKEN_MALFORMED: CHAIN_FILE,
  TOKEN_TOO_LARGE: 'give fewer or shorter grants',
  UNKNOWN_AGENT: 'see "countersign agent list"',
  STATEMENT_REFUSED:
    'where it is about the key, compare "countersign kill key" with "countersign kill key --key FILE"',
  UNKNOWN_ALERT_POLICY: 'see "countersign alert policy pending"',
  UNKNOWN_CEREMONY: 'run the command again for a new link',
  UNKNOWN_DELEGATION:
    'see "countersign delegations" and, for those that wait, "countersign delegation waiting"',
  UNKNOWN_BASELINE: 'see "countersign baseline list"',
  UNKNOWN_DRIFT_POLICY: 'see "countersign drift policy pending"',
  UNKNOWN_DOMAIN: 'see "countersign domain list"',
  UNKNOWN_ENTRY: 'see "countersign log checkpoint" for how many entries there are, the first is 0',
  UNKNOWN_FIELD: 'see "countersign log entry INDEX" for what the entry says, and its commitments',
  UNKNOWN_HOLD: 'see "countersign hold list"',
  UNKNOWN_ISSUER: 'see "countersign issuer list"',
  UNKNOWN_CLASS: 'see "countersign agent list"',
  UNKNOWN_KILL: 'see "countersign kill list"',
  UNKNOWN_FLOW_POLICY: 'see "countersign flow policy pending"',
  UNKNOWN_LABEL: 'see "countersign label pending"',
  UNKNOWN_KEY:
    'the keys of an agent come from "countersign agent key AGENT -o FILE", those of the issuer are in ' +
    '"countersign keys list"',
  UNKNOWN_PERSON: 'see "countersign person list"',
  UNKNOWN_LISTENER: 'see "countersign listener list"',
  UNKNOWN_POINT: 'see "countersign point list"',
  UNKNOWN_SUBJECT:
    'give the ID of a person, a delegation or a point: see "countersign person list", "countersign delegations" and ' +
    '"countersign point list"',
  UNKNOWN_SYSTEM: 'see "countersign system list", or add it with "countersign system add NAME"',
  UNKNOWN_DRILL: 'see "countersign drill list"',
  UNKNOWN_TOPUP: 'see "countersign topup list"',
  UNKNOWN_TEMPLATE: 'see "countersign template list"',
  VALUE_ERASED: 'see "countersign erasure list" for what was erased, and when',
  VKEY_INVALID: 'give the line "log key" that "countersign start" prints',
  WIDENED: 'see "countersign grants CHAIN" for what is held, and ask for no more',
}

/** The message, and what to do after it. */
export function withNextStep(code: string, message: string): string {
  const step = Object.hasOwn(STEPS, code) ? STEPS[code as Code] : undefined
  if (step === undefined) return message
  return `${message}${message.includes(': ') ? '; ' : ': '}${step}`
}
