/** The vectors of spec/attestation.md, ATT-15: what is good, and each way in which something is not. @module */
import { base64, base64url, fromBase64, utf8 } from '../../src/core/encoding.ts'
import { canonicalize, type JsonObject } from '../../src/core/json.ts'
import type { Form } from '../../src/core/output.ts'
import type { AttestationCode } from '../../src/provenance/errors.ts'
import { attestActOf, statementDigest, type Statement } from '../../src/provenance/statement.ts'
import { APPROVAL_TAG } from '../../src/token/constants.ts'
import { at, CONTENT, DISCLOSED, NAME, reviewed, REVIEWER, ROOT, type AttestationWorld } from './world.ts'
import { NOW_MS, REV } from '../../test/fixtures/tokens.ts'

type W = AttestationWorld

export interface AttestationCase {
  readonly name: string
  readonly description: string
  readonly make: (w: W) => JsonObject | string
  /** What the verifier has; FILE with {@link CONTENT} unless it says otherwise, null for nothing. */
  readonly given?: { name?: string; form?: Form; content?: string; made_ms?: number } | null
  readonly known?: JsonObject
  /** Trusted thumbprints; the issuer's unless it says otherwise. */
  readonly kids?: (w: W) => string[]
  /** What ended of the issuer's key. */
  readonly key?: JsonObject
  readonly expect:
    AttestationCode | { role: string; independent: boolean; human: string; name: string | null }
}

const supervised = { role: 'supervised', independent: true, human: REVIEWER, name: null }
const CRLF = CONTENT.replaceAll('\n', '\r\n')

/** Edits the envelope of a bundle. */
function enveloped(bundle: JsonObject, edit: JsonObject): JsonObject {
  return { ...bundle, envelope: { ...(bundle.envelope as JsonObject), ...edit } }
}

function withPredicate(statement: Statement, edit: JsonObject): JsonObject {
  return { ...statement, predicate: { ...statement.predicate, ...edit } }
}

function without(statement: Statement, ...names: string[]): JsonObject {
  const predicate = Object.entries(statement.predicate).filter(([name]) => !names.includes(name))
  return { ...statement, predicate: Object.fromEntries(predicate) }
}

function instruction(edit: JsonObject): never {
  return { commit: ROOT, signed_at: at(0), names: 'text', ...edit } as never
}

function output(edit: JsonObject): never {
  return {
    id: 'out_00000000000000000000000001',
    kind: 'customer_letter',
    registered_at: at(1),
    ...edit,
  } as never
}

const MAIL = [
  'From: a@example.com',
  'To: b@example.org',
  'Subject: Your refund of forty-two euros and no cents is on its way',
  'Date: Sun, 01 Mar 2026 09:30:00 +0000',
  '',
  'Dear customer,',
  'it is on its way.',
  '',
].join('\r\n')
const RELAYED = MAIL.replace('euros and', 'euros\r\n and')
  .replace('From: ', 'Received: from relay\r\nFROM:  ')
  .replace('customer,', 'customer,  ')
const COMMIT = [
  'tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904',
  'author A <a@example.com> 1790000000 +0000',
  'committer A <a@example.com> 1790000000 +0000',
  '',
  'Add nothing',
  '',
].join('\n')
const AMENDED = `${COMMIT.replace(
  'committer A <a@example.com> 1790000000',
  'committer B <b@example.com> 1790000060',
).replace(
  '\n\n',
  '\ngpgsig -----BEGIN SSH SIGNATURE-----\n line\n -----END SSH SIGNATURE-----\n\n',
)}\nCountersign-Attestation: att_00000000000000000000000001\n`

