/** Report, OSCAL and companions: made again by the verifier, and every change named. spec/report.md (RPT-1, RPT-10) */
import { describe, expect, test } from 'vitest'
import { HOSTILE, reportedPack, textOf, withFile } from '../../../test/fixtures/reported.ts'
import { nodeCrypto } from '../../adapters/node-crypto/node-crypto.ts'
import { utf8 } from '../../core/encoding.ts'
import { verifyPack } from './verify.ts'

const pack = await reportedPack()
const HTML = [
  'report.html',
  'article-14.html',
  'compliance-stack.html',
  'narratives.html',
  'walkthroughs.html',
]

async function faultsOf(bytes: Uint8Array): Promise<[string, string | undefined][]> {
  const { report } = await verifyPack(nodeCrypto, bytes, pack.vkey)
  return report.faults
    .filter(({ code }) => code !== 'OUTPUT_UNATTESTED')
    .map(({ code, file }) => [code, file])
}

describe('a pack with a catalogue', () => {
  test('has every file, and the same bytes when it is built again', async () => {
    expect([...pack.files.keys()]).toEqual(
      expect.arrayContaining([
        ...HTML,
        'report.pdf',
        'controls/catalogue.json',
        'oscal/catalog.json',
        'oscal/component-definition.json',
        'oscal/assessment-plan.json',
        'oscal/assessment-results.json',
        'oscal/poam.json',
        'populations/decisions.csv',
      ]),
    )
    const again = await reportedPack()
    expect(Buffer.compare(Buffer.from(again.bytes), Buffer.from(pack.bytes))).toBe(0)
  })

  test('verifies, and says that the PDF alone was not made again', async () => {
    expect(await faultsOf(pack.bytes)).toEqual([])
    const { report } = await verifyPack(nodeCrypto, pack.bytes, pack.vkey)
    expect(report.not_checked.filter((each) => each.includes('report.pdf'))).toHaveLength(1)
  })

  test.each([...HTML, 'oscal/assessment-results.json', 'oscal/poam.json', 'oscal/catalog.json'])(
    '%s that says something else is named, though every digest was recomputed',
    async (file) => {
      const edited = utf8(
        textOf(pack, file).replace('Simulated', 'Measured').replace('simulated', 'measured'),
      )
      expect(await faultsOf(withFile(pack, file, edited))).toEqual([['COMPANION_MISMATCH', file]])
    },
  )

  test('begins its report with what it is, until when, and who made it with what', async () => {
    const [, cover = ''] = /<div class="cover">(.*?)<\/div>/s.exec(textOf(pack, 'report.html')) ?? []
    const words = cover.replaceAll(/<[^>]+>/g, ' ').replaceAll(/\s+/g, ' ')
    for (const said of [
      'Evidence report',
      pack.log.vkey.split('+')[0] ?? '',
      '(included) to',
      'interim: the log ends',
      'countersign/0.1.0',
      '0'.repeat(64),
      pack.log.runner,
      'Nobody has endorsed this format',
    ])
      expect(words).toContain(said)
    const other = textOf(pack, 'report.html').replaceAll(pack.log.runner, 'per_mallory')
    expect(await faultsOf(withFile(pack, 'report.html', utf8(other)))).toEqual([
      ['COMPANION_MISMATCH', 'report.html'],
    ])
  })

  test('a file that is missing, or that no pack has, is named', async () => {
    expect(await faultsOf(withFile(pack, 'report.html', null))).toEqual([['FILE_MISSING', 'report.html']])
    expect(await faultsOf(withFile(pack, 'report.js', utf8('run()')))).toEqual([['FILE_EXTRA', 'report.js']])
  })

  test('a report without the catalogue that it was made of is one too many', async () => {
    const faults = await faultsOf(withFile(pack, 'controls/catalogue.json', null))
    expect(faults).toContainEqual(['FILE_EXTRA', 'report.html'])
  })

  test('a CSV that differs from its rows is named', async () => {
    const edited = utf8(textOf(pack, 'populations/decisions.csv').replace('deny', 'allow'))
    expect(await faultsOf(withFile(pack, 'populations/decisions.csv', edited))).toEqual([
      ['POPULATION_MISMATCH', 'populations/decisions.jsonl'],
    ])
  })

  test.each(['{', '{"v":1}', '[]'])('a catalogue that is none (%s) is named', async (text) => {
    expect(await faultsOf(withFile(pack, 'controls/catalogue.json', utf8(text)))).toEqual([
      ['COMPANION_MISMATCH', 'controls/catalogue.json'],
    ])
  })
})

