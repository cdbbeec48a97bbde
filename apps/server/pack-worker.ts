/** The other end of pack-jobs.ts: builds one pack into a file, and ends. @module */
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { parentPort, workerData, type MessagePort } from 'node:worker_threads'
import { createPackFile } from '../../src/adapters/fs/pack-file.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { nodeZlib } from '../../src/adapters/node-zlib/node-zlib.ts'
import { printPdf } from '../../src/adapters/pdfkit/print.ts'
import { hex } from '../../src/core/encoding.ts'
import { canonicalBytes, type JsonValue } from '../../src/core/json.ts'
import { parseRfc3339 } from '../../src/core/time.ts'
import { PackError } from '../../src/evidence/errors.ts'
import { writePack, type PackSource } from '../../src/evidence/pack/build.ts'
import { openCheckpoint } from '../../src/log/checkpoint.ts'
import { TILE_WIDTH } from '../../src/log/tiles.ts'
import type { TileStore } from '../../src/ports/tile-store.ts'
import { readControls } from '../cli/controls/read.ts'
import { releaseHash } from '../cli/release.ts'
import type { FromPackThread, PackSummary, PackThreadData, ToPackThread } from './pack-jobs.ts'
import { openLogPlace } from './tiles.ts'

const BUNDLE = /^tile\/entries\//

async function build(port: MessagePort, data: PackThreadData): Promise<PackSummary> {
  const { place, vkey, controls, period, checkpoint, start, given, runner, path } = data
  const release = await releaseHash()
  const { size } = openCheckpoint(nodeCrypto, checkpoint, vkey)
  const say = (message: FromPackThread): void => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    port.postMessage(message)
  }
  const ask = async (message: FromPackThread): Promise<unknown> => {
    const answer = once(port, 'message')
    say(message)
    const [said] = (await answer) as [ToPackThread]
    if ('refused' in said) throw new PackError('PACK_FILE_MISSING', said.refused)
    return said.value
  }
  const source: PackSource = {
    tiles: counted(openLogPlace(place).tiles, Math.ceil(size / TILE_WIDTH), say),
    vkey,
    checkpoint,
    start,
    sign: async (pack) => {
      say({ kind: 'progress', state: { state: 'signing' } })
      return (await ask({ kind: 'sign', pack, release })) as JsonValue
    },
    made: { runner, release },
    openSource: async (entry) =>
      (await ask({ kind: 'open', entry })) as Awaited<ReturnType<NonNullable<PackSource['openSource']>>>,
  }
  const bounds = { from_ms: parseRfc3339(period.from), to_ms: parseRfc3339(period.to) }
  const file = createPackFile(path)
  try {
    const rim = { crypto: nodeCrypto, codec: nodeZlib, file }
    const extras = { catalogue: await readControls(controls), print: printPdf, ...given }
    const { manifest, tests } = await writePack(rim, source, bounds, extras)
    return {
      bytes: file.length,
      sha256: file.finish(),
      manifest: hex(nodeCrypto.sha256(canonicalBytes(manifest))),
      entries: manifest.log.end,
      tests,
      generator: manifest.generator,
      state: manifest.state,
      limitations: manifest.limitations,
    }
  } catch (cause) {
    rmSync(path)
    throw cause
  } finally {
    file.close()
  }
}

/** Says how far the log was read: each bundle of entries is read once, before anything is computed. */
function counted(
  tiles: Pick<TileStore, 'read'>,
  of: number,
  say: (message: FromPackThread) => void,
): Pick<TileStore, 'read'> {
  let done = 0
  return {
    read: async (path) => {
      const bytes = await tiles.read(path)
      if (BUNDLE.test(path) && done < of) {
        done++
        const state =
          done < of ? ({ state: 'reading', done, of } as const) : ({ state: 'computing' } as const)
        say({ kind: 'progress', state })
      }
      return bytes
    },
  }
}

const port = parentPort
if (port !== null)
  void build(port, workerData as PackThreadData)
    .then(
      (pack): FromPackThread => ({ kind: 'built', pack }),
      (cause: unknown): FromPackThread => {
        const message = cause instanceof Error ? cause.message : 'unknown fault'
        return { kind: 'failed', said: cause instanceof PackError ? message : null, message }
      },
    )
    .then((message) => {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      port.postMessage(message)
      port.close()
    })
