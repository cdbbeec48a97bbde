/** Policy templates: each rule names controls that there are, and every control is named. spec/drafts.md (DFT-8, DFT-9) */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { readControls } from './controls/read.ts'
import { filled, placeholdersIn, policyTemplate, policyTemplates, writePolicies } from './policies.ts'

const templates = await policyTemplates()
const { controls } = await readControls()
const folder = await mkdtemp(join(tmpdir(), 'policies-'))
afterAll(() => rm(folder, { recursive: true }))

test('every control that a policy names exists, and every control is named by some policy', () => {
  const named = new Set(templates.flatMap((template) => template.controls))
  expect([...named].toSorted()).toEqual(controls.map(({ id }) => id).toSorted())
})

describe.each(templates.map((template) => [template.name, template] as const))('%s', (_, template) => {
  test('has a title, an owner to fill in, a scope and numbered rules that name controls', () => {
    expect(template.title).not.toBe('')
    expect(template.placeholders).toEqual(expect.arrayContaining(['OWNER_ROLE', 'APPROVER', 'DATE']))
    expect(template.text).toContain('## Purpose and scope')
    const rules = [...template.text.matchAll(/^\d+\. \*\*/gm)]
    expect(rules.length).toBeGreaterThanOrEqual(5)
    const evidenced = [...template.text.matchAll(/^\d+\. .*\[CSN-[A-Z]+-\d+\]/gm)]
    expect(evidenced.length).toBeGreaterThanOrEqual(rules.length - 2)
  })
})

test('what is given is filled in, what is not stays to be seen', () => {
  const own = filled('{{COMPANY}} asks {{OWNER_ROLE}}.', new Map([['COMPANY', 'Example Corp']]))
  expect(own).toBe('Example Corp asks {{OWNER_ROLE}}.')
  expect(placeholdersIn(own)).toEqual(['OWNER_ROLE'])
})

test('all are written, and none over a file that is there', async () => {
  const out = join(folder, 'own')
  const files = await writePolicies(out, templates, new Map([['COMPANY', 'Example Corp']]))
  expect(files).toHaveLength(templates.length)
  expect(await readFile(join(out, 'agent-access.md'), 'utf8')).toContain('the systems of Example Corp')
  await expect(writePolicies(out, templates, new Map())).rejects.toThrowWithCode('FILE_UNWRITABLE')
})

test('a name that is none is refused', async () => {
  await expect(policyTemplate('nothing')).rejects.toThrowWithCode('ARGUMENT_INVALID')
})
