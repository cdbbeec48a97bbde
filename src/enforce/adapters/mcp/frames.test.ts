import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { concat, utf8 } from '../../../core/encoding.ts'
import { FRAME_BYTES_MAX, FrameReader, hasCaseTwins, readFrame, type Frame } from './frames.ts'

function read(...chunks: readonly (string | Uint8Array)[]): Frame[] {
  const frames: Frame[] = []
  const reader = new FrameReader((frame) => frames.push(frame))
  for (const chunk of chunks) reader.push(typeof chunk === 'string' ? utf8(chunk) : chunk)
  reader.end()
  return frames
}

function one(line: string): Frame {
  return readFrame(utf8(line))
}

const PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}'

describe('lines', () => {
  test('a frame keeps its line as it came', () => {
    const line = '{ "jsonrpc" : "2.0",\t"id": 1.0, "method":"ping", "params":{"x":1e2,"y":"\\u0041é"} }'
    expect(read(`${line}\n`)).toMatchObject([{ kind: 'request', id: 1, method: 'ping', line }])
  })

  test('a carriage return before the line end belongs to the line end', () => {
    expect(read(`${PING}\r\n`)).toMatchObject([{ kind: 'request', line: PING }])
  })

  test('empty lines are nothing, and a last line needs no line end', () => {
    expect(read(`\n\r\n${PING}\n\n${PING}`)).toHaveLength(2)
  })

  test('a carriage return inside a frame is refused: readers with universal line ends would see two messages', () => {
    const smuggled = '{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":"rm"}}'
    const line = `{"jsonrpc":"2.0","method":"notifications/x","params":{"x":[\r${smuggled}\r]}}`
    expect(one(line)).toMatchObject({ kind: 'invalid', code: -32600 })
  })

  test.each(['\u0085', '\u2028', '\u2029'])(
    'from the client, a text with the line end %j is refused unless it is spelled as an escape',
    (lineEnd) => {
      const call = (text: string): string =>
        `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"x","arguments":{"a":"${text}"}}}`
      const escape = `\\u${lineEnd.charCodeAt(0).toString(16).padStart(4, '0')}`
      expect(readFrame(utf8(call(lineEnd)), true)).toMatchObject({ kind: 'invalid', code: -32600, id: 7 })
      expect(readFrame(utf8(call(escape)), true)).toMatchObject({ kind: 'request', line: call(escape) })
      const result = `{"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"text","text":"${lineEnd}"}]}}`
      expect(readFrame(utf8(result))).toMatchObject({ kind: 'response', line: result })
    },
  )

  test('a frame of exactly the limit passes and one byte more does not, and the next frame is read', () => {
    const frame = (bytes: number): string => {
      const empty = '{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":""}}'
      return empty.replace('""', `"${'a'.repeat(bytes - empty.length)}"`)
    }
    const sent = `${frame(FRAME_BYTES_MAX)}\n${frame(FRAME_BYTES_MAX + 1)}\n${frame(FRAME_BYTES_MAX + 2)}\n${PING}\n`
    for (const chunk_bytes of [1000, 65536, sent.length]) {
      const bytes = utf8(sent)
      const chunks: Uint8Array[] = []
      for (let at = 0; at < bytes.length; at += chunk_bytes) chunks.push(bytes.subarray(at, at + chunk_bytes))
      const frames = read(...chunks)
      expect(frames.map((f) => f.kind)).toEqual(['request', 'invalid', 'invalid', 'request'])
      expect(frames[1]).toMatchObject({ code: -32600, id: null, too_large: true })
    }
  })
})

