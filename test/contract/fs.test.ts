/** The file system adapters (and the doubles in memory) against their contracts, and what is theirs alone. @module */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, stat, truncate, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { fsCheckpointLock } from '../../src/adapters/fs/checkpoint-lock.ts'
import { fsTileStore } from '../../src/adapters/fs/tile-store.ts'
import { utf8 } from '../../src/core/encoding.ts'
import { checkpointLockContract, memoryCheckpointLock } from './checkpoint-lock.ts'
import { memoryTileStore, tileStoreContract } from './tile-store.ts'

const folders: string[] = []
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))))

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'countersign-fs-'))
  folders.push(made)
  return made
}

tileStoreContract('fs', async () => fsTileStore(join(await folder(), 'log')))
tileStoreContract('memory', async () => memoryTileStore())
checkpointLockContract('fs', async () => {
  const dir = join(await folder(), 'lock')
  return () => fsCheckpointLock(dir)
})
checkpointLockContract('memory', async () => {
  const state = { holder: null, stored: null }
  return () => memoryCheckpointLock(state)
})

describe('the tile store in a directory', () => {
  test.each([
    '../x',
    'tile/../../x',
    '/etc/passwd',
    'tile//0',
    '',
    '.',
    'tile/.tmp-1',
    'a\\b',
    'a\0',
    'tile/',
    'é',
  ])('refuses the path %j', async (path) => {
    const store = fsTileStore(await folder())
    await expect(store.read(path)).rejects.toThrowWithCode('TILE_INVALID')
    await expect(store.write(path, utf8('x'))).rejects.toThrowWithCode('TILE_INVALID')
  })

  test('refuses a path that is too long', async () => {
    const store = fsTileStore(await folder())
    await expect(store.read('a'.repeat(300))).rejects.toThrowWithCode('TILE_INVALID')
  })

  test('leaves no temporary file behind, nor after a failed write', async () => {
    const root = await folder()
    const store = fsTileStore(root)
    await store.write('checkpoint', utf8('x'))
    await mkdir(join(root, 'tile'))
    await expect(store.write('tile', utf8('x'))).rejects.toThrowWithCode('LOG_UNAVAILABLE')
    expect(await readdir(root)).toEqual(['checkpoint', 'tile'])
  })

  test('refuses a file larger than any bundle', async () => {
    const root = await folder()
    await writeFile(join(root, 'checkpoint'), '')
    await truncate(join(root, 'checkpoint'), 17 * 1024 * 1024)
    await expect(fsTileStore(root).read('checkpoint')).rejects.toThrowWithCode('TILE_INVALID')
  })

  test('reports a file system that fails', async () => {
    const root = await folder()
    await writeFile(join(root, 'tile'), 'a file where a directory should be')
    await expect(fsTileStore(root).write('tile/0/000', utf8('x'))).rejects.toThrowWithCode('LOG_UNAVAILABLE')
  })
})

const HOLDER = `
  const { fsCheckpointLock } = await import(process.argv[1])
  await fsCheckpointLock(process.argv[2]).acquire()
  process.stdout.write('held')
  setInterval(() => {}, 1000)
`

describe('the checkpoint lock in a directory', () => {
  test('a live process keeps it, a killed one does not', async () => {
    const dir = join(await folder(), 'lock')
    const adapter = new URL('../../src/adapters/fs/checkpoint-lock.ts', import.meta.url).href
    const holder = spawn(process.execPath, ['--input-type=module', '-e', HOLDER, adapter, dir])
    const exited = once(holder, 'exit')
    expect(String((await once(holder.stdout, 'data'))[0])).toBe('held')
    const lock = fsCheckpointLock(dir)
    await expect(lock.acquire()).rejects.toMatchObject({
      code: 'LOG_LOCKED',
      message: expect.stringContaining(String(holder.pid)),
    })
    holder.kill('SIGKILL')
    await exited
    await lock.acquire()
    expect((await readdir(dir)).filter((name) => name.endsWith('.lock'))).toHaveLength(1)
  })

  test.each([
    ['a process number that was given to another process', `signer.${process.pid}.1.0.0123456789abcdef.lock`],
    ['a process of an earlier boot', `signer.${process.pid}.0.${'ab'.repeat(16)}.0123456789abcdef.lock`],
    ['a process that is gone', 'signer.4194305.0.0.0123456789abcdef.lock'],
  ])('takes over from %s', async (_, claim) => {
    const dir = await folder()
    await writeFile(join(dir, claim), '')
    await fsCheckpointLock(dir).acquire()
    expect(await readdir(dir)).not.toContain(claim)
  })

  test('a claim that says nothing but the number of a live process counts as live', async () => {
    const dir = await folder()
    const claim = `signer.${process.pid}.0.0.0123456789abcdef.lock`
    await writeFile(join(dir, claim), '')
    await expect(fsCheckpointLock(dir).acquire()).rejects.toThrowWithCode('LOG_LOCKED')
    expect(await readdir(dir)).toEqual([claim])
  })

  test('a claim that somebody removed no longer lets us swap', async () => {
    const dir = await folder()
    const lock = fsCheckpointLock(dir)
    await lock.acquire()
    for (const name of await readdir(dir)) await unlink(join(dir, name))
    await expect(lock.compareAndSwap(null, utf8('a'))).rejects.toThrowWithCode('LOG_LOCKED')
    await lock.release()
  })

  test('only its owner can read what it stores', async () => {
    const dir = join(await folder(), 'lock')
    const lock = fsCheckpointLock(dir)
    await lock.acquire()
    await lock.compareAndSwap(null, utf8('note'))
    expect((await stat(dir)).mode & 0o777).toBe(0o700)
    expect((await stat(join(dir, 'last-checkpoint'))).mode & 0o777).toBe(0o600)
  })

  test('reports a directory that cannot be used', async () => {
    const parent = await folder()
    await writeFile(join(parent, 'lock'), '')
    await expect(fsCheckpointLock(join(parent, 'lock')).acquire()).rejects.toThrowWithCode('LOG_UNAVAILABLE')
  })
})
