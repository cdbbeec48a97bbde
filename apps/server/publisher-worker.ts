/** The other end of publisher-thread.ts: composes a `LogPublisher` and does what it is told. @module */
import { parentPort, workerData, type MessagePort } from 'node:worker_threads'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { openSqliteEntries } from '../../src/adapters/sqlite/entries.ts'
import { LogPublisher } from '../../src/log/publisher.ts'
import { systemClock } from '../../src/ports/clock.ts'
import {
  errorOf,
  faultOf,
  type Fault,
  type FromThread,
  type ThreadData,
  type ToThread,
} from './publisher-thread.ts'
import { openLogPlace } from './tiles.ts'

function run(port: MessagePort, { database, place, key, origin }: ThreadData): void {
  const source = openSqliteEntries(database)
  let onKept: (fault: Fault | null) => void = () => undefined
  const say = (message: FromThread): void => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    port.postMessage(message)
  }
  const publisher = new LogPublisher({
    crypto: nodeCrypto,
    source,
    ...openLogPlace(place),
    signer: nodeCrypto.signer(key),
    origin,
    clock: systemClock,
    onPublished: (note, size) =>
      new Promise((resolve, reject) => {
        onKept = (fault) => (fault === null ? resolve() : reject(errorOf(fault)))
        say({ published: { note, size } })
      }),
  })
  const calls = {
    start: () => publisher.start().then(() => null),
    publish: () => publisher.publish(),
    stop: () => publisher.stop().then(() => null),
  }
  port.on('message', (message: ToThread) => {
    if ('kept' in message) return onKept(message.kept)
    const { id, call } = message
    void calls[call]()
      .then(
        (done) => say({ id, done }),
        (cause: unknown) => say({ id, failed: faultOf(cause) }),
      )
      .finally(() => {
        if (call !== 'stop') return
        source.close()
        port.close()
      })
  })
  say({ vkey: publisher.vkey })
}

if (parentPort !== null) run(parentPort, workerData as ThreadData)
