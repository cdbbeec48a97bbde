/** What a grant does not let its agent see is taken out. spec/labels.md (LBL-4, LBL-10). */
import { describe, expect, test } from 'vitest'
import type { JsonValue } from '../../core/json.ts'
import { BOTTOM, type ToolLabel } from '../../core/label.ts'
import type { Grant } from '../../token/grant.ts'
import type { LineageStep } from '../../token/lineage.ts'
import type { Part } from './content.ts'
import { BLIND, detectors } from './detectors.ts'
import { redact, sightOf, type RedactOptions, type Sight } from './redact.ts'

const LABEL: ToolLabel = {
  v: 1,
  result: {
    level: 'internal',
    integrity: 'trusted',
    categories: [],
    fields: {
      '/people/*/ssn': { level: 'restricted', categories: ['personal'] },
      '/people/*/mail': { categories: ['personal'] },
    },
  },
  effect: 'none',
  accepts: 'internal',
  destination: [],
}
const SIGHT: Sight = { clearance: 'internal', categories: null }
const PEOPLE = {
  people: [
    { name: 'Ann', ssn: '536-22-8726', mail: 'ann@example.org' },
    { name: 'Bo', ssn: null, mail: 'bo@example.org' },
  ],
}

function redacted(parts: readonly Part[], edit: Partial<RedactOptions> = {}) {
  return redact(parts, { label: LABEL, sight: SIGHT, detectors: BLIND, pseudonym: () => null, ...edit })
}
const json = (value: JsonValue): Part => ({ kind: 'json', value })
const text = (value: string): Part => ({ kind: 'text', text: value })

describe('a field above the clearance', () => {
  test('is taken out, and what is beside it stays', () => {
    const { parts } = redacted([json(PEOPLE)])
    expect(parts).toEqual([
      json({
        people: [
          { name: 'Ann', ssn: '[redacted: restricted]', mail: 'ann@example.org' },
          { name: 'Bo', ssn: '[redacted: restricted]', mail: 'bo@example.org' },
        ],
      }),
    ])
  })

  test('is taken out of text that is JSON', () => {
    const [part] = redacted([text(JSON.stringify(PEOPLE))]).parts
    expect(part?.kind === 'text' && JSON.parse(part.text).people[0].ssn).toBe('[redacted: restricted]')
  })

  test('is taken out of text that is JSON, in an object of its own or deeper in one', () => {
    const inner = JSON.stringify(PEOPLE)
    for (const value of [
      { result: inner },
      { a: 1, result: [inner] },
      [{ result: JSON.stringify({ inner }) }],
    ]) {
      const left = JSON.stringify(redacted([json(value)]).parts)
      expect(left).toContain('Ann')
      expect(left).not.toContain('536-22-8726')
    }
  })

  test('takes with it a text in an object of its own that is no JSON, unless the label speaks of that member', () => {
    expect(redacted([json({ result: 'Ann, 536-22-8726' })]).parts).toEqual([
      json({ result: '[redacted: restricted]' }),
    ])
    const fields = { ...LABEL.result.fields, '/note': { level: 'internal' as const } }
    const label = { ...LABEL, result: { ...LABEL.result, fields } }
    expect(redacted([json({ note: 'none found' })], { label }).parts).toEqual([json({ note: 'none found' })])
  })

  test('has a pseudonym where it is the one member of an object', () => {
    const label: ToolLabel = {
      ...LABEL,
      result: { level: 'restricted', integrity: 'trusted', categories: [] },
    }
    const { parts } = redacted([json({ ssn: '536-22-8726' })], { label, pseudonym: () => 'psn_a' })
    expect(parts).toEqual([json({ ssn: 'psn_a' })])
  })

  test('is not hidden by another member of its name', () => {
    const twice = text('{"people":[{"ssn":"536-22-8726"}],"people":[]}')
    expect(redacted([twice]).parts).toEqual([text('[redacted: restricted]')])
    const secret = text(`{"note":"password: hunter2-Xk39qLz","note":"none"}`)
    const label = { ...LABEL, result: { ...LABEL.result, fields: {} } }
    expect(redacted([secret], { label, detectors: detectors() }).parts).toEqual([
      text('[redacted: restricted]'),
    ])
  })

  test('takes with it a part that is no JSON: text, an image', () => {
    const { parts } = redacted([text('Ann, 536-22-8726'), { kind: 'opaque' }])
    expect(parts).toEqual([text('[redacted: restricted]'), text('[redacted: restricted]')])
  })

  test('is taken out whatever stands there: a number, an object, a list', () => {
    const people = [{ ssn: 536228726 }, { ssn: { area: 536 } }, { ssn: [536, 22] }, { ssn: true }]
    const [part] = redacted([json({ people })]).parts
    expect(JSON.stringify(part)).not.toMatch(/536|true/)
  })

  test('is taken out once its name stands twice in the text', () => {
    const [part] = redacted([text('{"people":[{"ssn":"536-22-8726","ssn":null}]}')]).parts
    expect(JSON.stringify(part)).not.toContain('536')
  })
})

