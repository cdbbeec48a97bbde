/** Puts together what a point holds of memory domains: the control plane, a file beside its spool. @module */
import { dirname, join } from 'node:path'
import { openFsTaintFile } from '../../src/adapters/fs/taint-file.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { Signer } from '../../src/core/crypto.ts'
import { tendDomains } from '../../src/enforce/flow/domain-tender.ts'
import { HeldDomains } from '../../src/enforce/flow/held-domains.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { DomainExchange } from '../../src/ports/domains.ts'
import { within } from './within.ts'

/** How long a point that closes waits for the control plane to take its domains back. */
const HAND_OVER_MS = 3000

export interface OpenDomains {
  readonly domains: HeldDomains
  /** Ends what is done in the background, and hands nothing over. */
  stop(): Promise<void>
  /** Before the spool is closed: who has the spool has the file. */
  close(): Promise<void>
}

/** @param path of the enrolment file; whoever calls has the point's spool */
export async function openDomains(
  path: string,
  point: string,
  parts: {
    readonly signer: Signer
    readonly clock: Clock
    readonly control: DomainExchange
    /** The open one of its receipts; null while one is being begun. */
    readonly epoch: () => number | null
  },
): Promise<OpenDomains> {
  const file = await openFsTaintFile(join(dirname(path), `${point}.taints`))
  const domains = new HeldDomains({ point, crypto: nodeCrypto, file, ...parts })
  const stop = tendDomains(domains, parts.control)
  return {
    domains,
    stop,
    close: async () => {
      await stop()
      await within(domains.close(), HAND_OVER_MS)
    },
  }
}
