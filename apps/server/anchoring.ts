/**
 * What binds the log to the world outside, composed from its settings: the cosigner. spec/witness.md.
 * @module
 */
import { httpWitness } from '../../src/adapters/http/witness.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { Cosigner, type WitnessTrouble } from '../../src/log/cosigner.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Store } from '../../src/ports/store.ts'
import type { TileStore } from '../../src/ports/tile-store.ts'
import { SYSTEM } from '../../src/registry/context.ts'
import type { AnchorSettings } from './anchor-settings.ts'

export interface AnchoringParts {
  readonly store: Store
  readonly tiles: TileStore
  readonly clock: Clock
  /** The log's. */
  readonly vkey: string
  readonly report: (error: unknown) => void
}

export interface Anchoring {
  /** For the publisher, where there are witnesses. */
  readonly publisher: { readonly cosign?: (note: Uint8Array) => Promise<Uint8Array> }
}

export function composeAnchoring(settings: AnchorSettings | undefined, parts: AnchoringParts): Anchoring {
  const cosigner = settings?.witnesses ? cosignerOf(settings.witnesses, parts) : null
  return { publisher: cosigner ? { cosign: (note) => cosigner.cosign(note) } : {} }
}

function cosignerOf(settings: NonNullable<AnchorSettings['witnesses']>, parts: AnchoringParts): Cosigner {
  const { tiles, clock, vkey } = parts
  const { witnesses, quorum, mode, wait_ms } = settings
  const peers = witnesses.flatMap(({ key, url }) =>
    url === null ? [] : [{ key, connection: httpWitness(url) }],
  )
  return new Cosigner({
    crypto: nodeCrypto,
    clock,
    tiles,
    vkey,
    peers,
    quorum,
    mode,
    deadline: () => AbortSignal.timeout(wait_ms),
    onTrouble: (trouble) => void hear(trouble, parts),
  })
}

/** WIT-11. Never rejects: the alert is beside what goes on. */
async function hear(trouble: WitnessTrouble, { store, report }: AnchoringParts): Promise<void> {
  const { witness, kind, message } = trouble
  report(new Error(`the witness ${witness}: ${message}`))
  if (kind !== 'ahead' && kind !== 'fork') return
  try {
    const body = {
      rule: 'WITNESS_CONFLICT' as const,
      detail: { witness, kind, message: message.slice(0, 256) },
    }
    await store.write((tx) => tx.append({ type: 'alert.raised', actor: SYSTEM, body }))
  } catch (cause) {
    report(cause)
  }
}
