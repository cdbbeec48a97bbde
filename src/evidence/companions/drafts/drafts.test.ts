/** Drafts for management to sign. spec/drafts.md */
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { describe, expect, test } from 'vitest'
import { catalogue, packedOf, toldLog } from '../../../../test/fixtures/told.ts'
import { textOf, withFile } from '../../../../test/fixtures/reported.ts'
import { nodeCrypto } from '../../../adapters/node-crypto/node-crypto.ts'
import { utf8 } from '../../../core/encoding.ts'
import { canonicalBytes, type JsonValue } from '../../../core/json.ts'
import { assembleCatalogue, gapsOf } from '../../controls/catalogue.ts'
import { verifyPack } from '../../verify/verify.ts'

const DRAFTS = [
  'drafts/assertion.html',
  'drafts/system-description.html',
  'drafts/user-entity-controls.html',
  'drafts/subservice-organizations.html',
]
const GAP = 'To be written by management'
const example = parse(readFileSync('docs/description.example.yaml', 'utf8')) as JsonValue

const log = toldLog()
const bare = await packedOf(log)
const described = await packedOf(log, { description: canonicalBytes(example) })

async function faultsOf(bytes: Uint8Array): Promise<[string, string | undefined][]> {
  const { report } = await verifyPack(nodeCrypto, bytes, bare.vkey)
  return report.faults
    .filter(({ code }) => code !== 'OUTPUT_UNATTESTED')
    .map(({ code, file }) => [code, file])
}

describe.each(DRAFTS)('%s', (file) => {
  test('says first that it is a draft that nobody signed or endorsed, and ends with a place to sign', () => {
    const html = textOf(bare, file)
    expect(html).toContain('<h1>DRAFT: ')
    expect(html).toMatch(
      /<section id="about"[^>]*><h2[^>]*>[^<]*<\/h2>\n<p class="warning">DRAFT for management/,
    )
    expect(html).toContain('No auditor and no regulator has endorsed this format.')
    expect(html).toMatch(/<dt>Name<\/dt><dd>\[not signed\]/)
  })

  test('has a gap where nobody wrote anything, and the company’s words where somebody did', () => {
    const gaps = (html: string): number => html.split(GAP).length - 1
    expect(gaps(textOf(bare, file))).toBeGreaterThan(0)
    expect(gaps(textOf(described, file))).toBeLessThan(gaps(textOf(bare, file)))
  })

  test('links to nothing that is not in the pack', () => {
    const html = textOf(described, file)
    const targets = [...html.matchAll(/href="([^"]*)"/g)].map(([, to]) => to ?? '')
    const isThere = (target: string): boolean => {
      const [name = '', fragment] = target.split('#').map(decodeURIComponent)
      const path = name === '' ? file : name.startsWith('../') ? name.slice(3) : `drafts/${name}`
      if (!described.files.has(path)) return false
      return fragment === undefined || textOf(described, path).includes(` id="${fragment}"`)
    }
    expect(targets.filter((target) => !isThere(target))).toEqual([])
  })

  test('is made again by the verifier, who names one that was edited', async () => {
    const edited = utf8(textOf(bare, file).replace('DRAFT', 'FINAL'))
    expect(await faultsOf(withFile(bare, file, edited))).toEqual([['COMPANION_MISMATCH', file]])
  })
})

test('a pack with a description verifies, and one with another description does not', async () => {
  expect(await faultsOf(described.bytes)).toEqual([])
  const other = canonicalBytes({ company: 'Other Corp' })
  const faults = await faultsOf(withFile(described, 'drafts/description.json', other))
  expect(faults.map(([, file]) => file)).toEqual(expect.arrayContaining(['drafts/assertion.html']))
})

test.each([
  ['not JSON', utf8('{')],
  ['a member that nobody reads', canonicalBytes({ company: 'Example', opinion: 'unqualified' })],
  [
    'an organization by no method',
    canonicalBytes({ subservice_organizations: [{ name: 'a', service: 'b', method: 'both' }] }),
  ],
])('a description that has %s is refused', async (_, description) => {
  await expect(packedOf(log, { description })).rejects.toThrowWithCode('PACK_DESCRIPTION_INVALID')
  expect(await faultsOf(withFile(bare, 'drafts/description.json', description))).toContainEqual([
    'COMPANION_MISMATCH',
    'drafts/description.json',
  ])
})

test('the assertion names what stands against it', () => {
  const html = textOf(bare, 'drafts/assertion.html')
  expect(html).toContain('nothing here can be signed')
  expect(html).toMatch(/test 25: deviations<\/a>/)
  expect(html).not.toContain('Not tested: <a')
})

test('the description has the components that the log knows, and no prompt but its digest', () => {
  const html = textOf(bare, 'drafts/system-description.html')
  expect(html).toContain('Versions that were approved, with what their manifests say')
  expect(html).toContain('Tool servers, with the tools that are registered')
  expect(html).toMatch(/Calls of agents pass \d+ enforcement point/)
})

describe('a criterion that management excludes', () => {
  const { criteria, frameworks, controls } = catalogue
  const excluding = (criterion: string) =>
    assembleCatalogue([
      {
        name: 'packaged',
        file: { criteria, frameworks, controls: controls.filter((one) => !one.criteria.includes('P5.1')) },
      },
      { name: 'own', file: { exclusions: [{ criterion, reason: 'We hold no personal data.' }] } },
    ])

  test('stands in the drafts with the reason, and is no gap', async () => {
    const own = excluding('P5.1')
    expect(gapsOf(own)).not.toContain('no control for criterion P5.1')
    expect(gapsOf(excluding('P4.1'))).toContain('no control for criterion P5.1')
    const html = textOf(await packedOf(log, { catalogue: own }), 'drafts/system-description.html')
    expect(html).toContain('<td>P5.1</td><td>We hold no personal data.</td>')
  })

  test('has to be one that there is', () => {
    expect(() => excluding('CC9.9')).toThrow(/exclusion: no criterion CC9.9/)
  })
})
