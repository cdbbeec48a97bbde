import { expect, test } from 'vitest'
import { systemClock } from '../ports/clock.ts'
import { AGENT, AUD, keyOf, World } from '../../test/fixtures/tokens.ts'
import { HostedDelegations, type HostingKey } from './hosted.ts'

const OTHER = { ...AGENT, id: 'agt_00000000000000000000000002' }
const world = new World()

/** A pool with the keys of `agent-1` and `agent-2`, before a control plane that has `waiting` keys left. */
function pool(chains: ReadonlyMap<string, string>, waiting = 32) {
  const offers: number[] = []
  let kept: readonly HostingKey[] = []
  const hosted = new HostedDelegations({
    crypto: world.crypto,
    clock: systemClock,
    point: AUD,
    plane: {
      register: async (keys) => {
        offers.push(keys.length)
        return offers.length === 1 ? waiting : 32
      },
      delegation: async (jti) => chains.get(jti) ?? null,
    },
    keys: ['agent-1', 'agent-2'].map((name) => ({ jwk: keyOf(name), used: null })),
    keep: async (keys) => void (kept = keys),
    onFault: (error) => {
      throw error
    },
  })
  return { hosted, offers, kept: () => kept }
}

const jtiOf = (n: number): string => `dlg_0000000000000000000000000${n}`
const root = (n: number, holder: string, agent = AGENT): [string, string] => [
  jtiOf(n),
  world.root({ jti: jtiOf(n), agent, holder: world.signer(holder).publicJwk }),
]

test('a key is of one agent, for each of its delegations and none of another', async () => {
  const { hosted } = pool(
    new Map([
      root(1, 'agent-1'),
      root(2, 'agent-1'),
      root(3, 'agent-1', OTHER),
      root(4, 'agent-2', OTHER),
      root(5, 'nobody-here'),
    ]),
  )
  const answers = await Promise.all([1, 2, 3, 4, 5, 6].map((n) => hosted.fetch(jtiOf(n))))
  expect(answers).toEqual(['ok', 'ok', 'refused', 'ok', 'refused', 'refused'])
  expect(hosted.get(jtiOf(3))).toBeNull()
})

test('is not used for a delegation that has another name, or was handed on', async () => {
  const [, chain] = root(1, 'agent-1')
  const handed = world.hop(chain, 'agent-1', 'agent-2')
  const { hosted } = pool(new Map([root(1, 'agent-1'), [jtiOf(7), chain], [jtiOf(8), handed]]))
  expect(await hosted.fetch(jtiOf(7))).toBe('refused')
  expect(await hosted.fetch(jtiOf(8))).toBe('refused')
})

test('keys are kept before they are offered, and more are made when the control plane has few left', async () => {
  const enough = pool(new Map())
  await enough.hosted.fill()
  expect(enough.offers).toEqual([32])
  expect(enough.kept()).toHaveLength(32)
  const few = pool(new Map(), 3)
  await few.hosted.fill()
  expect(few.offers).toEqual([32, 61])
  expect(few.kept()).toHaveLength(61)
})
