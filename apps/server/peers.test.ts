/** What a node tells others of its log, over real HTTP: to whom, and that nobody else can say it. spec/log.md (LOG-44). */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openFsKeyStore } from '../../src/adapters/fs/key-store.ts'
import { nodeCrypto as crypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { Signer } from '../../src/core/crypto.ts'
import { openCheckpoint } from '../../src/log/checkpoint.ts'
import { systemClock as clock } from '../../src/ports/clock.ts'
import { TestServer } from './harness.ts'
import { httpPeer, signedAnswer, SIGNED_PATH } from './peers.ts'

const server = new TestServer()
let signer: Signer
beforeAll(async () => {
  await server.start()
  const keys = await openFsKeyStore(join(server.dataDir, 'keys'), { crypto, passphrase: null })
  signer = crypto.signer(await keys.first('log'))
})
afterAll(() => server.remove())

const peer = (url: string, key = signer) => httpPeer(url, { crypto, clock, signer: key })

test('a node tells who has the key of the log what it signed last', async () => {
  const note = await peer(server.running.url).signed()
  if (note === null) throw new Error('nothing is signed')
  expect(openCheckpoint(crypto, note, server.running.vkey).size).toBeGreaterThan(0)
})

test('and nobody else', async () => {
  const ann = await server.enrol(server.bootstrapSecret)
  const path = `${SIGNED_PATH}?nonce=${'n'.repeat(22)}`
  expect((await fetch(server.running.url + path)).status).toBe(401)
  expect((await ann.api.get(path)).status).toBe(403)
  await expect(
    peer(server.running.url, crypto.signer(crypto.generateKey('Ed25519'))).signed(),
  ).rejects.toThrowWithCode('API_REFUSED')
})

test('an answer of somebody else, or to an earlier question, is none', async () => {
  let signed = ''
  const other = createServer((_, response) => response.end(JSON.stringify({ signed })))
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`
  signed = signedAnswer(signer, 'an earlier question', null)
  await expect(peer(url).signed()).rejects.toThrowWithCode('API_ANSWER_INVALID')
  const stranger = crypto.signer(crypto.generateKey('Ed25519'))
  const echo = createServer(({ url: asked = '' }, response) => {
    const nonce = new URL(asked, url).searchParams.get('nonce') ?? ''
    response.end(JSON.stringify({ signed: signedAnswer(stranger, nonce, null) }))
  })
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve))
  const echoed = `http://127.0.0.1:${(echo.address() as AddressInfo).port}`
  await expect(peer(echoed).signed()).rejects.toThrowWithCode('API_ANSWER_INVALID')
  for (const each of [other, echo]) {
    each.closeAllConnections()
    each.close()
  }
})
