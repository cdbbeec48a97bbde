/** The S3 adapters against their contracts, over HTTP, and what is theirs alone. @module */
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { s3CheckpointLock } from '../../src/adapters/s3/checkpoint-lock.ts'
import { S3Client, type S3Options } from '../../src/adapters/s3/client.ts'
import { s3TileStore } from '../../src/adapters/s3/tile-store.ts'
import { utf8 } from '../../src/core/encoding.ts'
import {
  BUCKET,
  CREDENTIALS,
  REGION,
  startS3Server,
  virtualHostEndpoint,
  type S3Fault,
  type S3Server,
} from '../fixtures/s3-server.ts'
import { checkpointLockContract } from './checkpoint-lock.ts'
import { tileStoreContract } from './tile-store.ts'

let server: S3Server
let prefixes = 0
beforeAll(async () => {
  server = await startS3Server()
})
afterAll(() => server.close())

/** A client of a prefix of its own. */
function client(options: Partial<S3Options> = {}): S3Client {
  return new S3Client({
    bucket: BUCKET,
    prefix: `log ${prefixes++}/`,
    endpoint: server.endpoint,
    region: REGION,
    style: 'path',
    credentials: CREDENTIALS,
    limits: { request_ms: 300, backoff_ms: 1 },
    ...options,
  })
}

tileStoreContract('s3', async () => s3TileStore(client()))
checkpointLockContract(
  's3',
  async () => {
    const prefix = `lock ${prefixes++}/`
    return () => s3CheckpointLock(client({ prefix }))
  },
  'several',
)

/** Fails the first requests that match, and counts them. */
async function failing<T>(
  match: (method: string, key: string) => boolean,
  fault: S3Fault,
  times: number,
  run: () => Promise<T>,
): Promise<{ result: PromiseSettledResult<T>; failed: number }> {
  let failed = 0
  server.fault = ({ method, key }) => (match(method, key) && failed < times && ++failed > 0 ? fault : null)
  const [result] = await Promise.allSettled([run()])
  server.fault = () => null
  return { result, failed }
}

const isLock = (method: string, key: string): boolean => method === 'PUT' && key.endsWith('last-checkpoint')
const faults = (['before', 'after'] as const).flatMap((when) =>
  ([500, 503, 'reset', 'silence'] as const).map((how): S3Fault => ({ when, how })),
)

describe('the tile store in a bucket', () => {
  test('names the kind of each file, and how long it may be kept', async () => {
    const store = s3TileStore(client({ prefix: 'public/' }))
    await store.write('tile/0/000.p/5', utf8('x'))
    await store.write('checkpoint', utf8('x'))
    expect(server.objects.get('public/tile/0/000.p/5')).toMatchObject({
      contentType: 'application/octet-stream',
      cacheControl: 'public, max-age=31536000, immutable',
    })
    expect(server.objects.get('public/checkpoint')).toMatchObject({
      contentType: 'text/plain; charset=utf-8',
      cacheControl: 'no-cache',
    })
  })

  test('works with the bucket in the host name', async () => {
    const endpoint = virtualHostEndpoint(server)
    // A resolver may not know names under localhost: the request goes where they lead, and is signed for what it says.
    const fetchLocal: typeof fetch = (url, init) =>
      viaHost(server.endpoint, url instanceof Request ? url.url : url, init)
    const store = s3TileStore(
      client({ prefix: 'hosted/', endpoint, style: 'virtual-host', fetch: fetchLocal }),
    )
    await store.write('checkpoint', utf8('x'))
    expect(await store.read('checkpoint')).toEqual(utf8('x'))
    expect(server.objects.has('hosted/checkpoint')).toBe(true)
  })

  test.each(faults)('tries again after $how, $when it stored', async (fault) => {
    const store = s3TileStore(client())
    const { result, failed } = await failing(
      (method) => method === 'PUT',
      fault,
      2,
      () => store.write('tile/0/000', utf8('x')),
    )
    expect([result.status, failed]).toEqual(['fulfilled', 2])
    expect(await store.read('tile/0/000')).toEqual(utf8('x'))
  })

  test.each(faults)('gives up after $how again and again, in time', async (fault) => {
    const store = s3TileStore(client({ limits: { request_ms: 50, deadline_ms: 1_000, backoff_ms: 1 } }))
    const { result, failed } = await failing(
      () => true,
      fault,
      Infinity,
      () => store.read('tile/0/000'),
    )
    expect(result).toMatchObject({ status: 'rejected', reason: { code: 'LOG_UNAVAILABLE' } })
    expect(failed).toBeLessThanOrEqual(6)
  })

  test('a write on a condition whose answer was lost is known to be stored', async () => {
    const store = s3TileStore(client())
    const lost: S3Fault = { when: 'after', how: 'reset' }
    const { result } = await failing(
      (method) => method === 'PUT',
      lost,
      1,
      () => store.writeIf('checkpoint', utf8('x'), (stored) => stored === null),
    )
    expect(result).toEqual({ status: 'fulfilled', value: true })
  })

  test('bytes that were changed in the bucket or on the way are noticed', async () => {
    const store = s3TileStore(
      client({
        prefix: 'bent/',
        fetch: async (url, init) => {
          const response = await fetch(url, init)
          if (init?.method !== 'GET') return response
          return new Response(utf8('y'), { status: 200, headers: response.headers })
        },
      }),
    )
    await store.write('checkpoint', utf8('x'))
    await expect(store.read('checkpoint')).rejects.toThrowWithCode('TILE_INVALID')
  })

  test.each(['../x', '/etc/passwd', 'tile//0', '', 'tile/.tmp', 'a\\b', 'tile/'])(
    'refuses the path %j',
    async (path) => {
      const store = s3TileStore(client())
      await expect(store.read(path)).rejects.toThrowWithCode('TILE_INVALID')
      await expect(store.write(path, utf8('x'))).rejects.toThrowWithCode('TILE_INVALID')
    },
  )

  test('wrong credentials are said at once, without saying them', async () => {
    const secret = 'SECRETSECRETSECRET'
    const store = s3TileStore(client({ credentials: { accessKeyId: 'AKIDOTHER', secretAccessKey: secret } }))
    const before = server.requests.length
    const error: unknown = await store.read('checkpoint').catch((cause: unknown) => cause)
    expect(error).toMatchObject({ code: 'LOG_UNAVAILABLE', message: expect.stringContaining('credentials') })
    expect(server.requests.length).toBe(before + 1)
    const { message, stack, cause } = error as Error
    expect(`${message} ${stack} ${String(cause)}`).not.toMatch(/SECRET|AKID|Signature/)
  })
})

