/**
 * The log of a busy fleet, each agent under a delegation of its own, so that its calls are sessions with baselines.
 * @module
 */
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { DRIFT_POLICY } from '../../src/core/drift-policy.ts'
import type { Store, Tx } from '../../src/ports/store.ts'
import { segmentsOf } from '../../src/token/segment.ts'
import { fleetReceipts } from '../../test/fixtures/observed.ts'
import { AGENT, World } from '../../test/fixtures/tokens.ts'

export const START_MS = Date.parse('2026-03-01T00:00:00.000Z')
export const AGENTS = 500
/** So that half of what an agent does is learned from, and half is scored: its sessions are twice as short as usual. */
export const POLICY = { ...DRIFT_POLICY, train_sessions: 10, actions_max: 24 }
/** 500 decisions a second. */
const TERMS = { agents: AGENTS, points: 20, tools: 10, start_ms: START_MS, apart_ms: 2, seed: 9 }
/** Receipts of one write: what a point ships at once. */
const BATCH = 1_000
const SYSTEM = { kind: 'system', id: 'control-plane' } as const
const DELEGATED_S = 80 * 86_400

/** @param setClock what the store's clock is to say */
export async function fill(
  store: Store,
  receipts: number,
  setClock: (time_ms: number) => void,
): Promise<void> {
  const world = new World()
  await store.write((tx) => putPolicy(tx, world))
  const chains = await store.write((tx) => delegate(tx, world))
  const all = fleetReceipts({ ...TERMS, chains })
  for (let done = 0; done < receipts; done += BATCH) {
    await store.write(async (tx) => {
      for (let i = 0; i < BATCH; i++) {
        const { value: body } = all.next()
        const about = body.kind === 'decision' && body.agent !== null ? { subject: body.agent } : {}
        await tx.append({ type: 'receipt', actor: { kind: 'point', id: body.point }, ...about, body })
        if (i === BATCH - 1) setClock(Date.parse(body.time))
      }
    })
  }
}

async function putPolicy(tx: Tx, world: World): Promise<void> {
  const [subject, actor] = ['drp_bench', { kind: 'person', id: 'per_ann' }] as const
  const body = { policy: POLICY }
  const proposal = await tx.append({ type: 'drift_policy.proposed', actor, subject, body })
  const act = { act: 'drift_policy.approve', policy: subject, proposal, approver: 'per_ben' } as const
  const gesture = { ...world.gesture('challenge'), role: 'approver' } as const
  const approval = { act, gesture, acted_alone: false }
  await tx.append({ type: 'drift_policy.approved', actor, subject, body: approval })
}

/** @returns segments by agent */
async function delegate(tx: Tx, world: World): Promise<string[]> {
  const iat = Math.floor(START_MS / 1000)
  const chains: string[] = []
  for (let agent = 0; agent < AGENTS; agent++) {
    const times = { iat, nbf: iat, exp: iat + DELEGATED_S }
    const [root] = segmentsOf(
      nodeCrypto,
      world.root({
        ...times,
        jti: `dlg_${agent}`,
        agent: { ...AGENT, id: `agt_${agent}` },
      }),
    )
    if (root === undefined) throw new TypeError('a chain has a root')
    await tx.append({ type: 'chain.segment', actor: SYSTEM, subject: root.id, body: root })
    chains.push(root.id)
  }
  return chains
}
