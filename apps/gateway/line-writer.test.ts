import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { lineWriter } from './line-writer.ts'

/** Takes one text at a time, when told to. */
class Slow extends Writable {
  readonly texts: string[] = []
  #go: (() => void) | null = null

  constructor() {
    super({ highWaterMark: 8, decodeStrings: false })
  }

  override _write(text: string, _: BufferEncoding, done: () => void): void {
    this.texts.push(text)
    this.#go = done
  }

  go(): void {
    this.#go?.()
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('the lines of one turn are one text, those of the next another', async () => {
  const target = new Slow()
  const { write } = lineWriter(target)
  write('a')
  await Promise.resolve().then(() => write('b'))
  expect(target.texts).toEqual([])
  await turn()
  target.go()
  write('c')
  await turn()
  expect(target.texts).toEqual(['a\nb\n', 'c\n'])
})

test('who feeds it stops once while it is full, and goes on when there is room', async () => {
  const target = new Slow()
  const told: string[] = []
  const { write } = lineWriter(target, { onFull: () => told.push('full'), onRoom: () => told.push('room') })
  for (const line of ['0123456789', 'x', 'y']) {
    write(line)
    await turn()
  }
  expect(told).toEqual(['full'])
  while (target.writableLength > 0) {
    target.go()
    await turn()
  }
  expect(told).toEqual(['full', 'room'])
  expect(target.texts.join('')).toBe('0123456789\nx\ny\n')
})

test('who feeds it goes on when the stream is gone while it was full', async () => {
  const target = new Slow()
  const told: string[] = []
  const { write } = lineWriter(target, { onFull: () => told.push('full'), onRoom: () => told.push('room') })
  write('0123456789')
  await turn()
  target.destroy()
  await turn()
  write('late')
  await turn()
  expect(told).toEqual(['full', 'room'])
  expect(target.texts).toEqual(['0123456789\n'])
})

test('what waits for the end of the turn is written before the stream is ended', async () => {
  const target = new Slow()
  const { write, flush } = lineWriter(target)
  write('last')
  flush()
  target.end()
  await turn()
  expect(target.texts).toEqual(['last\n'])
})
