/**
 * Where the log's public files and its last checkpoint live, as the options say: folders of the data directory, or a bucket.
 * Credentials come from the environment or from a file, as other people's tools take them, and never from an argument.
 * @module
 */
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fsCheckpointLock } from '../../src/adapters/fs/checkpoint-lock.ts'
import { readWhole, replaceFile } from '../../src/adapters/fs/files.ts'
import { fsTileStore } from '../../src/adapters/fs/tile-store.ts'
import { s3CheckpointLock } from '../../src/adapters/s3/checkpoint-lock.ts'
import { S3Client, type S3Credentials, type S3Options } from '../../src/adapters/s3/client.ts'
import { s3TileStore } from '../../src/adapters/s3/tile-store.ts'
import { LogError } from '../../src/log/entries.ts'
import { NOTE_BYTES_MAX } from '../../src/log/note.ts'
import type { CheckpointLock, PublicTiles } from '../../src/ports/tile-store.ts'
import type { KeptNote } from './elsewhere.ts'

export interface TilesOptions {
  readonly dataDir: string
  /** `s3://bucket/prefix`; folders under `dataDir` when not given. */
  readonly tilesUrl?: string
  /** An S3-compatible service other than AWS. */
  readonly s3Endpoint?: string
  /** By default `path` with an endpoint and `virtual-host` without. */
  readonly s3Style?: 'path' | 'virtual-host'
}

/** Plain data: it goes to the thread that publishes. */
export type LogPlace =
  | { readonly kind: 'fs'; readonly tilesDir: string; readonly lockDir: string }
  | { readonly kind: 's3'; readonly s3: S3Options }

export interface OpenedLogPlace {
  readonly tiles: PublicTiles
  readonly lock: CheckpointLock
}

type Environment = Readonly<Record<string, string | undefined>>

/** @throws {LogError} `TILES_INVALID`: an address, region or credentials that are not there or not understood */
export function placeOfLog(options: TilesOptions, env: Environment = process.env): LogPlace {
  const { dataDir, tilesUrl, s3Endpoint, s3Style } = options
  if (tilesUrl === undefined) {
    return { kind: 'fs', tilesDir: join(dataDir, 'log'), lockDir: join(dataDir, 'lock') }
  }
  const [, bucket, path = ''] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/.exec(tilesUrl) ?? []
  if (bucket === undefined || path.length > 512 || /^\/|[^\w./-]|\/\/|(^|\/)\.\.?(\/|$)/.test(path)) {
    throw invalid('tiles live in a directory, or at s3://bucket/prefix')
  }
  if (s3Endpoint !== undefined && !isHttp(s3Endpoint)) throw invalid('the S3 endpoint is not an http(s) URL')
  const region = env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? (s3Endpoint === undefined ? null : 'us-east-1')
  if (region === null) throw invalid('set AWS_REGION to the region of the bucket')
  const prefix = path.replace(/\/$/, '')
  return {
    kind: 's3',
    s3: {
      bucket,
      prefix: prefix === '' ? '' : `${prefix}/`,
      region,
      style: s3Style ?? (s3Endpoint === undefined ? 'virtual-host' : 'path'),
      credentials: credentialsOf(env),
      ...(s3Endpoint === undefined ? {} : { endpoint: s3Endpoint }),
    },
  }
}

export function openLogPlace(place: LogPlace): OpenedLogPlace {
  if (place.kind === 'fs') {
    return { tiles: fsTileStore(place.tilesDir), lock: fsCheckpointLock(place.lockDir) }
  }
  const client = new S3Client(place.s3)
  return { tiles: s3TileStore(client), lock: s3CheckpointLock(client) }
}

/** The newest checkpoint that another node signed, beside the lock store of a folder (LOG-44). */
export function keptNote(lockDir: string): KeptNote {
  const path = join(lockDir, 'signed-elsewhere')
  return {
    load: () => readWhole(path, NOTE_BYTES_MAX),
    store: (note) => replaceFile(path, note, { file: 0o600, dir: 0o700 }),
  }
}

function credentialsOf(env: Environment): S3Credentials {
  const found = credentialsIn({
    aws_access_key_id: env.AWS_ACCESS_KEY_ID,
    aws_secret_access_key: env.AWS_SECRET_ACCESS_KEY,
    aws_session_token: env.AWS_SESSION_TOKEN,
  })
  return found ?? credentialsInFile(env)
}

/** The section of a profile in an AWS credentials file: lines of `name = value`. */
function credentialsInFile(env: Environment): S3Credentials {
  const file = env.AWS_SHARED_CREDENTIALS_FILE ?? join(homedir(), '.aws', 'credentials')
  const profile = env.AWS_PROFILE ?? 'default'
  const missing = 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_SHARED_CREDENTIALS_FILE'
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    throw invalid(`no S3 credentials: ${missing}`)
  }
  const values: Record<string, string> = {}
  let section = ''
  for (const line of text.split('\n')) {
    section = /^\s*\[([^\]]+)\]/.exec(line)?.[1]?.trim() ?? section
    const [, name, value] = /^\s*(\w+)\s*=\s*(\S+)\s*$/.exec(line) ?? []
    if (section === profile && name !== undefined && value !== undefined) values[name] = value
  }
  const found = credentialsIn(values)
  if (found === null) throw invalid(`the S3 credentials file has no keys for this profile: ${missing}`)
  return found
}

function credentialsIn(values: Readonly<Record<string, string | undefined>>): S3Credentials | null {
  const { aws_access_key_id: accessKeyId, aws_secret_access_key: secretAccessKey } = values
  const { aws_session_token: sessionToken } = values
  if (accessKeyId === undefined || secretAccessKey === undefined) return null
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) }
}

function isHttp(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)
}

function invalid(message: string): LogError {
  return new LogError('TILES_INVALID', message)
}
