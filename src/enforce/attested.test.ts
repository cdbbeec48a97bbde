import { expect, test } from 'vitest'
import { nodeCrypto } from '../adapters/node-crypto/node-crypto.ts'
import type { Approval, ApprovalAct } from '../core/approval.ts'
import { base64url, hex, utf8 } from '../core/encoding.ts'
import { statementDigest, type Statement } from '../provenance/statement.ts'
import { attestedFault, type OutputNeeded } from './attested.ts'

const digest = base64url(nodeCrypto.sha256(utf8('a digest')))
const sha256 = hex(nodeCrypto.sha256(utf8('{"to":"ada"}')))
const needed: OutputNeeded = { kind: 'message', minimum: 'supervised', sha256, bytes: 12 }
const REV = 'rev_ben'

type Predicate = Statement['predicate']

function statement(change: Partial<Predicate> = {}, sha = sha256): Statement {
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'mail/send', digest: { sha256: sha }, annotations: { form: 'json', bytes: 12 } }],
    predicateType: 'urn:countersign:attestation:1',
    predicate: {
      v: 1,
      id: 'att_one',
      iss: 'https://plane.example',
      nonce: 'AAAAAAAAAAAAAAAAAAAAAA',
      issued_at: '2026-03-02T09:10:00Z',
      output: { id: 'out_one', kind: 'message', registered_at: '2026-03-02T09:00:00Z' },
      role: 'supervised',
      independent: true,
      human: { rev: REV, name: digest },
      chain: { root: digest, jti: 'dlg_one', principal: 'rev_ann' },
      agent: { id: 'agt_one', manifest: null },
      calls: [],
      instruction: { commit: digest, signed_at: '2026-03-01T09:00:00Z', names: 'text' },
      review: {
        by: REV,
        opened_at: '2026-03-02T09:01:00Z',
        decided_at: '2026-03-02T09:09:00Z',
        in_view_ms: 60_000,
        length: 12,
        edit_distance: 0,
        refusals: 0,
        flagged: false,
      },
      composition: null,
      policy: { id: 'opl_one', approval: 7, human_share: 500 },
      rp: { rp_id: 'localhost', origins: ['http://localhost'] },
      ...change,
    },
  }
}

/** As the control plane would hand it over: the act is over this statement unless told otherwise. */
function approval(given: Statement, over = statementDigest(nodeCrypto, given)): Approval {
  const act = { decision: 'approve', statement: over } as unknown as ApprovalAct
  const gesture = { rev: REV } as unknown as Approval['gesture']
  return { act, gesture, approver: {} as Approval['approver'], statement: given }
}

const fault = (given: Approval, asked = needed): string | null =>
  attestedFault(nodeCrypto, 'https://plane.example', asked, given)

test('a statement about the very call, in a role that is good enough, holds', () => {
  expect(fault(approval(statement()))).toBeNull()
  expect(fault(approval(statement()), { ...needed, minimum: 'directed' })).toBeNull()
})

const review = statement().predicate.review
test.each<[string, Approval, string]>([
  ['none', { ...approval(statement()), act: { decision: 'approve' } as ApprovalAct }, 'attests nothing'],
  ['one that was not handed over', { ...approval(statement()), statement: {} }, 'attests nothing'],
  ['another than was signed', approval(statement(), digest), 'another than was signed'],
  ['of another output', approval(statement({}, hex(nodeCrypto.sha256(utf8('{}'))))), 'another output'],
  [
    'of another kind',
    approval(statement({ output: { ...statement().predicate.output, kind: 'letter' } })),
    'another output',
  ],
  ['of another issuer', approval(statement({ iss: 'https://other.example' })), 'another person'],
  ['of another person', approval(statement({ human: { rev: 'rev_cy', name: digest } })), 'another person'],
  ['a role without its evidence', approval(statement({ review: null })), 'lower role'],
  [
    'a flagged review',
    approval(statement({ review: review === null ? null : { ...review, flagged: true } })),
    'lower role',
  ],
  ['too low a role', approval(statement({ role: 'directed' })), 'at least supervised'],
])('does not hold: %s', (_, given, why) => {
  expect(fault(given)).toContain(why)
})

test('a review does not make up for a share that a gate asks for', () => {
  expect(fault(approval(statement()), { ...needed, minimum: 'authored' })).toContain('at least authored')
})
