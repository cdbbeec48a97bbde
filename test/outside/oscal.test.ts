/**
 * OSCAL of a pack against the JSON Schemas of NIST, from `../shared/data/oscal` beside the checkout when it is there, and
 * against what these schemas do not say: allowed values, references, identifiers. spec/report.md (RPT-7)
 * @module
 */
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import { afterAll, describe, expect, test } from 'vitest'
import { exportOscal } from '../../apps/cli/controls/export.ts'
import { readControls } from '../../apps/cli/controls/read.ts'
import type { Catalogue } from '../../src/evidence/controls/schema.ts'
import { deficientPack, reportedPack, textOf } from '../fixtures/reported.ts'

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
const deficient = await deficientPack()
const later = await deficientPack(true)
const PACKS = { pack, deficient, later }
type Of = keyof typeof PACKS

/** Of a log with a register of deficiencies, the plan of action again: the other one has tests alone. */
const DOCUMENTS: readonly (readonly [file: keyof typeof FILES, of: Of])[] = [
  ...(Object.keys(FILES) as (keyof typeof FILES)[]).map((file) => [file, 'pack'] as const),
  ['oscal/poam.json', 'deficient'],
]
const documentOf = (file: string, of: Of = 'pack'): unknown => JSON.parse(textOf(PACKS[of], file)) as unknown

describe.skipIf(!present)(`the schemas of NIST${why}`, () => {
  test.each(DOCUMENTS)('take %s of the %s, and refuse it when something is missing', (file, of) => {
    // The schemas use Unicode classes that ajv compiles with the `u` flag; keywords of theirs are annotations.
    const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: true })
    addFormats.default(ajv)
    const validate = ajv.compile(JSON.parse(readFileSync(resolve(SCHEMAS, FILES[file]), 'utf8')) as object)
    const document = documentOf(file, of) as Record<string, Record<string, unknown>>
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
  risks: ['open', 'investigating', 'remediating', 'deviation-requested', 'deviation-approved', 'closed'],
  lifecycles: ['recommendation', 'planned', 'completed'],
  parties: ['person', 'organization'],
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

describe.each(DOCUMENTS)('%s of the %s', (file, of) => {
  const objects = [...objectsIn(documentOf(file, of))]
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
      ALLOWED.risks,
      named('risks').map(({ status }) => status),
    )
    among(
      ALLOWED.lifecycles,
      named('remediations').map(({ lifecycle }) => lifecycle),
    )
    among(
      ALLOWED.parties,
      named('parties').map(({ type }) => type),
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
    const referred = objects.flatMap(([, value]) => [
      value['activity-uuid'],
      value['observation-uuid'],
      value['risk-uuid'],
      ...((value['party-uuids'] ?? []) as unknown[]),
    ])
    const roles = named('roles').map(({ id }) => id)
    for (const { 'role-id': role } of named('responsible-roles')) expect(roles).toContain(role)
    expect(referred.filter((uuid) => uuid !== undefined && !uuids.includes(uuid))).toEqual([])
    const targets = objects.flatMap(([, { href, source }]) => [href, source])
    expect(targets.filter((target) => typeof target === 'string' && !isThere(target, uuids, of))).toEqual([])
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

function isThere(target: string, uuids: readonly unknown[], of: Of): boolean {
  const { files } = PACKS[of]
  if (target.startsWith('#')) return uuids.includes(target.slice(1))
  if (target.startsWith('https://')) return true
  const [path = '', fragment] = new URL(target, 'file:///oscal/').href.slice('file:///'.length).split('#')
  return files.has(path) && (fragment === undefined || textOf({ files }, path).includes(` id="${fragment}"`))
}

describe('the catalogue without a pack', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'oscal-'))
  afterAll(() => rm(folder, { recursive: true }))
  const catalogue = await readControls()
  const exported = async (of: Catalogue, now_ms: number) => {
    const files = await exportOscal(folder, of, now_ms)
    return files.map((file) => JSON.parse(readFileSync(file, 'utf8')) as Record<string, { uuid: string }>)
  }
  const uuids = (documents: unknown): unknown[] =>
    [...objectsIn(documents)].flatMap(([, { uuid }]) => uuid ?? [])

  test.skipIf(!present)('is as the schemas of NIST want it', async () => {
    const documents = await exported(catalogue, Date.now())
    for (const [at, file] of ['oscal/catalog.json', 'oscal/component-definition.json'].entries()) {
      const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: true })
      addFormats.default(ajv)
      const schema = readFileSync(resolve(SCHEMAS, FILES[file as keyof typeof FILES]), 'utf8')
      const validate = ajv.compile(JSON.parse(schema) as object)
      validate(documents[at])
      expect(validate.errors ?? []).toEqual([])
    }
  })

  test('has the same identifiers each time, and in a pack; another catalogue has others', async () => {
    const first = uuids(await exported(catalogue, 0))
    expect(first.length).toBeGreaterThan(40)
    expect(uuids(await exported(catalogue, 1_800_000_000_000))).toEqual(first)
    const packed = ['oscal/catalog.json', 'oscal/component-definition.json'].map((file) => documentOf(file))
    expect(uuids(packed)).toEqual(first)
    const [control, ...others] = catalogue.controls
    if (control === undefined) throw new Error('no control')
    const changed = { ...catalogue, controls: [{ ...control, owner: 'Somebody else' }, ...others] }
    expect(uuids(await exported(changed, 0)).filter((uuid) => first.includes(uuid))).toEqual([])
  })

  test('is not written where it cannot be', async () => {
    const file = join(folder, 'file')
    await writeFile(file, '')
    await expect(exportOscal(join(file, 'in'), catalogue, 0)).rejects.toThrowWithCode('FILE_UNWRITABLE')
  })
})

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

