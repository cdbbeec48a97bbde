/** spec/schemas is generated; the schemas hold for what the vectors hold, and refuse what is not listed. */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, test } from 'vitest'
import { ENTRIES_PAGE, entriesPage } from '../../docs/generate-entries.ts'
import { FOLDER, schemaFiles } from '../../docs/generate-schemas.ts'
import { TERMS_FILE, termsText } from '../../docs/generate-terms.ts'
import { parseJws } from '../../src/core/sign.ts'
import { decodeEntry, encodeEntry, type AnyEntry } from '../../src/log/entries.ts'
import type { DelegationVector } from '../../vectors/delegation/generate.ts'
import { grantsOf, segmentsIn, seededCrypto } from '../fixtures/tokens.ts'

const VECTORS = join(import.meta.dirname, '../../vectors/delegation')
const ajv = new Ajv2020({ formats: { uri: true, 'date-time': true, uuid: true } })
const schema = (name: string) => ajv.compile(JSON.parse(schemaFiles().get(`${name}.json`)!) as object)

const chains = readdirSync(VECTORS)
  .filter((name) => name.endsWith('.json'))
  .map((name) => JSON.parse(readFileSync(join(VECTORS, name), 'utf8')) as DelegationVector)
  .filter((vector) => vector.expect.ok)
  .map(({ presentation }) => segmentsIn(presentation))

test('spec/schemas holds what the schemas of the code say: npm run docs writes it anew', () => {
  const files = schemaFiles()
  const present = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
  expect(present.filter((name) => name !== 'entries').sort()).toEqual([...files.keys()].sort())
  for (const [name, text] of files)
    expect([name, readFileSync(join(FOLDER, name), 'utf8')]).toEqual([name, text])
})

test('spec/dpv.json has every term that may be named', () => {
  expect(readFileSync(TERMS_FILE, 'utf8')).toBe(termsText())
})

test('spec/entries.md has every type of entry, as the log parses it', () => {
  const page = readFileSync(ENTRIES_PAGE, 'utf8')
  expect(entriesPage(page)).toBe(page)
})

describe('the JSON Schemas', () => {
  test('of entries accept what the log takes, and no other type, version or member', () => {
    const isEntry = schema('entries/system.added')
    const actor = { kind: 'person', id: 'per_1' }
    const entry = { v: 1, type: 'system.added', time: '2026-03-01T09:30:00.000Z', actor, body: { name: 'x' } }
    expect(decodeEntry(encodeEntry(entry as AnyEntry))).toEqual(entry)
    expect([isEntry(entry), isEntry.errors]).toEqual([true, null])
    for (const bend of [{ v: 2 }, { type: 'agent.retired' }, { more: 1 }, { body: { name: 'x', more: 1 } }])
      expect(isEntry({ ...entry, ...bend })).toBe(false)
  })

  test('accept every payload of the valid vectors', () => {
    const [isRoot, isHop, isStatement] = [schema('root'), schema('hop'), schema('statement')]
    for (const [root, ...hops] of chains) {
      expect([isRoot(parseJws(root!.jwt).payload), isRoot.errors]).toEqual([true, null])
      for (const { jwt } of hops) {
        const { payload } = parseJws(jwt)
        expect([isHop(payload), isHop.errors]).toEqual([true, null])
        const [{ statement }] = payload.delegate_payload as [{ statement: string }]
        expect([isStatement(parseJws(statement).payload), isStatement.errors]).toEqual([true, null])
      }
    }
  })

  test('accept every grant of the valid vectors, and none with a member that is not listed', () => {
    const isGrant = schema('grant')
    const grants = chains.flatMap((segments) =>
      segments.flatMap((segment) =>
        grantsOf(seededCrypto(''), `${[segment.jwt, ...segment.disclosures].join('~')}~`).map(
          ({ grant }) => grant,
        ),
      ),
    )
    expect(grants.length).toBeGreaterThan(20)
    for (const grant of grants) {
      expect([isGrant(grant), isGrant.errors]).toEqual([true, null])
      expect(isGrant({ ...grant, until: 'tomorrow' })).toBe(false)
      expect(isGrant({ ...grant, actions: ['read', 'read'] })).toBe(false)
    }
  })
})
