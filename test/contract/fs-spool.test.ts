/** The spool in a directory: its contract, and what crashes, damage and other processes do to it. @module */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { openFsSpool } from '../../src/adapters/fs/spool.ts'
import { MemorySpool } from '../fixtures/memory-spool.ts'
import { appendAll, record, records, spoolContract } from './spool.ts'

const folders: string[] = []
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))))

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'countersign-spool-'))
  folders.push(made)
  return made
}

spoolContract('fs', async () => {
  const dir = join(await folder(), 'spool')
  return () => openFsSpool(dir)
})
spoolContract('fs, in small files', async () => {
  const dir = join(await folder(), 'spool')
  return () => openFsSpool(dir, 16 * 1024)
})
spoolContract('memory', async () => {
  const spool = new MemorySpool()
  return async () => spool
})

async function names(dir: string): Promise<string[]> {
  return (await readdir(dir)).filter((name) => !name.endsWith('.lock')).sort()
}

const logs = async (dir: string): Promise<string[]> =>
  (await names(dir)).filter((name) => name.startsWith('spool-'))

/** A closed spool with `n` records of about `size` bytes. */
async function filled(n: number, size = 0, bytesMax?: number): Promise<string> {
  const dir = await folder()
  const spool = await openFsSpool(dir, bytesMax)
  await spool.begin(1)
  await appendAll(spool, records(1, n, size))
  await spool.close()
  return dir
}

const SECTOR = 512

interface Batch {
  readonly first: number
  readonly n: number
  readonly from: number
  readonly to: number
}

/** Two batches of eight records, each written and synced at once. */
async function filledByBatches(): Promise<{ dir: string; name: string; whole: Buffer; batches: Batch[] }> {
  const dir = await folder()
  const spool = await openFsSpool(dir)
  await spool.begin(1)
  for (const first of [1, 9])
    await Promise.all(records(first, first + 7, 300).map((each) => spool.append(each)))
  await spool.close()
  const [name = ''] = await logs(dir)
  const whole = await readFile(join(dir, name))
  const ends = [...whole.keys()].filter((at) => whole[at] === 0x0a).map((at) => at + 1)
  const batches = [0, 8].map((line) => ({ first: line + 1, n: 8, from: ends[line]!, to: ends[line + 8]! }))
  return { dir, name, whole, batches }
}

/** Starts of the sectors that lie wholly in a batch. */
function sectorsWithin(whole: Buffer, { from, to }: Batch): number[] {
  const first = Math.ceil(from / SECTOR) * SECTOR
  const end = Math.min(to, whole.length)
  return Array.from({ length: Math.floor((end - first) / SECTOR) }, (_, i) => first + i * SECTOR)
}

function withoutSector(whole: Buffer, sector: number): Buffer {
  return Buffer.from(whole).fill(0, sector, sector + SECTOR)
}

/** Opens, says where it stands and closes again. */
async function positionOf(dir: string): Promise<unknown> {
  const spool = await openFsSpool(dir)
  const { position } = spool
  await spool.close()
  return position
}