test('the plan of action has each open deficiency with its owner, date, evaluation and milestones', () => {
  const { evaluated, repaired, closed } = deficient.deficiencies
  const plan = (documentOf('oscal/poam.json', 'deficient') as { [root]: Plan })[root]
  const of = (id: string) => ({
    item: plan['poam-items'].find(({ title }) => title.endsWith(id)),
    risk: plan.risks.find(({ title }) => title.endsWith(id)),
  })
  const { item, risk } = of(evaluated)
  expect(risk).toMatchObject({
    status: 'open',
    statement: 'None.',
    description: expect.stringContaining('cause: A key was lost. Extent: One agent.'),
    'mitigating-factors': [{ description: 'The letter was read before.' }],
  })
  expect(item?.['related-risks']).toEqual([{ 'risk-uuid': risk?.uuid }])
  expect(item?.['related-observations']).toHaveLength(1)
  const [owner] = plan.metadata.parties
  const [remediation] = risk?.remediations ?? []
  expect(remediation?.tasks.map(({ title, timing }) => [title, timing['on-date'].date])).toEqual([
    ['Somebody owns it', expect.not.stringMatching(risk?.deadline ?? '')],
    ['It is repaired', risk?.deadline],
    ['It was retested after that, and passed', risk?.deadline],
    ['It is closed by a gesture of somebody else', risk?.deadline],
  ])
  for (const task of remediation?.tasks ?? [])
    expect(task['responsible-roles']).toEqual([
      { 'role-id': 'deficiency-owner', 'party-uuids': [owner?.uuid] },
    ])
  expect(of(repaired).risk).toMatchObject({
    status: 'remediating',
    statement: expect.stringContaining('No evaluation speaks of it'),
    remediations: [{ lifecycle: 'planned', description: expect.stringContaining('said in entry') }],
  })
  // What was closed is not open.
  expect(of(closed)).toEqual({ item: undefined, risk: undefined })
  expect(JSON.stringify(documentOf('oscal/poam.json'))).not.toContain('"risks"')
})

test('the plan of a later period has what management said of the deviation before', () => {
  const plan = (documentOf('oscal/poam.json', 'later') as { [root]: Plan })[root]
  const risk = plan.risks.find(({ title }) => title.endsWith(later.deficiencies.evaluated))
  expect(risk).toMatchObject({
    statement: 'None.',
    description: expect.stringContaining('cause: A key was lost. Extent: One agent.'),
  })
})

const root = 'plan-of-action-and-milestones'
interface Plan {
  readonly metadata: { readonly parties: readonly { readonly uuid: string }[] }
  readonly 'poam-items': readonly (Record<string, unknown> & { readonly title: string })[]
  readonly risks: readonly {
    readonly uuid: string
    readonly title: string
    readonly deadline: string
    readonly remediations: readonly {
      readonly tasks: readonly {
        readonly title: string
        readonly timing: { readonly 'on-date': { readonly date: string } }
        readonly 'responsible-roles': unknown
      }[]
    }[]
  }[]
}
