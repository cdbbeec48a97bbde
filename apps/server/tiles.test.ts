import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { BUCKET, CREDENTIALS, REGION, startS3Server, type S3Server } from '../../test/fixtures/s3-server.ts'
import { createServer } from './server.ts'
import { placeOfLog } from './tiles.ts'

const KEYS = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret' }

let folder: string
let s3: S3Server
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-tiles-'))
  s3 = await startS3Server()
})
afterEach(() => vi.unstubAllEnvs())
afterAll(async () => {
  await s3.close()
  await rm(folder, { recursive: true, force: true })
})

describe('where the public log lives', () => {
  test('is the data directory, unless told otherwise', () => {
    const place = placeOfLog({ dataDir: '/data' }, {})
    expect(place).toEqual({ kind: 'fs', tilesDir: '/data/log', lockDir: '/data/lock' })
  })

  test.each([
    ['s3://bucket', ''],
    ['s3://bucket/', ''],
    ['s3://bucket/a/b', 'a/b/'],
    ['s3://bucket/a/b/', 'a/b/'],
  ])('is at %s under the prefix %j', (tilesUrl, prefix) => {
    const place = placeOfLog({ dataDir: '', tilesUrl }, { ...KEYS, AWS_REGION: 'eu-test-1' })
    expect(place).toMatchObject({
      kind: 's3',
      s3: { bucket: 'bucket', prefix, region: 'eu-test-1', style: 'virtual-host' },
    })
  })

  test.each([
    'http://bucket',
    's3://',
    's3://UPPER',
    's3://bucket/../x',
    's3://bucket//x',
    's3://bucket/a b',
  ])('is not at %s', (tilesUrl) => {
    const env = { ...KEYS, AWS_REGION: 'eu-test-1' }
    expect(() => placeOfLog({ dataDir: '', tilesUrl }, env)).toThrowWithCode('TILES_INVALID')
  })

  test('takes keys from the profile of a credentials file', async () => {
    const file = join(folder, 'credentials')
    await writeFile(
      file,
      '[default]\naws_access_key_id = a\n[other]\naws_access_key_id=b\naws_secret_access_key = c\n',
    )
    const options = { dataDir: '', tilesUrl: 's3://bucket', s3Endpoint: 'http://127.0.0.1:1' }
    const env = { AWS_SHARED_CREDENTIALS_FILE: file }
    expect(() => placeOfLog(options, env)).toThrowWithCode('TILES_INVALID')
    expect(placeOfLog(options, { ...env, AWS_PROFILE: 'other' })).toMatchObject({
      s3: { credentials: { accessKeyId: 'b', secretAccessKey: 'c' }, region: 'us-east-1', style: 'path' },
    })
  })

  test('wants keys, a region and an endpoint that is one', () => {
    const at = { dataDir: '', tilesUrl: 's3://bucket' }
    const none = { AWS_SHARED_CREDENTIALS_FILE: '/nowhere', AWS_REGION: 'eu-test-1' }
    expect(() => placeOfLog(at, none)).toThrowWithCode('TILES_INVALID')
    expect(() => placeOfLog(at, KEYS)).toThrowWithCode('TILES_INVALID')
    expect(() => placeOfLog({ ...at, s3Endpoint: 'ftp://x' }, KEYS)).toThrowWithCode('TILES_INVALID')
  })
})

test('a control plane over a bucket publishes there, serves from there, and keeps no files of its own', async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', CREDENTIALS.accessKeyId)
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', CREDENTIALS.secretAccessKey)
  vi.stubEnv('AWS_REGION', REGION)
  const dataDir = join(folder, 'data')
  const options = { dataDir, tilesUrl: `s3://${BUCKET}/log`, s3Endpoint: s3.endpoint }
  const server = await createServer(options)
  await server.close()
  const note = s3.objects.get('log/checkpoint')?.bytes
  expect(note).toEqual(s3.objects.get('log/signer/last-checkpoint')?.bytes)
  const again = await createServer(options)
  try {
    const { status } = await fetch(`${again.url}/log/checkpoint`)
    expect(status).toBe(401) // there, and for those who may read
    expect([...s3.objects.keys()].some((name) => name.startsWith('log/tile/entries/'))).toBe(true)
  } finally {
    await again.close()
  }
})
