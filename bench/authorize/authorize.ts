/**
 * `npm run bench -- authorize`: what it costs to verify and authorize one call, beside the raw cryptography that it needs
 * and beside peers, in one run.
 * @module
 */
import { generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { RevocationState } from '../../src/revoke/state.ts'
import { verifyChainText, type VerifiedChain } from '../../src/token/verify.ts'
import { machine, ownCommit } from '../machine.ts'
import { measure, round, type Percentiles, type Row } from '../measure.ts'
import { clock, newChain, POINT } from './chains.ts'
import { cachedChainBytes } from './memory.ts'
import { coldSample, decideRow, DECISIONS_A_SAMPLE, filledState, REVOKED_N, warmRow } from './ours.ts'
import { startPeers } from './peers/peers.ts'
import { doRaw, fastestImporter, rawWork, withoutGesture, type ImporterName, type RawWork } from './raw.ts'
import { print, type Report } from './report.ts'

const ROUNDS = { count: 900, warmup: 300, deadline_ms: Number(process.env['D'] ?? 60_000) }

export async function authorize(options: { readonly json: boolean }): Promise<void> {
  const ran_on = machine()
  const importers = fastestImporters()
  const revocations = filledState()
  const memory = await cachedChainBytes(revocations)
  const peers = await startPeers()
  const rows: Row[] = [
    ...coldRows(1, revocations, importers),
    ...coldRows(3, revocations, importers),
    decideRow(verifiedChain(), revocations),
    await warmRow(revocations),
    oneVerify(),
    { name: 'timer', prepare: () => () => undefined },
    ...peers.rows,
  ]
  const of = await measure(rows, ROUNDS)
  const get = (name: string): Percentiles => of.get(name) ?? { p50: Number.NaN, p99: Number.NaN, n: 0 }
  const decision = get('decide')
  const each = (value: number): number => Math.round((value / DECISIONS_A_SAMPLE) * 1000) / 1000
  const ratio = (ours: string, raw: string): number => round(get(ours).p50 / get(raw).p50)
  const report: Report = {
    benchmark: 'authorize',
    machine: ran_on,
    countersign: ownCommit(),
    importers,
    ours: {
      cold1_us: get('cold1'),
      cold3_us: get('cold3'),
      cold1_no_gesture_us: get('cold1-no-gesture'),
      cold3_no_gesture_us: get('cold3-no-gesture'),
      decide_us: { p50: each(decision.p50), p99: each(decision.p99), n: decision.n },
      warm_us: get('warm'),
      revocations_n: REVOKED_N,
      cached_chain_bytes: memory.bytes,
      cached_chains_n: memory.chains,
    },
    raw: {
      chain1_us: get('raw1'),
      chain3_us: get('raw3'),
      chain1_no_gesture_us: get('raw1-no-gesture'),
      chain3_no_gesture_us: get('raw3-no-gesture'),
    },
    ratio: {
      cold1: ratio('cold1', 'raw1'),
      cold3: ratio('cold3', 'raw3'),
      cold1_no_gesture: ratio('cold1-no-gesture', 'raw1-no-gesture'),
      cold3_no_gesture: ratio('cold3-no-gesture', 'raw3-no-gesture'),
    },
    raw_ed25519_verify_us: get('ed25519'),
    timer_us: get('timer'),
    peers: peers.report(get),
  }
  print(report, options)
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
  let of = {
    round: -1,
    with: () => undefined as void,
    without: () => undefined as void,
    raw: nothing,
    bare: nothing,
  }
  const sample = (i: number): typeof of => {
    if (of.round === i) return of
    const chain = newChain(length)
    const gestured = coldSample(chain, revocations, true)
    const raw = rawWork(chain, gestured.presentation, importers)
    const without = coldSample(chain, revocations, false).run
    of = { round: i, with: gestured.run, without, raw, bare: withoutGesture(raw) }
    return of
  }
  return [
    { name: `cold${length}`, prepare: (i) => sample(i).with },
    { name: `raw${length}`, prepare: (i) => doRaw.bind(null, sample(i).raw) },
    { name: `cold${length}-no-gesture`, prepare: (i) => sample(i).without },
    { name: `raw${length}-no-gesture`, prepare: (i) => doRaw.bind(null, sample(i).bare) },
  ]
}

const nothing: RawWork = { keys: [], signatures: [] }

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