const good: AttestationCase[] = [
  {
    name: 'supervised',
    description: 'A reviewer who is not the principal looked at it before it left.',
    make: (w) => w.bundle(w.good('supervised')),
    expect: supervised,
  },
  {
    name: 'authored',
    description: 'The person wrote 640 of 1000 characters.',
    make: (w) => w.bundle(w.good('authored')),
    expect: { ...supervised, role: 'authored' },
  },
  {
    name: 'directed',
    description: 'No gesture of its own: the human is the principal of the root.',
    make: (w) => w.bundle(w.good('directed')),
    expect: { role: 'directed', independent: false, human: REV, name: null },
  },
  {
    name: 'directed-by-grant',
    description: 'A grant of the root names the kind.',
    make: (w) =>
      w.bundle(
        w.good('directed', { instruction: instruction({ names: 'grant', grant: ROOT, commit: null }) }),
      ),
    expect: { role: 'directed', independent: false, human: REV, name: null },
  },
  {
    name: 'authored-without-agent',
    description: 'No agent took part: nobody is independent of nobody.',
    make: (w) =>
      w.bundle(
        w.good('authored', { chain: null, agent: null, calls: [], instruction: null, independent: false }),
      ),
    expect: { ...supervised, role: 'authored', independent: false },
  },
  {
    name: 'named',
    description: 'The name is disclosed.',
    make: (w) => w.bundle(w.good('supervised'), { disclosures: DISCLOSED }),
    expect: { ...supervised, name: NAME },
  },
  {
    name: 'text-crlf',
    description: 'Attested as text: line endings are no part of it.',
    make: (w) => w.bundle(w.good('supervised', {}, [w.subject(CONTENT, 'text')])),
    given: { form: 'text', content: CRLF },
    expect: supervised,
  },
  {
    name: 'text-byte-order-mark',
    description: 'Nor is a byte order mark.',
    make: (w) => w.bundle(w.good('supervised', {}, [w.subject(CONTENT, 'text')])),
    given: { form: 'text', content: `\ufeff${CONTENT}` },
    expect: supervised,
  },
  {
    name: 'json-reordered',
    description: 'Attested as JSON: the order of names and white space are no part of it.',
    make: (w) => w.bundle(w.good('supervised', {}, [w.subject('{"a":1,"b":[true]}', 'json')])),
    given: { form: 'json', content: '{ "b": [ true ],\n "a": 1.0 }' },
    expect: supervised,
  },
  {
    name: 'mail-relayed',
    description: 'A relay folded a header, added another and took white space off line ends.',
    make: (w) => w.bundle(w.good('supervised', {}, [w.subject(MAIL, 'mail', 'mail')])),
    given: { name: 'mail', form: 'mail', content: RELAYED },
    expect: supervised,
  },
  {
    name: 'git-amended',
    description: 'The trailer was added, the commit signed, and committed anew.',
    make: (w) => w.bundle(w.good('supervised', {}, [w.subject(COMMIT, 'git', 'commit')])),
    given: { name: 'commit', form: 'git', content: AMENDED },
    expect: supervised,
  },
  {
    name: 'second-subject',
    description: 'Any one of the subjects identifies the output.',
    make: (w) => w.bundle(w.good('supervised', {}, [w.subject('another', 'file', 'other.txt'), w.subject()])),
    expect: supervised,
  },
  {
    name: 'no-output',
    description: 'To show who stands behind it, without the output.',
    make: (w) => w.bundle(w.good('supervised')),
    given: null,
    expect: supervised,
  },
  {
    name: 'released-after-review',
    description: 'It left after the review.',
    make: (w) => w.bundle(w.good('supervised', { output: output({ released_at: at(7) }), issued_at: at(8) })),
    expect: supervised,
  },
  {
    name: 'key-retired-later',
    description: 'A key that is retired still says what it said before.',
    make: (w) => w.bundle(w.good('supervised')),
    key: { retired_ms: NOW_MS + 3_600_000 },
    expect: supervised,
  },
  {
    name: 'left-later',
    description: 'Who leaves later has still reviewed.',
    make: (w) => w.bundle(w.good('supervised')),
    known: { ended_ms: NOW_MS + 3_600_000 },
    expect: supervised,
  },
]

