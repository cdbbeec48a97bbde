/** The catalogue that comes with Countersign covers what it should, and what does not hold is refused. spec/controls.md */
import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { parseControlFile, readControls } from './read.ts'
import { utf8 } from '../../../src/core/encoding.ts'
import { canonicalize } from '../../../src/core/json.ts'
import {
  assembleCatalogue,
  controlsOfTest,
  gapsOf,
  readCatalogue,
} from '../../../src/evidence/controls/catalogue.ts'

const catalogue = await readControls()
const folder = await mkdtemp(join(tmpdir(), 'controls-'))
afterAll(() => rm(folder, { recursive: true }))

/** Written here a second time, so that a line that gets lost in a file is missed. */
const TOUCHED =
  'CC4.1 CC4.2 CC6.1 CC6.2 CC6.3 CC6.6 CC6.8 CC7.2 CC7.3 CC7.4 CC7.5 CC8.1 CC9.2 A1.1 A1.2 A1.3 C1.1 C1.2 PI1.1 PI1.2 PI1.3 PI1.4 PI1.5 P1.1 P2.1 P3.2 P4.1 P4.2 P4.3 P5.1 P5.2 P6.1 P6.2 P6.3 P6.4 P6.5 P6.6 P6.7 P8.1'.split(
    ' ',
  )
/** By number of the test. */
const CRITERIA: Readonly<Record<number, string>> = {
  1: 'CC6.1',
  2: 'CC6.2',
  3: 'CC6.2',
  4: 'CC6.3',
  5: 'CC6.3',
  6: 'CC6.3',
  7: 'CC6.3',
  8: 'CC6.1',
  9: 'CC6.1 CC6.6',
  10: 'CC6.8',
  11: 'CC7.2',
  12: 'CC7.2',
  13: 'CC7.3',
  14: 'CC7.4',
  15: 'CC7.4 CC7.5',
  16: 'CC7.4',
  17: 'CC8.1',
  18: 'CC8.1',
  19: 'CC4.1 CC4.2',
  20: 'CC9.2',
  21: 'A1.1',
  22: 'A1.2 A1.3',
  23: 'C1.1',
  24: 'C1.2 P4.3',
  25: 'PI1.3 PI1.4',
  26: 'PI1.4',
  27: 'PI1.5',
  28: 'P1.1 P2.1',
  29: 'P4.1 P6.1',
  30: 'P2.1 P6.2 P6.7',
  31: 'CC6.1 CC6.2 CC6.3',
  32: 'CC6.2 CC6.3',
  33: 'CC6.1',
  34: 'P5.1 P5.2 P6.3 P6.6 P8.1',
}
const CLAUSES: Readonly<Record<string, string>> = {
  'eu-ai-act': '12,14(4)(a),14(4)(b),14(4)(c),14(4)(d),14(4)(e),19,26(2),26(5),26(6),50,50(2)',
  'iso-42001': 'A.3.2,A.6.2.6,A.6.2.8,A.8.4,A.9.2,A.10.2',
  'nist-ai-rmf': 'GOVERN 1.6,GOVERN 2.1,GOVERN 3.2,MAP 3.5,MEASURE 2.4,MANAGE 2.4,MANAGE 4.1,MANAGE 4.3',
  dpdpa: '5,6(1),6(3),6(4),6(6),6(7),6(10)',
  gdpr: '7(1),7(3),22',
  ccpa: '1798.120,1798.135',
}

