/** The file of statements: its contract, and what crashes and damage do to it. @module */
import { appendFile, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { openFsStatementLog } from '../../src/adapters/fs/statement-log.ts'
import { statementLogContract } from './statement-log.ts'

const folders: string[] = []
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))))

async function place(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'countersign-statements-'))
  folders.push(made)
  return join(made, 'pnt_a.statements')
}

statementLogContract('fs', async () => {
  const path = await place()
  return () => openFsStatementLog(path)
})

async function written(...texts: string[]): Promise<string> {
  const path = await place()
  const log = await openFsStatementLog(path)
  for (const text of texts) await log.append(text)
  await log.close()
  return path
}

async function kept(path: string): Promise<readonly string[]> {
  const log = await openFsStatementLog(path)
  await log.close()
  return log.kept
}

describe('the file of statements', () => {
  test('is for its owner alone', async () => {
    expect((await stat(await written('a'))).mode & 0o777).toBe(0o600)
  })

  test('loses a last line without its end, at every byte of it, and goes on after the one before', async () => {
    const path = await written('one', 'two')
    const whole = await readFile(path)
    const first = whole.indexOf(0x0a) + 1
    for (let size = first; size < whole.length; size++) {
      await writeFile(path, whole.subarray(0, size))
      expect(await kept(path)).toEqual(['one'])
      expect((await stat(path)).size).toBe(first)
    }
    const log = await openFsStatementLog(path)
    await log.append('three')
    await log.close()
    expect(await kept(path)).toEqual(['one', 'three'])
  })

  test('is not opened when a whole line does not check: it may have been a kill', async () => {
    const path = await written('one', 'two')
    const bytes = await readFile(path)
    bytes.writeUInt8(bytes.readUInt8(20) ^ 1, 20)
    await writeFile(path, bytes)
    await expect(openFsStatementLog(path)).rejects.toThrowWithCode('SPOOL_UNAVAILABLE')
    await truncate(path, 0)
    await appendFile(path, 'not ours\n')
    await expect(openFsStatementLog(path)).rejects.toThrowWithCode('SPOOL_UNAVAILABLE')
    expect(await readFile(path, 'utf8')).toBe('not ours\n')
  })
})
