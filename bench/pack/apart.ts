/**
 * Builds or verifies one pack in a process of its own, so that its time and its largest resident set are its alone.
 * `node bench/pack/apart.ts build|verify FOLDER PACK`
 * @module
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createPackFile } from '../../src/adapters/fs/pack-file.ts'
import { fsTileStore } from '../../src/adapters/fs/tile-store.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { nodeZlib } from '../../src/adapters/node-zlib/node-zlib.ts'
import { printPdf } from '../../src/adapters/pdfkit/print.ts'
import { readControls } from '../../apps/cli/controls/read.ts'
import { base64, fromBase64url } from '../../src/core/encoding.ts'
import { canonicalBytes } from '../../src/core/json.ts'
import { writePack } from '../../src/evidence/pack/build.ts'
import { verifyPack } from '../../src/evidence/verify/verify.ts'
import { round } from '../measure.ts'
import { PERIOD } from './plant.ts'

export interface Apart {
  /** Wall clock, without the start of the process. */
  readonly seconds: number
  /** Processor time of all threads, the start among it. */
  readonly cpu_s: number
  /** The largest resident set, Node itself included. */
  readonly rss_mb: number
  readonly entries: number
  readonly bytes: number
}

async function build(folder: string, pack: string): Promise<Pick<Apart, 'entries' | 'bytes'>> {
  const file = createPackFile(pack)
  const source = {
    tiles: fsTileStore(folder),
    vkey: readFileSync(join(folder, 'vkey'), 'utf8'),
    checkpoint: readFileSync(join(folder, 'checkpoint')),
    start: null,
    // The control plane signs a digest: one signature, whatever the pack holds.
    sign: async ({ sha256 }: { readonly sha256: string }) => ({
      payload: base64(canonicalBytes({ sha256 })),
      payloadType: 'text/plain',
      signatures: [{ sig: base64(fromBase64url('AA')) }],
    }),
  }
  const extras = { catalogue: await readControls(null), print: printPdf }
  const rim = { crypto: nodeCrypto, codec: nodeZlib, file }
  const { manifest } = await writePack(rim, source, PERIOD, extras)
  file.finish()
  return { entries: manifest.log.end, bytes: file.length }
}

async function verify(folder: string, pack: string): Promise<Pick<Apart, 'entries' | 'bytes'>> {
  const bytes = readFileSync(pack)
  const vkey = readFileSync(join(folder, 'vkey'), 'utf8')
  const { report } = await verifyPack(nodeCrypto, bytes, vkey, { codec: nodeZlib })
  // Its manifest is signed by nobody here; all else has to hold.
  const others = report.faults.filter(({ code }) => !code.startsWith('MANIFEST_'))
  if (others.length > 0) throw new Error(`the pack does not verify: ${JSON.stringify(others.slice(0, 3))}`)
  return { entries: report.entries, bytes: bytes.length }
}

if (import.meta.main) {
  const [mode, folder = '', pack = ''] = process.argv.slice(2)
  const start = performance.now()
  const done = await (mode === 'build' ? build : verify)(folder, pack)
  const { user, system } = process.cpuUsage()
  const figures: Apart = {
    ...done,
    seconds: round((performance.now() - start) / 1000),
    cpu_s: round((user + system) / 1e6),
    rss_mb: Math.round(process.resourceUsage().maxRSS / 1024),
  }
  process.stdout.write(`${JSON.stringify(figures)}\n`)
}
