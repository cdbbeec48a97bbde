/** Where a published log is read from: a URL, a bucket, a directory, a pack, or the control plane of the profile. @module */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { openFileBytes } from '../../src/adapters/fs/file-bytes.ts'
import { fsTileStore } from '../../src/adapters/fs/tile-store.ts'
import type { ApiClient } from '../../src/adapters/http/client.ts'
import { httpTileStore } from '../../src/adapters/http/tile-store.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { nodeZlib } from '../../src/adapters/node-zlib/node-zlib.ts'
import { openArchive } from '../../src/evidence/pack/archive.ts'
import { START_CHECKPOINT_FILE } from '../../src/evidence/pack/manifest.ts'
import { LogError } from '../../src/log/entries.ts'
import { parseVkey } from '../../src/log/note.ts'
import type { TileReader } from '../../src/log/tile-file.ts'
import { CHECKPOINT_PATH } from '../../src/log/tiles.ts'
import type { HeldCheckpoint } from '../../src/log/verify.ts'
import { openLogPlace, placeOfLog } from '../server/tiles.ts'
import { readInfo } from './operator.ts'
import { CliError } from './output.ts'
import { loadProfile } from './profile.ts'

export interface OpenedLog {
  readonly store: TileReader
  /** Earlier checkpoints that came with it. */
  readonly held: readonly HeldCheckpoint[]
  /** Whether it is the log as it is now, and not a copy of some day. */
  readonly isLive: boolean
  close(): void
}

/**
 * @param where `http(s)://…` or `s3://…` under which `checkpoint` and `tile/` are, a directory that holds them, or a pack
 * @param profile option of the command line: its key signs requests to its own control plane, which wants one
 * @throws {CliError} `ARGUMENT_INVALID`; {PackError} a file that is not a pack
 */
export async function openLog(
  where: string,
  profile: string | undefined,
  s3Endpoint?: string,
): Promise<OpenedLog> {
  if (/^https?:\/\//.test(where)) return opened(await atAddress(where, profile), true)
  if (where.startsWith('s3://')) return opened(inBucket(where, s3Endpoint), true)
  const found = await stat(where).catch((cause: unknown) => {
    throw new CliError('ARGUMENT_INVALID', `${where} is no URL, and no file or directory that can be read`, {
      cause,
    })
  })
  return found.isDirectory() ? opened(fsTileStore(where), false) : openPack(where)
}

export interface SourceOptions {
  readonly fromUrl?: string
  readonly data?: string
  readonly key?: string
}

/** The log that `--from-url` or `--data` name, else that of the profile's control plane; and its key. */
export async function openSource(
  options: SourceOptions,
  profile: string | undefined,
): Promise<{ store: TileReader; vkey: string }> {
  if (options.fromUrl !== undefined && options.data !== undefined)
    throw new CliError('ARGUMENT_INVALID', 'give --from-url or --data, not both')
  if (options.data !== undefined || options.fromUrl !== undefined) {
    if (options.key === undefined)
      throw new CliError('ARGUMENT_INVALID', "give --key, the log's verifier key, with --from-url and --data")
    const vkey = checkedKey(options.key)
    if (options.data !== undefined) return { store: fsTileStore(join(options.data, 'log')), vkey }
    return { store: await overHttp(options.fromUrl ?? '', profile), vkey }
  }
  const { client, url } = await loadProfile(profile)
  const vkey = checkedKey(options.key ?? (await readInfo(url)).log_vkey)
  return { store: signedStore(client, `${url}/log`), vkey }
}

/** @throws {CliError} `ARGUMENT_INVALID` */
export function checkedKey(vkey: string): string {
  try {
    parseVkey(nodeCrypto, vkey)
    return vkey
  } catch (cause) {
    if (!(cause instanceof LogError)) throw cause
    throw new CliError('ARGUMENT_INVALID', `--key: ${cause.message}`, { cause })
  }
}

/** A place without a checkpoint is a wrong address, and says nothing of a log. @throws {LogError} `LOG_UNAVAILABLE` */
async function atAddress(where: string, profile: string | undefined): Promise<TileReader> {
  const store = await overHttp(where, profile)
  if ((await store.read(CHECKPOINT_PATH)) !== null) return store
  const base = where.replace(/\/+$/, '')
  const next = base.endsWith('/log')
    ? 'see that the URL is right'
    : `a control plane serves its log at ${base}/log`
  throw new LogError('LOG_UNAVAILABLE', `nothing was verified, there is no log at ${where}: ${next}`)
}

async function overHttp(where: string, profile: string | undefined): Promise<TileReader> {
  const own = await loadProfile(profile).catch(() => null)
  return own !== null && where.startsWith(`${own.url}/`)
    ? signedStore(own.client, where)
    : httpTileStore({ prefix: where })
}

/** With the credentials that `countersign start --tiles` takes. @throws {LogError} `TILES_INVALID` */
function inBucket(tilesUrl: string, s3Endpoint: string | undefined): TileReader {
  const options = { dataDir: '', tilesUrl, ...(s3Endpoint === undefined ? {} : { s3Endpoint }) }
  return openLogPlace(placeOfLog(options)).tiles
}

function signedStore(client: ApiClient, prefix: string): TileReader {
  return httpTileStore({
    prefix,
    fetch: (url, { signal }) =>
      client.send('GET', url.slice(client.url.length), null, signal ?? AbortSignal.timeout(30_000)),
  })
}

function openPack(path: string): OpenedLog {
  const file = openFileBytes(path)
  try {
    const archive = openArchive(file, nodeZlib)
    const start = archive.readSync(START_CHECKPOINT_FILE)
    return {
      store: archive,
      held: start === null ? [] : [{ name: START_CHECKPOINT_FILE, note: start }],
      isLive: false,
      close: () => file.close(),
    }
  } catch (cause) {
    file.close()
    throw cause
  }
}

function opened(store: TileReader, isLive: boolean): OpenedLog {
  return { store, held: [], isLive, close: () => undefined }
}
