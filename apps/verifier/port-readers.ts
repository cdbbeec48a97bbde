/** Workers of `verify.html` that read bundles, behind ports: the page starts them, the verifier asks them. @module */
import { digestsAlone } from '../../src/adapters/web-crypto/batches.ts'
import { BundleReader } from '../../src/evidence/bundles/reader.ts'
import {
  BundleThreads,
  servedBundles,
  type FromThread,
  type Thread,
  type ToThread,
} from '../../src/evidence/bundles/threads.ts'
import { pageCodec } from './codec.ts'
import type { Port } from './messages.ts'

export interface PortReaders {
  readonly threads: BundleThreads
  /** The reader of this number answers no more. */
  gone(reader: number): void
}

export function portReaders(ports: readonly Port<ToThread, FromThread>[]): PortReaders {
  const ends: (() => void)[] = []
  const threads = new BundleThreads(ports.map((port) => threadOf(port, ends)))
  return { threads, gone: (reader) => ends[reader]?.() }
}

function threadOf(port: Port<ToThread, FromThread>, ends: (() => void)[]): Thread {
  return {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port, not a window
    post: (asked, memory) => port.postMessage(asked, memory),
    listen: (onSaid, onEnd) => {
      ends.push(onEnd)
      port.addEventListener('message', ({ data }) => onSaid(data))
      port.start()
    },
  }
}

/** The other end: until it is told to stop. */
export function serveBundlesAt(port: Port<FromThread, ToThread>): void {
  const read = servedBundles(new BundleReader(digestsAlone, pageCodec), (said, memory) =>
    port.postMessage(said, memory),
  )
  port.addEventListener('message', ({ data }) => {
    if (data === 'stop') port.close()
    else void read(data)
  })
  port.start()
}
