/** What a report chooses, draws and spells out. spec/report.md */
import { nodeCrypto } from '../../adapters/node-crypto/node-crypto.ts'
import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../core/json.ts'
import { History } from '../history.ts'
import { Citations } from './citations.ts'
import { coverageBlocks } from './charts.ts'
import { deficiencySection } from './deficiencies.ts'
import type { Block } from './document.ts'
import { escaped } from './escaped.ts'
import type { ReportInput } from './input.ts'
import { actionSections, toldOf } from './stories.ts'
import { svgOf } from './svg.ts'

const DAY_MS = 86_400_000
const FILES = { size: 1000, has: () => false, get: () => undefined }

/** A denial for each row. */
function decidedIn(rows: readonly JsonObject[]): History {
  const history = new History(nodeCrypto)
  for (const { index } of rows) {
    const action = String(Number(index))
    const body = {
      v: 1,
      kind: 'decision',
      point: 'pnt_1',
      epoch: 1,
      seq: Number(index) + 1,
      prev_hash: '',
      time: new Date(DAY_MS).toISOString(),
      action,
      chain: null,
      agent: null,
      grant: null,
      server: 'files',
      tool: 'read',
      definition_hash: null,
      args_commit: null,
      decision: 'deny',
      reasons: ['NO_GRANT'],
      binding: 'none',
      placement: 'gateway',
      freshness: null,
      debits: [],
    } as const
    const { time, point: id } = body
    history.add(Number(index), {
      v: 1,
      type: 'receipt',
      time,
      actor: { kind: 'point', id },
      body: { ...body, reasons: [...body.reasons], debits: [] },
    })
  }
  return history
}

function inputOf(
  population: string,
  rows: readonly JsonObject[],
  days = 30,
  deviating: number[] = [],
): ReportInput {
  const about = {
    definition: '',
    query: '',
    file: '',
    csv: '',
    sha256: '',
    exclusions: [],
    reconciliations: [],
  }
  const deviations = deviating.map((index) => ({
    id: `9/ACTION_UNBOUND/${index}`,
    entries: [index],
    message: 'it deviates',
    evaluation: null,
  }))
  const result = { items: 0, deviations_n: deviations.length, deviations }
  return {
    origin: 'log.example',
    simulated: true,
    generator: 'test',
    made: null,
    period: { from_ms: 0, to_ms: days * DAY_MS },
    log: { start: null, end: 1000, root: '' },
    catalogue: { v: 1, criteria: [], frameworks: [], controls: [] },
    tests: [
      {
        number: 9,
        title: '',
        criteria: [],
        result: 'deviations',
        reason: null,
        source: null,
        reconciliation: null,
        population,
        ...result,
      },
    ],
    populations: [{ name: population, count: rows.length, rows: () => rows, ...about }],
    history: population === 'decisions' ? decidedIn(rows) : new History(nodeCrypto),
    samples: [],
    evaluations: new Map(),
    description: null,
    earlier: null,
    stories: (actions) =>
      actions.map((action) => ({
        action,
        decisions: [{ index: Number(action), time: '', decision: 'allow' }],
        decided_by: [],
        outcome: 'finished',
        who: [],
        scope: [],
        entries: [Number(action)],
      })),
    files: FILES,
  }
}

const decisions = Array.from({ length: 100 }, (_, index) => ({ index, action: String(index) }))

describe('of more actions than a report tells', () => {
  test('those that deviate are told, and others at even distances', () => {
    const { stories, actions_n } = toldOf(inputOf('decisions', decisions, 30, [3, 77]), 10)
    expect(actions_n).toBe(100)
    const told = stories.map(({ action }) => Number(action))
    expect(told).toHaveLength(10)
    expect(told).toEqual(expect.arrayContaining([3, 77]))
    expect(told).toEqual(told.toSorted((a, b) => a - b))
    const gaps = told.slice(1).map((at, i) => at - (told[i] ?? 0))
    expect(Math.max(...gaps)).toBeLessThanOrEqual(26)
  })

  test('the report says how many it tells, and how any other is told', () => {
    const [list] = actionSections(toldOf(inputOf('decisions', decisions), 10), new Citations(FILES))
    expect(JSON.stringify(list?.blocks[0])).toContain('The stories of 10 stand below')
    expect(JSON.stringify(list?.blocks[0])).toContain('countersign verify')
  })

  test('all are told where they are few', () => {
    expect(toldOf(inputOf('decisions', decisions)).stories).toHaveLength(100)
  })
})

