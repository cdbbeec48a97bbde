/** The log as the control plane serves it: files with their headers, entries and proofs. @module */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { fromBase64, utf8 } from '../../src/core/encoding.ts'
import { canonicalBytes } from '../../src/core/json.ts'
import { openCheckpoint, type Checkpoint } from '../../src/log/checkpoint.ts'
import { leafHash, verifyConsistency, verifyInclusion } from '../../src/log/merkle.ts'
import { TestServer, type Operator } from './harness.ts'

let server: TestServer
let ann: Operator
let head: Checkpoint

beforeAll(async () => {
  server = await new TestServer({ separation: 'after' }).start()
  ann = await server.enrol(server.bootstrapSecret)
  for (let i = 0; i < 5; i++) await ann.api.post('/v1/systems', { name: `System ${i}` })
  await server.restart() // publishes what there is, and nothing after it
  const note = await ann.api.fetch('GET', '/log/checkpoint')
  head = openCheckpoint(nodeCrypto, new Uint8Array(await note.arrayBuffer()), server.running.vkey)
})

afterAll(() => server.remove())

describe('files of the log', () => {
  test('have the content types of tlog-tiles, and are cached as long as they hold', async () => {
    const checkpoint = await ann.api.fetch('GET', '/log/checkpoint')
    expect(checkpoint.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    expect(checkpoint.headers.get('cache-control')).toBe('private, no-cache')
    for (const level of ['0', 'entries']) {
      const partial = await ann.api.fetch('GET', `/log/tile/${level}/000.p/${head.size}`)
      expect(partial.headers.get('content-type')).toBe('application/octet-stream')
      expect(partial.headers.get('cache-control')).toBe('private, max-age=300')
    }
  })

  test('are not sent again to who has them', async () => {
    const path = `/log/tile/0/000.p/${head.size}`
    const first = await ann.api.fetch('GET', path)
    const etag = first.headers.get('etag') ?? ''
    expect(etag).toMatch(/^"[\w-]{22}"$/)
    const ask = (known: string) =>
      fetch(server.base() + path, {
        headers: { dpop: ann.api.proof('GET', path, ''), 'if-none-match': known },
      })
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const again = await ask(known)
      expect([again.status, again.headers.get('etag'), await again.text()]).toEqual([304, etag, ''])
    }
    expect((await ask('"other"')).status).toBe(200)
  })

  test('answer HEAD with the headers of GET and no body', async () => {
    const path = '/log/checkpoint'
    const [get, only] = [await ann.api.fetch('GET', path), await ann.api.fetch('HEAD', path)]
    expect(only.status).toBe(200)
    for (const name of ['etag', 'content-type', 'content-length', 'cache-control'])
      expect([name, only.headers.get(name)]).toEqual([name, get.headers.get(name)])
    expect(await only.text()).toBe('')
  })

  test.each([
    '/log/tile/0/001',
    '/log/tile/entries/000',
    '/log/tile/0/000.p/256',
    '/log/tile/0/000.p/0',
    '/log/tile/00/000',
    '/log/tile/64/000',
    '/log/tile/0/x000/000',
    '/log/',
    '/log/checkpoint/',
  ])('are not there at %s', async (path) => {
    expect((await ann.api.fetch('GET', path)).status).toBe(404)
  })

  test('are for those who may read', async () => {
    expect((await fetch(`${server.base()}/log/checkpoint`)).status).toBe(401)
    expect((await server.caller().get('/v1/log/entries/0')).status).toBe(401)
    expect((await server.caller().get('/v1/log/proof?from=1')).status).toBe(401)
  })
})

describe('entries from the newest backwards', () => {
  const indices = (json: { entries: { index: number }[] }): number[] => json.entries.map(({ index }) => index)

  test('come in pages, each saying where the next begins', async () => {
    const all: number[] = []
    let path = '/v1/entries/newest?limit=4'
    for (;;) {
      const { json } = await ann.api.get(path)
      all.push(...indices(json))
      if (json.next === null) break
      path = `/v1/entries/newest?limit=4&before=${json.next}`
    }
    const { json } = await ann.api.get('/v1/entries?limit=1000')
    expect(all).toEqual(indices(json).reverse())
  })

  test('are those of a type, or of a family of types', async () => {
    for (const [type, found] of [
      ['system.added', 5],
      ['system.', 5],
      ['person.', 3],
      ['persons.', 0],
    ] as const) {
      const { json } = await ann.api.get(`/v1/entries/newest?type=${type}`)
      expect([type, json.entries.length, json.next]).toEqual([type, found, null])
    }
  })

  test.each(['type=system_%25', 'limit=0', 'limit=201', 'before=-1'])('are refused for %s', async (asked) => {
    expect((await ann.api.get(`/v1/entries/newest?${asked}`)).status).toBe(400)
  })
})

describe('an entry', () => {
  test('comes with a proof that leads to the signed root', async () => {
    for (const index of [0, 3, head.size - 1]) {
      const { status, json } = await ann.api.get(`/v1/log/entries/${index}`)
      expect(status).toBe(200)
      const signed = openCheckpoint(nodeCrypto, utf8(json.checkpoint), server.running.vkey)
      expect([json.index, json.size, fromBase64(json.root)]).toEqual([index, signed.size, signed.root])
      const leaf = leafHash(nodeCrypto, canonicalBytes(json.entry))
      const proof = json.proof.map(fromBase64)
      expect(verifyInclusion(nodeCrypto, { ...signed, index, leaf, proof })).toBe(true)
    }
  })

  test.each([
    ['9999', 404],
    ['9007199254740993', 400],
    ['-1', 400],
    ['01', 400],
    ['1e1', 400],
  ])('is not there at %s', async (index, status) => {
    expect((await ann.api.get(`/v1/log/entries/${index}`)).status).toBe(status)
  })
})

describe('a consistency proof', () => {
  test('leads from each earlier size to a later one, the newest unless told otherwise', async () => {
    const [small, middle] = [3, head.size - 1]
    for (const [query, ends] of [
      [`from=${small}`, [small, head.size]],
      [`from=${small}&to=${middle}`, [small, middle]],
      [`from=${head.size}`, [head.size, head.size]],
    ] as const) {
      const { json } = await ann.api.get(`/v1/log/proof?${query}`)
      expect([json.from.size, json.to.size]).toEqual(ends)
      const claim = {
        size1: json.from.size,
        size2: json.to.size,
        root1: fromBase64(json.from.root),
        root2: fromBase64(json.to.root),
        proof: json.proof.map(fromBase64),
      }
      expect(verifyConsistency(nodeCrypto, claim)).toBe(true)
    }
    const { json } = await ann.api.get(`/v1/log/proof?from=${small}`)
    expect(fromBase64(json.to.root)).toEqual(head.root)
  })

  test.each([
    ['from=0', 400],
    ['from=5&to=4', 400],
    ['from=1&to=9999', 404],
    ['to=4', 400],
    ['from=1&size=4', 400],
    ['from=+1', 400],
  ])('is refused for %s', async (query, status) => {
    expect((await ann.api.get(`/v1/log/proof?${query}`)).status).toBe(status)
  })
})

test('the document describes the files and the proofs', async () => {
  const { paths } = (await (await fetch(`${server.base()}/openapi.json`)).json()) as { paths: object }
  expect(Object.keys(paths)).toEqual(
    expect.arrayContaining(['/log/{path}', '/v1/log/entries/{index}', '/v1/log/proof']),
  )
})
