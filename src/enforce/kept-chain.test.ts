import { describe, expect, test } from 'vitest'
import { FILES, MAIL, NOW_MS, World } from '../../test/fixtures/tokens.ts'
import { decide, NO_KILLS, type DecideInput } from '../decide/decide.ts'
import type { Handle } from '../token/handles.ts'
import type { VerifiedChain } from '../token/verify.ts'
import { keptOf } from './kept-chain.ts'

const w = new World()
const verified = w.verify(w.chain(2, { grants: [FILES, MAIL] }))
const chain = (verified.ok ? verified.chain : null) as VerifiedChain
const fresh = { epoch: 1, head: 3, t: NOW_MS, age_ms: 100 }

describe('what a session keeps of a chain', () => {
  test('names every handle that the chain has, each once', () => {
    const kept: Handle[] = []
    expect(keptOf(chain).handles.some((handle) => kept.push(handle) === 0)).toBe(false)
    expect(new Set(kept)).toHaveLength(kept.length)
    for (const handle of chain.handles) expect(kept).toContainEqual(handle)
    for (const handle of kept) expect(chain.handles).toContainEqual(handle)
    expect(kept.length).toBeLessThan(chain.handles.length)
  })

  test('decides as the chain does', () => {
    const calls: Partial<DecideInput>[] = [
      {},
      { tool: 'delete' },
      { args: { path: '/etc/x' } },
      { args: {} },
      { server: 'mail', tool: 'send' },
      { now_ms: NOW_MS + 4_000_000 },
      ...chain.handles.map((revoked) => ({
        revocations: {
          isRevoked: (each: Handle) => each.kind === revoked.kind && each.handle === revoked.handle,
          freshness: () => fresh,
        },
      })),
    ]
    for (const call of calls) {
      const input = {
        kills: NO_KILLS,
        server: 'files',
        tool: 'read',
        args: { path: '/data/a' },
        definition_hash: null,
        registration: null,
        revocations: { isRevoked: () => false, freshness: () => fresh },
        bound_ms: 2000,
        now_ms: NOW_MS,
        ...call,
      }
      expect(decide({ ...input, chain: keptOf(chain) })).toEqual(decide({ ...input, chain }))
    }
  })

  test('holds nothing of the gestures and keys behind it', () => {
    const text = JSON.stringify(keptOf(chain), (_, value: unknown) =>
      value instanceof Map ? [...value] : value,
    )
    for (const member of ['client_data', 'signature', '"x"', 'holder', 'statement'])
      expect(text).not.toContain(member)
  })
})