const malformed: AttestationCase[] = [
  {
    name: 'bundle-no-json',
    description: 'Not JSON.',
    make: () => '{"v":1,',
    expect: 'BUNDLE_INVALID',
  },
  {
    name: 'bundle-duplicate-name',
    description: 'A name that occurs twice.',
    make: (w) => JSON.stringify(w.bundle(w.good('supervised'))).replace('{"v":1', '{"v":1,"v":1'),
    expect: 'BUNDLE_INVALID',
  },
  {
    name: 'bundle-extra-member',
    description: 'A member that nobody knows.',
    make: (w) => w.bundle(w.good('supervised'), { note: 'x' }),
    expect: 'BUNDLE_INVALID',
  },
  {
    name: 'bundle-version',
    description: 'Another version.',
    make: (w) => w.bundle(w.good('supervised'), { v: 2 }),
    expect: 'BUNDLE_INVALID',
  },
  {
    name: 'envelope-payload-type',
    description: 'A payload of another type, though the bytes are those of a statement.',
    make: (w) => enveloped(w.bundle(w.good('supervised')), { payloadType: 'application/json' }),
    expect: 'ENVELOPE_INVALID',
  },
  {
    name: 'envelope-base64url',
    description: 'One byte string has one spelling: padded base64 and no other alphabet.',
    make: (w) => {
      const bundle = w.bundle(w.good('supervised'))
      const { payload } = bundle.envelope as { payload: string }
      return enveloped(bundle, { payload: base64url(fromBase64(payload)) })
    },
    expect: 'ENVELOPE_INVALID',
  },
  {
    name: 'envelope-no-signature',
    description: 'Signed by nobody.',
    make: (w) => enveloped(w.bundle(w.good('supervised')), { signatures: [] }),
    expect: 'ENVELOPE_INVALID',
  },
  {
    name: 'issuer-of-the-bundle',
    description: 'The key stands in the bundle, and the verifier trusts another.',
    make: (w) => w.bundle(w.good('supervised')),
    kids: () => [ROOT],
    expect: 'ISSUER_UNKNOWN',
  },
  {
    name: 'trap-key-under-trusted-name',
    description: 'A key of somebody else stands under the thumbprint that is trusted.',
    make: (w) =>
      w.bundle(w.good('supervised'), { keys: [{ kid: w.kid, jwk: { ...w.signer('mallory').publicJwk } }] }),
    expect: 'ISSUER_UNKNOWN',
  },
  {
    name: 'payload-changed',
    description: 'Another role under the same signature.',
    make: (w) => {
      const bundle = w.bundle(w.good('supervised'))
      const other = canonicalize(withPredicate(w.good('supervised'), { role: 'authored' }))
      return enveloped(bundle, { payload: base64(utf8(other)) })
    },
    expect: 'SIGNATURE_INVALID',
  },
  {
    name: 'trap-signed-without-encoding',
    description: 'Signed over the payload itself, and not over its encoding.',
    make: (w) => {
      const bundle = w.bundle(w.good('supervised'))
      const { payload } = bundle.envelope as { payload: string }
      const sig = base64(w.signer('issuer').sign(fromBase64(payload)))
      return enveloped(bundle, { signatures: [{ keyid: w.kid, sig }] })
    },
    expect: 'SIGNATURE_INVALID',
  },
  {
    name: 'statement-not-canonical',
    description: 'The same value in another spelling.',
    make: (w) => w.bundleOf(utf8(JSON.stringify(w.good('supervised'), null, 1))),
    expect: 'STATEMENT_INVALID',
  },
  {
    name: 'statement-extra-member',
    description: 'The predicate has a member that nobody knows.',
    make: (w) => w.bundle(withPredicate(w.good('supervised'), { approved: true })),
    expect: 'STATEMENT_INVALID',
  },
  {
    name: 'statement-no-subject',
    description: 'About nothing.',
    make: (w) => w.bundle({ ...w.good('supervised'), subject: [] }),
    expect: 'STATEMENT_INVALID',
  },
  {
    name: 'statement-role-unknown',
    description: 'A role that there is not.',
    make: (w) => w.bundle(withPredicate(w.good('supervised'), { role: 'approved' })),
    expect: 'STATEMENT_INVALID',
  },
  {
    name: 'statement-old-type',
    description: 'A Statement v0.1.',
    make: (w) => w.bundle({ ...w.good('supervised'), _type: 'https://in-toto.io/Statement/v0.1' }),
    expect: 'STATEMENT_INVALID',
  },
  {
    name: 'predicate-of-others',
    description: 'A good statement of build provenance.',
    make: (w) =>
      w.bundle({ ...w.good('supervised'), predicateType: 'https://slsa.dev/provenance/v1', predicate: {} }),
    expect: 'PREDICATE_UNSUPPORTED',
  },
  {
    name: 'key-retired-before',
    description: 'Issued when the key was retired already.',
    make: (w) => w.bundle(w.good('supervised')),
    key: { retired_ms: NOW_MS },
    expect: 'KEY_ENDED',
  },
  {
    name: 'key-compromised',
    description: 'A compromised key says nothing any more, whenever it said it.',
    make: (w) => w.bundle(w.good('supervised')),
    key: { compromised: true },
    expect: 'KEY_ENDED',
  },
]

