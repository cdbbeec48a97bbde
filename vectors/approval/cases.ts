/** What a point is given for a call that it holds, well made and not. @module */
import { digestOf, ISS, NOW_MS, REV, RP, type World } from '../../test/fixtures/tokens.ts'
import { withOtherS } from '../../test/fixtures/es256.ts'
import type { Signer } from '../../src/core/crypto.ts'
import { rawToDer } from '../../src/core/der.ts'
import { base64url, fromBase64url, utf8 } from '../../src/core/encoding.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { signTagged } from '../../src/core/sign.ts'
import { ACT_TAG } from '../../src/token/constants.ts'
import { APPROVAL_TAG } from '../../src/token/constants.ts'
import { APPROVER_AGE_MAX_MS, APPROVER_TAG, type AskedCall } from '../../src/token/approval.ts'
import { challengeOf } from '../../src/token/gesture.ts'

export interface ApprovalCase {
  readonly name: string
  readonly description: string
  readonly make: (w: World) => JsonObject
  readonly expect: 'approve' | 'refuse' | null
  readonly view?: View
}

interface View {
  readonly alone?: boolean
  readonly behind?: readonly string[]
  readonly left?: readonly string[]
}

const LEAD = 'rev_00000000000000000000000002'
const OTHER = 'rev_00000000000000000000000003'
const MINUTE_MS = 60_000

export const ASKED: AskedCall = {
  approval: 'apr_00000000000000000000000001',
  point: 'pnt_00000000000000000000000001',
  action: 'act_00000000000000000000000001',
  jti: 'dlg_00000000000000000000000001',
  grant: digestOf('grant'),
  server: 'files',
  tool: 'write_file',
  args_commit: digestOf('args_commit'),
  expires: NOW_MS + 5 * MINUTE_MS,
}

interface How {
  readonly act?: JsonObject
  /** What the passkey signs instead of the act. */
  readonly signed?: JsonObject
  readonly tag?: string
  readonly signer?: string
  readonly client?: (data: JsonObject) => JsonObject
  readonly authenticator?: (data: Uint8Array) => Uint8Array
  readonly signature?: (raw: Uint8Array) => Uint8Array
  readonly gesture?: JsonObject
  readonly approver?: JsonObject
  readonly approverTag?: string
  readonly approverSigner?: string
  /** Of the signature of the statement. */
  readonly sig?: (sig: string) => string
  readonly more?: JsonObject
}

/** What the control plane hands over, as `how` differs from an honest approval by {@link LEAD}. */
function handed(w: World, how: How = {}): JsonObject {
  const act: JsonObject = { v: 1, ...ASKED, decision: 'approve', ...how.act }
  const signer = w.signer(how.signer ?? 'lead')
  const gesture: JsonObject = { ...gestureOf(w, signer, how.signed ?? act, how), ...how.gesture }
  const { rev = LEAD, jwk = null, registration = null } = gesture
  const approver: JsonObject = { v: 1, iss: ISS, rev, jwk, registration, t: NOW_MS, ...how.approver }
  const sig = signTagged(w.signer(how.approverSigner ?? 'frames'), how.approverTag ?? APPROVER_TAG, approver)
  return { act, gesture, approver: { approver, sig: how.sig?.(sig) ?? sig }, ...how.more }
}

function gestureOf(w: World, signer: Signer, signed: JsonObject, how: How): JsonObject {
  const challenge = challengeOf(w.crypto, how.tag ?? APPROVAL_TAG, signed)
  const said = { type: 'webauthn.get', challenge, origin: RP.origins[0] ?? '', crossOrigin: false }
  const client = utf8(JSON.stringify(how.client?.(said) ?? said))
  const plain = Uint8Array.of(...w.crypto.sha256(utf8(RP.rp_id)), 0x05, 0, 0, 0, 0)
  const authenticator = how.authenticator?.(plain) ?? plain
  const raw = signer.sign(Uint8Array.of(...authenticator, ...w.crypto.sha256(client)))
  return {
    rev: LEAD,
    role: 'approver',
    jwk: { ...signer.publicJwk },
    registration: 9,
    client_data: base64url(client),
    authenticator_data: base64url(authenticator),
    signature: base64url(how.signature?.(raw) ?? raw),
  }
}

