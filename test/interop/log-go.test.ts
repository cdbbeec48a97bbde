/**
 * Our published log, verified by software that is not ours: golang.org/x/mod/sumdb/note and sumdb/tlog.
 * Runs where Debian's `golang-go` and `golang-golang-x-mod-dev` are installed; nothing is downloaded.
 * @module
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fsCheckpointLock } from '../../src/adapters/fs/checkpoint-lock.ts'
import { fsTileStore } from '../../src/adapters/fs/tile-store.ts'
import { nodeCrypto as crypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { utf8 } from '../../src/core/encoding.ts'
import { rfc3339 } from '../../src/core/time.ts'
import { readArchive } from '../../src/evidence/pack/archive.ts'
import { openCheckpoint } from '../../src/log/checkpoint.ts'
import { encodeEntry } from '../../src/log/entries.ts'
import { LogPublisher } from '../../src/log/publisher.ts'
import { systemClock } from '../../src/ports/clock.ts'
import { runCli } from '../fixtures/processes.ts'
import { Stage } from '../fixtures/stage.ts'

const GOPATH = '/usr/share/gocode'
const hasGo = spawnSync('go', ['version']).status === 0
const present = hasGo && existsSync(join(GOPATH, 'src/golang.org/x/mod/sumdb/tlog'))
const why = present ? '' : ' (skipped: go and golang-golang-x-mod-dev are not installed)'
/** More than one level-1 tile, and partial tiles at every level. */
const SIZE = 70_000
const COSIGNER = 'witness.example/interop'
const BUILD_MS_MAX = 120_000

interface Run {
  readonly status: number | null
  readonly output: string
}

/** All of one length within a bundle. */
function entryOf(index: number): Uint8Array {
  const actor = { kind: 'system' as const, id: 'control-plane' }
  const body = { name: String(index).padStart(6, '0') }
  return encodeEntry({ v: 1, type: 'system.added', time: rfc3339(index), actor, body })
}

/** C2SP tlog-cosignature, from its text alone: the key is of type 4, and a time comes before the signature. */
function cosign(note: string): { note: string; vkey: string } {
  const signer = crypto.signer(crypto.generateKey('Ed25519'))
  const key = Buffer.concat([Buffer.of(4), Buffer.from(signer.publicJwk.x, 'base64url')])
  const id = Buffer.from(crypto.sha256(Buffer.concat([Buffer.from(`${COSIGNER}\n`), key]))).subarray(0, 4)
  const text = note.slice(0, note.indexOf('\n\n') + 1)
  const time = Buffer.alloc(8)
  time.writeBigUInt64BE(1_800_000_000n)
  const signature = signer.sign(utf8(`cosignature/v1\ntime 1800000000\n${text}`))
  const line = Buffer.concat([id, time, signature]).toString('base64')
  const vkey = `${COSIGNER}+${id.toString('hex')}+${key.toString('base64')}`
  return { note: `${note}\u2014 ${COSIGNER} ${line}\n`, vkey }
}