const outputs: AttestationCase[] = [
  {
    name: 'file-one-byte',
    description: 'One byte of the file is another.',
    make: (w) => w.bundle(w.good('supervised')),
    given: { content: CONTENT.replace('42', '43') },
    expect: 'CONTENT_CHANGED',
  },
  {
    name: 'file-one-byte-renamed',
    description: 'One byte is another and so is its name: its length gives it away.',
    make: (w) => w.bundle(w.good('supervised')),
    given: { name: 'x', content: CONTENT.replace('42', '43') },
    expect: 'CONTENT_CHANGED',
  },
  {
    name: 'file-appended',
    description: 'Something was added to the file.',
    make: (w) => w.bundle(w.good('supervised')),
    given: { content: `${CONTENT}P.S.` },
    expect: 'CONTENT_CHANGED',
  },
  {
    name: 'file-other',
    description: 'The attestation of another file.',
    make: (w) => w.bundle(w.good('supervised')),
    given: { name: 'contract.txt', content: 'I agree.' },
    expect: 'DIGEST_OTHER',
  },
  {
    name: 'file-crlf',
    description: 'git changed the line endings of a file that was attested byte by byte.',
    make: (w) => w.bundle(w.good('supervised')),
    given: { content: CRLF },
    expect: 'LINE_ENDINGS_CHANGED',
  },
  {
    name: 'file-lf',
    description: 'The same the other way round.',
    make: (w) => w.bundle(w.good('supervised', {}, [w.subject(CRLF)])),
    expect: 'LINE_ENDINGS_CHANGED',
  },
  {
    name: 'text-space',
    description: 'A space at the end of a line is part of a text.',
    make: (w) => w.bundle(w.good('supervised', {}, [w.subject(CONTENT, 'text')])),
    given: { form: 'text', content: CONTENT.replace(',\n', ', \n') },
    expect: 'CONTENT_CHANGED',
  },
  {
    name: 'trap-form-of-another',
    description: 'A digest counts in its own form alone.',
    make: (w) => w.bundle(w.good('supervised', {}, [w.subject(CONTENT, 'text')])),
    given: { form: 'file' },
    expect: 'CONTENT_CHANGED',
  },
  {
    name: 'json-duplicate-name',
    description: 'JSON that two readers read differently has no form.',
    make: (w) => w.bundle(w.good('supervised', {}, [w.subject('{"a":1}', 'json')])),
    given: { form: 'json', content: '{"a":2,"a":1}' },
    expect: 'FORM_INVALID',
  },
  {
    name: 'git-message-changed',
    description: 'Another message.',
    make: (w) => w.bundle(w.good('supervised', {}, [w.subject(COMMIT, 'git', 'commit')])),
    given: { name: 'commit', form: 'git', content: AMENDED.replace('nothing', 'something') },
    expect: 'CONTENT_CHANGED',
  },
  {
    name: 'git-no-commit',
    description: 'Not a commit.',
    make: (w) => w.bundle(w.good('supervised', {}, [w.subject(COMMIT, 'git', 'commit')])),
    given: { name: 'commit', form: 'git', content: CONTENT },
    expect: 'FORM_INVALID',
  },
  {
    name: 'mail-recipient',
    description: 'Sent to somebody else.',
    make: (w) => w.bundle(w.good('supervised', {}, [w.subject(MAIL, 'mail', 'mail')])),
    given: { name: 'mail', form: 'mail', content: RELAYED.replace('b@example.org', 'c@example.org') },
    expect: 'CONTENT_CHANGED',
  },
  {
    name: 'older-than-registration',
    description: 'Drafted before the output was registered.',
    make: (w) => w.bundle(w.good('directed', { issued_at: at(0) })),
    expect: 'OLDER_THAN_OUTPUT',
  },
  {
    name: 'older-than-commit',
    description: 'The commit is of a later time.',
    make: (w) => w.bundle(w.good('supervised')),
    given: { made_ms: NOW_MS + 7 * 60_000 },
    expect: 'OLDER_THAN_OUTPUT',
  },
]

