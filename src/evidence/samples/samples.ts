/**
 * The samples that a log says were drawn, each drawn again: from which frozen population, by what seed, which rows.
 * spec/samples.md (SMP-8). Builder and verifier make the same files and find the same faults.
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import { base64url, hex } from '../../core/encoding.ts'
import { canonicalBytes, canonicalize, type JsonObject } from '../../core/json.ts'
import type { Checkpoint } from '../../log/checkpoint.ts'
import type { Entry } from '../../log/entries.ts'
import { rootFromNodes } from '../../log/merkle.ts'
import { tileNodes } from '../../log/reader.ts'
import type { History } from '../history.ts'
import type { Period } from '../populations/definition.ts'
import type { Indexed } from '../records.ts'
import { CONTROL_TESTS } from '../tests/control-tests.ts'
import type { FaultCode } from '../verify/fault-codes.ts'
import type { Fault } from '../verify/report.ts'
import { defaultSize, drawRows, seedOf } from './draw.ts'
import { frozenRows, historyAt, type FrozenRows } from './frozen.ts'

type Draw = Indexed<Entry<'sample.drawn'>>
type Freezing = Indexed<Entry<'population.frozen'>>

/** One that a pack of the period has. */
export interface Sample {
  readonly id: string
  readonly draw: Draw
  readonly freezing: Freezing
  /** Whose nonce went into the seed, so whose sample it is. */
  readonly by: 'auditor' | 'management'
  /** Hex. */
  readonly seed: string
  /** Those of the frozen population that the entry names. */
  readonly items: readonly { readonly row: number; readonly item: JsonObject }[]
  readonly faults: readonly Fault[]
}

/** Trees that populations are computed over again for one pack: each takes reading the log as far as it goes. */
export const FROZEN_TREES_MAX = 64
/** Draws of one pack that are drawn again: more than anybody reads. */
const DRAWS_MAX = 1000

interface Log {
  readonly tiles: Parameters<typeof historyAt>[1]
  readonly end: Checkpoint
  readonly history: History
}

export function sampleFile(id: string): string {
  return `samples/${id}.json`
}

/** Those of freezings within the period, in the order of the log. */
export async function samplesOf(crypto: Crypto, log: Log, period: Period): Promise<Sample[]> {
  const { governance } = log.history
  const freezings = new Map(
    governance.flatMap((one) =>
      one.entry.type === 'population.frozen' ? [[one.index, one as Freezing]] : [],
    ),
  )
  const wanted: Pick<Drawn, 'draw' | 'freezing'>[] = []
  for (const draw of governance.filter((one): one is Draw => one.entry.type === 'sample.drawn')) {
    const freezing = freezings.get(draw.entry.body.frozen)
    if (freezing === undefined || freezing.index > draw.index || !isWithin(freezing, period)) continue
    wanted.push({ draw, freezing })
  }
  const taken = wanted.slice(0, DRAWS_MAX)
  const trees = Map.groupBy(taken, ({ freezing: { index, entry } }) => Math.min(entry.body.tree.size, index))
  const samples = wanted.slice(DRAWS_MAX).map((one) => tooMany(crypto, one))
  let left = FROZEN_TREES_MAX
  for (const [size, drawn] of trees)
    if (left-- > 0) samples.push(...(await overTree(crypto, log, size, drawn)))
    else samples.push(...drawn.map((one) => tooMany(crypto, one)))
  return samples.sort((a, b) => a.draw.index - b.draw.index)
}

/** One of the log, drawn again. Null: there is none of that name. */
export async function sampleOf(crypto: Crypto, log: Log, id: string): Promise<Sample | null> {
  const { governance } = log.history
  const draw = governance.find(
    (one): one is Draw => one.entry.type === 'sample.drawn' && one.entry.subject === id,
  )
  const freezing = governance.find(
    (one): one is Freezing => one.entry.type === 'population.frozen' && one.index === draw?.entry.body.frozen,
  )
  if (draw === undefined || freezing === undefined || freezing.index > draw.index) return null
  const size = Math.min(freezing.entry.body.tree.size, freezing.index)
  const [sample = null] = await overTree(crypto, log, size, [{ draw, freezing }])
  return sample
}

/** Of populations that were frozen over the same entries. */
async function overTree(
  crypto: Crypto,
  log: Log,
  size: number,
  drawn: readonly Pick<Drawn, 'draw' | 'freezing'>[],
): Promise<Sample[]> {
  const history = await historyAt(crypto, log.tiles, log.end, size)
  const known = new Map<string, FrozenRows | null>()
  const samples: Sample[] = []
  for (const { draw, freezing } of drawn) {
    const { from, to } = freezing.entry.body
    const { population } = draw.entry.body
    const name = `${from} ${to} ${population}`
    let rows = known.get(name)
    if (rows === undefined) {
      const frozen = { from_ms: Date.parse(from), to_ms: Date.parse(to) }
      rows = frozenRows(crypto, history, frozen, population)
      known.set(name, rows)
    }
    samples.push(await judged(crypto, log, { draw, freezing, rows }))
  }
  return samples
}

