/**
 * A consent withdrawn: from the request to the last of 1,000 subscribers that denies, and what it takes at a point to find
 * that 1,000 delegations derived from it are over. spec/consent.md (CNS-15, CNS-17).
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises'
import { withdrawConsent } from '../../apps/cli/consent/acts.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { DPV, PD } from '../../src/core/dpv.ts'
import { newId } from '../../src/core/ids.ts'
import { agentKey, Issuer, narrow } from '../../src/enforce/protocol.ts'
import { systemClock } from '../../src/ports/clock.ts'
import { signFrame } from '../../src/revoke/frame.ts'
import { RevocationState } from '../../src/revoke/state.ts'
import { verifyChainText } from '../../src/token/verify.ts'
import { addPerson, agreeOnNotice, takeOver } from '../../examples/demo/agreed.ts'
import { round } from '../measure.ts'
import { now } from '../revoke/clock.ts'
import { openPlant, type Plant } from '../revoke/plant.ts'
import { Listeners } from '../revoke/workers.ts'

const POINTS = 1_000
const DERIVED = 1_000
const WARMUP_ROUNDS = 3
/** Heartbeats go on meanwhile: a round begins anywhere between two of them. */
const BETWEEN_ROUNDS_MS = 500
const SAID = { purposes: [`${DPV}Marketing`], categories: [`${PD}Contact`] }

/** Milliseconds. */
export interface WithdrawFigures {
  readonly subscribers: number
  readonly rounds: number
  /** From when the request was sent until the last denied: the median round, and the slowest. */
  readonly last_p50_ms: number
  readonly last_max_ms: number
  /** Until who withdrew had the answer. */
  readonly acknowledged_p50_ms: number
  readonly derived: number
  /** At one point, from the frame's arrival until each of the derived delegations was found to be revoked. */
  readonly derived_ms: number
}

export async function benchWithdraw(rounds = 20): Promise<WithdrawFigures> {
  const plant = await openPlant(1)
  const listeners = new Listeners()
  try {
    await listeners.connect(plant, POINTS, 0)
    const { manager } = plant
    const notice = await agreeOnNotice({ manager, lead: manager }, { jurisdiction: 'EU', ...SAID })
    const all: Round[] = []
    for (let i = -WARMUP_ROUNDS; i < rounds; i++) {
      const one = await withdrawn(plant, listeners, notice, i)
      if (i >= 0) all.push(one)
    }
    const last = all.map((one) => one.last_ms).sort((a, b) => a - b)
    return {
      subscribers: listeners.count,
      rounds,
      last_p50_ms: round(median(last)),
      last_max_ms: round(last.at(-1) ?? Number.NaN),
      acknowledged_p50_ms: round(median(all.map((one) => one.acknowledged_ms).sort((a, b) => a - b))),
      derived: DERIVED,
      derived_ms: round(derivedMs()),
    }
  } finally {
    await listeners.end()
    await plant.remove()
  }
}

interface Round {
  readonly last_ms: number
  readonly acknowledged_ms: number
}

async function withdrawn(
  { manager }: Plant,
  listeners: Listeners,
  notice: string,
  i: number,
): Promise<Round> {
  const subject = await addPerson(manager, `p${i}@customer.example`)
  const { consent, rev } = await takeOver(manager, { subject, notice, ...SAID })
  await listeners.expect([rev])
  await pause(BETWEEN_ROUNDS_MS * (0.5 + Math.random()))
  const denied = listeners.denied()
  const sent = now()
  await withdrawConsent(manager, consent, { purposes: null, reason: 'withdrawn' })
  const acknowledged_ms = now() - sent
  const last = (await denied).reduce((a, b) => Math.max(a, b))
  return { last_ms: last - sent, acknowledged_ms }
}

function median(sorted: readonly number[]): number {
  return sorted[sorted.length >> 1] ?? Number.NaN
}

/** One root on the consent of a subject, handed on offline to so many agents. */
function derivedMs(): number {
  const issuer = new Issuer('https://bench.example')
  const holder = agentKey()
  const by = issuer.person()
  const aud = [newId(nodeCrypto, 'pnt', Date.now())]
  const grants = [{ type: 'tool' as const, server: 's', actions: ['read'] }]
  const consent = newId(nodeCrypto, 'rev', Date.now())
  const draft = issuer.draft({ holder, aud, grants, by, consent })
  const chain = issuer.seal(draft, by.gesture(draft))
  const context = { crypto: nodeCrypto, trust: issuer.trust, audience: aud[0] ?? '', now_ms: Date.now() }
  const chains = Array.from({ length: DERIVED }, () => {
    const to = agentKey()
    const result = verifyChainText(
      context,
      narrow(chain, holder, { to, statement: issuer.statement(to), grants }),
    )
    if (!result.ok) throw new Error(`a derived chain does not hold: ${result.reason}`)
    return result.chain
  })
  const frames = nodeCrypto.signer(nodeCrypto.generateKey('Ed25519'))
  const state = new RevocationState({ crypto: nodeCrypto, frameKey: frames.publicJwk, clock: systemClock })
  for (const { handles } of chains) if (state.isAnyRevoked(handles)) throw new Error('revoked too soon')
  const frame = {
    epoch: 1,
    seq: 1,
    prev: '',
    kind: 'consent' as const,
    handle: consent,
    reason: 'x',
    t: Date.now(),
  }
  const signed = signFrame(frames, frame)
  const begun = now()
  state.applyFrame(signed)
  const revoked = chains.filter(({ handles }) => state.isAnyRevoked(handles)).length
  const took_ms = now() - begun
  if (revoked !== DERIVED) throw new Error(`${DERIVED - revoked} derived delegations go on`)
  return took_ms
}
