/** The file of what was read in domains: its contract, and what a disk does to it. @module */
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { openFsTaintFile } from '../../src/adapters/fs/taint-file.ts'
import { TaintDisk } from '../fixtures/memory-taint-file.ts'
import { taintFileContract } from './taint-file.ts'

const folders: string[] = []
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))))

async function place(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'countersign-taints-'))
  folders.push(made)
  return join(made, 'pnt_a.taints')
}

taintFileContract('fs', async () => {
  const path = await place()
  return () => openFsTaintFile(path)
})
taintFileContract('in memory, for tests', () => {
  const disk = new TaintDisk()
  return Promise.resolve(() => Promise.resolve(disk.open()))
})

describe('the file of taints', () => {
  test('is for its owner alone', async () => {
    const path = await place()
    await (await openFsTaintFile(path)).save('one')
    expect((await stat(path)).mode & 0o777).toBe(0o600)
  })

  test('says when it could not save, and what cannot be read counts as nothing', async () => {
    const path = await place()
    await mkdir(path)
    const file = await openFsTaintFile(path)
    expect(file.kept).toBeNull()
    await writeFile(join(path, 'in the way'), '')
    await expect(file.save('one')).rejects.toThrowWithCode('SPOOL_UNAVAILABLE')
  })
})
