/**
 * Our rows. Cold: from the text of a presentation to a verified chain, a verified proof and a decision, by an
 * authenticator that has seen none of its keys. Warm: the same call in an open session, up to the record that is handed
 * to the spool. Decide: the pure decision alone.
 * @module
 */
import { newNodeCrypto, nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { Crypto } from '../../src/core/crypto.ts'
import { base64url, fromBase64url } from '../../src/core/encoding.ts'
import { periodOf } from '../../src/core/period.ts'
import { rfc3339 } from '../../src/core/time.ts'
import { decide, NO_KILLS, type DecideInput } from '../../src/decide/decide.ts'
import { Authenticator } from '../../src/enforce/authenticate.ts'
import { LeasedLedger } from '../../src/enforce/ledger.ts'
import { EnforcementPoint } from '../../src/enforce/point.ts'
import { Recorder } from '../../src/enforce/recorder.ts'
import type { CallRequest, Credential } from '../../src/enforce/types.ts'
import type { LeaseAnswer, LeaseNeed } from '../../src/ports/control-plane.ts'
import type { Spool, SpoolPosition } from '../../src/ports/spool.ts'
import { frameHash, signFrame, signHeartbeat, signTime, type Frame } from '../../src/revoke/frame.ts'
import { RevocationState } from '../../src/revoke/state.ts'
import { sdHashOf } from '../../src/token/presentation.ts'
import { argsCommit, callMac, sessionKey, signSessionProof } from '../../src/token/proof.ts'
import type { ChainTrust } from '../../src/token/trust.ts'
import type { DecidedChain, VerifiedChain } from '../../src/token/verify.ts'
import type { Row } from '../measure.ts'
import { CALL, clock, newChain, newProof, NOW_S, POINT, type HeldChain } from './chains.ts'

export const REVOKED_N = 100_000
const BOUND_MS = 2000
/** Calls of a session come one after another: each is timed by itself. */
const CALLS_A_BURST = 50
/** One decision is shorter than what the timer costs: this many are timed together. */
const DECISIONS_A_SAMPLE = 20
const SAMPLES_A_BURST = 10

/** Everything but the person's signature and the import of their key: for comparison with peers that have no gesture. */
function exceptGestures(crypto: Crypto): Crypto {
  return { ...crypto, verify: (key, data, sig) => key.kty === 'EC' || crypto.verify(key, data, sig) }
}

export interface ColdSample {
  readonly presentation: string
  readonly run: () => void
}

/**
 * A presentation and an authenticator of its own, whose key cache is empty: every key is imported anew.
 * @throws {TypeError} (from `run`) when the call is not allowed
 */
export function coldSample(chain: HeldChain, revocations: RevocationState, gesture: boolean): ColdSample {
  const crypto = gesture ? newNodeCrypto() : exceptGestures(newNodeCrypto())
  const authenticator = new Authenticator({ crypto, clock, trust: () => chain.trust, audience: POINT })
  const proof = newProof(chain, authenticator.challenge().challenge)
  return { presentation: proof.presentation, run: () => authorizeOnce(authenticator, proof, revocations) }
}

/** Each run authenticates a new proof of the same chain and decides. */
export function warmAuthenticator(chain: HeldChain, revocations: RevocationState): () => void {
  const authenticator = new Authenticator({
    crypto: newNodeCrypto(),
    clock,
    trust: () => chain.trust,
    audience: POINT,
  })
  return () => authorizeOnce(authenticator, newProof(chain, authenticator.challenge().challenge), revocations)
}

function authorizeOnce(
  authenticator: Authenticator,
  { presentation, salt }: { presentation: string; salt: string },
  revocations: RevocationState,
): void {
  const known = authenticator.authenticate(requestWith({ kind: 'call', presentation, salt }))
  if (known.reason !== null || known.chain === null) throw new TypeError(`not authenticated: ${known.reason}`)
  assertAllowed(decide(inputOf(known.chain, revocations)))
}

function requestWith(credential: Credential): CallRequest {
  return { ...CALL, credential, definition_hash: null }
}

function inputOf(chain: DecidedChain, revocations: RevocationState): DecideInput {
  const now_ms = clock.now()
  return {
    chain,
    kills: NO_KILLS,
    ...CALL,
    definition_hash: null,
    registration: null,
    revocations,
    bound_ms: BOUND_MS,
    now_ms,
  }
}

function assertAllowed(verdict: ReturnType<typeof decide>): void {
  if (verdict.decision !== 'allow') throw new TypeError(`denied: ${verdict.reasons.join()}`)
}

/**
 * A fresh state with that many other delegations revoked. The frames are chained as they are on the wire; their
 * signatures are not checked here, because that is not what is measured.
 */
export function filledState(): RevocationState {
  const frameKey = nodeCrypto.signer(nodeCrypto.generateKey('Ed25519'))
  const crypto: Crypto = { ...nodeCrypto, verify: () => true }
  const unsigned = { ...frameKey, sign: () => new Uint8Array(64) }
  const state = new RevocationState({ crypto, frameKey: frameKey.publicJwk, clock })
  const nonce = base64url(crypto.randomBytes(16))
  state.connecting(nonce)
  state.applyTime(signTime(unsigned, nonce, clock.now()))
  let prev = ''
  for (let seq = 1; seq <= REVOKED_N; seq++) {
    const handle = `dlg_${seq.toString(32).padStart(26, '0')}`
    const frame: Frame = { epoch: 1, seq, prev, kind: 'delegation', handle, reason: '', t: clock.now() }
    state.applyFrame(signFrame(unsigned, frame))
    prev = frameHash(crypto, frame)
  }
  state.applyHeartbeat(
    signHeartbeat(unsigned, { epoch: 1, head: REVOKED_N, head_hash: prev, t: clock.now() }),
  )
  return state
}

/** @param chain verified; three delegations, so that every ancestor is asked for */
export function decideRow(chain: VerifiedChain, revocations: RevocationState): Row {
  const input = inputOf(chain, revocations)
  const run = async (): Promise<{ took_us: readonly number[] }> => {
    const took_us: number[] = []
    for (let sample = 0; sample < SAMPLES_A_BURST; sample++) {
      const start = performance.now()
      for (let i = 0; i < DECISIONS_A_SAMPLE; i++) assertAllowed(decide(input))
      took_us.push(((performance.now() - start) * 1000) / DECISIONS_A_SAMPLE)
    }
    return { took_us }
  }
  return { name: 'decide', prepare: () => run }
}

/** Tells when a record was handed to it. What the disk takes is not measured here. */
export class StampingSpool implements Spool {
  position: SpoolPosition = { epoch: 1, seq: 0, hash: '' }
  handed_at = 0
  bytes = 0

  // oxlint-disable-next-line typescript/require-await -- the port is asynchronous
  async append(record: { seq: number; hash: string; text: string }): Promise<void> {
    this.handed_at = performance.now()
    this.bytes += record.text.length
    this.position = { epoch: 1, seq: record.seq, hash: record.hash }
  }
  begin = (): Promise<void> => Promise.resolve()
  read = (): Promise<[]> => Promise.resolve([])
  acknowledge = (): Promise<void> => Promise.resolve()
  close = (): Promise<void> => Promise.resolve()
}

/** A whole enforcement point, except for the disk and the way to the control plane. */
export async function openPoint(
  crypto: Crypto,
  trust: ChainTrust,
  revocations: RevocationState,
): Promise<{ point: EnforcementPoint; spool: StampingSpool; authenticator: Authenticator }> {
  const spool = new StampingSpool()
  return { spool, ...(await pointOver(spool, crypto, trust, revocations)) }
}

/** A whole enforcement point, except for the way to the control plane. */
export async function pointOver(
  spool: Spool,
  crypto: Crypto,
  trust: ChainTrust,
  revocations: RevocationState,
): Promise<{ point: EnforcementPoint; authenticator: Authenticator }> {
  const authenticator = new Authenticator({ crypto, clock, trust: () => trust, audience: POINT })
  const control = { openEpoch: () => Promise.resolve(1) }
  const recorder = await Recorder.open({ crypto, clock, spool, point: POINT, control })
  const point = new EnforcementPoint({
    id: POINT,
    crypto,
    clock,
    placement: 'gateway',
    bound_ms: BOUND_MS,
    revocations: () => revocations,
    kills: NO_KILLS,
    systems: () => [],
    recorder,
    // One lease covers every call: a round trip to the control plane is not what is measured.
    ledger: new LeasedLedger({
      control: { lease: oneLease },
      clock,
      position: () => recorder.begun,
      onReturn: () => undefined,
    }),
    authenticator,
    registration: () => null,
    onRecorded: () => undefined,
    onFault: (error) => {
      throw error
    },
    onClose: () => Promise.resolve(),
  })
  return { point, authenticator }
}

/** More than a benchmark spends, until it is over. */
function oneLease(_: number, needs: readonly LeaseNeed[]): Promise<LeaseAnswer> {
  const ttl_ms = 3_600_000
  const leases = needs.map(({ need, want: _want, ...limit }, i) => ({
    ...limit,
    period: periodOf(limit.per, clock.now()),
    id: `lse_${String(i).padStart(26, '0')}`,
    amount: need + 1e12,
    expires: rfc3339(clock.now() + ttl_ms),
    ttl_ms,
  }))
  return Promise.resolve({ leases })
}

/** What a client sends with the `n`th call of a session. */
export function sessionRequest({ session, key }: OpenedSession, n: number): CallRequest {
  const salt = base64url(nodeCrypto.randomBytes(32))
  const args_commit = argsCommit(nodeCrypto, fromBase64url(salt), CALL.args)
  const call = { session, n, server: CALL.server, tool: CALL.tool, args_commit }
  return requestWith({ kind: 'session', session, n, salt, mac: callMac(nodeCrypto, key, call) })
}

export const act = (): Promise<{ result: null; failed: false }> =>
  Promise.resolve({ result: null, failed: false })

/** Calls of one session, each timed until its record is handed to the spool. */
export async function warmRow(revocations: RevocationState): Promise<Row> {
  const chain = newChain(3)
  const { point, spool } = await openPoint(nodeCrypto, chain.trust, revocations)
  const opened = await openSession(point, chain)
  let n = 0
  return {
    name: 'warm',
    prepare: () => {
      const requests = Array.from({ length: CALLS_A_BURST }, () => sessionRequest(opened, ++n))
      return async () => {
        const took_us: number[] = []
        for (const request of requests) {
          const start = performance.now()
          const { decision } = await point.call(request, () => {
            // The decision's record was handed over by now, and the outcome's is yet to come.
            took_us.push((spool.handed_at - start) * 1000)
            return act()
          })
          if (decision !== 'allow') throw new TypeError('the call of the session was denied')
        }
        await outcomesRecorded()
        return { took_us }
      }
    },
  }
}

/** Outcomes are recorded two turns later: not while the next row is timed. */
export async function outcomesRecorded(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
}

export interface OpenedSession {
  readonly session: string
  readonly key: Uint8Array
}

/** What a client does once (PRF-2). */
export async function openSession(
  point: Pick<EnforcementPoint, 'challenge' | 'open'>,
  chain: HeldChain,
): Promise<OpenedSession> {
  const { challenge, key } = point.challenge()
  const pair = nodeCrypto.x25519()
  const client = base64url(pair.publicKey)
  const target = { aud: POINT, nonce: challenge, iat: NOW_S }
  const keys = { x25519: client, peer: key }
  const opened = await point.open(signSessionProof(nodeCrypto, chain.holder, chain.text, target, keys))
  const shared = pair.agree(fromBase64url(key))
  if (!opened.ok || shared === null) throw new TypeError('no session was opened')
  const sd_hash = sdHashOf(nodeCrypto, chain.text)
  return {
    session: opened.session,
    key: sessionKey(nodeCrypto, shared, { challenge, client, point: key, sd_hash }),
  }
}
