/**
 * OSCAL of a pack against the JSON Schemas of NIST, from `../shared/data/oscal` beside the checkout when it is there, and
 * against what these schemas do not say: allowed values, references, identifiers. spec/report.md (RPT-7)
 * @module
 */
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import { describe, expect, test } from 'vitest'
import { reportedPack, textOf } from '../fixtures/reported.ts'

const SCHEMAS = resolve(import.meta.dirname, '../../../shared/data/oscal')
const present = existsSync(SCHEMAS)
const why = present ? '' : ' (skipped: ../shared/data/oscal is not on this machine)'

const FILES = {
  'oscal/catalog.json': 'oscal_catalog_schema.json',
  'oscal/component-definition.json': 'oscal_component_schema.json',
  'oscal/assessment-plan.json': 'oscal_assessment-plan_schema.json',
  'oscal/assessment-results.json': 'oscal_assessment-results_schema.json',
  'oscal/poam.json': 'oscal_poam_schema.json',
} as const

const pack = await reportedPack(null)
const documentOf = (file: string): unknown => JSON.parse(textOf(pack, file)) as unknown

describe.skipIf(!present)(`the schemas of NIST${why}`, () => {
  test.each(Object.entries(FILES))('take %s, and refuse it when something is missing', (file, schema) => {
    // The schemas use Unicode classes that ajv compiles with the `u` flag; keywords of theirs are annotations.
    const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: true })
    addFormats.default(ajv)
    const validate = ajv.compile(JSON.parse(readFileSync(resolve(SCHEMAS, schema), 'utf8')) as object)
    const document = documentOf(file) as Record<string, Record<string, unknown>>
    validate(document)
    expect(validate.errors ?? []).toEqual([])
    const [root = ''] = Object.keys(document)
    expect(validate({ [root]: { ...document[root], uuid: 'not a uuid' } })).toBe(false)
    expect(validate({ [root]: { ...document[root], metadata: {} } })).toBe(false)
  })
})

/** From the OSCAL metaschema: what is allowed in OSCAL's own namespace, where nothing else is. */
const ALLOWED = {
  methods: ['EXAMINE', 'INTERVIEW', 'TEST', 'UNKNOWN'],
  parts: [
    'statement',
    'item',
    'guidance',
    'overview',
    'assessment-objective',
    'assessment-method',
    'example',
  ],
  props: ['label', 'sort-id', 'alt-identifier', 'marking', 'status', 'method'],
  tasks: ['milestone', 'action'],
  components: [
    'this-system',
    'system',
    'interconnection',
    'software',
    'hardware',
    'service',
    'policy',
    'physical',
    'process-procedure',
    'plan',
    'guidance',
    'standard',
    'validation',
    'network',
  ],
  identifiers: [
    'https://fedramp.gov',
    'http://fedramp.gov/ns/oscal',
    'https://ietf.org/rfc/rfc4122',
    'http://ietf.org/rfc/rfc4122',
  ],
  subjects: ['component', 'inventory-item', 'location', 'party', 'user'],
  observations: ['ssp-statement-issue', 'control-objective', 'mitigation', 'finding', 'historic'],
} as const

/** Every object of a document, with the name of the member that holds it. */
function* objectsIn(value: unknown, name = ''): Generator<[string, Record<string, unknown>]> {
  if (Array.isArray(value)) for (const each of value) yield* objectsIn(each, name)
  else if (typeof value === 'object' && value !== null) {
    yield [name, value as Record<string, unknown>]
    for (const [key, each] of Object.entries(value)) yield* objectsIn(each, key)
  }
}

describe.each(Object.keys(FILES))('%s', (file) => {
  const objects = [...objectsIn(documentOf(file))]
  const named = (name: string): Record<string, unknown>[] =>
    objects.filter(([key]) => key === name).map(([, value]) => value)
  const among = (allowed: readonly string[], values: readonly unknown[]): void =>
    expect(values.filter((value) => !allowed.includes(String(value)))).toEqual([])

  test('has allowed values only, and names of its own in a namespace of its own', () => {
    among(
      ALLOWED.props,
      named('props')
        .filter(({ ns }) => ns === undefined)
        .map(({ name }) => name),
    )
    among(
      ALLOWED.parts,
      named('parts').map(({ name }) => name),
    )
    among(
      ALLOWED.components,
      named('components').map(({ type }) => type),
    )
    among(
      ALLOWED.tasks,
      named('tasks').map(({ type }) => type),
    )
    among(
      ALLOWED.subjects,
      named('subjects').map(({ type }) => type),
    )
    among(
      ALLOWED.identifiers,
      named('system-id').map((id) => id['identifier-type']),
    )
    among(
      ALLOWED.methods,
      named('observations').flatMap(({ methods }) => methods as string[]),
    )
    among(
      ALLOWED.observations,
      named('observations').flatMap(({ types }) => types as string[]),
    )
    expect(named('metadata').map((metadata) => metadata['oscal-version'])).toEqual(['1.2.1'])
  })

  test('gives each identifier once, and refers to what is there', () => {
    const uuids = objects.flatMap(([, { uuid }]) => (uuid === undefined ? [] : [uuid]))
    expect(new Set(uuids).size).toBe(uuids.length)
    const ids = objects.flatMap(([key, { id }]) => (key === 'system-id' || id === undefined ? [] : [id]))
    expect(new Set(ids).size).toBe(ids.length)
    const referred = objects.flatMap(([, value]) => [value['activity-uuid'], value['observation-uuid']])
    expect(referred.filter((uuid) => uuid !== undefined && !uuids.includes(uuid))).toEqual([])
    const targets = objects.flatMap(([, { href, source }]) => [href, source])
    expect(targets.filter((target) => typeof target === 'string' && !isThere(target, uuids))).toEqual([])
  })

  test('names controls that the catalog has', () => {
    const controls = [...objectsIn(documentOf('oscal/catalog.json'))].flatMap(([key, { id }]) =>
      key === 'controls' ? [id] : [],
    )
    expect(controls.length).toBeGreaterThan(30)
    for (const [, value] of objects)
      if (value['control-id'] !== undefined) expect(controls).toContain(value['control-id'])
  })

  test('says that its data is simulated and that nobody endorsed it, and concludes nothing', () => {
    const [metadata] = named('metadata')
    expect(metadata?.title).toContain('simulated data')
    expect(metadata?.remarks).toContain('Nobody has endorsed this format')
    expect(objects.filter(([key]) => key === 'findings')).toEqual([])
  })
})

function isThere(target: string, uuids: readonly unknown[]): boolean {
  if (target.startsWith('#')) return uuids.includes(target.slice(1))
  if (target.startsWith('https://')) return true
  const [path = '', fragment] = new URL(target, 'file:///oscal/').href.slice('file:///'.length).split('#')
  return pack.files.has(path) && (fragment === undefined || textOf(pack, path).includes(` id="${fragment}"`))
}

test('the results say of each test what the report says, with the entry of each deviation', () => {
  const results = documentOf('oscal/assessment-results.json') as {
    'assessment-results': { results: { observations: Record<string, unknown>[] }[] }
  }
  const observations = results['assessment-results'].results[0]?.observations ?? []
  expect(observations).toHaveLength(34)
  const of25 = JSON.stringify(observations.find(({ title }) => String(title).startsWith('Test 25:')))
  expect(of25).toContain('"name":"result","ns":"https://countersign.dev/ns/oscal","value":"deviations"')
  expect(of25).toContain(`../report.html#e${pack.unattested}`)
})
