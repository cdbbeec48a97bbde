/**
 * Many subscribers of the revocation stream in one process, on bare sockets: each denies what a frame names as soon as
 * the frame is parsed, and notes when that was. No signature is checked; the enforcement points beside them do that.
 * Use: forked; told what to do in messages.
 * @module
 */
import { connect, type Socket } from 'node:net'
import { z } from 'zod'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { PrivateJwk } from '../../src/core/crypto.ts'
import { base64url, utf8 } from '../../src/core/encoding.ts'
import { signJws } from '../../src/core/sign.ts'
import { now } from './clock.ts'

/** Connections that are being made at once: more would wait in the server's queue and time out there. */
const CONNECTING_MAX = 16
const PATH = '/v1/revocations/stream'
const FRAME = 'event: frame\ndata: '
const END = '\n\n'
const READ_BYTES = 64 * 1024

const toldSchema = z.discriminatedUnion('do', [
  z.strictObject({
    do: z.literal('connect'),
    count: z.int(),
    url: z.string(),
    port: z.int(),
    after: z.int(),
    key: z.looseObject({}),
  }),
  z.strictObject({ do: z.literal('expect'), handles: z.array(z.string()) }),
])
type Connect = Extract<z.infer<typeof toldSchema>, { do: 'connect' }>

/** All sockets read into this: what came is dealt with before the next read. */
const buffer = Buffer.alloc(READ_BYTES)
const subscribers: Subscriber[] = []

/** What the coordinator waits for: each subscriber denies all of these. */
class Expected {
  readonly #handles: ReadonlySet<string>
  readonly #times: number[] = []
  #missing: number

  constructor(handles: readonly string[]) {
    this.#handles = new Set(handles)
    this.#missing = handles.length * subscribers.length
  }

  denied(handle: string): void {
    if (!this.#handles.has(handle)) return
    this.#times.push(now())
    if (--this.#missing === 0) tell({ denied: this.#times })
  }
}

let expected = new Expected([])

class Subscriber {
  readonly #denied = new Set<string>()
  readonly #socket: Socket
  #rest = ''
  #isUp = false

  constructor(told: Connect, onUp: () => void) {
    const onread = {
      buffer,
      callback: (bytes: number): boolean => {
        this.#read(buffer.toString('latin1', 0, bytes), onUp)
        return true
      },
    }
    this.#socket = connect({ host: '127.0.0.1', port: told.port, onread })
    this.#socket.setNoDelay(true)
    this.#socket.on('close', () => fail('the server closed a stream'))
    this.#socket.on('error', (cause) => fail(cause.message))
    this.#socket.write(requestOf(told))
  }

  #read(text: string, onUp: () => void): void {
    const all = this.#rest === '' ? text : this.#rest + text
    if (!this.#isUp) {
      if (!all.startsWith('HTTP/1.1 200')) return fail(all.slice(0, 200))
      // A first heartbeat: the backlog is over.
      if (all.includes('event: heartbeat')) {
        this.#isUp = true
        onUp()
      }
    }
    let done = 0
    for (let at = all.indexOf(FRAME); at >= 0; at = all.indexOf(FRAME, done)) {
      const end = all.indexOf(END, at)
      if (end < 0) break
      this.#deny(all.slice(at + FRAME.length, end))
      done = end
    }
    this.#rest = this.#isUp ? all.slice(Math.max(done, all.lastIndexOf(END) + END.length)) : all
  }

  #deny(data: string): void {
    const { handle } = (JSON.parse(data) as { frame: { handle: string } }).frame
    if (this.#denied.has(handle)) return
    this.#denied.add(handle)
    expected.denied(handle)
  }
}

/** API-1, as src/adapters/http/client.ts signs it. */
function requestOf({ url, after, key }: Connect): string {
  const signer = nodeCrypto.signer(key as unknown as PrivateJwk)
  const proof = signJws(
    signer,
    { typ: 'dpop+jwt', jwk: { ...signer.publicJwk } },
    {
      htm: 'GET',
      htu: url + PATH,
      iat: Math.floor(Date.now() / 1000),
      jti: base64url(nodeCrypto.randomBytes(16)),
      body_sha256: base64url(nodeCrypto.sha256(utf8(''))),
    },
  )
  const { host } = new URL(url)
  return `GET ${PATH}?epoch=1&after=${after} HTTP/1.1\r\nHost: ${host}\r\nDPoP: ${proof}\r\n\r\n`
}

function begin(told: Connect): void {
  let up = 0
  let begun = 0
  const next = (): void => {
    if (begun >= told.count) return
    begun++
    subscribers.push(
      new Subscriber(told, () => {
        if (++up === told.count) tell({ up })
        else next()
      }),
    )
  }
  for (let i = 0; i < CONNECTING_MAX; i++) next()
}

function tell(message: object): void {
  process.send?.(message)
}

function fail(why: string): void {
  tell({ failed: why })
}

process.on('message', (message) => {
  const told = toldSchema.parse(message)
  if (told.do === 'connect') begin(told)
  else {
    expected = new Expected(told.handles)
    tell({ expecting: true })
  }
})
process.on('disconnect', () => process.exit(0))
