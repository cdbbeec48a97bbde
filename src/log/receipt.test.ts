import { describe, expect, test } from 'vitest'
import { nodeCrypto as crypto } from '../adapters/node-crypto/node-crypto.ts'
import { base64url, utf8 } from '../core/encoding.ts'
import { canonicalBytes } from '../core/json.ts'
import {
  receiptHash,
  receiptSchema,
  signedHeadSchema,
  signHead,
  verifyHead,
  type DecisionReceipt,
} from './receipt.ts'

const DIGEST = base64url(crypto.sha256(utf8('x')))
const TIME = '2026-03-01T09:30:00.000Z'

const decision: DecisionReceipt = {
  v: 1,
  point: 'pnt_1',
  epoch: 1,
  seq: 1,
  prev_hash: '',
  time: TIME,
  action: 'act_1',
  kind: 'decision',
  chain: DIGEST,
  agent: 'agt_1',
  grant: DIGEST,
  server: 'files',
  tool: 'read',
  definition_hash: DIGEST,
  args_commit: DIGEST,
  decision: 'allow',
  reasons: [],
  binding: 'call',
  placement: 'gateway',
  freshness: { epoch: 1, head: 4, t: 1, age_ms: 12.5 },
  debits: [
    {
      iss: 'log.example',
      jti: 'dlg_1',
      grant: DIGEST,
      measure: 'calls',
      unit: 'call',
      per: 'day',
      period: '2026-03-01',
      amount: 1,
    },
  ],
}

describe('receipts', () => {
  test('are linked by the hash of their canonical bytes', () => {
    expect(receiptHash(crypto, decision)).toBe(base64url(crypto.sha256(canonicalBytes(decision))))
    expect(receiptHash(crypto, { ...decision, seq: 2 })).not.toBe(receiptHash(crypto, decision))
  })

  test('have exactly the members of their kind', () => {
    const { point, epoch, time, action } = decision
    const outcome = {
      v: 1,
      point,
      epoch,
      seq: 2,
      prev_hash: DIGEST,
      time,
      action,
      kind: 'outcome',
      outcome: 'finished',
    }
    expect(receiptSchema.parse(decision)).toEqual(decision)
    expect(receiptSchema.parse(outcome)).toEqual(outcome)
    for (const wrong of [
      { ...decision, extra: 1 },
      { ...decision, seq: 0 },
      { ...decision, prev_hash: 'short' },
      { ...decision, decision: 'maybe' },
      { ...decision, kind: 'outcome' },
      { ...outcome, outcome: 'perhaps' },
    ]) {
      expect(receiptSchema.safeParse(wrong).success).toBe(false)
    }
  })
})

describe('spool heads', () => {
  const key = crypto.generateKey('Ed25519')
  const signer = crypto.signer(key)
  const head = { point: 'pnt_1', epoch: 1, seq: 7, hash: DIGEST, time: TIME }

  test('are signed by their point', () => {
    const signed = signHead(signer, head)
    expect(signedHeadSchema.parse(signed)).toEqual(signed)
    expect(verifyHead(crypto, signer.publicJwk, signed)).toBe(true)
  })

  test('do not verify when changed, or by another key', () => {
    const signed = signHead(signer, head)
    const other = crypto.signer(crypto.generateKey('Ed25519'))
    expect(verifyHead(crypto, signer.publicJwk, { ...signed, head: { ...head, seq: 6 } })).toBe(false)
    expect(verifyHead(crypto, other.publicJwk, signed)).toBe(false)
    expect(verifyHead(crypto, signer.publicJwk, { head, sig: 'not base64url!' })).toBe(false)
  })
})