describe('messages', () => {
  test.each([
    ['{"jsonrpc":"2.0","id":"a","method":"x"}', { kind: 'request', id: 'a', method: 'x', params: {} }],
    ['{"jsonrpc":"2.0","method":"x","params":{"a":1}}', { kind: 'notification', params: { a: 1 } }],
    ['{"jsonrpc":"2.0","id":7,"result":{}}', { kind: 'response', id: 7 }],
    ['{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":""}}', { kind: 'response', id: null }],
    ['{"jsonrpc":"2.0","id":1,"method":"x","extra":{}}', { kind: 'request' }],
  ])('%s passes', (line, expected) => {
    expect(one(line)).toMatchObject(expected)
  })

  test.each([
    ['garbage', -32700, null],
    ['{"jsonrpc":"2.0","id":1,', -32700, null],
    ['\uFEFF{"jsonrpc":"2.0","id":1,"method":"x"}', -32700, null],
    ['{"jsonrpc":"2.0","id":1,"method":"\\ud800"}', -32700, null],
    [`[${PING}]`, -32600, null],
    ['[]', -32600, null],
    ['"text"', -32600, null],
    ['{"id":1,"method":"x"}', -32600, 1],
    ['{"jsonrpc":"1.0","id":1,"method":"x"}', -32600, 1],
    ['{"jsonrpc":"2.0","id":1,"id":2,"method":"x"}', -32600, 2],
    ['{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":1,"\\u0061":2}}', -32600, 1],
    ['{"jsonrpc":"2.0","id":1,"method":"x","params":{"n":12345678901234567890}}', -32600, 1],
    [`{"jsonrpc":"2.0","id":1,"method":"x","params":${'{"a":'.repeat(64)}1${'}'.repeat(64)}}`, -32600, null],
    ['{"jsonrpc":"2.0","id":null,"method":"x"}', -32600, null],
    ['{"jsonrpc":"2.0","id":1.5,"method":"x"}', -32600, null],
    ['{"jsonrpc":"2.0","id":{},"method":"x"}', -32600, null],
    ['{"jsonrpc":"2.0","id":1,"method":3}', -32600, 1],
    ['{"jsonrpc":"2.0","id":1,"method":""}', -32600, 1],
    ['{"jsonrpc":"2.0","id":1,"method":"x","params":[]}', -32600, 1],
    ['{"jsonrpc":"2.0","id":1,"method":"x","result":{}}', -32600, 1],
    ['{"jsonrpc":"2.0","id":1}', -32600, 1],
    ['{"jsonrpc":"2.0","id":1,"result":{},"error":{}}', -32600, 1],
    ['{"jsonrpc":"2.0","result":{}}', -32600, null],
    ['{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call"}', -32600, 1],
    ['{"jsonrpc":"2.0","id":1,"method":"ping","param\u017f":{}}', -32600, 1],
  ])('%s is refused', (line, code, id) => {
    expect(one(line)).toMatchObject({ kind: 'invalid', code, id, too_large: false })
  })

  test('bytes that are not UTF-8 are refused', () => {
    expect(
      readFrame(concat(utf8('{"jsonrpc":"2.0","method":"'), Uint8Array.of(0xff), utf8('"}'))),
    ).toMatchObject({
      kind: 'invalid',
      code: -32700,
    })
  })

  test('a refusal quotes nothing of the frame', () => {
    expect(JSON.stringify(read('{"secret-token": '))).not.toContain('secret')
  })

  test('arguments that differ by case alone are told apart from those that do not', () => {
    expect(hasCaseTwins({ path: 1, Path: 2 })).toBe(true)
    expect(hasCaseTwins({ path: 1, paths: 2 })).toBe(false)
    expect(hasCaseTwins({ key: 1, '\u212aey': 2 })).toBe(true)
  })

  test('they are so in whatever lies inside, and not from one object to another', () => {
    expect(hasCaseTwins({ o: { path: 1, Path: 2 } })).toBe(true)
    expect(hasCaseTwins({ o: [[{ a: null }, { path: 1, PATH: 2 }]] })).toBe(true)
    expect(hasCaseTwins({ path: { Path: { PATH: 1 } }, o: [{ path: 1 }, { Path: 2 }] })).toBe(false)
  })
})

describe('properties', () => {
  const message = fc.record({
    jsonrpc: fc.constant('2.0'),
    id: fc.oneof(fc.maxSafeInteger(), fc.string({ unit: 'binary', maxLength: 20 })),
    method: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
    params: fc.dictionary(fc.string({ maxLength: 5 }), fc.string({ unit: 'binary' })),
  })

  function cut(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
    const at = [0, ...cuts.map((c) => c % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
    return at.slice(1).map((end, i) => bytes.subarray(at[i], end))
  }

  test('however the bytes are cut, the frames are the same', () => {
    fc.assert(
      fc.property(fc.array(message), fc.array(fc.nat(), { maxLength: 30 }), (messages, cuts) => {
        const lines = messages.map((m) => JSON.stringify(m))
        const frames = read(...cut(utf8(lines.map((line) => `${line}\n`).join('')), cuts))
        expect(frames.map((f) => (f.kind === 'request' ? f.line : f.kind))).toEqual(lines)
      }),
    )
  })

  test('garbage never throws, never passes and never swallows the frame after it', () => {
    const noise = fc.uint8Array({ maxLength: 200 }).map((bytes) => bytes.filter((b) => b !== 0x0a))
    fc.assert(
      fc.property(fc.array(noise), fc.array(fc.nat(), { maxLength: 10 }), (noises, cuts) => {
        const bytes = concat(...noises.flatMap((n) => [n, utf8('\n')]), utf8(`${PING}\n`))
        const frames = read(...cut(bytes, cuts))
        expect(frames.at(-1)).toMatchObject({ kind: 'request', line: PING })
        expect(frames.slice(0, -1).every((f) => f.kind === 'invalid')).toBe(true)
      }),
    )
  })
})