describe('a field of a list', () => {
  const of = (pointer: string): Partial<RedactOptions> => ({
    label: { ...LABEL, result: { ...LABEL.result, fields: { [pointer]: { level: 'restricted' } } } },
  })
  const ann = { name: 'Ann', ssn: '536-22-8726' }
  const bare = { name: 'Ann', ssn: '[redacted: restricted]' }

  test.each(['/*/ssn', '/result/*/ssn'])(
    'is taken out by %s, wrapped, by itself, and item by item',
    (pointer) => {
      const given = [
        json({ result: [ann] }),
        json([ann]),
        text(JSON.stringify([ann])),
        text(JSON.stringify(ann)),
      ]
      expect(redacted(given, of(pointer)).parts).toEqual([
        json({ result: [bare] }),
        json([bare]),
        text(JSON.stringify([bare])),
        text(JSON.stringify(bare)),
      ])
    },
  )

  test('is not taken for another where the label speaks of the wrapper, or the value is another', () => {
    expect(redacted([json({ result: ann })], of('/result/name')).parts).toEqual([
      json({ result: { ...ann, name: '[redacted: restricted]' } }),
    ])
    const other = [json({ rows: [ann] }), json({ result: [ann], more: 1 })]
    expect(redacted(other, of('/*/ssn')).parts).toEqual(other)
  })
})

test('a field of a category outside the grant’s is taken out', () => {
  const [part] = redacted([json(PEOPLE)], {
    sight: { clearance: null, categories: new Set(['payment']) },
  }).parts
  expect(JSON.stringify(part)).toContain('Ann')
  expect(JSON.stringify(part)).not.toMatch(/example\.org|536/)
})

test('a whole above the clearance goes, but for the fields that are below it', () => {
  const { fields: _, ...result } = LABEL.result
  const label: ToolLabel = {
    ...LABEL,
    result: { ...result, level: 'confidential', fields: { '/people/*/name': { level: 'public' } } },
  }
  const [part] = redacted([json({ ...PEOPLE, total: 2 })], { label }).parts
  const hidden = '[redacted: confidential]'
  expect(part).toEqual(
    json({
      people: [
        { name: 'Ann', ssn: hidden, mail: hidden },
        { name: 'Bo', ssn: hidden, mail: hidden },
      ],
      total: hidden,
    }),
  )
})

test('what is within is the very same', () => {
  const parts = [json(PEOPLE), text('plain'), { kind: 'opaque' } as const]
  const left = redacted(parts, { sight: { clearance: 'restricted', categories: null } })
  left.parts.forEach((part, at) => expect(part).toBe(parts[at]))
})

describe('what detectors find', () => {
  const label: ToolLabel = { ...LABEL, result: { level: 'public', integrity: 'trusted', categories: [] } }

  test('raises the label of what is left', () => {
    const { parts, raised } = redacted([text('ask ann@example.org')], { label, detectors: detectors() })
    expect(parts).toEqual([text('ask ann@example.org')])
    expect(raised).toEqual({ ...BOTTOM, level: 'internal', categories: ['personal'] })
  })

  test('is found where nothing is taken out, behind an escape too', () => {
    const sight = { clearance: null, categories: null }
    for (const value of ['see:\nann@example.org', { a: ['see:\nann@example.org'] }]) {
      const part = typeof value === 'string' ? text(JSON.stringify([value])) : json(value)
      const left = redacted([part], { label, sight, detectors: detectors() })
      expect(left.parts[0]).toBe(part)
      expect(left.raised).toMatchObject({ level: 'internal', categories: ['personal'] })
    }
  })

  test('takes out the field that it is in, when that is then above the clearance', () => {
    const value = { card: '4111 1111 1111 1111', city: 'Rome' }
    const left = redacted([json(value)], { label, detectors: detectors() })
    expect(left.parts).toEqual([json({ card: '[redacted: confidential]', city: 'Rome' })])
    expect(left.raised).toEqual(BOTTOM)
  })

  test('takes out data that is used as a name', () => {
    const left = redacted([json({ '4111 1111 1111 1111': 'Ann' })], { label, detectors: detectors() })
    expect(JSON.stringify(left.parts)).not.toContain('4111')
  })
})

test('a pseudonym stands in place of a value where there is one', () => {
  const pseudonym = (value: string): string => `psn_${value.length}`
  const [part] = redacted([json({ people: [{ ssn: { a: '1', b: 22 } }] })], { pseudonym }).parts
  expect(part).toEqual(json({ people: [{ ssn: { a: 'psn_1', b: 'psn_2' } }] }))
})

test('an image counts as the strictest field', () => {
  const left = redacted([{ kind: 'opaque' }], { sight: { clearance: null, categories: null } })
  expect(left.raised).toMatchObject({ level: 'restricted', categories: ['personal'] })
})

test('what an agent may see is what all grants above its own let it see', () => {
  const step = (edit: Partial<Grant>): LineageStep => {
    const grant: Grant = { type: 'tool', server: 's', actions: ['*'], ...edit }
    return { delegation: {} as never, digest: '', grant }
  }
  const sight = sightOf([
    step({ categories: ['personal'] }),
    step({ clearance: 'internal' }),
    step({ clearance: 'confidential', categories: ['health', 'personal'] }),
  ])
  expect(sight).toEqual({ clearance: 'internal', categories: new Set(['personal']) })
})
