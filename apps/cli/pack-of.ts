/** Builds a pack from what a control plane serves. spec/pack.md, spec/report.md (RPT-1). @module */
import { rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { createPackFile, type PackFile } from '../../src/adapters/fs/pack-file.ts'
import { ApiError } from '../../src/adapters/http/client.ts'
import { httpTiles } from '../../src/adapters/http/tiles.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { nodeZlib } from '../../src/adapters/node-zlib/node-zlib.ts'
import { printPdf } from '../../src/adapters/pdfkit/print.ts'
import { fromUtf8, utf8 } from '../../src/core/encoding.ts'
import { rfc3339 } from '../../src/core/time.ts'
import { NARRATIVES_FILE } from '../../src/evidence/companions/narratives/schema.ts'
import { readArchive } from '../../src/evidence/pack/archive.ts'
import {
  writePack,
  type BuiltPack,
  type ManifestSigner,
  type PackRim,
} from '../../src/evidence/pack/build.ts'
import { MemoryFile } from '../../src/evidence/pack/zip.ts'
import type { SourceOpener } from '../../src/evidence/pack/sources.ts'
import type { Period } from '../../src/evidence/populations/definition.ts'
import { openedFieldSchema } from '../../src/log/commitment.ts'
import { openCheckpoint } from '../../src/log/checkpoint.ts'
import { envelopeSchema } from '../../src/provenance/dsse.ts'
import { waitForPoints } from './cut-off.ts'
import { readDescriptionFile } from './controls/description.ts'
import { readControls } from './controls/read.ts'
import { readInfo } from './operator.ts'
import { CliError } from './output.ts'
import { unreadable, unwritable, type Profile } from './profile.ts'
import { releaseHash } from './release.ts'

/** Publishing takes about 100 ms; this waits up to 10 s. */
const SETTLE_EVERY_MS = 50
const SETTLE_TRIES = 200

/** What a company gives for its packs. */
export interface Given {
  /** Folder of its own control files. */
  readonly controls?: string | null
  /** A file with what it says of itself. */
  readonly description?: string | null
  /** A pack of an earlier period, to show what changed in narratives since. */
  readonly earlier?: string | null
  /** How long to wait for points that have not brought all of a period that is over, in seconds. */
  readonly wait_s?: number
}

/** A pack, and how large it is. */
export interface WrittenPack extends BuiltPack {
  readonly bytes: number
}

/**
 * Over the whole log, for a period of it; logged and signed by the control plane. It is written as it is made, never over
 * another file, and a pack that does not come about leaves none.
 * @throws {CliError} `FILE_UNWRITABLE`
 */
export async function packInto(
  path: string,
  profile: Profile,
  period: Period,
  given: Given = {},
): Promise<WrittenPack> {
  const file = newFile(path)
  try {
    const built = await written({ crypto: nodeCrypto, codec: nodeZlib, file }, profile, period, given)
    file.finish()
    return { ...built, bytes: file.length }
  } catch (cause) {
    rmSync(path)
    throw cause
  } finally {
    file.close()
  }
}

/** As {@link packInto}, in memory. */
export async function packOf(
  profile: Profile,
  period: Period,
  given: Given = {},
): Promise<BuiltPack & { readonly bytes: Uint8Array }> {
  const file = new MemoryFile()
  const built = await written({ crypto: nodeCrypto, codec: nodeZlib, file }, profile, period, given)
  return { ...built, bytes: file.bytes }
}

function newFile(path: string): PackFile {
  try {
    return createPackFile(path)
  } catch (cause) {
    throw unwritable(path, cause)
  }
}

async function written(
  rim: PackRim,
  profile: Profile,
  period: Period,
  { controls = null, description = null, earlier = null, wait_s = 0 }: Given,
): Promise<BuiltPack> {
  const { client } = profile
  const catalogue = await readControls(controls)
  const { log_vkey: vkey } = await readInfo(profile.url, client)
  const tiles = httpTiles(client)
  if (wait_s > 0) await waitForPoints(profile, period.to_ms, wait_s)
  const checkpoint = await settledCheckpoint(profile, vkey)
  const answer = await client.bytes(`/v1/checkpoints?at=${encodeURIComponent(rfc3339(period.from_ms))}`)
  const start =
    answer === null ? null : z.object({ note: z.string() }).parse(JSON.parse(Buffer.from(answer).toString()))
  const release = await releaseHash()
  return writePack(
    rim,
    {
      tiles,
      vkey,
      checkpoint,
      start: start === null ? null : utf8(start.note),
      sign: manifestSigner(profile, release),
      made: { runner: profile.person, release },
      openSource: opener(profile),
    },
    period,
    {
      catalogue,
      print: printPdf,
      description: description === null ? null : await readDescriptionFile(description),
      earlier: earlier === null ? null : await narrativesIn(earlier),
    },
  )
}

/** Each is opened as any other value is: the log says so (ERA-11). */
function opener({ client }: Pick<Profile, 'client'>): SourceOpener {
  return async (entry) => {
    try {
      const { opening } = openedFieldSchema.parse(
        await client.post('/v1/openings', { entry, field: 'content' }),
      )
      return 'salt' in opening && typeof opening.value === 'string'
        ? { csv: opening.value, salt: opening.salt }
        : null
    } catch (error) {
      if (error instanceof ApiError && error.remote === 'VALUE_ERASED') return null
      throw error
    }
  }
}

/** Logged before there is a file: no pack is about that the log does not know of (ERA-8). */
export function manifestSigner({ client }: Pick<Profile, 'client'>, release: string): ManifestSigner {
  return async ({ period, checkpoint, sha256, generator }) => {
    const note = fromUtf8(checkpoint)
    const answer = await client.post('/v1/packs', { ...period, checkpoint: note, sha256, generator, release })
    return z.object({ envelope: envelopeSchema }).parse(answer).envelope
  }
}

/** A checkpoint that covers every entry there was when we asked: the log publishes a moment after it commits. */
export async function settledCheckpoint(profile: Profile, vkey: string): Promise<Uint8Array> {
  const newest = await profile.client.get('/v1/entries?limit=1')
  const { size: wanted } = z.object({ size: z.int() }).parse(newest)
  const tiles = httpTiles(profile.client)
  for (let tries = 0; tries < SETTLE_TRIES; tries++) {
    const note = await tiles.read('checkpoint')
    if (note !== null && openCheckpoint(nodeCrypto, note, vkey).size >= wanted) return note
    await sleep(SETTLE_EVERY_MS)
  }
  throw new CliError('LOG_BEHIND', 'the log does not publish: see the output of the control plane')
}

/** @throws {CliError} `FILE_UNREADABLE`, `ARGUMENT_INVALID`: no pack with narratives @throws {PackError} no pack at all */
async function narrativesIn(file: string): Promise<Uint8Array> {
  const narratives = readArchive(await readBytes(file)).get(NARRATIVES_FILE)
  if (narratives === undefined)
    throw new CliError(
      'ARGUMENT_INVALID',
      `${file} has no ${NARRATIVES_FILE}: give a pack that was made with controls`,
    )
  return narratives
}

async function readBytes(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file)
  } catch (cause) {
    throw unreadable(file, cause)
  }
}
