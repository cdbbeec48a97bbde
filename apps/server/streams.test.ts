import { Script } from 'node:vm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { openCheckpoint } from '../../src/log/checkpoint.ts'
import {
  frameHash,
  verifyFrame,
  verifyHeartbeat,
  verifyTime,
  type SignedFrame,
} from '../../src/revoke/frame.ts'
import { TestServer, type Caller, type Operator } from './harness.ts'

const HEARTBEAT_MS = 20
const NONCE = 'n'.repeat(22)

interface Event {
  readonly event: string
  readonly id?: string
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly data: any
}

/** Reads events until told to stop. */
class Reader {
  readonly #abort = new AbortController()
  readonly #events: AsyncGenerator<Event>

  constructor(open: (signal: AbortSignal) => Promise<Response>) {
    this.#events = this.#read(open)
  }

  async *#read(open: (signal: AbortSignal) => Promise<Response>): AsyncGenerator<Event> {
    const response = await open(this.#abort.signal)
    let text = ''
    for await (const part of response.body!.pipeThrough(new TextDecoderStream())) {
      text += part
      const blocks = text.split('\n\n')
      text = blocks.pop() ?? ''
      for (const block of blocks) {
        const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1]
        const [event, data, id] = [field('event'), field('data'), field('id')]
        if (event && data) yield { event, data: JSON.parse(data), ...(id ? { id } : {}) }
      }
    }
  }

  async next(event: string, where: (data: Event['data']) => boolean = () => true): Promise<Event> {
    for (;;) {
      const { value, done } = await this.#events.next()
      if (done) throw new Error('the stream ended')
      if (value.event === event && where(value.data)) return value
    }
  }

  /** The next event, whatever it is. */
  async any(): Promise<Event> {
    return (await this.#events.next()).value
  }

  stop(): void {
    this.#abort.abort()
  }
}

const server = new TestServer({ separation: 'after', heartbeatMs: HEARTBEAT_MS, simulated: true })
let ann: Operator
let point: { id: string; api: Caller }
beforeAll(async () => {
  await server.start()
  ann = await server.enrol(server.bootstrapSecret)
  point = await server.point(ann)
})
afterAll(() => server.remove())

const info = async () => (await fetch(`${server.base()}/v1/info`)).json() as Promise<Record<string, never>>
const follow = (after: number) =>
  new Reader((signal) =>
    point.api.fetch('GET', `/v1/revocations/stream?epoch=1&after=${after}&nonce=${NONCE}`, '', {}, signal),
  )
const revokeAgent = async (): Promise<number> => {
  const agent = await server.agent(ann, ann)
  const { json } = await ann.api.post('/v1/revocations', { kind: 'agent', target: agent.id, reason: 'test' })
  return json.frames[0]
}

describe('the revocation stream', () => {
  test('begins with signed time, then frames, then heartbeats of the head they reach', async () => {
    const key = (await info()).frame_key as never
    const before = await revokeAgent()
    const reader = follow(0)
    const time = await reader.any()
    expect([time.event, time.data.time.nonce]).toEqual(['time', NONCE])
    expect(verifyTime(nodeCrypto, key, time.data)).toBe(true)
    let last: SignedFrame | null = null
    for (let seq = 1; seq <= before; seq++) {
      const { event, data } = await reader.any()
      expect([event, data.frame.seq]).toEqual(['frame', seq])
      expect(verifyFrame(nodeCrypto, key, data)).toBe(true)
      expect(data.frame.prev).toBe(last === null ? '' : frameHash(nodeCrypto, last.frame))
      last = data
    }
    const beat = await reader.any()
    expect(beat.event).toBe('heartbeat')
    expect(verifyHeartbeat(nodeCrypto, key, beat.data)).toBe(true)
    expect(beat.data.heartbeat).toMatchObject({
      epoch: 1,
      head: before,
      head_hash: frameHash(nodeCrypto, last!.frame),
    })
    const next = revokeAgent()
    const pushed = await reader.next('frame')
    expect(pushed.data.frame.seq).toBe(await next)
    await reader.next('heartbeat', (data) => data.heartbeat.head === pushed.data.frame.seq)
    reader.stop()
  })

  test('brings a burst to who listens and to who comes in the middle of it: each frame once, in order', async () => {
    const keys = await Promise.all(Array.from({ length: 24 }, () => server.agent(ann, ann)))
    const before = await revokeAgent()
    const first = follow(before)
    await first.next('heartbeat')
    const revoked = Promise.all(
      keys.map(({ id }) => ann.api.post('/v1/revocations', { kind: 'agent', target: id, reason: 'test' })),
    )
    const second = follow(before)
    for (const reader of [first, second]) {
      for (let seq = before + 1; seq <= before + keys.length; seq++) {
        expect((await reader.next('frame')).data.frame.seq).toBe(seq)
      }
      reader.stop()
    }
    await revoked
  })

  test('resumes after the last frame that the point has', async () => {
    const [one, two] = [await revokeAgent(), await revokeAgent()]
    const reader = follow(one)
    await reader.any() // time
    expect((await reader.any()).data.frame.seq).toBe(two)
    expect((await reader.any()).event).toBe('heartbeat')
    reader.stop()
  })

  test('reaches every point that listens', async () => {
    const readers = Array.from({ length: 20 }, () => follow(0))
    await Promise.all(readers.map((reader) => reader.next('heartbeat')))
    const seq = await revokeAgent()
    const frames = await Promise.all(
      readers.map((reader) => reader.next('frame', (data) => data.frame.seq === seq)),
    )
    expect(frames).toHaveLength(20)
    for (const reader of readers) reader.stop()
  })

  test('is closed to strangers, and time is signed for a nonce', async () => {
    expect((await server.caller().get('/v1/revocations/stream')).status).toBe(401)
    const { json } = await point.api.get(`/v1/time?nonce=${NONCE}`)
    expect(verifyTime(nodeCrypto, (await info()).frame_key as never, json)).toBe(true)
  })
})

