/**
 * The auditor's side of a run: a pack over the whole log, our verifier on it, and whether every call that a tool was
 * handed is among the receipts that it proves.
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises'
import { packOf } from '../../../apps/cli/pack-of.ts'
import type { Profile } from '../../../apps/cli/profile.ts'
import { nodeCrypto } from '../../../src/adapters/node-crypto/node-crypto.ts'
import { counted } from '../../../src/core/words.ts'
import { verifyPack, type VerifiedPack } from '../../../src/evidence/verify/verify.ts'
import { again, PATIENCE_MS } from './patience.ts'

/** What a tool says that it was handed: of this chain, by this point, so often. */
export interface Handed {
  readonly point: string
  readonly jti: string
  readonly n: number
}

export interface Judged {
  readonly faults: readonly string[]
  readonly entries: number
  readonly allowed: number
}

/** Points ship what they have when they are at rest; this is for one that had to begin anew, on a busy machine. */
const SHIPPED_MAX_MS = PATIENCE_MS
const AGAIN_MS = 200

/**
 * Not before every call of `handed` has its receipt in the log, or when that takes too long.
 * @param vkey the log's, from whoever began it
 * @param from_ms of the pack's period: the checks are over the whole log
 */
export async function judge(
  profile: Profile,
  vkey: string,
  { from_ms, handed }: { readonly from_ms: number; readonly handed: readonly Handed[] },
): Promise<Judged> {
  const end = performance.now() + SHIPPED_MAX_MS
  for (;;) {
    const { bytes } = await again(() => packOf(profile, { from_ms, to_ms: Date.now() + 1 }))
    const pack = await verifyPack(nodeCrypto, bytes, vkey)
    const missing = missingFrom(pack, handed)
    if (missing.length > 0 && performance.now() < end) {
      await pause(AGAIN_MS)
      continue
    }
    const { report } = pack
    const found = report.faults.map(({ code, message, index }) => `${code}: ${message} [entry ${index}]`)
    return { faults: [...missing, ...found], entries: report.entries, allowed: report.allowed }
  }
}

/** Invariant 2, by the word of the tools. */
function missingFrom({ allows }: VerifiedPack, handed: readonly Handed[]): string[] {
  const proven = new Map<string, number>()
  for (const { receipt, chain } of allows) {
    const jti = chain.handles.find(({ kind }) => kind === 'delegation')?.handle ?? ''
    const key = `${receipt.point} ${jti}`
    proven.set(key, (proven.get(key) ?? 0) + 1)
  }
  return handed.flatMap(({ point, jti, n }) => {
    const of = proven.get(`${point} ${jti}`) ?? 0
    return of >= n
      ? []
      : [`${point} handed on ${counted(n, 'call')} of ${jti}, and the log has receipts of ${of}`]
  })
}
