/** Samples that a log says were drawn, and what a verifier makes of them. spec/samples.md (SMP-1 to SMP-8). */
import { describe, expect, test } from 'vitest'
import { HOUR_MS } from '../../../test/fixtures/control-log.ts'
import { ALICE } from '../../../test/fixtures/history.ts'
import { ownCatalogue } from '../../../test/fixtures/reported.ts'
import { NONCE, PERIOD, Sampled } from '../../../test/fixtures/sampled.ts'
import { nodeCrypto } from '../../adapters/node-crypto/node-crypto.ts'
import { fromUtf8, utf8 } from '../../core/encoding.ts'
import { rfc3339 } from '../../core/time.ts'
import { decodeEntry } from '../../log/entries.ts'
import type { Drawn } from '../../log/sample-bodies.ts'
import { readArchive, writeArchive } from '../pack/archive.ts'
import { verifyPack } from '../verify/verify.ts'
import { FROZEN_TREES_MAX, sampleFile } from './samples.ts'

describe('a sample', () => {
  test("by the auditor's nonce, after the frozen population was seen outside, verifies and has its items", async () => {
    const company = new Sampled()
    company.anchored()
    const pack = await company.pack()
    expect(await company.codes(pack)).toEqual([])
    const file = JSON.parse(fromUtf8(readArchive(pack).get(sampleFile('smp_1')) ?? new Uint8Array())) as {
      by: string
      rows: { item: { action: string } }[]
    }
    expect(file.by).toBe('auditor')
    expect(file.rows.map(({ item }) => item.action)).toHaveLength(4)
  })

  test("without a nonce is management's, anchored or not", async () => {
    const company = new Sampled()
    company.draw()
    const pack = await company.pack()
    expect(await company.codes(pack)).toEqual([])
    expect(fromUtf8(readArchive(pack).get(sampleFile('smp_1')) ?? new Uint8Array())).toContain(
      '"by":"management"',
    )
  })

  test('verifies too when what is frozen has changed since', async () => {
    const company = new Sampled()
    company.anchored()
    // A receipt of the period that comes late.
    company.control.call(company.control.chain, { time: rfc3339(PERIOD.to_ms - HOUR_MS) })
    expect(await company.codes()).toEqual([])
  })

  test.each<[string, Partial<Drawn>, string]>([
    ['other rows than its seed draws', { rows: [0, 1, 2, 3] }, 'SAMPLE_ROWS'],
    ['another size than its frequency has', { frequency: 'many_times_a_day' }, 'SAMPLE_ROWS'],
    ['another test than that population is of', { test: 5 }, 'SAMPLE_POPULATION'],
    ['a root that this log does not have', { tree: { size: 5, root: 'A'.repeat(43) } }, 'SAMPLE_UNANCHORED'],
    ['a nonce before anybody outside saw it', { nonce: NONCE }, 'SAMPLE_UNANCHORED'],
  ])('with %s is found', async (_, bend, code) => {
    const company = new Sampled()
    company.draw(bend)
    expect(await company.codes()).toEqual([code])
  })

  test('after a later anchor than the first is found: nobody chooses among anchors', async () => {
    const company = new Sampled()
    company.control.anchor()
    company.control.pass(HOUR_MS, { anchored: false })
    company.anchored()
    expect(await company.codes()).toEqual(['SAMPLE_UNANCHORED'])
  })

  test('after a mail is found, and after the first anchor behind it holds: only its receiver can tell of a mail', async () => {
    const company = new Sampled()
    const mailed = { tree: company.control.rootNow(), anchor: company.control.anchor({ kind: 'mail' }) }
    company.draw({ ...mailed, nonce: NONCE }, 'smp_0')
    company.anchored()
    const { report } = await verifyPack(nodeCrypto, await company.pack(), company.control.log.vkey)
    expect(report.faults).toMatchObject([
      { code: 'SAMPLE_UNANCHORED', message: expect.stringContaining('smp_0') },
    ])
  })

  test('of a population that was frozen with another digest is found', async () => {
    const company = new Sampled()
    const [from, to] = [rfc3339(PERIOD.from_ms), rfc3339(PERIOD.to_ms)]
    const { log } = company.control
    const tree = company.control.rootNow()
    const populations = [{ name: 'decisions', count: 12, sha256: '00'.repeat(32) }]
    const body = { engagement: '2026', from, to, tree, populations }
    const frozen = log.add('population.frozen', company.control.person(ALICE), 'frz_2', body)
    company.draw({ frozen })
    expect(await company.codes()).toContain('SAMPLE_POPULATION')
  })
})

