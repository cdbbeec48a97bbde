import { beforeEach, describe, expect, test } from 'vitest'
import { SettableClock, World } from '../../test/fixtures/tokens.ts'
import { base64url } from '../core/encoding.ts'
import type { VerifiedChain } from '../token/verify.ts'
import { ChainRecord } from './chain-record.ts'
import { CounterWindow, Sessions } from './sessions.ts'

const w = new World()
const verified = w.verify(w.root())
const chain = (verified.ok ? verified.chain : null) as VerifiedChain
const record = new ChainRecord(() => [{ id: 'x', parent: null, segment: 'x~' }])
const HOUR_MS = 3_600_000

let clock: SettableClock
let sessions: Sessions
beforeEach(() => {
  clock = new SettableClock()
  sessions = new Sessions(w.crypto, clock)
})
const open = (ends_ms = clock.now() + 10 * HOUR_MS) =>
  sessions.open({ key: 'A'.repeat(43), chain, record }, ends_ms)

describe('counters', () => {
  test('count once, in any order inside the window', () => {
    const counters = new CounterWindow()
    for (const n of [1, 3, 2, 1000]) expect(counters.use(n)).toBe(true)
    for (const n of [1, 2, 3, 1000]) expect(counters.use(n)).toBe(false)
    expect(counters.use(4)).toBe(true)
  })

  test('too far behind the highest never count', () => {
    const counters = new CounterWindow()
    expect(counters.use(5000)).toBe(true)
    expect(counters.use(5000 - 1024)).toBe(false)
    expect(counters.use(5000 - 1023)).toBe(true)
    expect(counters.use(5000 - 1023)).toBe(false)
  })

  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, '1' as unknown as number])(
    'are positive integers, unlike %s',
    (n) => {
      expect(new CounterWindow().use(n)).toBe(false)
    },
  )

  test('are answered for as a list of all that were used would, in any order', () => {
    let seed = 1
    const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below
    for (let round = 0; round < 40; round++) {
      const counters = new CounterWindow()
      const used = new Set<number>()
      let highest = 0
      for (let i = 0; i < 400; i++) {
        const n = random(20) === 0 ? highest + random(3000) : Math.max(0, highest - 3 + random(8))
        const fresh = n >= 1 && n > highest - 1024 && !used.has(n)
        expect(counters.use(n)).toBe(fresh)
        if (!fresh) continue
        used.add(n)
        highest = Math.max(highest, n)
      }
      for (let n = highest - 1500; n < highest + 2; n++)
        expect(counters.use(n)).toBe(n >= 1 && n > Math.max(highest, n) - 1024 && !used.has(n))
    }
  })

  test('are remembered through thousands of calls', () => {
    const counters = new CounterWindow()
    for (let n = 1; n <= 10_000; n++) expect(counters.use(n)).toBe(true)
    for (let n = 1; n <= 10_000; n++) expect(counters.use(n)).toBe(false)
  })
})

describe('challenges', () => {
  test('open one session, within two minutes', () => {
    const challenge = sessions.challenge()
    expect(sessions.useChallenge(challenge)).toBe(true)
    expect(sessions.useChallenge(challenge)).toBe(false)
    expect(sessions.useChallenge('made up')).toBe(false)
    const old = sessions.challenge()
    clock.advance(120_000)
    expect(sessions.useChallenge(old)).toBe(false)
  })

  test('are bounded: the oldest makes room', () => {
    const first = sessions.challenge()
    const second = sessions.challenge()
    for (let i = 0; i < 1023; i++) sessions.challenge()
    expect(sessions.useChallenge(first)).toBe(false)
    expect(sessions.useChallenge(second)).toBe(true)
  })

  test('carry the nonces of proofs for calls, each used once', () => {
    const challenge = sessions.challenge()
    const own = base64url(w.crypto.randomBytes(16))
    expect(sessions.useCallNonce(`${challenge}.${own}`)).toBeNull()
    expect(sessions.useCallNonce(`${challenge}.${own}`)).toBe('PROOF_REPLAYED')
    expect(sessions.useCallNonce(`${challenge}.${base64url(w.crypto.randomBytes(16))}`)).toBeNull()
    for (const bad of [
      challenge,
      `${challenge}.`,
      `${challenge}.short`,
      `${challenge}.${own}.x`,
      `made-up.${own}`,
      '',
    ]) {
      expect(sessions.useCallNonce(bad)).toBe('PROOF_INVALID')
    }
    clock.advance(120_000)
    expect(sessions.useCallNonce(`${challenge}.${own}`)).toBe('PROOF_INVALID')
  })

  test('deny rather than forget a nonce that may be replayed', () => {
    const challenge = sessions.challenge()
    const nonce = (i: number): string => `${challenge}.${String(i).padStart(22, '0')}`
    for (let i = 0; i < 16_384; i++) expect(sessions.useCallNonce(nonce(i))).toBeNull()
    expect(sessions.useCallNonce(nonce(16_384))).toBe('SESSION_LIMIT')
    expect(sessions.useCallNonce(nonce(0))).toBe('PROOF_REPLAYED')
    clock.advance(120_000)
    const next = sessions.challenge()
    expect(sessions.useCallNonce(`${next}.${'0'.repeat(22)}`)).toBeNull()
  })
})

describe('sessions', () => {
  test('end with their chain, after an hour, or when they are closed', () => {
    const short = open(clock.now() + 1000)
    const long = open()
    const gone = open()
    expect(sessions.get(short.id)).toBe(short)
    clock.advance(1000)
    expect(sessions.get(short.id)).toBeNull()
    sessions.close(gone.id)
    sessions.close(gone.id)
    expect(sessions.get(gone.id)).toBeNull()
    clock.advance(HOUR_MS - 1001)
    expect(sessions.get(long.id)).toBe(long)
    clock.advance(1)
    expect(sessions.get(long.id)).toBeNull()
    expect(sessions.get('ses_made_up')).toBeNull()
  })

  test('are bounded: the oldest makes room', () => {
    const first = open()
    const second = open()
    for (let i = 0; i < 4095; i++) open()
    expect(sessions.get(first.id)).toBeNull()
    expect(sessions.get(second.id)).not.toBeNull()
  })

  test('agree on a secret with a good key only', () => {
    const pair = w.crypto.x25519()
    expect(sessions.agree(base64url(pair.publicKey))).toHaveLength(32)
    expect(sessions.agree(base64url(new Uint8Array(32)))).toBeNull() // small order
    expect(sessions.agree(`${'A'.repeat(42)}B`)).toBeNull() // not the one spelling of 32 bytes
    expect(new Sessions(w.crypto, clock).key).not.toBe(sessions.key)
  })
})
