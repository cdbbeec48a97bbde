/**
 * What every {@link Spool} keeps. spec/enforcement.md, RCP-1 and RCP-2.
 * @module
 */
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { Spool, SpoolRecord } from '../../src/ports/spool.ts'

/** Record `seq` of a stream; its text has characters of one to four bytes. */
export function record(seq: number, size = 0): SpoolRecord {
  const text = JSON.stringify({ seq, text: `é€😀${'x'.repeat(size)}` })
  return { seq, hash: createHash('sha256').update(text).digest('base64url'), text }
}

export function records(from: number, to: number, size = 0): SpoolRecord[] {
  return Array.from({ length: to - from + 1 }, (_, i) => record(from + i, size))
}

export async function appendAll(spool: Spool, all: readonly SpoolRecord[]): Promise<void> {
  for (const each of all) await spool.append(each)
}

/** @param create gives, for each test, a way to open the same empty spool again after it was closed */
export function spoolContract(name: string, create: () => Promise<() => Promise<Spool>>): void {
  describe(`spool: ${name}`, () => {
    test('is empty at first and takes nothing before a stream is begun', async () => {
      const spool = await (await create())()
      expect(spool.position).toBeNull()
      await expect(spool.append(record(1))).rejects.toThrowWithCode('SPOOL_UNAVAILABLE')
      expect(await spool.read(0, 10)).toEqual([])
      await spool.close()
    })

    test('has what was appended after it is opened again, and continues there', async () => {
      const open = await create()
      const first = await open()
      await first.begin(3)
      expect(first.position).toEqual({ epoch: 3, seq: 0, hash: '' })
      await appendAll(first, records(1, 3))
      await first.close()
      const second = await open()
      expect(second.position).toEqual({ epoch: 3, seq: 3, hash: record(3).hash })
      await second.append(record(4))
      expect(await second.read(0, 10)).toEqual(records(1, 4))
      await second.close()
    })

    test('a stream that was begun and got no record is there after it is opened again', async () => {
      const open = await create()
      const first = await open()
      await first.begin(1)
      await first.close()
      const second = await open()
      expect(second.position).toEqual({ epoch: 1, seq: 0, hash: '' })
      await second.append(record(1))
      await second.close()
    })

    test('keeps the order of records that are appended in one turn', async () => {
      const spool = await (await create())()
      await spool.begin(1)
      await Promise.all(records(1, 50).map((each) => spool.append(each)))
      expect(await spool.read(0, 100)).toEqual(records(1, 50))
      await spool.close()
    })

    test('a record that nothing waits for is stored no later than the one after it', async () => {
      const spool = await (await create())()
      await spool.begin(1)
      const later = spool.append(record(1), true)
      await spool.append(record(2))
      expect(await spool.read(0, 10)).toEqual(records(1, 2))
      await later
      await spool.close()
    })

    test('a record that nothing waits for is stored if no other comes, and before the spool is closed', async () => {
      const open = await create()
      const first = await open()
      await first.begin(1)
      await first.append(record(1), true)
      expect(first.position).toMatchObject({ seq: 1 })
      const last = first.append(record(2), true)
      await first.close()
      await last
      const second = await open()
      expect(await second.read(0, 10)).toEqual(records(1, 2))
      await second.close()
    })

    test('reads what lies after a place, at most as many as asked for', async () => {
      const spool = await (await create())()
      await spool.begin(1)
      await appendAll(spool, records(1, 9))
      expect(await spool.read(0, 4)).toEqual(records(1, 4))
      expect(await spool.read(4, 2)).toEqual(records(5, 6))
      expect(await spool.read(8, 5)).toEqual(records(9, 9))
      expect(await spool.read(9, 5)).toEqual([])
      expect(await spool.read(99, 5)).toEqual([])
      await spool.close()
    })

    test.each([
      ['a gap', 5],
      ['a repetition', 3],
      ['the past', 1],
    ])('refuses %s and goes on', async (_, seq) => {
      const spool = await (await create())()
      await spool.begin(1)
      await appendAll(spool, records(1, 3))
      await expect(spool.append(record(seq))).rejects.toThrowWithCode('SPOOL_UNAVAILABLE')
      await spool.append(record(4))
      expect(await spool.read(0, 10)).toEqual(records(1, 4))
      await spool.close()
    })

    test('a new stream begins at one and has none of the old records', async () => {
      const open = await create()
      const spool = await open()
      await spool.begin(1)
      await appendAll(spool, records(1, 3))
      await spool.begin(2)
      expect(spool.position).toEqual({ epoch: 2, seq: 0, hash: '' })
      expect(await spool.read(0, 10)).toEqual([])
      await spool.append(record(1))
      await spool.close()
      const again = await open()
      expect(again.position).toMatchObject({ epoch: 2, seq: 1 })
      await again.close()
    })

    test('what is not acknowledged stays, whatever is acknowledged', async () => {
      const open = await create()
      const spool = await open()
      await spool.begin(1)
      await appendAll(spool, records(1, 6))
      await spool.acknowledge(4)
      expect(await spool.read(4, 10)).toEqual(records(5, 6))
      await spool.close()
      const again = await open()
      expect(await again.read(4, 10)).toEqual(records(5, 6))
      await again.append(record(7))
      await again.close()
    })
  })
}
