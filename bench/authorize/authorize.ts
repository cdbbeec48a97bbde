/**
 * `npm run bench -- authorize`: what it costs to verify and authorize one call, beside the raw cryptography that it needs
 * and beside peers, in one run.
 * @module
 */
import { Console } from 'node:console'
import { generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { RevocationState } from '../../src/revoke/state.ts'
import { verifyChainText, type VerifiedChain } from '../../src/token/verify.ts'
import { machine, ownCommit, type Machine } from '../machine.ts'
import { measure, round, type Percentiles, type Rounds, type Row } from '../measure.ts'
import { clock, newChain, POINT } from './chains.ts'
import { cachedChainBytes, type CachedChain } from './memory.ts'
import { coldSample, decideRow, filledState, REVOKED_N, warmAuthenticator, warmRow } from './ours.ts'
import { startPeers, type Peers } from './peers/peers.ts'
import { doRaw, fastestImporter, rawWork, withoutGesture, type ImporterName, type RawWork } from './raw.ts'
import { tableOf, type Report } from './report.ts'

/** Cold: keys are imported anew each time, ours, the floor's and those of peers that verify. */
const COLD_ROUNDS: Rounds = { count: 600, warmup: 200, deadline_ms: 60_000 }
/** Hot: what comes again and again, in bursts of its own. */
const HOT_ROUNDS: Rounds = { count: 150, warmup: 100, deadline_ms: 20_000 }
/** The compiler is not done before some thousand runs, and new chains for all of them would take minutes. */
const WARMUP_RUNS = 2_000

export async function authorize(options: { readonly json: boolean }): Promise<void> {
  // Peers print what they like: figures alone go to stdout.
  globalThis.console = new Console(process.stderr, process.stderr)
  const ran_on = machine()
  const importers = fastestImporters()
  const revocations = filledState()
  const memory = await cachedChainBytes(revocations)
  const peers = await startPeers()
  const isHot = ({ name }: Row): boolean => name.startsWith('agent_governance.')
  for (const length of [1, 3]) warmUp(length, revocations)
  const cold = await measure(
    [
      ...coldRows(1, revocations, importers),
      ...coldRows(3, revocations, importers),
      oneVerify(),
      { name: 'timer', prepare: () => () => undefined },
      ...peers.rows.filter((row) => !isHot(row)),
    ],
    COLD_ROUNDS,
  )
  const hot = await measure(
    [decideRow(verifiedChain(), revocations), await warmRow(revocations), ...peers.rows.filter(isHot)],
    HOT_ROUNDS,
  )
  const of = (name: string): Percentiles => cold.get(name) ?? hot.get(name) ?? NOT_MEASURED
  const report = reportOf(of, ran_on, importers, memory, peers)
  process.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : tableOf(report))
}

const NOT_MEASURED: Percentiles = { p10: Number.NaN, p50: Number.NaN, p99: Number.NaN, n: 0 }

function reportOf(
  of: (name: string) => Percentiles,
  ran_on: Machine,
  importers: Importers,
  memory: CachedChain,
  peers: Peers,
): Report {
  const ratio = (ours: string, raw: string): number => round(of(ours).p50 / of(raw).p50)
  return {
    benchmark: 'authorize',
    machine: ran_on,
    countersign: ownCommit(),
    key_import: importers,
    ours: {
      cold1_us: of('cold1'),
      cold3_us: of('cold3'),
      cold1_no_gesture_us: of('cold1-no-gesture'),
      cold3_no_gesture_us: of('cold3-no-gesture'),
      decide_us: of('decide'),
      warm_us: of('warm'),
      revocations_n: REVOKED_N,
      cached_chain_bytes: memory.bytes,
      cached_chains_n: memory.chains,
    },
    raw: {
      chain1_us: of('raw1'),
      chain3_us: of('raw3'),
      chain1_no_gesture_us: of('raw1-no-gesture'),
      chain3_no_gesture_us: of('raw3-no-gesture'),
    },
    ratio: {
      cold1: ratio('cold1', 'raw1'),
      cold3: ratio('cold3', 'raw3'),
      cold1_no_gesture: ratio('cold1-no-gesture', 'raw1-no-gesture'),
      cold3_no_gesture: ratio('cold3-no-gesture', 'raw3-no-gesture'),
    },
    raw_ed25519_verify_us: of('ed25519'),
    timer_us: of('timer'),
    peers: peers.report(of),
  }
}

/** Rounds that four rows share their chain in: those that are prepared together, and no more. */
const SAMPLES_KEPT = 50

/** New proofs of one chain: the same code, with its keys known after the first. */
function warmUp(length: number, revocations: RevocationState): void {
  const chain = newChain(length)
  const authenticated = warmAuthenticator(chain, revocations)
  for (let i = 0; i < WARMUP_RUNS; i++) authenticated()
}

interface Importers {
  readonly okp: ImporterName
  readonly ec: ImporterName
}

function fastestImporters(): Importers {
  const jwk = (alg: 'Ed25519' | 'ES256') => nodeCrypto.signer(nodeCrypto.generateKey(alg)).publicJwk
  return { okp: fastestImporter(jwk('Ed25519')), ec: fastestImporter(jwk('ES256')) }
}

/** Ours and the floor over the bytes of the same chain, with the person's gesture and without. */
function coldRows(length: number, revocations: RevocationState, importers: Importers): Row[] {
  const made = new Map<number, { ours: () => void; ungestured: () => void; raw: RawWork }>()
  const sample = (i: number) => {
    const known = made.get(i)
    if (known !== undefined) return known
    const chain = newChain(length)
    const gestured = coldSample(chain, revocations, true)
    const raw = rawWork(chain, gestured.presentation, importers)
    const fresh = { ours: gestured.run, ungestured: coldSample(chain, revocations, false).run, raw }
    if (made.size >= SAMPLES_KEPT) made.clear()
    made.set(i, fresh)
    return fresh
  }
  return [
    { name: `cold${length}`, prepare: (i) => sample(i).ours },
    { name: `raw${length}`, prepare: (i) => doRaw.bind(null, sample(i).raw) },
    { name: `cold${length}-no-gesture`, prepare: (i) => sample(i).ungestured },
    { name: `raw${length}-no-gesture`, prepare: (i) => doRaw.bind(null, withoutGesture(sample(i).raw)) },
  ]
}

/** One Ed25519 signature, its key imported beforehand. */
function oneVerify(): Row {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const data = randomBytes(600)
  const signature = sign(null, data, privateKey)
  const run = (): void => void verify(null, data, publicKey, signature)
  return { name: 'ed25519', prepare: () => run }
}

function verifiedChain(): VerifiedChain {
  const chain = newChain(3)
  const context = { crypto: nodeCrypto, trust: chain.trust, audience: POINT, now_ms: clock.now() }
  const result = verifyChainText(context, chain.text)
  if (!result.ok) throw new TypeError(`a chain of ours does not verify: ${result.reason}`)
  return result.chain
}
