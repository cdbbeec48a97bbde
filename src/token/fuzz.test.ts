/** Random damage to good chains: nothing is accepted that says something else, nothing throws, nothing is slow. */
import { expect, test } from 'vitest'
import { segmentsIn, World } from '../../test/fixtures/tokens.ts'
import { chainText, type Segment } from './presentation.ts'
import type { VerifiedChain } from './verify.ts'

const EDITS = 20_000
const SLOW_MS = 50

/** mulberry32: the same edits in each run. */
function randomOf(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

const w = new World('fuzz')
const bases = [
  w.root({ instruction: 'tidy up', sub: 'per_1' }),
  w.chain(1),
  w.chain(2),
  w.root({ jti: 'dlg_other', depth_max: 8 }),
  w.hop(w.root({ holder: w.signer('agent-9').publicJwk }), 'agent-9', 'agent-2'),
]
const random = randomOf(20261122)
const pick = <T>(list: readonly T[]): T => list[random(list.length)]!
const BYTES = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~~..=+/ \n\u0000é{}"'

const textEdits: ((chain: string) => string)[] = [
  (chain) => replaceAt(chain, random(chain.length), 1, BYTES[random(BYTES.length)]!),
  (chain) => replaceAt(chain, random(chain.length), 1 + random(8), ''),
  (chain) => replaceAt(chain, random(chain.length), 0, BYTES[random(BYTES.length)]!),
  (chain) => chain.slice(0, random(chain.length)),
  (chain) => chain.slice(random(chain.length)),
  (chain) => {
    const at = random(chain.length)
    return replaceAt(chain, random(chain.length), 0, chain.slice(at, at + random(200)))
  },
]
const pool = bases.flatMap(segmentsIn)
const disclosures = pool.flatMap((segment) => segment.disclosures)
const segmentEdits: ((segments: Segment[]) => Segment[])[] = [
  (all) => swap(all, random(all.length), random(all.length)),
  (all) => all.toSpliced(random(all.length), 1),
  (all) => all.toSpliced(random(all.length + 1), 0, pick(pool)),
  (all) => all.with(random(all.length), pick(pool)),
  (all) => withDisclosures(all, (list) => [...list, pick(disclosures)]),
  (all) => withDisclosures(all, (list) => list.toSpliced(random(list.length + 1), 1)),
  (all) => withDisclosures(all, (list) => swap([...list], random(list.length), random(list.length))),
  (all) =>
    withDisclosures(all, (list) =>
      list.length > 0 ? list.with(random(list.length), pick(disclosures)) : list,
    ),
  (all) => {
    const at = random(all.length)
    const parts = all[at]!.jwt.split('.')
    const part = random(3)
    return all.with(at, { ...all[at]!, jwt: parts.with(part, pick(pool).jwt.split('.')[part]!).join('.') })
  },
]

function replaceAt(text: string, at: number, length: number, by: string): string {
  return text.slice(0, at) + by + text.slice(at + length)
}
function swap<T>(list: T[], i: number, j: number): T[] {
  return list.length === 0 ? list : list.with(i, list[j]!).with(j, list[i]!)
}
function withDisclosures(all: Segment[], edit: (list: readonly string[]) => readonly string[]): Segment[] {
  const at = random(all.length)
  return all.with(at, { ...all[at]!, disclosures: edit(all[at]!.disclosures) })
}

/** What a chain says, apart from what it discloses; and what it discloses. */
const identity = (chain: VerifiedChain): string =>
  JSON.stringify({ ...chain, delegations: chain.delegations.map((each) => ({ ...each, grants: null })) })
const grants = (chain: VerifiedChain): string[] =>
  chain.delegations.flatMap((each) => [...each.grants.keys()])
const known = new Map<string, Set<string>>()
/** Every prefix of a chain is a chain too: its holder made the next one from it. */
for (const base of bases) {
  const segments = segmentsIn(base)
  for (let n = 1; n <= segments.length; n++) {
    const result = w.verify(chainText(segments.slice(0, n)))
    if (!result.ok) throw new Error(result.reason)
    known.set(identity(result.chain), new Set(grants(result.chain)))
  }
}

test(`${EDITS} edits of good chains are refused or say the same with less`, () => {
  const outcomes = new Map<string, number>()
  let slowest_ms = 0
  for (let i = 0; i < EDITS; i++) {
    let chain = pick(bases)
    for (let n = 1 + random(2); n > 0; n--) {
      if (random(2) === 0 || chain.length === 0) chain = pick(textEdits)(chain)
      else {
        try {
          const segments = segmentsIn(chain)
          chain = chainText(pick(segmentEdits)(segments))
        } catch {
          // the first edit left nothing that could be taken apart
        }
      }
    }
    const start = performance.now()
    const result = w.verify(chain) // a throw fails the test
    let elapsed_ms = performance.now() - start
    if (elapsed_ms > SLOW_MS) {
      // Was it the input, or the machine? What the input costs, it costs again.
      const again = performance.now()
      w.verify(chain)
      elapsed_ms = Math.min(elapsed_ms, performance.now() - again)
    }
    slowest_ms = Math.max(slowest_ms, elapsed_ms)
    outcomes.set(result.ok ? 'ok' : result.reason, (outcomes.get(result.ok ? 'ok' : result.reason) ?? 0) + 1)
    if (!result.ok) continue
    const full = known.get(identity(result.chain))
    expect(full).toBeDefined() // else a chain was accepted that says something else
    for (const digest of grants(result.chain)) expect(full!.has(digest)).toBe(true)
  }
  expect(slowest_ms).toBeLessThan(SLOW_MS)
  // The edits reach deep enough to be worth something.
  for (const code of [
    'ok',
    'TOKEN_MALFORMED',
    'SIGNATURE_INVALID',
    'DISCLOSURE_INVALID',
    'CHAIN_BROKEN',
    'PARENT_GRANT_HIDDEN',
  ]) {
    expect([code, (outcomes.get(code) ?? 0) > 20]).toEqual([code, true])
  }
  if (process.env.FUZZ_REPORT !== undefined)
    process.stdout.write(`${JSON.stringify([...outcomes])} slowest ${slowest_ms} ms\n`)
})