describe('the catalogue that comes with Countersign', () => {
  test('has the 61 criteria, and those that agents touch each have a control', () => {
    expect(catalogue.criteria).toHaveLength(61)
    expect(catalogue.criteria.filter(({ agents }) => agents).map(({ id }) => id)).toEqual(TOUCHED)
    const mapped = new Set(catalogue.controls.flatMap((control) => control.criteria))
    expect(TOUCHED.filter((id) => !mapped.has(id))).toEqual([])
  })

  test.each(Object.entries(CRITERIA))('has a control of the criteria of test %s', (number, criteria) => {
    const mapped = controlsOfTest(catalogue, Number(number)).flatMap((control) => control.criteria)
    expect(mapped).toEqual(expect.arrayContaining(criteria.split(' ')))
  })

  test('maps every clause of every framework, with date and source where the law has them', () => {
    expect(
      Object.fromEntries(
        catalogue.frameworks.map(({ id, clauses }) => [id, clauses.map((clause) => clause.id).join(',')]),
      ),
    ).toEqual(CLAUSES)
    expect(gapsOf(catalogue)).toEqual([])
    const dated = catalogue.frameworks.filter(({ id }) => !['iso-42001', 'nist-ai-rmf'].includes(id))
    expect(
      dated.flatMap(({ clauses }) => clauses).filter(({ from, source }) => from === null || source === null),
    ).toEqual([])
    const act = catalogue.frameworks.find(({ id }) => id === 'eu-ai-act')
    const from = Object.fromEntries((act?.clauses ?? []).map((clause) => [clause.id, clause.from]))
    expect(from).toMatchObject({ '14(4)(e)': '2027-12-02', '50': '2026-08-02', '50(2)': '2026-12-02' })
    expect(act?.note).toContain('EUR 15 million')
  })

  test('reads back from its own bytes', () => {
    expect(readCatalogue(utf8(canonicalize(catalogue)))).toEqual(catalogue)
  })
})

const CONTROL = `controls:
  - id: ACME-01
    title: Our own
    statement: Ours holds.
    criteria: [CC6.1]
    clauses: { acme: ['1'] }
    frequency: monthly
    owner: Head of ours
    thresholds: {}
    tests: [{ number: 1, procedure: Look., population: agents, attributes: [ours] }]
frameworks:
  - id: acme
    title: Our policy
    version: '1'
    source: https://acme.example/policy
    note: null
    clauses: [{ id: '1', title: Ours, from: null, source: null }]
settings:
  - { control: CSN-AC-05, owner: Head of ours, thresholds: { latency_ms_max: 100 } }
`

describe('a company', () => {
  test('adds controls and frameworks, and sets what is its own, in files', async () => {
    await writeFile(join(folder, 'acme.yaml'), CONTROL)
    const { controls } = await readControls(folder)
    expect(controls).toHaveLength(catalogue.controls.length + 1)
    expect(controls[0]).toMatchObject({ id: 'ACME-01', clauses: { acme: ['1'] } })
    expect(controls.find(({ id }) => id === 'CSN-AC-05')).toMatchObject({
      owner: 'Head of ours',
      frequency: 'on_occurrence',
      thresholds: { deviations_max: 0, latency_ms_max: 100 },
    })
  })

  test('is told of a folder that is not there or has no file', async () => {
    await expect(readControls(join(folder, 'none'))).rejects.toThrowWithCode('CONTROLS_INVALID')
    await expect(readControls(tmpdir())).rejects.toThrowWithCode('CONTROLS_INVALID')
  })
})

