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
import { LogPublisher } from '../../src/log/publisher.ts'
import { systemClock } from '../../src/ports/clock.ts'
import { runCli } from '../fixtures/processes.ts'
import { Stage } from '../fixtures/stage.ts'

const GOPATH = '/usr/share/gocode'
const hasGo = spawnSync('go', ['version']).status === 0
const present = hasGo && existsSync(join(GOPATH, 'src/golang.org/x/mod/sumdb/tlog'))
const why = present ? '' : ' (skipped: go and golang-golang-x-mod-dev are not installed)'
/** More than one level-1 tile, and partial tiles at every level. */
const SIZE = 66_000
const BUILD_MS_MAX = 120_000

interface Run {
  readonly status: number | null
  readonly output: string
}

describe.skipIf(!present)(`golang.org/x/mod/sumdb${why}`, () => {
  let folder: string
  let vkey: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'countersign-go-'))
    const env = { ...process.env, GOPATH, GO111MODULE: 'off', GOCACHE: join(folder, 'cache'), GOFLAGS: '' }
    const source = resolve(import.meta.dirname, 'log-go/main.go')
    const build = spawnSync('go', ['build', '-o', join(folder, 'log-go'), source], { env, encoding: 'utf8' })
    if (build.status !== 0) throw new Error(`go build: ${build.stderr}`)
    const entries = Array.from({ length: SIZE }, (_, i) => utf8(`{"entry":${i}}`))
    const committed = { count: 300 }
    const log = new LogPublisher({
      crypto,
      source: { size: async () => committed.count, read: async (start, end) => entries.slice(start, end) },
      tiles: fsTileStore(join(folder, 'log')),
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
  }, BUILD_MS_MAX)

  afterAll(() => rm(folder, { recursive: true, force: true }))

  function run(dir: string, key = vkey): Run {
    const { status, stdout } = spawnSync(join(folder, 'log-go'), [dir, key], { encoding: 'utf8' })
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

  test('opens our checkpoint and verifies every entry against its root', () => {
    expect(run(join(folder, 'log'))).toEqual({ status: 0, output: `ok ${SIZE}` })
  })

  test('names the entry, one byte of which was changed', async () => {
    const prefixed = 2 + '{"entry":25600}'.length
    expect(await runWithChange('tile/entries/100', 7 * prefixed + 5)).toEqual({
      status: 1,
      output: 'entry 25607 differs from the tree',
    })
  })

  test('reads the pack of a real run: its tiles and checkpoint, extracted as they are', async () => {
    const stage = await Stage.set()
    try {
      const file = join(folder, 'pack.zip')
      const period = ['--from', rfc3339(Date.now() - 60_000), '--to', rfc3339(Date.now() + 1000)]
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