describe('the documents', () => {
  test.each(HTML)(
    '%s links to nothing that is not there, runs nothing, and escapes what the log says',
    (file) => {
      const html = textOf(pack, file)
      expect(
        /<script|<[^>]*\son\w+=|<iframe|<object|<link|javascript:|url\(/i.exec(html)?.[0],
      ).toBeUndefined()
      expect(html.includes('<img')).toBe(false)
      expect(html.includes('\u202e')).toBe(false)
      const targets = [...html.matchAll(/href="([^"]*)"/g)].map(([, to]) => to ?? '')
      expect(targets.length).toBeGreaterThan(10)
      const isThere = (target: string): boolean => {
        const [name = '', fragment] = target.split('#').map(decodeURIComponent)
        if (name !== '' && !pack.files.has(name)) return false
        return (
          fragment === undefined || (name === '' ? html : textOf(pack, name)).includes(` id="${fragment}"`)
        )
      }
      expect(targets.filter((target) => !isThere(target))).toEqual([])
      const ids = [...html.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id)
      expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([])
    },
  )

  test.each(HTML)('%s says what it is: simulated, endorsed by nobody, no opinion, no advice', (file) => {
    const html = textOf(pack, file)
    expect(html).toContain('<aside class="simulated"')
    expect(html).toContain('@top-left { content: "Simulated data')
    expect(html).toContain('Nobody has endorsed this format')
    expect(html).toContain('the opinion is the auditor’s')
    expect(html).toContain('Not legal advice')
  })

  test('the report has every test, the deviation with its entry, and the text of that entry', () => {
    const html = textOf(pack, 'report.html')
    for (let number = 1; number <= 34; number++) expect(html).toContain(`id="test-${number}"`)
    const deviations = html.slice(html.indexOf('Deviations of test 25'))
    expect(deviations.slice(0, deviations.indexOf('</table>'))).toContain(`href="#e${pack.unattested}"`)
    expect(html).toContain(`<pre id="e${pack.unattested}"`)
    expect(html.slice(html.indexOf(`<pre id="e${pack.unattested}"`))).toMatch(/^.*output\.released/)
    expect(html).toContain('did not occur')
    expect(HOSTILE).toContain('<img')
    expect(html).toContain('&lt;img src=x onerror=alert(1)&gt;\\u{202e}txt')
  })

  test('the story of an action answers the three questions, and of a denial that nobody authorized it', () => {
    const html = textOf(pack, 'report.html')
    const story = (action: string): string => {
      const from = html.indexOf(`<h3 id="action-${action}">`)
      const next = html.indexOf('<h3 ', from + 1)
      return html.slice(from, next === -1 ? undefined : next)
    }
    const [allowed = '', denied = ''] = pack.actions
    expect(story(allowed)).toMatch(/Who authorized the agent\?.*principal: <code>per_/s)
    expect(story(allowed)).toMatch(/Under what scope\?.*delegation <code>dlg_/s)
    expect(story(allowed)).toMatch(/Where is the evidence\?.*href="#e\d+"/s)
    expect(story(denied)).toContain('Nobody: it was not allowed.')
  })

  test('the Article 14 file has the five points, with dates and sources', () => {
    const html = textOf(pack, 'article-14.html')
    for (const point of ['a', 'b', 'c', 'd', 'e'])
      expect(html).toContain(`<h2 id="point-${point}-h">14(4)(${point})`)
    expect(html).toContain('applies from 2027-12-02')
    expect(html).toContain('applies from 2026-08-02')
  })
})
