/** Narratives of controls: every fact has its evidence, and what changed is shown. spec/narratives.md */
import { describe, expect, test } from 'vitest'
import { catalogue, packedOf, toldLog, type ToldPack } from '../../../../test/fixtures/told.ts'
import { withFile } from '../../../../test/fixtures/reported.ts'
import { nodeCrypto } from '../../../adapters/node-crypto/node-crypto.ts'
import { fromUtf8, utf8 } from '../../../core/encoding.ts'
import { canonicalBytes, parseJson } from '../../../core/json.ts'
import { assembleCatalogue } from '../../controls/catalogue.ts'
import type { Catalogue, ControlFile } from '../../controls/schema.ts'
import { verifyPack } from '../../verify/verify.ts'
import { readNarratives, type NarrativesFile } from './schema.ts'

const log = toldLog()
const pack = await packedOf(log)

function narrativesIn({ files }: ToldPack): NarrativesFile {
  return readNarratives(files.get('narratives.json') ?? new Uint8Array(0))
}

/** The packaged catalogue with settings of a company's own. */
function settled(...settings: NonNullable<ControlFile['settings']>): Catalogue {
  const { criteria, frameworks, controls } = catalogue
  return assembleCatalogue([
    { name: 'packaged', file: { criteria, frameworks, controls } },
    { name: 'own.yaml', file: { settings } },
  ])
}

function rowsIn({ files }: ToldPack, population: string): unknown[] {
  const text = fromUtf8(files.get(`populations/${population}.jsonl`) ?? new Uint8Array(0))
  return text.split('\n').flatMap((line) => (line === '' ? [] : [parseJson(line)]))
}

const sentencesOf = (from: ToldPack, id: string): string[] =>
  narrativesIn(from)
    .controls.find(({ control }) => control === id)
    ?.sentences.map(({ text }) => text) ?? []

async function faultsOf(bytes: Uint8Array): Promise<[string, string | undefined][]> {
  const { report } = await verifyPack(nodeCrypto, bytes, pack.vkey)
  return report.faults
    .filter(({ code }) => code !== 'OUTPUT_UNATTESTED')
    .map(({ code, file }) => [code, file])
}

describe('the narratives that come with Countersign', () => {
  test('tell of every control', () => {
    expect(narrativesIn(pack).controls.map(({ control }) => control)).toEqual(
      catalogue.controls.map(({ id }) => id),
    )
    expect(catalogue.controls.filter(({ narrative = [] }) => narrative.length < 2)).toEqual([])
  })

  test('have evidence behind each fact, all of which is in the pack', () => {
    const { controls, log: end } = narrativesIn(pack)
    for (const { control, sentences } of controls) {
      const told = sentences.flatMap(({ evidence }) => (evidence === null ? [] : [evidence]))
      expect([control, told.length > 0]).toEqual([control, true])
      for (const { populations, tests, entries, entries_n, files } of told) {
        expect(populations.length + tests.length + entries.length + files.length).toBeGreaterThan(0)
        expect(entries_n).toBeGreaterThanOrEqual(entries.length)
        for (const name of populations) expect(pack.files.has(`populations/${name}.jsonl`)).toBe(true)
        for (const file of files) expect(pack.files.has(file)).toBe(true)
        for (const index of entries) expect(index).toBeLessThan(end.end)
        for (const number of tests) expect(number).toBeLessThanOrEqual(34)
      }
    }
  })

  test('state no number that they did not ask the log or the catalogue for', () => {
    const plain = catalogue.controls.flatMap(({ narrative = [] }) =>
      narrative.map((sentence) => sentence.replaceAll(/\{[^{}]*\}/g, '').replaceAll(/Test \d+/g, '')),
    )
    expect(plain.filter((sentence) => /\d/.test(sentence))).toEqual([])
  })

  test('say what the populations say', () => {
    const [, drills = ''] = sentencesOf(pack, 'CSN-DR-05')
    expect(drills).toBe('1 drill was closed in production in the period, and 1 tabletop.')
    expect(sentencesOf(pack, 'CSN-DR-05')).toContain('The last point to stop took 5 ms at most.')
    const [, decided = ''] = sentencesOf(pack, 'CSN-AC-09')
    expect(decided).toContain(`${rowsIn(pack, 'decisions').length} calls were decided in the period`)
    expect(sentencesOf(pack, 'CSN-PI-01').join(' ')).toContain('50% had a valid attestation')
    expect(sentencesOf(pack, 'CSN-AC-02').join(' ')).toContain('The separation of duties of this log is “')
    expect(sentencesOf(pack, 'CSN-AC-05').join(' ')).toContain('after 2000 ms nothing revoked is allowed')
  })
})

describe('a pack with narratives', () => {
  test('verifies, and has the same bytes when it is built again', async () => {
    expect(await faultsOf(pack.bytes)).toEqual([])
    const again = await packedOf(log)
    for (const file of ['narratives.json', 'narratives.html'])
      expect(fromUtf8(again.files.get(file) ?? utf8(''))).toBe(fromUtf8(pack.files.get(file) ?? utf8('-')))
  })

  test.each(['narratives.json', 'narratives.html'])('with an edited %s is named', async (file) => {
    const edited = utf8(fromUtf8(pack.files.get(file) ?? utf8('')).replace('1 drill was', '9 drills were'))
    expect(await faultsOf(withFile(pack, file, edited))).toEqual([['COMPANION_MISMATCH', file]])
    expect(await faultsOf(withFile(pack, file, null))).toEqual([['FILE_MISSING', file]])
  })
})