describe('deficiencies', () => {
  const open = {
    index: 4,
    deficiency: 'dfc_1',
    criteria: ['CC6.3'],
    deviation: '7/ACCESS_REVIEW_LATE/3',
    entries: [],
    opened: '',
    opener: 'per_1',
    owner: null,
    owned: null,
    due: '2026-03-01T00:00:00.000Z',
    remediation: null,
    repairer: null,
    retests_failed: 0,
    retest: null,
    retested: null,
    retester: null,
    own_retest: false,
    closed: null,
    closing: null,
    closer: null,
    acted_alone: null,
  }
  const closed = {
    ...open,
    index: 9,
    deviation: null,
    owner: 'per_2',
    remediation: 10,
    repairer: 'per_2',
    retests_failed: 1,
    retest: 12,
    retested: '2026-02-01T00:00:00.000Z',
    retester: 'per_1',
    own_retest: true,
    closed: '2026-02-02T00:00:00.000Z',
    closing: 13,
    closer: 'per_3',
  }
  const cellsIn = (rows: readonly JsonObject[]): string[] => {
    const { blocks } = deficiencySection(inputOf('deficiencies', rows), new Citations(FILES))
    return blocks.flatMap((block) =>
      block.kind === 'table' ? block.rows.map((cells) => JSON.stringify(cells)) : [],
    )
  }

  test('say what they came from and what was not done, and what was, by whom, with its entries', () => {
    const [first, second] = cellsIn([open, closed])
    expect(first).toMatch(/7\/ACCESS_REVIEW_LATE\/3.*nobody.*not yet.*not yet.*not yet/)
    expect(second).toMatch(/opened by hand.*per_2.*per_1.*who owned or repaired it.*failed before: 1.*per_3/)
    for (const index of [9, 10, 12, 13]) expect(second).toContain(`"#e${index}"`)
  })

  test('none is said as such', () => {
    const { blocks } = deficiencySection(inputOf('deficiencies', []), new Citations(FILES))
    expect(JSON.stringify(blocks)).toContain('It did not occur')
  })
})

describe('coverage over the period', () => {
  const released = (day: number, attestation: string | null): JsonObject => ({
    released: new Date(day * DAY_MS).toISOString(),
    attestation,
  })
  const chartOf = (blocks: readonly Block[]) => blocks.find((block) => block.kind === 'chart')

  test('is of each day, and of each week when the period is long', () => {
    const rows = [released(0, 'a'), released(0.5, null), released(4, 'b')]
    const short = chartOf(coverageBlocks(inputOf('outputs', rows)))
    expect(short?.series[0]?.points.map(({ value }) => value)).toEqual([50, 100])
    const long = chartOf(coverageBlocks(inputOf('outputs', rows, 180)))
    expect(long?.series[0]?.points.map(({ value }) => Math.round(value))).toEqual([67])
    expect(long?.title).toContain('week')
    expect(short?.summary).toBe('2 of 3 released outputs had a valid attestation at the end of the log.')
  })

  test('did not occur when nothing left', () => {
    expect(JSON.stringify(coverageBlocks(inputOf('outputs', [])))).toContain('no output was released')
  })

  test('is drawn within its box, with a title and words for who does not see it', () => {
    const chart = chartOf(coverageBlocks(inputOf('outputs', [released(0, 'a'), released(29, null)])))
    if (chart === undefined) throw new Error('no chart')
    const svg = svgOf(chart)
    expect(svg).toMatch(/role="img" aria-labelledby="chart-coverage-t chart-coverage-d"/)
    for (const [, x, y] of svg.matchAll(/<circle[^>]* cx="([\d.]+)" cy="([\d.]+)"/g)) {
      expect(Number(x)).toBeLessThanOrEqual(760)
      expect(Number(y)).toBeLessThanOrEqual(240)
    }
    expect([...svg.matchAll(/<circle/g)]).toHaveLength(2)
  })
})

test('what would be markup, or would hide or reorder what is around it, is spelled out', () => {
  expect(escaped(`<b a="'">&\u202e\u0000\n`)).toBe('&lt;b a=&quot;&#39;&quot;&gt;&amp;\\u{202e}\\u{0}\\u{a}')
})

test('an entry that was pruned is named with its place, and without a text', () => {
  const cite = new Citations(FILES)
  expect(cite.entry(300)).toEqual({ text: 'entry 300', to: '#e300' })
  expect(cite.blocks()).toEqual([
    {
      kind: 'source',
      id: 'e300',
      title: expect.stringContaining('number 44'),
      text: expect.stringContaining('pruned'),
    },
  ])
})