const good = (
  expect: 'approve' | 'refuse',
  name: string,
  description: string,
  how: How = {},
  view: View = {},
): ApprovalCase => ({ name, description, make: (w) => handed(w, how), expect, view })

const bad = (name: string, description: string, how: How, view: View = {}): ApprovalCase => ({
  name,
  description,
  make: (w) => handed(w, how),
  expect: null,
  view,
})

const flags =
  (value: number) =>
  (data: Uint8Array): Uint8Array =>
    data.with(32, value)
const turned = (text: string): string => {
  const bytes = fromBase64url(text)
  return base64url(bytes.with(0, (bytes[0] ?? 0) ^ 1))
}
const honest: JsonObject = { v: 1, ...ASKED, decision: 'approve' }

/** Each member of the act that is another one than that of the held call, signed as it stands there. */
const OTHERS: readonly (readonly [member: string, value: string | number])[] = [
  ['approval', 'apr_00000000000000000000000002'],
  ['point', 'pnt_00000000000000000000000002'],
  ['action', 'act_00000000000000000000000002'],
  ['jti', 'dlg_00000000000000000000000002'],
  ['grant', digestOf('another grant')],
  ['server', 'mail'],
  ['tool', 'read_file'],
  ['args_commit', digestOf('other arguments')],
  ['expires', ASKED.expires + 1],
]
const others = OTHERS.map(([member, value]) =>
  bad(`act-${member.replace('_', '-')}`, `An approval of another ${member}`, { act: { [member]: value } }),
)

const wellMade: readonly ApprovalCase[] = [
  good('approve', 'approved', 'Somebody who is not behind the delegation approves'),
  good('refuse', 'refused', 'And refuses: that is signed, too', { act: { decision: 'refuse' } }),
  good('approve', 'es256', 'A passkey of P-256: DER', { signer: 'es256-lead', signature: rawToDer }),
  good('approve', 'es256-high-s', 'A passkey of P-256: the other s that verifies', {
    signer: 'es256-lead',
    signature: (raw) => rawToDer(withOtherS(raw)),
  }),
  good('approve', 'statement-age', 'A statement of 5 minutes ago', {
    approver: { t: NOW_MS - APPROVER_AGE_MAX_MS },
  }),
  good('approve', 'statement-ahead', 'A statement of 5 minutes ahead', {
    approver: { t: NOW_MS + APPROVER_AGE_MAX_MS },
  }),
  good('approve', 'more-client-data', 'Client data may have members that nobody knows', {
    client: (data) => ({ ...data, future: [1] }),
  }),
  good(
    'approve',
    'alone',
    'Who is behind the delegation, under the separation `after`',
    {},
    {
      alone: true,
      behind: [REV, LEAD],
    },
  ),
  good('approve', 'other-left', 'Somebody else has left', {}, { left: [REV, OTHER] }),
  good('approve', 'behind-by-another', 'Two others are behind the delegation', {}, { behind: [REV, OTHER] }),
]

const people: readonly ApprovalCase[] = [
  bad('behind', 'Who is behind the delegation', {}, { behind: [REV, LEAD] }),
  bad('left', 'Who has left', {}, { left: [LEAD] }),
  bad('left-alone', 'Who has left, under the separation `after`', {}, { left: [LEAD], alone: true }),
  bad('role', 'A gesture in the role of a principal', { gesture: { role: 'principal' } }),
  bad('role-none', 'A gesture in no role that there is', { gesture: { role: 'owner' } }),
]