describe('after a crash', () => {
  test('a last line torn at any byte is cut, and everything before it is there', async () => {
    const dir = await filled(3)
    const [name = ''] = await logs(dir)
    const whole = await readFile(join(dir, name))
    const keep = whole.lastIndexOf(0x0a, whole.length - 2) + 1
    for (let length = keep; length < whole.length; length++) {
      await writeFile(join(dir, name), whole.subarray(0, length))
      const spool = await openFsSpool(dir)
      expect(spool.position).toEqual({ epoch: 1, seq: 2, hash: record(2).hash })
      expect((await stat(join(dir, name))).size).toBe(keep)
      await spool.append(record(3))
      expect(await spool.read(0, 10)).toEqual(records(1, 3))
      await spool.close()
      expect(await readFile(join(dir, name))).toEqual(whole)
    }
  })

  test('sectors of the last batch that never reached the disk are cut with what stands behind them', async () => {
    const { dir, name, whole, batches } = await filledByBatches()
    const last = batches.at(-1)!
    const sectors = sectorsWithin(whole, last)
    expect(sectors.length).toBeGreaterThan(3)
    for (const sector of sectors) {
      await writeFile(join(dir, name), withoutSector(whole, sector))
      const spool = await openFsSpool(dir)
      const kept = (spool.position as { seq: number }).seq
      expect(kept, `sector at ${sector}`).toBeGreaterThanOrEqual(last.first - 1)
      expect(kept).toBeLessThan(last.first + last.n - 1)
      expect(await spool.read(0, 100)).toEqual(records(1, kept, 300))
      await spool.append(record(kept + 1))
      await spool.close()
    }
  })

  test('zeros that were written ahead are no records, wherever a process died', async () => {
    const { dir, name, whole } = await filledByBatches()
    await writeFile(join(dir, name), Buffer.concat([whole, Buffer.alloc(5000)]))
    expect(await positionOf(dir)).toMatchObject({ seq: 16 })
    expect(await readFile(join(dir, name))).toEqual(whole)
  })

  test('a file that was never named is not read, nor in the way', async () => {
    const dir = await filled(2)
    await writeFile(join(dir, `new-spool-0000000001-${'2'.padStart(16, '0')}.log`), 'half a hea')
    const spool = await openFsSpool(dir, 64) // full at once, and every record wants a new file
    expect(spool.position).toMatchObject({ seq: 2 })
    await spool.acknowledge(2)
    expect(await logs(dir)).toEqual([`spool-0000000001-${'2'.padStart(16, '0')}.log`])
    await spool.close()
    expect(await positionOf(dir)).toMatchObject({ epoch: 1, seq: 2, hash: record(2).hash })
  })

  test('a file that was begun while the one before it went on growing does not count', async () => {
    const dir = await filled(2, 0, 700)
    const [first = '', second = ''] = await logs(dir)
    const header = (await readFile(join(dir, second))).toString().split('\n')[0]!
    const grown = await filled(3)
    const [one = ''] = await logs(grown)
    await writeFile(join(grown, second), `${header}\n`)
    expect(one).toBe(first)
    expect(await positionOf(grown)).toEqual({ epoch: 1, seq: 3, hash: record(3).hash })
    expect(await logs(grown)).toEqual([first])
  })

  test('files of which the oldest are gone still end where the stream ended', async () => {
    const dir = await filled(8, 100, 2000)
    const files = await logs(dir)
    expect(files.length).toBeGreaterThan(2)
    await rm(join(dir, files[0]!))
    expect(await positionOf(dir)).toMatchObject({ seq: 8 })
  })

  test('a stream of an earlier epoch beside a newer one is not read', async () => {
    const dir = await filled(2)
    const old = await filled(2)
    const [name = ''] = await logs(dir)
    const spool = await openFsSpool(old)
    await spool.begin(2)
    await spool.append(record(1))
    await spool.close()
    await writeFile(join(old, name), await readFile(join(dir, name)))
    expect(await positionOf(old)).toMatchObject({ epoch: 2, seq: 1 })
  })
})

