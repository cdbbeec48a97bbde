/** The tile store over HTTP against a real server: what it reads, what it bounds, what it tries again. @module */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { ApiClient } from '../../src/adapters/http/client.ts'
import { httpTileStore } from '../../src/adapters/http/tile-store.ts'
import { publicTiles } from '../../src/adapters/http/tiles.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { utf8 } from '../../src/core/encoding.ts'
import { systemClock } from '../../src/ports/clock.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/some/log`
}

test('reads files under the prefix, compressed or not, and null where there is none', async () => {
  const prefix = await serve((request, response) => {
    if (request.url === '/some/log/checkpoint') response.end('note')
    else if (request.url === '/some/log/tile/entries/000')
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('bundle'))
    else response.writeHead(request.url === '/some/log/tile/0/000' ? 410 : 404).end('no')
  })
  for (const store of [httpTileStore({ prefix }), httpTileStore({ prefix: `${prefix}/` })]) {
    expect(await store.read('checkpoint')).toEqual(utf8('note'))
    expect(await store.read('tile/entries/000')).toEqual(utf8('bundle'))
    expect(await store.read('tile/0/000')).toBeNull()
    expect(await store.read('tile/0/001')).toBeNull()
  }
})

test('tries again what fails for a moment, and not what is refused', async () => {
  let asked = 0
  const prefix = await serve((request, response) => {
    asked++
    if (request.url?.endsWith('secret') === true) response.writeHead(403).end()
    else if (asked === 1) request.socket.destroy()
    else response.writeHead(asked === 2 ? 503 : 200).end('note')
  })
  const store = httpTileStore({ prefix })
  expect(await store.read('checkpoint')).toEqual(utf8('note'))
  expect(asked).toBe(3)
  await expect(store.read('secret')).rejects.toThrowWithCode('LOG_UNAVAILABLE')
  expect(asked).toBe(4)
})

test('refuses an answer that is larger than any bundle, whatever length it states', async () => {
  const prefix = await serve((_, response) => {
    const part = new Uint8Array(1024 * 1024)
    const more = (): void => {
      while (!response.destroyed && response.write(part));
      response.once('drain', more)
    }
    more()
  })
  await expect(httpTileStore({ prefix }).read('tile/entries/000')).rejects.toThrowWithCode('TILE_INVALID')
})

describe.each([
  ['the tile store', (prefix: string) => httpTileStore({ prefix })],
  ['the reader of a public log', publicTiles],
])('%s', (_, open) => {
  test('follows a redirect within the origin of the log, and not in a circle', async () => {
    const prefix = await serve(({ url = '' }, response) => {
      if (url === '/other/checkpoint') response.end('note')
      else {
        const location = url.endsWith('circle') ? url : url.replace('/some/log/', '/other/')
        response.writeHead(307, { location }).end()
      }
    })
    expect(await open(prefix).read('checkpoint')).toEqual(utf8('note'))
    await expect(open(prefix).read('circle')).rejects.toThrowWithCode('LOG_REDIRECTED')
  })

  test('asks no other server that a redirect names, and none over another scheme', async () => {
    let asked = 0
    const elsewhere = await serve((_, response) => {
      asked++
      response.end('note')
    })
    const targets: (string | undefined)[] = [
      `${elsewhere}/checkpoint`,
      'https://127.0.0.1/some/log/checkpoint',
      '//127.0.0.1:9/x',
      'file:///etc/hostname',
      'http://[',
      undefined,
    ]
    for (const location of targets) {
      const prefix = await serve((_, response) => {
        response.writeHead(302, location === undefined ? {} : { location }).end()
      })
      await expect(open(prefix).read('checkpoint')).rejects.toThrowWithCode('LOG_REDIRECTED')
    }
    expect(asked).toBe(0)
  })
})

test('a control plane that does not end its answer is not read for ever', async () => {
  const part = new Uint8Array(1024 * 1024).fill(0x20)
  const prefix = await serve((request, response) => {
    response.writeHead(request.url?.endsWith('refused') === true ? 403 : 200)
    const more = (): void => {
      while (!response.destroyed && response.write(part));
      response.once('drain', more)
    }
    more()
  })
  const client = new ApiClient({ url: prefix, crypto: nodeCrypto, clock: systemClock })
  await expect(client.bytes('/bytes')).rejects.toThrowWithCode('API_ANSWER_INVALID')
  await expect(client.get('/json')).rejects.toThrowWithCode('API_ANSWER_INVALID')
  await expect(client.get('/refused')).rejects.toThrowWithCode('API_REFUSED')
})

test('is not written to', async () => {
  const store = httpTileStore({ prefix: 'http://127.0.0.1:1' })
  await expect(store.write('checkpoint', utf8('x'))).rejects.toThrowWithCode('LOG_UNAVAILABLE')
})
