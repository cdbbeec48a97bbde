import { expect, test } from 'vitest'
import { nodeCrypto as crypto } from '../../../adapters/node-crypto/node-crypto.ts'
import { base64url, fromBase64url } from '../../../core/encoding.ts'
import type { JsonObject } from '../../../core/json.ts'
import type { Clock } from '../../../ports/clock.ts'
import {
  argsCommit,
  callMacHolds,
  sessionKey,
  verifyCallProof,
  verifySessionProof,
} from '../../../token/proof.ts'
import { sdHashOf } from '../../../token/presentation.ts'
import { CountersignMcpSession, metaForOneCall, takeChallenge, type McpHolder } from './client.ts'
import { CALL_META } from './messages.ts'

const NOW_MS = 1_800_000_000_000
const clock: Clock = { now: () => NOW_MS, monotonic: () => 0 }
const CHAIN = 'aaaa.bbbb.cccc~'
const holder = crypto.signer(crypto.generateKey('Ed25519'))
const context = {
  crypto,
  holder: holder.publicJwk,
  audience: 'point.test',
  sd_hash: sdHashOf(crypto, CHAIN),
  now_ms: NOW_MS,
}

/** The point's side of PRF-2, with the real proof functions. */
class PointSide {
  readonly pair = crypto.x25519()
  readonly challenge = base64url(crypto.randomBytes(16))
  readonly key = base64url(this.pair.publicKey)
  sessionKey = new Uint8Array(0)
  overrides: JsonObject = {}

  request: McpHolder['request'] = async (method, params) => {
    if (method === 'countersign/challenge') {
      const { challenge, key } = this
      return { challenge, key, audience: 'point.test', server: 'files', ...this.overrides }
    }
    const proof = verifySessionProof(context, String(params.presentation).slice(CHAIN.length))
    if (proof === null || proof.nonce !== this.challenge || proof.peer !== this.key) throw new Error('denied')
    const shared = this.pair.agree(fromBase64url(proof.x25519))!
    const { challenge, key } = this
    const parts = { challenge, client: proof.x25519, point: key, sd_hash: context.sd_hash }
    this.sessionKey = new Uint8Array(sessionKey(crypto, shared, parts))
    return { session: 'ses_1', expires_at: 1_800_000_900 }
  }
}

interface SessionMeta {
  session: string
  n: number
  salt: string
  mac: string
}

test('the point finds the proof of each call of a session to hold, for these arguments alone', async () => {
  const point = new PointSide()
  const session = await CountersignMcpSession.open({
    crypto,
    clock,
    chain: CHAIN,
    holder,
    request: point.request,
  })
  expect(session).toMatchObject({ server: 'files', session: 'ses_1', expires_at: 1_800_000_900 })
  const metas = [1, 2].map((n) => session.metaFor('read', { n })[CALL_META] as SessionMeta)
  expect(metas.map((m) => m.n)).toEqual([1, 2])
  expect(metas[0]?.salt).not.toBe(metas[1]?.salt)
  const holds = ({ session: id, n, salt, mac }: SessionMeta, args: JsonObject): boolean => {
    const args_commit = argsCommit(crypto, fromBase64url(salt), args)
    return callMacHolds(
      crypto,
      point.sessionKey,
      { session: id, n, server: 'files', tool: 'read', args_commit },
      mac,
    )
  }
  expect(metas.map((m) => holds(m, { n: m.n }))).toEqual([true, true])
  expect(holds(metas[0]!, { n: 2 })).toBe(false)
})

test('a proof for one call needs no session', async () => {
  const point = new PointSide()
  const challenge = await takeChallenge(point)
  const meta = metaForOneCall({ crypto, clock, chain: CHAIN, holder }, challenge, 'read', { n: 1 })
  const { presentation, salt } = meta[CALL_META] as { presentation: string; salt: string }
  expect(presentation.startsWith(CHAIN)).toBe(true)
  const proof = verifyCallProof(context, presentation.slice(CHAIN.length))
  expect(proof).toMatchObject({
    server: 'files',
    tool: 'read',
    args_commit: argsCommit(crypto, fromBase64url(salt), { n: 1 }),
  })
  expect(proof?.nonce.startsWith(`${point.challenge}.`)).toBe(true)
})

test.each([
  ['ANSWER_INVALID', { key: 'short' }],
  ['ANSWER_INVALID', { server: 1 }],
  ['ANSWER_INVALID', { key: `${'A'.repeat(42)}B` }],
  ['POINT_KEY_INVALID', { key: 'A'.repeat(43) }],
])('refuses with %s a challenge with %j', async (code, overrides) => {
  const point = new PointSide()
  point.overrides = overrides
  const opening = CountersignMcpSession.open({ crypto, clock, chain: CHAIN, holder, request: point.request })
  await expect(opening).rejects.toThrowWithCode(code)
})

test('a denial is passed on as the MCP client throws it', async () => {
  const point = new PointSide()
  const stranger = crypto.signer(crypto.generateKey('ES256'))
  const opening = CountersignMcpSession.open({
    crypto,
    clock,
    chain: CHAIN,
    holder: stranger,
    request: point.request,
  })
  await expect(opening).rejects.toThrow('denied')
})