describe.skipIf(!present)(`golang.org/x/mod/sumdb${why}`, () => {
  let folder: string
  let vkey: string
  let cosigner: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'countersign-go-'))
    const env = { ...process.env, GOPATH, GO111MODULE: 'off', GOCACHE: join(folder, 'cache'), GOFLAGS: '' }
    const program = resolve(import.meta.dirname, 'log-go/main.go')
    const build = spawnSync('go', ['build', '-o', join(folder, 'log-go'), program], { env, encoding: 'utf8' })
    if (build.status !== 0) throw new Error(`go build: ${build.stderr}`)
    const entries = Array.from({ length: SIZE }, (_, i) => entryOf(i))
    const committed = { count: 300 }
    const log = new LogPublisher({
      crypto,
      source: {
        size: async () => committed.count,
        read: async (start, end) => entries.slice(start, end),
        hashes: async () => null,
      },
      tiles: fsTileStore(join(folder, 'data/log')),
      lock: fsCheckpointLock(join(folder, 'lock')),
      signer: crypto.signer(crypto.generateKey('Ed25519')),
      origin: 'log.example/interop',
      clock: systemClock,
    })
    await log.start()
    await log.publish()
    committed.count = SIZE
    await log.publish()
    await log.stop()
    vkey = log.vkey
    const published = join(folder, 'data/log/checkpoint')
    const cosigned = cosign(await readFile(published, 'utf8'))
    cosigner = cosigned.vkey
    await writeFile(published, cosigned.note)
    const source = ['--data', join(folder, 'data'), '--key', vkey]
    const exported = await runCli(['log', 'export', join(folder, 'log'), ...source, '--json'])
    if (exported.code !== 0) throw new Error(`log export: ${exported.stdout}`)
  }, BUILD_MS_MAX)

  afterAll(() => rm(folder, { recursive: true, force: true }))

  function run(dir: string, key = vkey, ...cosigners: string[]): Run {
    const args = [dir, key, ...cosigners]
    const { status, stdout } = spawnSync(join(folder, 'log-go'), args, { encoding: 'utf8' })
    return { status, output: stdout.trim() }
  }

  /** Runs over a copy of the log, one byte of which is flipped. */
  async function runWithChange(path: string, at: number): Promise<Run> {
    const copy = await mkdtemp(join(folder, 'copy-'))
    await cp(join(folder, 'log'), copy, { recursive: true })
    const bytes = await readFile(join(copy, path))
    bytes[at]! ^= 1
    await writeFile(join(copy, path), bytes)
    return run(copy)
  }

  test('opens the checkpoint of an exported log and verifies every entry against its root', () => {
    expect(run(join(folder, 'log'))).toEqual({ status: 0, output: `ok ${SIZE}` })
  })

  test('verifies its cosignature, and misses one that is not there', async () => {
    expect(run(join(folder, 'log'), vkey, cosigner)).toEqual({ status: 0, output: `ok ${SIZE}` })
    const { vkey: other } = cosign(await readFile(join(folder, 'log/checkpoint'), 'utf8'))
    expect(run(join(folder, 'log'), vkey, other)).toEqual({
      status: 2,
      output: `checkpoint: not signed by ${COSIGNER}`,
    })
    const note = await readFile(join(folder, 'log/checkpoint'))
    const copy = await mkdtemp(join(folder, 'copy-'))
    // The last line is the cosignature: a byte of its base64, well before the padding.
    note[note.length - 20] = note.at(-20) === 0x41 ? 0x42 : 0x41
    await writeFile(join(copy, 'checkpoint'), note)
    expect(run(copy, vkey, cosigner).status).toBe(2)
  })

  test('names the entry, one byte of which was changed', async () => {
    const prefixed = 2 + entryOf(25_600).length
    expect(await runWithChange('tile/entries/100', 7 * prefixed + 5)).toEqual({
      status: 1,
      output: 'entry 25607 differs from the tree',
    })
  })

  test('reads the pack of a real run: its tiles and checkpoint, extracted as they are', async () => {
    const stage = await Stage.set()
    try {
      const file = join(folder, 'pack.zip')
      const period = ['--from', rfc3339(Date.now() - 60_000)]
      const built = await runCli(['--profile', stage.profileDir, 'evidence', 'build', ...period, '-o', file])
      expect(built).toMatchObject({ code: 0 })
      const files = readArchive(await readFile(file))
      const log = fsTileStore(join(folder, 'extracted'))
      for (const [name, bytes] of files) if (/^(checkpoint$|tile\/)/.test(name)) await log.write(name, bytes)
      const { vkey: key } = stage.control
      const { size } = openCheckpoint(crypto, files.get('checkpoint') ?? new Uint8Array(), key)
      expect(size).toBeGreaterThan(10)
      expect(run(join(folder, 'extracted'), key)).toEqual({ status: 0, output: `ok ${size}` })
      expect(run(join(folder, 'extracted'), vkey).status).toBe(2)
    } finally {
      await stage.remove()
    }
  })

  test('refuses a changed checkpoint, a changed tile and another key', async () => {
    expect((await runWithChange('checkpoint', 21)).status).toBe(2)
    expect((await runWithChange('tile/0/100', 40)).status).toBe(2)
    expect(run(join(folder, 'log'), `${vkey.slice(0, -4)}AAAA`).status).toBe(2)
  })
})
