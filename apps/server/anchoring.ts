/**
 * What binds the log to the world outside, composed from its settings: the cosigner and the anchors. spec/witness.md.
 * @module
 */
import { httpWitness } from '../../src/adapters/http/witness.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { mailAnchor } from '../../src/adapters/smtp/mail-anchor.ts'
import { timestampAnchor } from '../../src/adapters/tsa/authority.ts'
import { LogError } from '../../src/log/entries.ts'
import type { CosignerKey } from '../../src/log/cosignature.ts'
import { Cosigner, type WitnessTrouble } from '../../src/log/cosigner.ts'
import type { LogPublisherOptions } from '../../src/log/publisher.ts'
import type { AnchorService } from '../../src/ports/anchor.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Store } from '../../src/ports/store.ts'
import type { TileStore } from '../../src/ports/tile-store.ts'
import { witnessFinding } from '../../src/observe/detectors/witness-conflict.ts'
import { raise } from '../../src/registry/alerts.ts'
import { AnchorRunner } from './anchor-runner.ts'
import type { AnchorSetting, AnchorSettings } from './anchor-settings.ts'

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
  readonly publisher: { readonly cosign?: NonNullable<LogPublisherOptions['cosign']> }
  readonly anchors: AnchorRunner
  /** After the publisher's last run. */
  readonly stop: () => void
}

/** @throws {LogError} `ANCHOR_INVALID`: a file of roots holds none. {AnchorSettingsError} */
export function composeAnchoring(settings: AnchorSettings | undefined, parts: AnchoringParts): Anchoring {
  const cosigner = settings?.witnesses ? cosignerOf(settings.witnesses, parts) : null
  const services = settings?.anchors.map((anchor) => serviceOf(anchor, settings, cosigner, parts)) ?? []
  return {
    publisher: cosigner ? { cosign: (note, isOvertaken) => cosigner.cosign(note, isOvertaken) } : {},
    anchors: new AnchorRunner({ crypto: nodeCrypto, ...parts, services }),
    stop: () => cosigner?.stop(),
  }
}

function serviceOf(
  anchor: AnchorSetting,
  { witnesses, read }: AnchorSettings,
  cosigner: Cosigner | null,
  { clock }: AnchoringParts,
): AnchorService {
  switch (anchor.kind) {
    case 'cosignature': {
      const key = witnesses?.witnesses.find((witness) => witness.key.name === anchor.witness)?.key
      if (!cosigner || !key)
        throw new LogError('ANCHOR_INVALID', `${anchor.witness} is none of the witnesses`)
      return cosignatureAnchor(cosigner, key)
    }
    case 'timestamp':
      return timestampAnchor({ name: anchor.name, url: anchor.url, roots: read(anchor.roots), clock })
    case 'mail': {
      const { name, from, to, smtp } = anchor
      const { host, port, tls, user, password_file, ca } = smtp
      const auth =
        user === undefined
          ? null
          : { user, pass: password_file === undefined ? '' : read(password_file).trim() }
      return mailAnchor({
        name,
        from,
        to,
        host,
        port,
        tls,
        auth,
        ca: ca === undefined ? null : read(ca),
        clock,
      })
    }
  }
}

export function cosignatureAnchor(cosigner: Cosigner, key: CosignerKey): AnchorService {
  return {
    kind: 'cosignature',
    by: key.name,
    anchor: async (note, signal) => {
      const renewed = await cosigner.renew(note, key, signal)
      return { token: renewed.note, at_ms: renewed.time_s * 1000 }
    },
  }
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
async function hear(trouble: WitnessTrouble, { store, report, clock }: AnchoringParts): Promise<void> {
  const { witness, message } = trouble
  report(new Error(`the witness ${witness}: ${message}`))
  const finding = witnessFinding(trouble, clock.now())
  if (finding === null) return
  try {
    await store.write((tx) => raise(tx, finding))
  } catch (cause) {
    report(cause)
  }
}
