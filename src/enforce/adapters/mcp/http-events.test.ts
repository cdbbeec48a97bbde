import { expect, test } from 'vitest'
import { EventMemory, type EventSink } from './http-events.ts'

function sink(): EventSink & { readonly texts: string[]; isEnded: boolean } {
  const texts: string[] = []
  return {
    texts,
    isEnded: false,
    write: (text) => void texts.push(text),
    end() {
      this.isEnded = true
    },
  }
}

test('a client that comes back gets what it missed of its stream, in order, and then what follows', () => {
  const memory = new EventMemory()
  const [stream, other] = [memory.stream(), memory.stream()]
  const first = sink()
  stream.attach(first)
  stream.send('one')
  stream.detach(first)
  other.send('of another')
  stream.send('two')
  const found = memory.after('1-1')
  expect(found?.missed).toEqual(['id: 1-2\ndata: two\n\n'])
  const second = sink()
  found?.stream.attach(second, found.missed)
  stream.send('three')
  stream.end()
  expect(second.texts).toEqual(['id: 1-2\ndata: two\n\n', 'id: 1-3\ndata: three\n\n'])
  expect(second.isEnded).toBe(true)
})

test('a stream that is over is still there for who missed its end', () => {
  const memory = new EventMemory()
  const stream = memory.stream()
  stream.send('answer')
  stream.end()
  const late = sink()
  const found = memory.after('1-0')
  found?.stream.attach(late, found.missed)
  expect([late.texts, late.isEnded]).toEqual([['id: 1-1\ndata: answer\n\n'], true])
})

test('what is no longer kept, was never sent, or is no identifier brings nothing', () => {
  const memory = new EventMemory()
  const stream = memory.stream()
  for (let n = 0; n < 600; n++) stream.send(String(n))
  expect(memory.after('1-87')).toBeNull()
  expect(memory.after('1-88')?.missed).toHaveLength(512)
  for (const odd of ['1-601', '2-1', '1', '', 'x-1', '1-1-1']) expect(memory.after(odd)).toBeNull()
})

test('a new reader takes a stream from the one before', () => {
  const stream = new EventMemory().stream()
  const [before, after] = [sink(), sink()]
  stream.attach(before)
  stream.attach(after)
  stream.send('x')
  stream.detach(before, true)
  expect([before.texts.length, before.isEnded, after.texts.length, stream.isOpen]).toEqual([0, true, 1, true])
})