const evidence: AttestationCase[] = [
  {
    name: 'gesture-replayed',
    description: 'Act and gesture of the attestation of another output.',
    make: (w) => {
      const other = w.good('supervised', { output: output({ id: 'out_00000000000000000000000002' }) })
      const { act, gesture } = other.predicate
      return w.bundle(
        withPredicate(w.statement('supervised'), { act: act as never, gesture: gesture as never }),
      )
    },
    expect: 'GESTURE_REPLAYED',
  },
  {
    name: 'gesture-replayed-same-output',
    description: 'The same output in a statement that says something else.',
    make: (w) => {
      const { act, gesture } = w.good('supervised').predicate
      const other = w.statement('supervised', { model: 'another' })
      return w.bundle(withPredicate(other, { act: act as never, gesture: gesture as never }))
    },
    expect: 'GESTURE_REPLAYED',
  },
  {
    name: 'gesture-under-another-act',
    description: 'The act is the right one, and the gesture was made over another.',
    make: (w) => {
      const statement = w.statement('supervised')
      const act = attestActOf(w.crypto, statement)
      const { gesture } = w.signed(statement, { ...act, role: 'directed' }).predicate
      return w.bundle(withPredicate(statement, { act, gesture: gesture as never }))
    },
    expect: 'GESTURE_INVALID',
  },
  {
    name: 'gesture-of-another-person',
    description: 'A good gesture of somebody else than the human that is named.',
    make: (w) => w.bundle(w.signed(w.statement('supervised'), undefined, { rev: REV })),
    expect: 'GESTURE_INVALID',
  },
  {
    name: 'gesture-as-principal',
    description: 'A gesture in another role.',
    make: (w) => w.bundle(w.signed(w.statement('supervised'), undefined, { role: 'principal' })),
    expect: 'GESTURE_INVALID',
  },
  {
    name: 'gesture-elsewhere',
    description: 'The statement pins another site than the one where the gesture was made.',
    make: (w) =>
      w.bundle(w.good('supervised', { rp: { rp_id: 'other.example', origins: ['https://other.example'] } })),
    expect: 'GESTURE_INVALID',
  },
  {
    name: 'supervised-without-gesture',
    description: 'A review, and nobody who signs it.',
    make: (w) => w.bundle(w.statement('supervised')),
    expect: 'ROLE_UNPROVEN',
  },
  {
    name: 'supervised-without-review',
    description: 'Signed, and no review: the evidence is that of a directed output at most.',
    make: (w) => w.bundle(w.good('supervised', { review: null })),
    expect: 'ROLE_UNPROVEN',
  },
  {
    name: 'supervised-flagged',
    description: 'Too short a look is no review.',
    make: (w) => w.bundle(w.good('supervised', { review: reviewed({ flagged: true }) })),
    expect: 'ROLE_UNPROVEN',
  },
  {
    name: 'supervised-after-release',
    description: 'It had left when it was reviewed.',
    make: (w) => w.bundle(w.good('supervised', { output: output({ released_at: at(4) }) })),
    expect: 'ROLE_UNPROVEN',
  },
  {
    name: 'supervised-opened-before',
    description: 'The review was opened before the output was registered: of another draft.',
    make: (w) => w.bundle(w.good('supervised', { review: reviewed({ opened_at: at(0) }) })),
    expect: 'ROLE_UNPROVEN',
  },
  {
    name: 'supervised-longer-than-open',
    description: 'More time in view than between opening and decision.',
    make: (w) => w.bundle(w.good('supervised', { review: reviewed({ in_view_ms: 241_000 }) })),
    expect: 'ROLE_UNPROVEN',
  },
  {
    name: 'supervised-by-another',
    description: 'The review is of somebody else than who signs.',
    make: (w) => w.bundle(w.good('supervised', { review: reviewed({ by: REV }) })),
    expect: 'ROLE_UNPROVEN',
  },
  {
    name: 'authored-too-little',
    description: 'The person wrote less than the policy asks for.',
    make: (w) => w.bundle(w.good('authored', { composition: { by: REVIEWER, human_share: 499 } })),
    expect: 'ROLE_UNPROVEN',
  },
  {
    name: 'authored-by-review',
    description: 'A review does not make it authored.',
    make: (w) => w.bundle(w.good('authored', { composition: null, review: reviewed() })),
    expect: 'ROLE_UNPROVEN',
  },
  {
    name: 'directed-old',
    description: 'An instruction of 90 days before.',
    make: (w) =>
      w.bundle(w.good('directed', { instruction: instruction({ signed_at: at(1 - 90 * 24 * 60) }) })),
    expect: 'ROLE_UNPROVEN',
  },
  {
    name: 'directed-unnamed',
    description: 'The instruction does not name the kind.',
    make: (w) => w.bundle(w.good('directed', { instruction: instruction({ names: 'none' }) })),
    expect: 'ROLE_UNPROVEN',
  },
  {
    name: 'directed-later',
    description: 'The instruction is of after the output.',
    make: (w) => w.bundle(w.good('directed', { instruction: instruction({ signed_at: at(2) }) })),
    expect: 'ROLE_UNPROVEN',
  },
  {
    name: 'directed-by-another',
    description: 'The human is not the principal.',
    make: (w) => {
      const { human } = w.predicate('directed')
      return w.bundle(w.good('directed', { human: { ...human, rev: REVIEWER }, independent: true }))
    },
    expect: 'ROLE_UNPROVEN',
  },
  {
    name: 'directed-with-gesture',
    description: 'A gesture that the role does not have.',
    make: (w) => w.bundle(w.signed(w.statement('directed'))),
    expect: 'ROLE_UNPROVEN',
  },
  {
    name: 'supervised-act-alone',
    description: 'An act that nobody signed.',
    make: (w) => w.bundle(without(w.good('supervised'), 'gesture')),
    expect: 'ROLE_UNPROVEN',
  },
  {
    name: 'independent-of-oneself',
    description: 'The reviewer is the principal, and it says independent.',
    make: (w) =>
      w.bundle(
        w.good('supervised', {
          chain: { root: ROOT, jti: 'dlg_00000000000000000000000001', principal: REVIEWER },
        }),
      ),
    expect: 'ROLE_UNPROVEN',
  },
  {
    name: 'name-of-another',
    description: 'The disclosed name is another.',
    make: (w) =>
      w.bundle(w.good('supervised'), {
        disclosures: { human: { ...(DISCLOSED.human as JsonObject), name: 'Bob' } },
      }),
    expect: 'NAME_MISMATCH',
  },
  {
    name: 'authority-ended',
    description: 'The reviewer had left a minute before.',
    make: (w) => w.bundle(w.good('supervised')),
    known: { ended_ms: NOW_MS + 5 * 60_000 },
    expect: 'AUTHORITY_ENDED',
  },
  ...(['superseded', 'withdrawn', 'disputed'] as const).map((state): AttestationCase => ({
    name: state,
    description: `The issuer says that it is ${state}.`,
    make: (w) => w.bundle(w.good('supervised')),
    known: { state },
    expect: `ATTESTATION_${state.toUpperCase()}` as AttestationCode,
  })),
]