describe('the checkpoint lock in a bucket', () => {
  test.each(faults)('a swap that met $how, $when it stored, is settled by reading back', async (fault) => {
    const lock = s3CheckpointLock(client())
    await lock.acquire()
    const first = await failing(isLock, fault, 2, () => lock.compareAndSwap(null, utf8('a')))
    expect([first.result, first.failed]).toEqual([{ status: 'fulfilled', value: true }, 2])
    const second = await failing(isLock, fault, 2, () => lock.compareAndSwap(utf8('a'), utf8('b')))
    expect([second.result, second.failed]).toEqual([{ status: 'fulfilled', value: true }, 2])
    expect(await lock.load()).toEqual(utf8('b'))
  })

  test.each(['ignored', 'refused'] as const)(
    'a service where conditions are %s is refused before anything is signed',
    async (conditions) => {
      server.conditions = conditions
      try {
        const lock = s3CheckpointLock(client())
        await expect(lock.acquire()).rejects.toThrowWithCode('LOCK_UNSUPPORTED')
        await expect(lock.compareAndSwap(null, utf8('a'))).rejects.toThrowWithCode('LOG_LOCKED')
      } finally {
        server.conditions = 'kept'
      }
    },
  )

  test('a swap that another machine was faster with is lost', async () => {
    const prefix = `race ${prefixes++}/`
    const [a, b] = [s3CheckpointLock(client({ prefix })), s3CheckpointLock(client({ prefix }))]
    await a.acquire()
    await b.acquire()
    expect(await a.load()).toBeNull()
    expect(await b.compareAndSwap(null, utf8('b'))).toBe(true)
    expect(await a.compareAndSwap(null, utf8('a'))).toBe(false)
    expect(await a.load()).toEqual(utf8('b'))
  })
})

/** Sends to `endpoint` what is addressed to a name, keeping the name in the Host header, which `fetch` does not let one set. */
async function viaHost(endpoint: string, url: string | URL, init?: RequestInit): Promise<Response> {
  const { host, pathname } = new URL(url)
  const headers = { ...Object.fromEntries(new Headers(init?.headers)), host }
  const sent = request(new URL(pathname, endpoint), { method: init?.method ?? 'GET', headers })
  sent.end(init?.body)
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of answer) chunks.push(chunk as Buffer)
  const { etag = '' } = answer.headers
  return new Response(Buffer.concat(chunks), { status: answer.statusCode ?? 0, headers: { etag } })
}
