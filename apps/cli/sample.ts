/** Freezes populations, and draws of them, from the published log. spec/samples.md (SMP-1 to SMP-7). @module */
import { z } from 'zod'
import { httpTiles } from '../../src/adapters/http/tiles.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { Limitation } from '../../src/evidence/populations/cut-off.ts'
import type { Period } from '../../src/evidence/populations/definition.ts'
import {
  drawOf,
  freezingOf,
  type NoDraw,
  type ReadLog,
  type Wanted as WantedDraw,
} from '../../src/evidence/samples/make.ts'
import { openCheckpoint } from '../../src/log/checkpoint.ts'
import { drawnSchema, frozenSchema, SAMPLE_MAX, type Drawn } from '../../src/log/sample-bodies.ts'
import { waitForPoints } from './cut-off.ts'
import { readInfo } from './operator.ts'
import { CliError } from './output.ts'
import { settledCheckpoint } from './pack-of.ts'
import type { Profile } from './profile.ts'

const at = { id: z.string(), entry: z.int() }
const anchored = z.object({ entry: z.int(), time: z.string() }).nullable()
const listed = z.object({
  freezings: z.array(frozenSchema.extend({ ...at, anchored })),
  samples: z.array(drawnSchema.extend(at)),
})
export type Listed = z.infer<typeof listed>
const logged = z.object(at)

export async function listSamples({ client }: Profile): Promise<Listed> {
  return listed.parse(await client.get('/v1/samples'))
}

async function settled(profile: Profile): Promise<ReadLog> {
  const { log_vkey: vkey } = await readInfo(profile.url)
  const note = await settledCheckpoint(profile, vkey)
  return { end: openCheckpoint(nodeCrypto, note, vkey), tiles: httpTiles(profile.client) }
}

export async function freeze(
  profile: Profile,
  engagement: string,
  period: Period,
  wait_s: number,
): Promise<{ id: string; entry: number; populations_n: number; limitations: readonly Limitation[] }> {
  if (wait_s > 0) await waitForPoints(profile, period.to_ms, wait_s)
  const freezing = await freezingOf(nodeCrypto, await settled(profile), engagement, period)
  if (freezing === 'PERIOD_OPEN')
    throw new CliError(
      'ARGUMENT_INVALID',
      'the log has no entry past the end of the period yet: choose an earlier --to, or freeze it later',
    )
  const { frozen, limitations } = freezing
  const answer = await profile.client.post('/v1/samples/freezings', frozen)
  return { ...logged.parse(answer), populations_n: frozen.populations.length, limitations }
}

export interface Wanted extends WantedDraw {
  /** Identifier of the freezing. */
  readonly freezing: string
}

const NO_DRAW: Readonly<Record<NoDraw, string>> = {
  NOT_FROZEN: 'nothing of that was frozen: see "countersign sample list"',
  NOT_ANCHORED:
    'nobody outside has seen the frozen populations yet: wait for the next anchor ("countersign start --anchors" asks for one a day), and ask for the nonce then',
  CHANGED:
    'the log gives another population than was frozen: freeze it again with "countersign sample freeze"',
  TOO_LARGE: `a sample has at most ${SAMPLE_MAX} items`,
}

/** @throws {CliError} `ARGUMENT_INVALID`: nothing of that was frozen, or nobody outside has seen it yet */
export async function draw(
  profile: Profile,
  { freezing: id, ...wanted }: Wanted,
): Promise<{ id: string; entry: number; drawn: Drawn }> {
  const freezing = (await listSamples(profile)).freezings.find((one) => one.id === id)
  const drawn =
    freezing === undefined ? 'NOT_FROZEN' : await drawOf(nodeCrypto, await settled(profile), freezing, wanted)
  if (typeof drawn === 'string') throw new CliError('ARGUMENT_INVALID', NO_DRAW[drawn])
  return { ...logged.parse(await profile.client.post('/v1/samples', drawn)), drawn }
}
