/**
 * A real enforcement point whose spool is in memory, and what its receipts say was allowed: taken out again when the
 * server has been seen doing it. spec/enforcement.md (RCP-6).
 * @module
 */
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { fromBase64url } from '../../src/core/encoding.ts'
import { canonicalize, type JsonObject } from '../../src/core/json.ts'
import { NO_KILLS, type RevocationView } from '../../src/decide/decide.ts'
import { Authenticator } from '../../src/enforce/authenticate.ts'
import { LeasedLedger } from '../../src/enforce/ledger.ts'
import { EnforcementPoint } from '../../src/enforce/point.ts'
import { Recorder } from '../../src/enforce/recorder.ts'
import { readSpoolLine } from '../../src/enforce/spool-line.ts'
import type { Opening } from '../../src/ports/control-plane.ts'
import type { SpoolRecord } from '../../src/ports/spool.ts'
import type { Grant } from '../../src/token/grant.ts'
import { argsCommit } from '../../src/token/proof.ts'
import { generousPlane } from '../fixtures/leases.ts'
import { MemorySpool } from '../fixtures/memory-spool.ts'
import { AUD, SettableClock, World } from '../fixtures/tokens.ts'

/** What the client of the gateway may do. A limit that is never reached: each call debits it. */
const GRANT: Grant = {
  type: 'tool',
  server: 'files',
  actions: ['read', 'resources/read', 'resources/subscribe', 'prompts/get', 'completion/complete'],
  limits: [{ measure: 'calls', unit: '1', max: 1_000_000_000, per: 'day' }],
}
/** Arguments that stand beside others or around them, and that no server takes for arguments. */
const ADDED = new Set(['_meta', 'inputResponses', 'requestState'])

type Unopened = Pick<Opening, 'args_commit' | 'salt'> & { readonly tool: string }

export class RecordedSpool extends MemorySpool {
  decided_n = 0
  readonly #allowed = new Map<string, number>()
  /** Too large or too deep to be kept: known by their commitment alone. */
  readonly #unopened: Unopened[] = []

  /** Keeps what was allowed, and no record: they would be all that grows. */
  override async append(record: SpoolRecord): Promise<void> {
    await super.append(record)
    this.records.length = 0
    const { receipt, opening } = readSpoolLine(record.text)
    if (receipt.kind !== 'decision') return
    this.decided_n++
    if (receipt.decision !== 'allow') return
    if (opening === null) throw new Error('a call was allowed without a commitment to its arguments')
    const { args, args_commit, salt } = opening
    if (args === null) this.#unopened.push({ tool: receipt.tool, args_commit, salt })
    else {
      const key = keyOf(receipt.tool, args)
      this.#allowed.set(key, (this.#allowed.get(key) ?? 0) + 1)
    }
  }

  /** The server does that. @returns false: no receipt allows it */
  seen(what: string, args: JsonObject): boolean {
    const key = keyOf(what, args)
    const left = this.#allowed.get(key) ?? 0
    if (left > 1) this.#allowed.set(key, left - 1)
    else this.#allowed.delete(key)
    if (left > 0) return true
    const own = ownOf(what, args)
    const at = this.#unopened.findIndex(
      ({ tool, args_commit, salt }) =>
        tool === what && argsCommit(nodeCrypto, fromBase64url(salt), own) === args_commit,
    )
    if (at !== -1) this.#unopened.splice(at, 1)
    return at !== -1
  }
}

function keyOf(what: string, args: JsonObject): string {
  return canonicalize([what, ownOf(what, args)])
}

function ownOf(what: string, args: JsonObject): JsonObject {
  const own = Object.entries(args).filter(([name]) => !ADDED.has(name))
  // Not what was put beside it (MCP-7).
  const isBeside = (name: string): boolean => name === 'name' || name === 'uri'
  return Object.fromEntries(what === 'completion/complete' ? own.filter(([name]) => !isBeside(name)) : own)
}

/** A point for a client that holds no key, under {@link GRANT}. */
export async function recordedPoint(
  spool: RecordedSpool,
  onFault: (error: unknown) => void,
): Promise<EnforcementPoint> {
  const crypto = nodeCrypto
  const w = new World()
  const clock = new SettableClock()
  const control = { openEpoch: () => Promise.resolve(1) }
  const recorder = await Recorder.open({ crypto, clock, spool, point: AUD, control })
  const position = () => recorder.begun
  const view: RevocationView = {
    isRevoked: () => false,
    freshness: () => ({ epoch: 1, head: 0, t: clock.now(), age_ms: 0 }),
  }
  const hosted = w.root({ grants: [GRANT] })
  return new EnforcementPoint({
    id: AUD,
    crypto,
    clock,
    placement: 'gateway',
    bound_ms: 2000,
    revocations: () => view,
    kills: NO_KILLS,
    recorder,
    ledger: new LeasedLedger({ control: generousPlane(clock), clock, position, onReturn: () => undefined }),
    authenticator: new Authenticator({ crypto, clock, trust: () => w.trust(), audience: AUD, hosted }),
    registration: () => null,
    systems: () => [],
    onRecorded: () => undefined,
    onFault,
    onClose: () => spool.close(),
  })
}
