/** A server's answer as parts, and put together again. spec/labels.md (LBL-10). */
import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../../core/json.ts'
import type { Part } from '../../flow/content.ts'
import { seenOf } from './content.ts'

const answer = (result: JsonObject, asked?: string) =>
  seenOf({ body: { jsonrpc: '2.0', id: 1, result } }, asked)
const GONE: Part = { kind: 'text', text: '[gone]' }

describe('an answer is taken apart', () => {
  test('into texts, structured content, and what nobody reads', () => {
    const { parts } = answer({
      content: [
        { type: 'text', text: 'hello' },
        { type: 'image', data: 'AAAA', mimeType: 'image/png' },
        { type: 'resource_link', uri: 'file:///a', name: 'a' },
      ],
      structuredContent: { n: 1 },
      isError: false,
    })
    expect(parts()).toEqual([
      { kind: 'text', text: 'hello' },
      { kind: 'json', value: { mimeType: 'image/png' } },
      { kind: 'opaque' },
      { kind: 'json', value: { type: 'resource_link', uri: 'file:///a', name: 'a' } },
      { kind: 'json', value: { n: 1 } },
    ])
  })

  test('with everything that an agent could read of it', () => {
    const { parts } = answer({
      description: 'one',
      messages: [{ role: 'user', content: { type: 'text', text: 'two' } }],
      contents: [
        { uri: 'three', text: 'four' },
        { uri: 'five', blob: 'AAAA' },
      ],
      content: [
        { type: 'resource', resource: { uri: 'six', text: 'seven' }, annotations: { note: 'eight' } },
        'nine',
      ],
      _meta: { ten: 'ten' },
    })
    const all = JSON.stringify(parts())
    for (const word of ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'])
      expect(all).toContain(`"${word}"`)
  })

  test('with what stands where no client looks, and some agent may', () => {
    const body = {
      jsonrpc: '2.0',
      id: 1,
      note: 'one',
      result: {
        isError: { why: 'two' },
        resultType: 'three three',
        content: [
          { type: 'text', text: 'fine', data: 'four', blob: 'five', resource: 'six' },
          {
            type: 'seven seven',
            text: 'eight',
            annotations: 'nine',
            resource: { text: 'fine', annotations: 'ten' },
          },
          { type: 'tool_result', content: [{ type: 'text', text: 'fine' }], structuredContent: 'eleven' },
        ],
        messages: [{ role: 'twelve twelve', content: { type: 'text', text: 'fine' }, note: 'thirteen' }],
      },
    }
    const { parts, with: put } = seenOf({ body })
    const all = JSON.stringify(parts())
    const words = 'one,two,three three,four,five,six,seven seven,eight,nine,ten,eleven,twelve twelve,thirteen'
    for (const word of words.split(',')) expect(all).toContain(`"${word}"`)
    const left = put(
      parts().map((part) =>
        part.kind === 'text' && part.text === 'fine' ? part : { kind: 'text', text: '-' },
      ),
    )
    for (const word of words.split(',')) expect(left).not.toContain(`"${word}"`)
    expect(JSON.parse(left).result.content[0]).toEqual({ type: 'text', text: 'fine' })
  })

  test.each([
    { result: 'gone' },
    { result: ['gone'] },
    { error: 'gone' },
    { error: { code: 'gone', message: '' } },
  ])('that is none: %j', (bare) => {
    const { parts, with: put } = seenOf({ body: { jsonrpc: '2.0', id: 1, ...bare } })
    expect(JSON.stringify(parts())).toContain('gone')
    expect(put(parts().map(() => ({ kind: 'text', text: '' })))).not.toContain('gone')
  })

  test('of an error, its message and its data', () => {
    const error = { code: -1, message: 'no', data: { why: 'because' } }
    expect(seenOf({ body: { jsonrpc: '2.0', id: 1, error } }).parts()).toEqual([
      { kind: 'text', text: 'no' },
      { kind: 'json', value: { why: 'because' } },
    ])
  })
})

describe('an answer is put together', () => {
  test('with nothing left of any part that was replaced', () => {
    const seen = answer(
      {
        content: [
          { type: 'text', text: 'SECRET' },
          { type: 'image', data: 'SECRET', mimeType: 'image/SECRET' },
          { type: 'resource', resource: { uri: 'a:SECRET', blob: 'SECRET' } },
          { type: 'text', text: 'fine', annotations: { note: 'SECRET' } },
        ],
        structuredContent: { a: 'SECRET' },
        contents: [{ uri: 'file:///kept', text: 'SECRET', _meta: { a: 'SECRET' } }],
      },
      'file:///kept',
    )
    const line = seen.with(seen.parts().map((part) => (JSON.stringify(part).includes('fine') ? part : GONE)))
    const { content, contents } = JSON.parse(line).result
    expect(line).not.toContain('SECRET')
    expect(content[0]).toEqual({ type: 'text', text: '[gone]' })
    expect(content[3]).toEqual({ type: 'text', text: 'fine' })
    expect(contents).toEqual([{ uri: 'file:///kept', mimeType: 'text/plain', text: '[gone]' }])
  })

  test('with the address of a resource only where the client asked for it', () => {
    const contents = [
      { uri: 'file:///asked', text: 'SECRET' },
      { uri: 'people:///SECRET', text: 'fine' },
      { uri: 'people:///SECRET', text: 'SECRET' },
    ]
    const seen = answer(
      { contents, content: [{ type: 'resource', resource: contents[1]! }] },
      'file:///asked',
    )
    const line = seen.with(seen.parts().map((part) => (JSON.stringify(part).includes('fine') ? part : GONE)))
    expect(line).not.toContain('SECRET')
    const { result } = JSON.parse(line)
    expect(result.contents[0]).toMatchObject({ uri: 'file:///asked', text: '[gone]' })
    expect(result.contents[1]).toEqual({ uri: 'about:blank', text: 'fine' })
    expect(result.content[0].resource).toEqual({ uri: 'about:blank', text: 'fine' })
  })

  test('with everything else as it was', () => {
    const result = { content: [{ type: 'text', text: 'a' }], structuredContent: { a: 1 }, isError: true }
    const seen = answer(result)
    const [, ...others] = seen.parts()
    expect(JSON.parse(seen.with([GONE, ...others]))).toEqual({
      jsonrpc: '2.0',
      id: 1,
      result: { ...result, content: [{ type: 'text', text: '[gone]' }] },
    })
  })
})