describe('a company’s own words', () => {
  test('stand in place of ours, with the facts that they ask for', async () => {
    const words = ['We stop agents. {largest drills last_ms | ms} is the slowest we saw, for {owner}.']
    const own = await packedOf(log, {
      catalogue: settled({ control: 'CSN-DR-05', narrative: words, owner: 'Head of resilience' }),
    })
    expect(sentencesOf(own, 'CSN-DR-05')).toEqual([
      'We stop agents. 5 ms is the slowest we saw, for Head of resilience.',
    ])
    expect(await faultsOf(own.bytes)).toEqual([])
  })

  test('change the digest of that narrative, and of no other', async () => {
    const own = await packedOf(log, {
      catalogue: settled({ control: 'CSN-DR-05', narrative: ['We drill.'] }),
    })
    const digests = (from: ToldPack): string[] => narrativesIn(from).controls.map(({ digest }) => digest)
    const differing = digests(own).flatMap((digest, i) =>
      digest === digests(pack)[i] ? [] : [catalogue.controls[i]?.id],
    )
    expect(differing).toEqual(['CSN-DR-05'])
  })

  test.each([
    ['{count nothing}', 'there is no population nothing'],
    ['{count agents status}', 'status is no condition'],
    ['{count agents | agent}', 'the words for one and for many'],
    ['{share agents}', 'a share wants conditions'],
    ['{median drills}', 'no member of a row is named'],
    ['{median drills a..b..c}', 'no member of a row is named'],
    ['{result 35}', 'there is no such placeholder'],
    ['{threshold luck}', 'there is no such placeholder'],
    ['{in-force agent}', 'there is no such placeholder'],
    ['{process.exit()}', 'there is no such placeholder'],
    ['{owner', 'a brace without its other'],
    ['{{owner}}', 'a brace without its other'],
  ])('that ask %s are refused before a pack is built', (sentence, why) => {
    expect(() => settled({ control: 'CSN-DR-05', narrative: [sentence] })).toThrow(
      expect.objectContaining({
        code: 'CONTROLS_INVALID',
        message: expect.stringContaining(why) as string,
      }) as Error,
    )
  })

  test('that name a member which no row has count nothing, and are refused', async () => {
    const misspelled = settled({ control: 'CSN-DR-05', narrative: ['{count drills mod=production}'] })
    await expect(packedOf(log, { catalogue: misspelled })).rejects.toThrowWithCode('CONTROLS_INVALID')
    const forged = withFile(pack, 'controls/catalogue.json', canonicalBytes(misspelled))
    expect(await faultsOf(forged)).toEqual([['COMPANION_MISMATCH', 'controls/catalogue.json']])
  })
})

describe('what changed', () => {
  test('within the period is what people decided in it, and nothing where they decided nothing', () => {
    const of = (id: string) => narrativesIn(pack).controls.find(({ control }) => control === id)?.in_period
    expect(of('CSN-AC-09')).toBeNull()
    const kinds = new Set(of('CSN-PI-01')?.flatMap((pieces) => pieces.map(({ kind }) => kind)))
    expect(kinds).toEqual(new Set(['kept', 'removed', 'added']))
    expect(JSON.stringify(of('CSN-AC-04'))).toContain('templates, ')
  })

  test('since an earlier pack is shown word by word, and the pack still verifies', async () => {
    const earlier = await packedOf({
      ...log,
      period: { from_ms: log.period.from_ms, to_ms: log.period.to_ms - 30 * 3600_000 },
    })
    const next = await packedOf(log, { earlier: earlier.files.get('narratives.json') ?? null })
    const changed = narrativesIn(next).controls.filter(({ since_earlier }) => since_earlier !== null)
    expect(changed.map(({ control }) => control)).toContain('CSN-AC-09')
    expect(fromUtf8(next.files.get('narratives.html') ?? utf8(''))).toMatch(
      /What changed since the earlier pack<\/h4>\n<ul><li>.*<del>.*<ins>/,
    )
    expect(await faultsOf(next.bytes)).toEqual([])
  })

  test('a control that the earlier pack did not have is said to be new', async () => {
    const { v, controls, ...rest } = narrativesIn(pack)
    const fewer = canonicalBytes({ v, ...rest, controls: controls.slice(1) })
    const next = await packedOf(log, { earlier: fewer })
    expect(narrativesIn(next).controls.map(({ since_earlier }) => since_earlier)).toEqual([
      'new',
      ...controls.slice(1).map(() => null),
    ])
  })

  test.each([
    ['another log', { origin: 'elsewhere.example/log' }],
    ['a later log', { log: { end: 1_000_000, root: 'x' } }],
    ['no narratives', { controls: 7 }],
  ])('a pack of %s is none to compare with', async (_, bend) => {
    const bent = canonicalBytes({ ...narrativesIn(pack), ...bend })
    await expect(packedOf(log, { earlier: bent })).rejects.toThrowWithCode('PACK_EARLIER_INVALID')
    expect(await faultsOf(withFile(pack, 'narratives.earlier.json', bent))).toContainEqual([
      'COMPANION_MISMATCH',
      'narratives.earlier.json',
    ])
  })
})
