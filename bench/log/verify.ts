/**
 * How long it takes to verify a period of 1,000,000 entries of 300 bytes, and in how much memory: a published tree in
 * a temporary folder, verified by a process of its own, so that its peak is not that of who built the tree.
 * `node bench/log/verify.ts [entries]` prints both figures alone.
 * @module
 */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { fsTileStore } from '../../src/adapters/fs/tile-store.ts'
import { nodeCrypto as crypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { base64url } from '../../src/core/encoding.ts'
import { rfc3339 } from '../../src/core/time.ts'
import { openCheckpoint, signCheckpoint } from '../../src/log/checkpoint.ts'
import { encodeEntry } from '../../src/log/entries.ts'
import { leafHash } from '../../src/log/merkle.ts'
import { formatVkey, noteKey } from '../../src/log/note.ts'
import { verifyTree } from '../../src/log/reader.ts'
import { encodeBundle, encodeHashes, TILE_WIDTH, TileBuilder, tileAt, tilePath } from '../../src/log/tiles.ts'
import { verifyLog } from '../../src/log/verify.ts'

export interface VerifyFigures {
  readonly entries: number
  /** Wall clock of the verification, without the start of its process. */
  readonly seconds: number
  /** The largest resident set of its process, Node itself included (about 50 MB). */
  readonly rss_mb: number
}

/** `tree`: every entry up to the signed root. `strict`: and each is read by its schema, in canonical form and order. */
export interface VerifyReport {
  readonly tree: VerifyFigures
  readonly strict: VerifyFigures
}

export const ENTRIES = 1_000_000
const ENTRY_BYTES = 300
const ORIGIN = 'log.example/bench'
const FIRST_MS = Date.UTC(2026, 0, 1)

/** Builds the tree, verifies it twice and removes it. */
export async function benchVerify(entries = ENTRIES): Promise<VerifyReport> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-verify-'))
  try {
    const vkey = publish(folder, entries)
    const tree = await verifyApart(folder, vkey, 'tree')
    return { tree, strict: await verifyApart(folder, vkey, 'strict') }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** As a control plane would leave it, but not flushed to the disk file by file. */
function publish(folder: string, size: number): string {
  const signer = crypto.signer(crypto.generateKey('Ed25519'))
  const builder = new TileBuilder(crypto)
  const write = (path: string, bytes: Uint8Array): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), bytes)
  }
  for (let first = 0; first < size; first += TILE_WIDTH) {
    const bundle = tileAt('entries', first / TILE_WIDTH, size)
    const entries = Array.from({ length: bundle.width }, (_, i) => entryOf(first + i))
    write(tilePath(bundle), encodeBundle(entries))
    const full = entries.flatMap((entry) => builder.append(leafHash(crypto, entry)))
    for (const { tile, hashes } of full) write(tilePath(tile), encodeHashes(hashes))
  }
  for (const { tile, hashes } of builder.partials()) write(tilePath(tile), encodeHashes(hashes))
  const head = { origin: ORIGIN, size, root: builder.root() }
  write('checkpoint', signCheckpoint(crypto, signer, head))
  return formatVkey(noteKey(crypto, ORIGIN, signer.publicJwk))
}

/** Half of what a busy log holds: receipts of outcomes, their identifiers cut to the length that is asked for. */
function entryOf(index: number): Uint8Array {
  const time = rfc3339(FIRST_MS + index * 10)
  const prev_hash = base64url(crypto.randomBytes(32))
  const receipt = (action: string): Uint8Array =>
    encodeEntry({
      v: 1,
      type: 'receipt',
      time,
      actor: { kind: 'point', id: 'p' },
      body: {
        v: 1,
        kind: 'outcome',
        outcome: 'finished',
        point: 'p',
        epoch: 1,
        seq: index + 1,
        prev_hash,
        time,
        action,
      },
    })
  const action = `act_${index.toString(32)}`
  const bytes = receipt(action.padEnd(action.length + ENTRY_BYTES - receipt(action).length, '0'))
  if (bytes.length !== ENTRY_BYTES) throw new Error(`an entry of ${bytes.length} bytes`)
  return bytes
}

async function verifyApart(folder: string, vkey: string, mode: string): Promise<VerifyFigures> {
  const args = [import.meta.filename, '--apart', folder, vkey, mode]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  return JSON.parse(stdout) as VerifyFigures
}

/** In the process of {@link verifyApart}. */
async function verifyHere(folder: string, vkey: string, mode: string): Promise<VerifyFigures> {
  const store = fsTileStore(folder)
  const start = performance.now()
  let entries: number
  if (mode === 'tree') {
    const note = await store.read('checkpoint')
    const result = await verifyTree(crypto, store, openCheckpoint(crypto, note ?? new Uint8Array(0), vkey))
    if (!result.ok) throw new Error(`the tree does not verify: ${result.code}`)
    entries = result.size
  } else {
    const report = await verifyLog(crypto, store, { vkey })
    if (!report.ok) throw new Error(`the log does not verify: ${report.faults[0]?.message ?? ''}`)
    entries = report.entries_checked
  }
  const seconds = Math.round(performance.now() - start) / 1000
  // The kernel's own peak, in KiB: what is sampled misses what comes between two samples.
  return { entries, seconds, rss_mb: Math.round(process.resourceUsage().maxRSS / 1024) }
}

if (import.meta.main) {
  const [first = String(ENTRIES), folder = '', vkey = '', mode = ''] = process.argv.slice(2)
  const figures =
    first === '--apart' ? await verifyHere(folder, vkey, mode) : await benchVerify(Number(first))
  process.stdout.write(`${JSON.stringify(figures)}\n`)
}