test('whoever knows the nonce cannot look for a name, of a control or an engagement, that draws what they like', async () => {
  const company = new Sampled()
  const rowsOf = (index: number): unknown =>
    (decodeEntry(company.control.log.entries[index] ?? new Uint8Array()).body as Partial<Drawn>).rows
  const drawn = [company.anchored(), company.anchored({ control: 'test 9 ' }, 'smp_2')]
  expect(rowsOf(drawn[1] ?? 0)).toEqual(rowsOf(drawn[0] ?? 0))
  expect(await company.codes()).toEqual([])
})

describe('a reader is told', () => {
  test('that what outsiders said of the log is the word of the log: its tokens are not in a pack', async () => {
    const company = new Sampled()
    company.anchored()
    const { report } = await verifyPack(nodeCrypto, await company.pack(), company.control.log.vkey)
    expect(report.not_checked.filter((each) => each.includes('anchors'))).toHaveLength(1)
  })

  const notes = async (company: Sampled): Promise<string[]> => {
    const { report } = await verifyPack(nodeCrypto, await company.pack(), company.control.log.vkey)
    return report.notes.filter((note) => note.includes('frozen'))
  }

  test('where a population was frozen more than once: there was a choice of what to draw from', async () => {
    const company = new Sampled()
    expect(await notes(company)).toEqual([])
    company.freeze('2026 ', PERIOD)
    expect(await notes(company)).toEqual([
      '2 populations were frozen more than once for the same period: whoever drew had the choice of which',
    ])
  })

  test('of what was drawn of a period that reaches past that of the pack, and so is not in it', async () => {
    const company = new Sampled()
    const frozen = company.freeze('2026', { ...PERIOD, from_ms: PERIOD.from_ms - 1 })
    company.draw({ frozen }, 'smp_2')
    expect(await notes(company)).toEqual([
      '1 sample was drawn of a frozen period that reaches past that of this pack: it is not in it',
    ])
  })
})

test('of so many freezings that nobody would be done computing them again, the ones past the limit are found', async () => {
  const company = new Sampled()
  company.draw({ size: 1 }, 'smp_0')
  for (let n = 1; n <= FROZEN_TREES_MAX; n++) {
    const frozen = company.freezeLater()
    const size = frozen + 1
    const tree = { size, root: company.control.rootNow().root }
    company.draw({ frozen, tree, size: 1 }, `smp_${n}`)
  }
  const { report } = await verifyPack(nodeCrypto, await company.pack(), company.control.log.vkey)
  expect(report.faults.map(({ code, message }) => [code, message.split(' ')[0]])).toEqual([
    ['SAMPLE_POPULATION', `smp_${FROZEN_TREES_MAX}`],
  ])
})

test('the story of every item stands on one page, with links that lead somewhere', async () => {
  const company = new Sampled()
  company.anchored()
  company.draw({ population: 'active_agents', test: 1, control: 'test 1', size: 1 }, 'smp_2')
  const bytes = await company.pack({ catalogue: await ownCatalogue(), print: null })
  expect(await company.codes(bytes)).toEqual([])
  const files = readArchive(bytes)
  const page = fromUtf8(files.get('samples.html') ?? new Uint8Array())
  expect(page.match(/id="action-/g)).toHaveLength(4)
  expect(page).toContain('Who authorized the agent?')
  const ids = new Set([...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id))
  const report = fromUtf8(files.get('report.html') ?? new Uint8Array())
  for (const [, id] of page.matchAll(/href="#([^"]+)"/g)) expect(ids.has(id)).toBe(true)
  for (const [, id] of page.matchAll(/href="report\.html#([^"]+)"/g)) expect(report).toContain(`id="${id}"`)
  for (const [, id] of report.matchAll(/href="samples\.html#([^"]+)"/g)) expect(ids.has(id)).toBe(true)
})

test('a pack whose sample was edited, left out or made up says so', async () => {
  const company = new Sampled()
  company.draw()
  const pack = await company.pack()
  const changed = (change: (files: Map<string, Uint8Array>) => void) => {
    const files = new Map(readArchive(pack))
    change(files)
    return company.codes(writeArchive(files))
  }
  const name = sampleFile('smp_1')
  expect(await changed((files) => void files.set(name, utf8('{}')))).toEqual(
    expect.arrayContaining(['FILE_CHANGED', 'SAMPLE_MISMATCH']),
  )
  expect(await changed((files) => void files.delete(name))).toEqual(
    expect.arrayContaining(['FILE_MISSING', 'SAMPLE_MISMATCH']),
  )
  expect(await changed((files) => void files.set(sampleFile('smp_2'), utf8('{}')))).toContain('FILE_EXTRA')
})
