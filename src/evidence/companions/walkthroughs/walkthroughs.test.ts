/** Walkthroughs: one item of each control from beginning to end. spec/narratives.md (NAR-9 to NAR-12) */
import { describe, expect, test } from 'vitest'
import { catalogue, packedOf, toldLog } from '../../../../test/fixtures/told.ts'
import { textOf, withFile } from '../../../../test/fixtures/reported.ts'
import { nodeCrypto } from '../../../adapters/node-crypto/node-crypto.ts'
import { utf8 } from '../../../core/encoding.ts'
import { parseJson } from '../../../core/json.ts'
import { decodeEntry } from '../../../log/entries.ts'
import { verifyPack } from '../../verify/verify.ts'

const log = toldLog()
const pack = await packedOf(log)
const html = textOf(pack, 'walkthroughs.html')

/** The part of the page about a control, or with another heading. */
function section(id: string): string {
  const from = html.indexOf(`<section id="${id}"`)
  return html.slice(from, html.indexOf('</section>', from))
}

/** Entries of the steps, in their order. */
function stepsOf(id: string): number[] {
  const steps = section(id)
  const table = steps.slice(steps.indexOf('from beginning to end'), steps.indexOf('</table>'))
  return [...table.matchAll(/<td><a href="#e(\d+)">/g)].map(([, index]) => Number(index))
}

function typesOf(id: string): string[] {
  return stepsOf(id).map((index) => decodeEntry(log.control.log.entries[index] ?? new Uint8Array(0)).type)
}

describe('each control', () => {
  test.each(catalogue.controls.map(({ id }) => [id]))('%s has an item, or says why it has none', (id) => {
    const its = section(id)
    const empty = its.includes('No item to walk through')
    expect(stepsOf(id).length > 0).toBe(!empty)
    if (empty) expect(its).toMatch(/it did not occur|no population of the log tells of it/)
    expect(stepsOf(id)).toEqual(stepsOf(id).toSorted((a, b) => a - b))
  })

  test('the steps of one go from who asked to what came of it', () => {
    expect(typesOf('CSN-AC-02')).toEqual(
      expect.arrayContaining(['person.enrolled', 'agent.proposed', 'agent.approved', 'agent.key_added']),
    )
    expect(typesOf('CSN-AC-03')).toEqual(
      expect.arrayContaining(['person.endorsed', 'chain.segment', 'delegation.issued', 'agent.approved']),
    )
    expect(typesOf('CSN-AC-05')).toContain('revocation')
    expect(typesOf('CSN-DR-04')).toEqual(
      expect.arrayContaining(['incident.opened', 'incident.contained', 'incident.noted', 'incident.closed']),
    )
    expect(typesOf('CSN-CH-01')).toEqual(expect.arrayContaining(['person.enrolled', 'person.endorsed']))
    expect(typesOf('CSN-PR-03')).toEqual([
      'data_subject.added',
      'consent.given',
      'consent.withdrawn',
      'revocation',
    ])
  })

  test('a call is told as the three questions, too', () => {
    expect(section('CSN-AC-09')).toContain('Who authorized the agent?')
  })
})

test('the item is the one that the hash of its population and the root of the log give', () => {
  const chosen = [...section('CSN-AC-09').matchAll(/row (\d+) of (\d+) of/g)][0] ?? []
  const rows = textOf(pack, 'populations/decisions.jsonl').trimEnd().split('\n')
  expect(Number(chosen[2])).toBe(rows.length)
  const root = textOf(pack, 'checkpoint').split('\n')[2] ?? ''
  const sha256 = Buffer.from(nodeCrypto.sha256(utf8(textOf(pack, 'populations/decisions.jsonl')))).toString(
    'hex',
  )
  const seed = nodeCrypto.sha256(
    utf8(`countersign/walkthrough/v1\0${JSON.stringify(['CSN-AC-09', sha256, root])}`),
  )
  const place = Number(BigInt(`0x${Buffer.from(seed).toString('hex')}`) % BigInt(rows.length))
  expect(Number(chosen[1])).toBe(place + 1)
  expect(section('CSN-AC-09')).toContain((parseJson(rows[place] ?? '') as { action: string }).action)
})

test('the kill switch is told from the drill in production, with every point and the entries', () => {
  const its = section('kill-switch')
  expect(its).toContain('1 of 1 points denied: the first after 5 ms, the last after 5 ms.')
  expect(its).toContain('Lifted by 2 people')
  expect(its).toMatch(/Kill pulled by<\/dt><dd><code>per_[^<]*<\/code> at [^(]*\(<a href="#e\d+">/)
})

describe('registers in the report', () => {
  const report = textOf(pack, 'report.html')
  test.each([
    ['drills', '<h3 id="drill-'],
    ['incidents', '<h3 id="incident-'],
  ])('%s are told one by one', (population, start) => {
    const rows = textOf(pack, `populations/${population}.jsonl`).trimEnd().split('\n')
    expect([...report.matchAll(new RegExp(start, 'g'))]).toHaveLength(rows.length)
  })

  test('reviews of access are told with their frozen list, their reviewers and what was acted on', () => {
    const its = report.slice(
      report.indexOf('<section id="access-reviews"'),
      report.indexOf('<section id="actions"'),
    )
    expect(its).toMatch(/<dt>Frozen list<\/dt><dd>\d+ items, SHA-256 <code>/)
    expect(its).toMatch(/<dt>To be acted on<\/dt><dd>1, of which 1 were/)
    expect(its).toContain('Reviewers of acr_')
  })

  test('a register without rows says that it did not occur', async () => {
    const before = { from_ms: log.period.from_ms - 2, to_ms: log.period.from_ms - 1 }
    const none = textOf(await packedOf({ ...log, period: before }), 'report.html')
    for (const words of ['no closed drill', 'no incident', 'no review'])
      expect(none.includes(`It did not occur: ${words} in the period`)).toBe(true)
  })
})

test('a walkthrough that says something else is named', async () => {
  const edited = withFile(pack, 'walkthroughs.html', utf8(html.replace('after 5 ms', 'after 1 ms')))
  const { report } = await verifyPack(nodeCrypto, edited, pack.vkey)
  expect(report.faults.map(({ code, file }) => [code, file])).toContainEqual([
    'COMPANION_MISMATCH',
    'walkthroughs.html',
  ])
})
