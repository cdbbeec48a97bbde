/** Freezes populations, and draws of them, from the published log. spec/samples.md (SMP-1 to SMP-7). @module */
import { z } from 'zod'
import { httpTiles } from '../../src/adapters/http/tiles.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { base64url } from '../../src/core/encoding.ts'
import { rfc3339 } from '../../src/core/time.ts'
import type { Period } from '../../src/evidence/populations/definition.ts'
import { POPULATIONS } from '../../src/evidence/populations/populations.ts'
import { defaultSize, drawRows, seedOf } from '../../src/evidence/samples/draw.ts'
import { frozenRows, historyAt } from '../../src/evidence/samples/frozen.ts'
import { firstAnchor, rootAt } from '../../src/evidence/samples/samples.ts'
import { CONTROL_TESTS } from '../../src/evidence/tests/control-tests.ts'
import { openCheckpoint, type Checkpoint } from '../../src/log/checkpoint.ts'
import {
  drawnSchema,
  frozenSchema,
  SAMPLE_MAX,
  type Drawn,
  type FrequencyName,
} from '../../src/log/sample-bodies.ts'
import { readInfo } from './operator.ts'
import { CliError } from './output.ts'
import { settledCheckpoint } from './pack-of.ts'
import type { Profile } from './profile.ts'

const at = { id: z.string(), entry: z.int() }
const listed = z.object({
  freezings: z.array(frozenSchema.extend(at)),
  samples: z.array(drawnSchema.extend(at)),
})
export type Listed = z.infer<typeof listed>
const logged = z.object(at)

export async function listSamples({ client }: Profile): Promise<Listed> {
  return listed.parse(await client.get('/v1/samples'))
}

async function settled(profile: Profile): Promise<{ end: Checkpoint; tiles: ReturnType<typeof httpTiles> }> {
  const { log_vkey: vkey } = await readInfo(profile.url)
  const note = await settledCheckpoint(profile, vkey)
  return { end: openCheckpoint(nodeCrypto, note, vkey), tiles: httpTiles(profile.client) }
}

export async function freeze(
  profile: Profile,
  engagement: string,
  period: Period,
): Promise<{ id: string; entry: number; populations_n: number }> {
  const { end, tiles } = await settled(profile)
  const history = await historyAt(nodeCrypto, tiles, end, end.size)
  if (history.last_ms < period.to_ms)
    throw new CliError('ARGUMENT_INVALID', 'the period is not over for the log: freeze what is final')
  const populations = POPULATIONS.flatMap(({ name }) => {
    const rows = frozenRows(nodeCrypto, history, period, name)
    return rows === null ? [] : [{ name, count: rows.count, sha256: rows.sha256 }]
  })
  const [from, to] = [rfc3339(period.from_ms), rfc3339(period.to_ms)]
  const tree = { size: end.size, root: base64url(end.root) }
  const answer = await profile.client.post('/v1/samples/freezings', {
    engagement,
    from,
    to,
    tree,
    populations,
  })
  return { ...logged.parse(answer), populations_n: populations.length }
}

export interface Wanted {
  /** Identifier of the freezing. */
  readonly freezing: string
  readonly control: string
  readonly test: number
  readonly frequency: FrequencyName
  /** Null: by the frequency. */
  readonly size: number | null
  readonly nonce: string | null
}

/** @throws {CliError} `ARGUMENT_INVALID`: nothing of that was frozen, or nobody outside has seen it yet */
export async function draw(
  profile: Profile,
  { freezing: id, control, test, frequency, size, nonce }: Wanted,
): Promise<{ id: string; entry: number; drawn: Drawn }> {
  const freezing = (await listSamples(profile)).freezings.find((one) => one.id === id)
  const population = CONTROL_TESTS.find(({ number }) => number === test)?.population?.name
  const frozen = freezing?.populations.find(({ name }) => name === population)
  if (freezing === undefined || population === undefined || frozen === undefined)
    throw new CliError('ARGUMENT_INVALID', 'nothing of that was frozen: see "countersign sample list"')
  const { end, tiles } = await settled(profile)
  const log = { end, tiles, history: await historyAt(nodeCrypto, tiles, end, end.size) }
  const anchored = firstAnchor(log.history, freezing.entry)
  if (anchored === undefined && nonce !== null)
    throw new CliError(
      'ARGUMENT_INVALID',
      'nobody outside has seen the frozen populations yet: wait for the next anchor, and ask for the nonce then',
    )
  const before = await historyAt(nodeCrypto, tiles, end, freezing.tree.size)
  const period = { from_ms: Date.parse(freezing.from), to_ms: Date.parse(freezing.to) }
  const rows = frozenRows(nodeCrypto, before, period, population)
  if (rows?.sha256 !== frozen.sha256)
    throw new CliError(
      'ARGUMENT_INVALID',
      'the log gives another population than was frozen: freeze it again',
    )
  const own = { size: freezing.entry + 1, root: (await rootAt(nodeCrypto, log, freezing.entry + 1)) ?? '' }
  const body = anchored?.entry.body
  const tree = body === undefined ? own : { size: body.size, root: body.root }
  const n = size ?? defaultSize(frequency, rows.count)
  if (n > SAMPLE_MAX) throw new CliError('ARGUMENT_INVALID', `a sample has at most ${SAMPLE_MAX} items`)
  const parts = {
    test,
    population: frozen.sha256,
    root: tree.root,
    nonce,
  }
  const drawn: Drawn = {
    frozen: freezing.entry,
    control,
    test,
    population,
    tree,
    anchor: anchored?.index ?? null,
    nonce,
    frequency: size === null ? frequency : null,
    size: n,
    rows: [...drawRows(nodeCrypto, seedOf(nodeCrypto, parts), rows.times_ms, n)],
  }
  return { ...logged.parse(await profile.client.post('/v1/samples', drawn)), drawn }
}