const gestures: readonly ApprovalCase[] = [
  bad('trap-turned', 'A refusal whose decision was turned after the gesture', {
    signed: { ...honest, decision: 'refuse' },
  }),
  bad('signed-other-args', 'A gesture over other arguments', {
    signed: { ...honest, args_commit: digestOf('other arguments') },
  }),
  bad('trap-tag-act', 'A gesture over the same members as another kind of act', { tag: ACT_TAG }),
  bad('tag-root', 'A gesture under the tag of roots', { tag: 'countersign-root-v1' }),
  bad('create', 'A registration is no assertion', {
    client: (data) => ({ ...data, type: 'webauthn.create' }),
  }),
  bad('origin', 'A gesture made at another origin', {
    client: (data) => ({ ...data, origin: 'https://evil.example' }),
  }),
  bad('cross-origin', 'A gesture made in a foreign frame', {
    client: (data) => ({ ...data, crossOrigin: true }),
  }),
  bad('rp-id', 'A gesture for another relying party', { authenticator: (data) => data.with(0, 0) }),
  bad('not-present', 'Nobody was there', { authenticator: flags(0x04) }),
  bad('not-verified', 'Somebody was there, and nobody knows who', { authenticator: flags(0x01) }),
  bad('authenticator-data-short', 'Authenticator data of 36 bytes', {
    authenticator: (data) => data.subarray(0, 36),
  }),
  bad('signature', 'A signature with a bit turned', { signature: (raw) => raw.with(0, (raw[0] ?? 0) ^ 1) }),
  bad('es256-raw', 'A passkey of P-256: r || s', { signer: 'es256-lead' }),
]

const statements: readonly ApprovalCase[] = [
  bad('statement-iss', 'The word of another control plane', { approver: { iss: 'https://other.example' } }),
  bad('statement-signer', 'A statement by another key than the frame key', { approverSigner: 'issuer' }),
  bad('statement-sig', 'A statement with a bit of its signature turned', { sig: turned }),
  bad('statement-sig-padded', 'A signature with padding', { sig: (sig) => `${sig}==` }),
  bad('statement-tag', 'A statement under another tag', { approverTag: 'countersign-frame-v1' }),
  bad('statement-old', 'A statement older than 5 minutes', {
    approver: { t: NOW_MS - APPROVER_AGE_MAX_MS - 1 },
  }),
  bad('statement-too-far-ahead', 'A statement more than 5 minutes ahead', {
    approver: { t: NOW_MS + APPROVER_AGE_MAX_MS + 1 },
  }),
  bad('statement-rev', 'A statement about another person', { approver: { rev: OTHER } }),
  bad('statement-registration', 'A statement about another registration', { approver: { registration: 10 } }),
  {
    name: 'trap-statement-jwk',
    description: 'The statement names the key of the person, the gesture is by another',
    make: (w) => handed(w, { signer: 'thief', approver: { jwk: { ...w.signer('lead').publicJwk } } }),
    expect: null,
  },
  bad('statement-member', 'A statement with a member that it has not', { approver: { note: 'x' } }),
]

const forms: readonly ApprovalCase[] = [
  bad('act-version', 'An act of another version', { act: { v: 2 } }),
  bad('act-decision', 'A decision that there is not', { act: { decision: 'maybe' } }),
  bad('act-member', 'An act with a member that it has not', { act: { note: 'x' } }),
  bad('gesture-member', 'A gesture with a member that it has not', { gesture: { note: 'x' } }),
  bad('more', 'A member besides act, gesture and approver', { more: { note: 'x' } }),
  {
    name: 'no-statement',
    description: 'Nobody says whose key it is',
    make: (w) => Object.fromEntries(Object.entries(handed(w)).filter(([name]) => name !== 'approver')),
    expect: null,
  },
]

export const cases: readonly ApprovalCase[] = [
  ...wellMade,
  ...others,
  ...people,
  ...gestures,
  ...statements,
  ...forms,
]