describe('is refused', () => {
  test.each([
    ['a member that is not understood', CONTROL.replace('title: Our own', 'title: Our own\n    code: run()')],
    ['a key that is there twice', CONTROL.replace('title: Our own', 'title: Our own\n    title: Other')],
    ['an alias', CONTROL.replace('title: Our own', 'title: &a Our own').replace('Ours holds.', '*a')],
    ['a test that no pack has', CONTROL.replace('number: 1,', 'number: 35,')],
    ['a date that is none', CONTROL.replace('from: null', 'from: soon')],
    ['a source that is no address', CONTROL.replace('https://acme.example/policy', 'javascript:alert(1)')],
    ['what is not YAML', 'controls: [}'],
  ])('%s', (_, text) => {
    expect(() => parseControlFile(text, 'acme.yaml')).toThrowWithCode('CONTROLS_INVALID')
  })

  test.each([
    ['a control that is there twice', CONTROL.replace('ACME-01', 'CSN-AC-01')],
    ['a criterion that nobody defines', CONTROL.replace('CC6.1', 'CC9.9')],
    ['a clause that nobody defines', CONTROL.replace("acme: ['1']", "acme: ['2']")],
    [
      'a narrative that asks for what no log answers',
      `${CONTROL}  - { control: CSN-AC-01, narrative: ['{weather}'] }\n`,
    ],
    ['settings of a control that nobody defines', CONTROL.replace('CSN-AC-05', 'CSN-AC-99')],
  ])('%s', (_, text) => {
    const own = { name: 'acme.yaml', file: parseControlFile(text, 'acme.yaml') }
    const assemble = (): unknown => assembleCatalogue([{ name: 'packaged', file: packaged }, own])
    expect(assemble).toThrowWithCode('CONTROLS_INVALID')
    expect(assemble).toThrow(/^acme\.yaml: /)
  })

  const { criteria, frameworks, controls } = catalogue
  const packaged = { criteria, frameworks, controls }
})

test('names what no control covers', () => {
  const { criteria, frameworks, controls } = catalogue
  const fewer = controls.filter(({ id }) => id !== 'CSN-DR-01')
  const gaps = gapsOf(assembleCatalogue([{ name: 'some', file: { criteria, frameworks, controls: fewer } }]))
  expect(gaps).toEqual(['no control for test 11'])
})

describe('countersign controls', () => {
  const run = (
    ...args: string[]
  ): { readonly status: number | null; readonly stdout: string; readonly stderr: string } => {
    const main = fileURLToPath(new URL('../main.ts', import.meta.url))
    const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'controls', ...args], {
      encoding: 'utf8',
    })
    return { status, stdout, stderr }
  }

  test('check passes what comes with it, and says what a company does not cover', async () => {
    const { status, stdout } = run('check', '--json')
    expect(JSON.parse(stdout)).toEqual({ controls: 34, criteria: 61, frameworks: 6, gaps: [] })
    expect(status).toBe(0)
    const own = await mkdtemp(join(folder, 'own-'))
    await writeFile(join(own, 'acme.yaml'), CONTROL.replace("clauses: { acme: ['1'] }", 'clauses: {}'))
    const failed = run('check', '--json', '--controls', own)
    expect(JSON.parse(failed.stdout)).toMatchObject({ gaps: ['no control for acme 1'] })
    expect(failed.status).toBe(1)
  })

  test('show says what a control is mapped to, from when and by which source', () => {
    const { stdout } = run('show', 'CSN-PI-01')
    expect(stdout).toContain('EU AI Act 50: People are told, and content is marked, applies from 2026-08-02')
    expect(stdout).toContain('Not legal advice.')
    const none = run('show', 'CSN-PI-99', '--json')
    expect(none.status).not.toBe(0)
    expect(none.stdout).toContain('ARGUMENT_INVALID')
  })

  test('export writes the catalogue as OSCAL, and says where', async () => {
    const own = await mkdtemp(join(folder, 'oscal-'))
    const files = ['catalog.json', 'component-definition.json'].map((name) => join(own, name))
    expect(JSON.parse(run('export', '--json', '--oscal', own).stdout)).toEqual({ files })
    const { catalog } = JSON.parse(await readFile(files[0] ?? '', 'utf8'))
    expect(catalog.metadata.title).toBe('Controls over AI agents')
    expect(run('export').status).toBe(2)
  })

  test('a file that does not hold is named, with its line', async () => {
    const own = await mkdtemp(join(folder, 'own-'))
    await writeFile(join(own, 'acme.yaml'), 'controls: []\ncontrols: []\n')
    const { status, stdout } = run('list', '--json', '--controls', own)
    expect(status).not.toBe(0)
    expect(stdout).toContain('CONTROLS_INVALID')
    expect(stdout).toContain('acme.yaml:2')
  })
})