/** Whoever draws so often that nobody is done drawing again has shown no sample. */
function tooMany(crypto: Crypto, { draw, freezing }: Pick<Drawn, 'draw' | 'freezing'>): Sample {
  const { body, subject: id = '' } = draw.entry
  const { nonce, population: name, test, tree } = body
  const population = freezing.entry.body.populations.find((one) => one.name === name)?.sha256 ?? ''
  const seed = hex(seedOf(crypto, { test, population, root: tree.root, nonce }))
  const message = `${id} is past the ${DRAWS_MAX} samples, of ${FROZEN_TREES_MAX} trees, that are drawn again of one pack`
  const fault: Fault = { code: 'SAMPLE_POPULATION', message, index: draw.index, others: [freezing.index] }
  return { id, draw, freezing, by: byOf(draw), seed, items: [], faults: [fault] }
}

function byOf({ entry: { body } }: Draw): Sample['by'] {
  return body.nonce === null ? 'management' : 'auditor'
}

function isWithin({ entry: { body } }: Freezing, { from_ms, to_ms }: Period): boolean {
  return Date.parse(body.from) >= from_ms && Date.parse(body.to) <= to_ms
}

interface Drawn {
  readonly draw: Draw
  readonly freezing: Freezing
  readonly rows: FrozenRows | null
}

async function judged(crypto: Crypto, log: Log, { draw, freezing, rows }: Drawn): Promise<Sample> {
  const { body, subject: id = '' } = draw.entry
  const { tree, populations } = freezing.entry.body
  const faults: Fault[] = []
  const add = (code: FaultCode, message: string): void =>
    void faults.push({ code, message: `${id} ${message}`, index: draw.index, others: [freezing.index] })
  const said = populations.find(({ name }) => name === body.population)
  const test = CONTROL_TESTS.find(({ number }) => number === body.test)
  const isFrozen =
    rows !== null &&
    said?.sha256 === rows.sha256 &&
    said.count === rows.count &&
    test?.population?.name === body.population &&
    tree.size <= freezing.index &&
    (await rootAt(crypto, log, tree.size)) === tree.root
  if (!isFrozen) add('SAMPLE_POPULATION', 'is not of a population that was frozen as the log gives it')
  if (!(await isAnchored(crypto, log, { draw, freezing })))
    add('SAMPLE_UNANCHORED', 'was not drawn after the first word from outside about its frozen population')
  const population = said?.sha256 ?? ''
  const { nonce, frequency, size } = body
  const seed = seedOf(crypto, { test: body.test, population, root: body.tree.root, nonce })
  const times_ms = rows?.times_ms ?? []
  const wanted = drawRows(crypto, seed, times_ms, size)
  const isSized = frequency === null || size === defaultSize(frequency, times_ms.length)
  if (!isSized || canonicalize([...wanted]) !== canonicalize(body.rows))
    add('SAMPLE_ROWS', 'does not have the rows that its seed draws')
  const items = body.rows.flatMap((row) => {
    const item = rows?.rows[row]
    return item === undefined ? [] : [{ row, item }]
  })
  return { id, draw, freezing, by: byOf(draw), seed: hex(seed), items, faults }
}

/** SMP-3: the tree is that of the first anchor that has the freezing; without one it ends with the freezing. */
async function isAnchored(
  crypto: Crypto,
  log: Log,
  { draw, freezing }: Pick<Drawn, 'draw' | 'freezing'>,
): Promise<boolean> {
  const { anchor, tree, nonce } = draw.entry.body
  if ((await rootAt(crypto, log, tree.size)) !== tree.root) return false
  if (anchor === null) return nonce === null && tree.size === freezing.index + 1
  const first = firstAnchor(log.history, freezing.index)
  const isFirst = first !== undefined && first.index === anchor && first.index < draw.index
  return isFirst && first.entry.body.size === tree.size && first.entry.body.root === tree.root
}

/** The first word from outside about a tree that has this entry; a mail is none (ANC-1). */
export function firstAnchor(
  { tested }: History,
  index: number,
): History['tested']['anchors'][number] | undefined {
  return tested.outsideAnchors.find(({ entry }) => entry.body.size > index)
}

/** base64url; null: the tree has no such size. */
export async function rootAt(
  crypto: Crypto,
  { tiles, end }: Pick<Log, 'tiles' | 'end'>,
  size: number,
): Promise<string | null> {
  if (size > end.size) return null
  return base64url(await rootFromNodes(crypto, tileNodes(crypto, tiles, end.size), size))
}

export function sampleBytes({ id, draw, freezing, by, seed, items }: Sample): Uint8Array {
  const { frozen, rows: _, ...said } = draw.entry.body
  const { engagement, from, to, tree, populations } = freezing.entry.body
  const population = populations.find(({ name }) => name === said.population) ?? null
  const of = { entry: frozen, engagement, from, to, tree }
  return canonicalBytes({
    v: 1,
    sample: id,
    entry: draw.index,
    by,
    ...said,
    population,
    frozen: of,
    seed,
    rows: items.map(({ row, item }) => ({ row, item })),
  })
}