describe('the log', () => {
  test('is published after commits, and its checkpoint verifies', async () => {
    const { size } = (await ann.api.get('/v1/entries?limit=1')).json
    const vkey = server.running.vkey
    let note = new Uint8Array()
    let checkpoint = { size: 0 }
    while (checkpoint.size < size) {
      const response = await ann.api.fetch('GET', '/log/checkpoint')
      expect(response.headers.get('cache-control')).toBe('private, no-cache')
      note = new Uint8Array(await response.arrayBuffer())
      checkpoint = openCheckpoint(nodeCrypto, note, vkey)
    }
    // It is recorded after it is published.
    const latest = () => ann.api.get(`/v1/checkpoints?at=${new Date(Date.now() + 1000).toISOString()}`)
    let history = await latest()
    while (history.status !== 200 || history.json.size < checkpoint.size) history = await latest()
    expect(history.json.size).toBeGreaterThanOrEqual(checkpoint.size)
    expect((await ann.api.get('/v1/checkpoints?at=2020-01-01T00:00:00Z')).status).toBe(404)
    expect((await ann.api.get('/v1/checkpoints?at=yesterday')).status).toBe(400)
    const tile = await ann.api.fetch('GET', `/log/tile/0/000.p/${checkpoint.size % 256}`)
    expect(tile.status).toBe(200)
  })

  test.each(['/log/../keys/log.jwk', '/log/tile/..%2f..%2fkeys', '/log/tile/0/0', '/log/keys/log.jwk'])(
    'serves nothing but tiles at %s',
    async (path) => {
      expect((await ann.api.fetch('GET', new URL(path, server.base()).pathname)).status).toBe(404)
    },
  )

  test('streams entries, resumable by the last event', async () => {
    const all = new Reader((signal) => ann.api.fetch('GET', '/v1/entries/stream', '', {}, signal))
    expect(await all.any()).toMatchObject({
      event: 'entry',
      id: '0',
      data: { entry: { type: 'log.created' } },
    })
    all.stop()
    const { size } = (await ann.api.get('/v1/entries?limit=1')).json
    const resumed = new Reader((signal) =>
      fetch(`${server.base()}/v1/entries/stream`, {
        headers: { dpop: ann.api.proof('GET', '/v1/entries/stream', ''), 'last-event-id': String(size - 1) },
        signal,
      }),
    )
    const first = resumed.any()
    await ann.api.post('/v1/systems', { name: 'Streamed' })
    expect(await first).toMatchObject({ id: String(size), data: { entry: { body: { name: 'Streamed' } } } })
    resumed.stop()
  })

  test.each(['key', 'session'])('ends the stream of a reader with a %s who left', async (way) => {
    const ben = await server.invite(ann, 'Ben')
    const { url } = (await ben.api.post('/v1/viewer-links', {})).json
    const cookie = (await server.comeIn(url)) ?? ''
    const { size } = (await ann.api.get('/v1/entries?limit=1')).json
    const path = `/v1/entries/stream?after=${size - 1}`
    const stream = new Reader((signal) =>
      way === 'key'
        ? ben.api.fetch('GET', path, '', {}, signal)
        : fetch(server.base() + path, { headers: { cookie }, signal }),
    )
    const first = stream.any()
    await ann.api.post('/v1/systems', { name: `Seen by a ${way}` })
    expect(await first).toMatchObject({ data: { entry: { type: 'system.added' } } })
    const next = stream.any()
    await ann.api.post(`/v1/people/${ben.id}/leave`, { reason: 'left' })
    await ann.api.post('/v1/systems', { name: `Not for a ${way}` })
    expect(await next).toBeUndefined()
  })

  test('ends the stream of a session that was ended', async () => {
    const ben = await server.invite(ann, 'Ben')
    const { url } = (await ben.api.post('/v1/viewer-links', {})).json
    const cookie = (await server.comeIn(url)) ?? ''
    const { size } = (await ann.api.get('/v1/entries?limit=1')).json
    const stream = new Reader((signal) =>
      fetch(`${server.base()}/v1/entries/stream?after=${size - 1}`, { headers: { cookie }, signal }),
    )
    const first = stream.any()
    await ann.api.post('/v1/systems', { name: 'Seen in the session' })
    expect(await first).toMatchObject({ data: { entry: { type: 'system.added' } } })
    const next = stream.any()
    const headers = { cookie, origin: server.base(), 'content-type': 'application/json' }
    await fetch(`${server.base()}/v1/session/end`, { method: 'POST', headers, body: '{}' })
    await ann.api.post('/v1/systems', { name: 'After the session' })
    expect(await next).toBeUndefined()
  })
})

