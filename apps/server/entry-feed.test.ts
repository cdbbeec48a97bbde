/** Readers of the stream who are equally far share what is read and what is asked. */
import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { fromUtf8, utf8 } from '../../src/core/encoding.ts'
import type { Store } from '../../src/ports/store.ts'
import { EntryFeed } from './entry-feed.ts'

/** A store that counts how often its entries are read. */
function storeOf(size: number) {
  let commit: (size: number) => void = () => undefined
  const counted = { size, reads: 0, fails: false }
  const entries = {
    size: async () => counted.size,
    read: async (start: number, end: number) => {
      counted.reads++
      if (counted.fails) throw new Error('the disk is gone')
      return Array.from({ length: end - start }, (_, i) => utf8(`{"n":${start + i}}`))
    },
    hashes: async () => null,
  }
  const store = {
    entries,
    onCommit: (listener: typeof commit) => {
      commit = listener
      return () => undefined
    },
  } as unknown as Store
  const append = (): void => {
    counted.size++
    commit(counted.size)
  }
  return { store, counted, append }
}

async function next(reader: ReadableStreamDefaultReader<Uint8Array>, what: string): Promise<string> {
  for (let text = ''; ;) {
    const { value, done } = await reader.read()
    if (done) return `${text} ended`
    text += fromUtf8(value)
    if (text.includes(what)) return text
  }
}

test('fifty readers of one session cost one read and one question a commit', async () => {
  const { store, counted, append } = storeOf(5)
  const feed = new EntryFeed(store)
  let asked = 0
  const who = { key: 'one session', mayRead: async () => ++asked > 0 }
  const readers = Array.from({ length: 50 }, () => feed.stream(5, who).body!.getReader())
  const first = readers.map((reader) => next(reader, '"n":5'))
  await turn() // no reader waits for a timer or a disk: whoever could go on has
  const before = { asked, reads: counted.reads }
  append()
  for (const text of await Promise.all(first)) expect(text).toContain('id: 5\n')
  await turn()
  expect(counted.reads - before.reads).toBe(1)
  expect(asked - before.asked).toBeLessThanOrEqual(2)
  feed.close()
})

test('who may read no more hears nothing of the next commit, and whoever is beside them does', async () => {
  const { store, append } = storeOf(1)
  const feed = new EntryFeed(store)
  let may = true
  const gone = feed.stream(1, { key: 'gone', mayRead: async () => may }).body!.getReader()
  const here = feed.stream(1, { key: 'here', mayRead: async () => true }).body!.getReader()
  const heard = [next(gone, '"n":1'), next(here, '"n":1')]
  await turn()
  may = false
  append()
  const [nothing, something] = await Promise.all(heard)
  expect(nothing).toContain('ended')
  expect(nothing).not.toContain('"n":1')
  expect(something).toContain('"n":1')
  feed.close()
})

test('a fault of the store is of its time: who comes again reads', async () => {
  const { store, counted } = storeOf(3)
  const feed = new EntryFeed(store)
  const who = { key: 'one', mayRead: async () => true }
  counted.fails = true
  expect(await next(feed.stream(0, who).body!.getReader(), '"n":0')).toContain('ended')
  counted.fails = false
  expect(await next(feed.stream(0, who).body!.getReader(), '"n":0')).toContain('"n":0')
  feed.close()
})