const ARGS = '{"subject":"Your refund","to":"b@example.org"}'
const released = (w: W) => [w.subject(ARGS, 'json', 'mail/send')]
const sent = { name: 'send', form: 'json' as const, content: ARGS }

/** OUT-5: of an output that leaves by a held call, the act is the approval of that call. */
const approvals: AttestationCase[] = [
  {
    name: 'supervised-by-approval',
    description: 'One gesture let the call go by which the output left, and attests it.',
    make: (w) => w.bundle(w.approved(w.statement('supervised', {}, released(w)))),
    given: sent,
    expect: supervised,
  },
  {
    name: 'authored-by-approval',
    description: 'The same by who wrote it.',
    make: (w) => w.bundle(w.approved(w.statement('authored', {}, released(w)))),
    given: sent,
    expect: { ...supervised, role: 'authored' },
  },
  {
    name: 'approval-refused',
    description: 'A refusal attests nothing, though it names the statement.',
    make: (w) => w.bundle(w.approved(w.statement('supervised', {}, released(w)), { decision: 'refuse' })),
    given: sent,
    expect: 'GESTURE_REPLAYED',
  },
  {
    name: 'approval-of-another-statement',
    description: 'The call was let go with the attestation of something else.',
    make: (w) => {
      const other = w.statement('supervised', { model: 'another' }, released(w))
      const statement = statementDigest(w.crypto, other)
      return w.bundle(w.approved(w.statement('supervised', {}, released(w)), { statement }))
    },
    given: sent,
    expect: 'GESTURE_REPLAYED',
  },
  {
    name: 'approval-that-attests-nothing',
    description: 'An approval of the call alone.',
    make: (w) => {
      const { predicate } = w.approved(w.statement('supervised', {}, released(w)))
      const { statement: _, ...act } = predicate.act as JsonObject
      return w.bundle(w.signed(w.statement('supervised', {}, released(w)), act as never, {}, APPROVAL_TAG))
    },
    given: sent,
    expect: 'GESTURE_REPLAYED',
  },
  {
    name: 'trap-approval-under-another-tag',
    description: 'The approval, signed as acts of another kind are.',
    make: (w) => w.bundle(w.approved(w.statement('supervised', {}, released(w)), {}, 'countersign-act-v1')),
    given: sent,
    expect: 'GESTURE_INVALID',
  },
  {
    name: 'trap-act-under-the-tag-of-approvals',
    description: 'The other way round.',
    make: (w) => {
      const statement = w.statement('supervised', {}, released(w))
      return w.bundle(w.signed(statement, attestActOf(w.crypto, statement), {}, APPROVAL_TAG))
    },
    given: sent,
    expect: 'GESTURE_INVALID',
  },
]

export const cases: readonly AttestationCase[] = [
  ...good,
  ...malformed,
  ...outputs,
  ...evidence,
  ...approvals,
]
