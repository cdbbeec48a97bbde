/**
 * A consent withdrawn: from the request to the last of 1,000 that denies, 50 of them complete enforcement points at which
 * an agent calls under a delegation for that data subject alone, the others subscribers on bare sockets; and what it takes
 * at a point to find that 1,000 delegations derived from it are over. spec/consent.md (CNS-15, CNS-17).
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
import { Listeners, Points } from '../revoke/workers.ts'

const LISTENING = 1_000
const COMPLETE = 50
/** As in the measures of revocation: each call is recorded at the server. */
const CALL_EVERY_MS = 1_000
const DERIVED = 1_000
const WARMUP_ROUNDS = 3
/** Heartbeats go on meanwhile: a round begins anywhere between two of them. */
const BETWEEN_ROUNDS_MS = 500
const SAID = { purposes: [`${DPV}Marketing`], categories: [`${PD}Contact`] }

/** Milliseconds. */
export interface WithdrawFigures {
  /** Subscribers on bare sockets, that parse and deny, and complete points, at which a call was denied and recorded. */
  readonly bare: number
  readonly complete: number
  readonly rounds: number
  /** Rounds that do not count: a complete point denied for another reason, such as a stale state. */
  readonly rounds_stale: number
  /** From when the request was sent until the last of all denied: the median round, and the slowest. */
  readonly last_p50_ms: number
  readonly last_max_ms: number
  /** The same of the complete points alone, and of the bare subscribers alone. */
  readonly complete_last_p50_ms: number
  readonly complete_last_max_ms: number
  readonly bare_last_p50_ms: number
  readonly bare_last_max_ms: number
  /** Until who withdrew had the answer. */
  readonly acknowledged_p50_ms: number
  readonly derived: number
  /** At one point, from the frame's arrival until each of the derived delegations was found to be revoked. */
  readonly derived_ms: number
}

export async function benchWithdraw(rounds = 20): Promise<WithdrawFigures> {
  const plant = await openPlant(COMPLETE)
  const listeners = new Listeners()
  const points = new Points()
  try {
    // Complete points come in the middle: a broadcast goes from who came first to who came last.
    await plant.label()
    const bare = LISTENING - COMPLETE
    await listeners.connect(plant, Math.floor(bare / 2), 0)
    await points.open(plant)
    await listeners.connect(plant, Math.ceil(bare / 2), 0)
    const { manager } = plant
    const notice = await agreeOnNotice({ manager, lead: manager }, { jurisdiction: 'EU', ...SAID })
    const all: Round[] = []
    let stale = 0
    for (let i = 0; all.length < rounds; i++) {
      const one = await withdrawn({ plant, listeners, points }, notice, i)
      if (i < WARMUP_ROUNDS) continue
      if (one !== null) all.push(one)
      else if (++stale > rounds)
        throw new Error('the points are stale more often than not: too busy a machine')
    }
    const last = spreadOf(all.map((one) => Math.max(one.complete_ms, one.bare_ms)))
    const complete = spreadOf(all.map((one) => one.complete_ms))
    const ofBare = spreadOf(all.map((one) => one.bare_ms))
    return {
      bare: listeners.count,
      complete: COMPLETE,
      rounds,
      rounds_stale: stale,
      last_p50_ms: last.p50,
      last_max_ms: last.max,
      complete_last_p50_ms: complete.p50,
      complete_last_max_ms: complete.max,
      bare_last_p50_ms: ofBare.p50,
      bare_last_max_ms: ofBare.max,
      acknowledged_p50_ms: spreadOf(all.map((one) => one.acknowledged_ms)).p50,
      derived: DERIVED,
      derived_ms: round(derivedMs()),
    }
  } finally {
    await Promise.all([points.end(), listeners.end()])
    await plant.remove()
  }
}

/** Of the last that denied, since the request was sent. */
interface Round {
  readonly complete_ms: number
  readonly bare_ms: number
  readonly acknowledged_ms: number
}

interface Fleet {
  readonly plant: Plant
  readonly listeners: Listeners
  readonly points: Points
}

/** Null: a complete point denied for another reason than the withdrawal. */
async function withdrawn(
  { plant, listeners, points }: Fleet,
  notice: string,
  i: number,
): Promise<Round | null> {
  const { manager } = plant
  const subject = await addPerson(manager, `p${i}@customer.example`)
  const { consent, rev } = await takeOver(manager, { subject, notice, ...SAID })
  await points.hold(await plant.target(consent), CALL_EVERY_MS)
  await listeners.expect([rev])
  await pause(BETWEEN_ROUNDS_MS * (0.5 + Math.random()))
  const denied = Promise.all([points.denied(), listeners.denied()])
  const sent = now()
  await withdrawConsent(manager, consent, { purposes: null, reason: 'withdrawn' })
  const acknowledged_ms = now() - sent
  const [, bare] = await denied
  const complete = await points.stop()
  if (complete.some(({ reasons }) => !reasons.includes('REVOKED'))) return null
  const latest = (times: readonly number[]): number => times.reduce((a, b) => Math.max(a, b)) - sent
  return {
    complete_ms: latest(complete.map(({ first_denial }) => first_denial)),
    bare_ms: latest(bare),
    acknowledged_ms,
  }
}

function spreadOf(values: readonly number[]): { readonly p50: number; readonly max: number } {
  const sorted = values.toSorted((a, b) => a - b)
  return { p50: round(sorted[sorted.length >> 1] ?? Number.NaN), max: round(sorted.at(-1) ?? Number.NaN) }
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