describe('damage', () => {
  test('a sector lost of a batch that was synced before another is noticed', async () => {
    const { dir, name, whole, batches } = await filledByBatches()
    const sectors = sectorsWithin(whole, batches[0]!)
    expect(sectors.length).toBeGreaterThan(3)
    for (const sector of sectors) {
      await writeFile(join(dir, name), withoutSector(whole, sector))
      expect(await positionOf(dir), `sector at ${sector}`).toBe('damaged')
    }
  })

  test('zeros within a line that fill no sector are damage, in the last batch too', async () => {
    const { dir, name, whole, batches } = await filledByBatches()
    const bad = Buffer.from(whole)
    const at = batches.at(-1)!.from + 20
    bad.fill(0, at, at + 1)
    await writeFile(join(dir, name), bad)
    expect(await positionOf(dir)).toBe('damaged')
  })

  test('a flipped bit anywhere but in the last line is noticed', async () => {
    const dir = await filled(3)
    const [name = ''] = await logs(dir)
    const whole = await readFile(join(dir, name))
    const end = whole.lastIndexOf(0x0a, whole.length - 2)
    for (let at = 0; at < end; at++) {
      const bad = Buffer.from(whole)
      bad[at] = bad[at]! ^ 1
      await writeFile(join(dir, name), bad)
      expect(await positionOf(dir), `byte ${at}`).toBe('damaged')
    }
  })

  test('a whole last line that does not check is damage, not a torn one', async () => {
    const dir = await filled(2)
    const [name = ''] = await logs(dir)
    const bad = await readFile(join(dir, name))
    bad[bad.length - 3]! ^= 1
    await writeFile(join(dir, name), bad)
    expect(await positionOf(dir)).toBe('damaged')
  })

  test.each(['first', 'middle'])('a %s file cut short is damage', async (which) => {
    const dir = await filled(8, 100, 2000)
    const files = await logs(dir)
    const path = join(dir, files[which === 'first' ? 0 : 1]!)
    const bytes = await readFile(path)
    await writeFile(path, bytes.subarray(0, -5))
    expect(await positionOf(dir)).toBe('damaged')
  })

  test('a missing file in the middle is damage', async () => {
    const dir = await filled(8, 100, 2000)
    await rm(join(dir, (await logs(dir))[1]!))
    expect(await positionOf(dir)).toBe('damaged')
  })

  test('a file under the name of another place is damage', async () => {
    const dir = await filled(2)
    const [name = ''] = await logs(dir)
    const bytes = await readFile(join(dir, name))
    await rm(join(dir, name))
    await writeFile(join(dir, name.replace('01-', '02-')), bytes)
    expect(await positionOf(dir)).toBe('damaged')
  })

  test('takes nothing until a new epoch, which keeps the damaged files aside as they are', async () => {
    const dir = await filled(3)
    const [name = ''] = await logs(dir)
    const bad = Buffer.concat([await readFile(join(dir, name)), Buffer.from('zeros\n')])
    await writeFile(join(dir, name), bad)
    const spool = await openFsSpool(dir)
    await expect(spool.append(record(4))).rejects.toThrowWithCode('SPOOL_UNAVAILABLE')
    await spool.begin(2)
    await spool.append(record(1))
    await spool.close()
    const aside = (await names(dir)).filter((each) => each.startsWith('aside-'))
    expect(aside).toHaveLength(1)
    expect(await readFile(join(dir, aside[0]!))).toEqual(bad)
    expect(await positionOf(dir)).toMatchObject({ epoch: 2, seq: 1 })
  })

  test('a file that goes bad while it waits is an error, not fewer records', async () => {
    const dir = await folder()
    const spool = await openFsSpool(dir, 2000)
    await spool.begin(1)
    await appendAll(spool, records(1, 6, 100))
    const path = join(dir, (await logs(dir))[0]!)
    await writeFile(path, (await readFile(path)).subarray(0, -1))
    await expect(spool.read(0, 1)).rejects.toThrowWithCode('SPOOL_UNAVAILABLE')
    await spool.close()
  })
})

