/** Random damage to good chains: nothing is accepted that says something else, nothing throws, nothing is slow. */
import { expect, test } from 'vitest'
import { chainEditor } from '../../test/fixtures/chain-edits.ts'
import { segmentsIn, World } from '../../test/fixtures/tokens.ts'
import { chainText } from './presentation.ts'
import type { VerifiedChain } from './verify.ts'

const EDITS = 20_000
const SLOW_MS = 50
/** For all of them: about 25 s on two busy cores. What is asserted is the slowest, not the sum. */
const ALL_MS_MAX = 180_000

const w = new World('fuzz')
const bases = [
  w.root({ instruction: 'tidy up', sub: 'per_1' }),
  w.chain(1),
  w.chain(2),
  w.root({ jti: 'dlg_other', depth_max: 8 }),
  w.hop(w.root({ holder: w.signer('agent-9').publicJwk }), 'agent-9', 'agent-2'),
]
const editedChain = chainEditor(20261122, bases)

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

test(
  `${EDITS} edits of good chains are refused or say the same with less`,
  () => {
    const outcomes = new Map<string, number>()
    let slowest_ms = 0
    for (let i = 0; i < EDITS; i++) {
      const chain = editedChain()
      const start = performance.now()
      const result = w.verify(chain) // a throw fails the test
      let elapsed_ms = performance.now() - start
      if (elapsed_ms > SLOW_MS) {
        // Was it the input, or the machine? What the input costs, it costs again, and in processor time.
        const before = process.cpuUsage()
        w.verify(chain)
        const { user, system } = process.cpuUsage(before)
        elapsed_ms = Math.min(elapsed_ms, (user + system) / 1000)
      }
      slowest_ms = Math.max(slowest_ms, elapsed_ms)
      outcomes.set(
        result.ok ? 'ok' : result.reason,
        (outcomes.get(result.ok ? 'ok' : result.reason) ?? 0) + 1,
      )
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
  },
  ALL_MS_MAX,
)