describe('the live page', () => {
  const link = async () => (await ann.api.post('/v1/viewer-links', {})).json.url as string

  test('opens in the session that its link begins, once, under a strict policy', async () => {
    const url = await link()
    expect(new URL(url).searchParams.get('page')).toBe('/live')
    expect(url.replace(/#.*/, '')).not.toContain('ticket')
    const cookie = (await server.comeIn(url)) ?? ''
    expect(await server.comeIn(url)).toBeNull()
    const headers = { cookie }
    const page = await fetch(`${server.base()}/live`, { headers })
    const html = await page.text()
    const nonce = /script nonce="([^"]+)"/.exec(html)?.[1]
    expect(page.status).toBe(200)
    expect(page.headers.get('content-security-policy')).toContain(`script-src 'nonce-${nonce}'`)
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(html).toContain('Simulated.')
    expect(html).not.toMatch(/https?:\/\/|\son[a-z]+=/)
    expect((await fetch(`${server.base()}/v1/entries`, { headers })).status).toBe(200)
    expect((await fetch(`${server.base()}/log/checkpoint`, { headers })).status).toBe(200)
    expect((await fetch(`${server.base()}/v1/points/self/tools`, { headers })).status).toBe(401)
  })

  test.each(['live', 'review', 'a'])('brings nobody in by an address: /%s', async (page) => {
    const ticket = (await link()).split('#ticket=')[1] ?? ''
    const answer = await fetch(`${server.base()}/${page}?ticket=${ticket}`)
    expect(answer.headers.get('set-cookie')).toBeNull()
    const headers = { 'content-type': 'application/json', origin: 'https://evil.example' }
    const body = JSON.stringify({ ticket })
    const forged = await fetch(`${server.base()}/v1/session/ticket`, { method: 'POST', headers, body })
    expect([forged.status, forged.headers.get('set-cookie')]).toEqual([403, null])
  })

  test('shows a stranger nothing but how to get a link', async () => {
    const page = await fetch(`${server.base()}/live`)
    expect(page.status).toBe(401)
    expect(await page.text()).toContain('countersign live')
    expect((await fetch(`${server.base()}/v1/entries`)).status).toBe(401)
  })

  test('has a script that parses', async () => {
    const headers = { cookie: (await server.comeIn(await link())) ?? '' }
    const html = await (await fetch(`${server.base()}/live`, { headers })).text()
    const script = /<script[^>]*>([\s\S]*)<\/script>/.exec(html)?.[1] ?? ''
    expect(() => new Script(script)).not.toThrow()
  })
})