describe('files and space', () => {
  test('acknowledged files are removed, and their records with them', async () => {
    const dir = await folder()
    const spool = await openFsSpool(dir, 4000)
    await spool.begin(1)
    await appendAll(spool, records(1, 10, 100))
    const before = await logs(dir)
    expect(before.length).toBeGreaterThan(2)
    expect(await spool.read(0, 100)).toEqual(records(1, 10, 100))
    await spool.acknowledge(9)
    const after = await logs(dir)
    expect(after.length).toBeLessThan(before.length)
    expect(before).toEqual(expect.arrayContaining(after))
    expect(await spool.read(9, 10)).toEqual(records(10, 10, 100))
    await spool.close()
    expect(await positionOf(dir)).toMatchObject({ seq: 10 })
  })

  test('at its limit it is full, loses nothing, and goes on once something is acknowledged', async () => {
    const dir = await folder()
    const spool = await openFsSpool(dir, 3000)
    await spool.begin(1)
    let seq = 0
    const until = async (): Promise<unknown> => {
      for (;;) {
        try {
          await spool.append(record(seq + 1, 100))
          seq++
        } catch (error) {
          return error
        }
      }
    }
    expect(await until()).toMatchObject({ code: 'SPOOL_FULL' })
    expect(seq).toBeGreaterThan(5)
    expect(await spool.read(0, 100)).toEqual(records(1, seq, 100))
    const full = seq
    await spool.acknowledge(full)
    expect(await until()).toMatchObject({ code: 'SPOOL_FULL' })
    expect(seq).toBeGreaterThan(full + 5)
    expect(await spool.read(full, 100)).toEqual(records(full + 1, seq, 100))
    await spool.close()
  })

  test('only its owner can read it', async () => {
    const dir = join(await folder(), 'spool')
    const spool = await openFsSpool(dir)
    await spool.begin(1)
    expect((await stat(dir)).mode & 0o777).toBe(0o700)
    expect((await stat(join(dir, (await logs(dir))[0]!))).mode & 0o777).toBe(0o600)
    await spool.close()
  })

  test('an epoch that cannot be begun leaves the earlier stream as it stood', async () => {
    const dir = await folder()
    const spool = await openFsSpool(dir)
    await spool.begin(1)
    await spool.append(record(1))
    await mkdir(join(dir, `new-spool-0000000002-${'0'.repeat(16)}.log`))
    await expect(spool.begin(2)).rejects.toThrowWithCode('SPOOL_UNAVAILABLE')
    expect(spool.position).toMatchObject({ epoch: 1, seq: 1 })
    await spool.append(record(2))
    await spool.close()
    expect(await positionOf(dir)).toMatchObject({ epoch: 1, seq: 2 })
  })

  test('takes nothing once it is closed', async () => {
    const spool = await openFsSpool(await folder())
    await spool.begin(1)
    await spool.close()
    await expect(spool.append(record(1))).rejects.toThrowWithCode('SPOOL_UNAVAILABLE')
  })

  test('records that wait when a new stream begins belong to the old one', async () => {
    const dir = await folder()
    const spool = await openFsSpool(dir)
    await spool.begin(1)
    const waiting = spool.append(record(1))
    await spool.begin(2)
    await waiting
    expect(spool.position).toMatchObject({ epoch: 2, seq: 0 })
    await spool.close()
    const aside = (await names(dir)).find((each) => each.startsWith('aside-'))
    expect((await readFile(join(dir, aside!))).toString()).toContain(record(1).hash)
  })

  test('records that wait when it is closed are written first', async () => {
    const dir = await folder()
    const spool = await openFsSpool(dir)
    await spool.begin(1)
    const waiting = spool.append(record(1))
    await spool.close()
    await waiting
    expect(await positionOf(dir)).toMatchObject({ seq: 1 })
  })
})

const HOLDER = `
  const { openFsSpool } = await import(process.argv[1])
  await openFsSpool(process.argv[2])
  process.stdout.write('held')
  setInterval(() => {}, 1000)
`

describe('one process at a time', () => {
  test('a living process keeps the spool, a killed one does not', async () => {
    const dir = await filled(2)
    const adapter = new URL('../../src/adapters/fs/spool.ts', import.meta.url).href
    const holder = spawn(process.execPath, ['--input-type=module', '-e', HOLDER, adapter, dir])
    const exited = once(holder, 'exit')
    expect(String((await once(holder.stdout, 'data'))[0])).toBe('held')
    await expect(openFsSpool(dir)).rejects.toMatchObject({
      code: 'SPOOL_LOCKED',
      message: expect.stringContaining(String(holder.pid)),
    })
    holder.kill('SIGKILL')
    await exited
    expect(await positionOf(dir)).toMatchObject({ seq: 2 })
  })

  test('a second one in the same process is refused until the first is closed', async () => {
    const dir = await folder()
    const spool = await openFsSpool(dir)
    await expect(openFsSpool(dir)).rejects.toThrowWithCode('SPOOL_LOCKED')
    await spool.close()
    expect(await positionOf(dir)).toBeNull()
  })

  test('a directory that cannot be used is said to be so', async () => {
    const parent = await folder()
    await writeFile(join(parent, 'spool'), '')
    await expect(openFsSpool(join(parent, 'spool'))).rejects.toThrowWithCode('SPOOL_UNAVAILABLE')
  })
})
