/** A client that names an address inside makes the control plane send nothing there. spec/oauth.md (OAU-5). */
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TestServer } from '../harness.ts'
import { isPublicAddress } from '../../../src/adapters/http/public-address.ts'

const server = new TestServer()
beforeAll(() => server.start())
afterAll(() => server.remove())

test.each(['localhost', '127.0.0.1', '[::ffff:127.0.0.1]'])(
  'a metadata document at %s is not asked for',
  async (host) => {
    let received = 0
    const inside = createServer((socket) => {
      socket.on('data', (bytes) => (received += bytes.length)).on('error', () => undefined)
    }).listen(0, '127.0.0.1')
    await once(inside, 'listening')
    try {
      const client_id = `https://${host}:${(inside.address() as AddressInfo).port}/client.json`
      const parameters = new URLSearchParams({
        client_id,
        response_type: 'code',
        redirect_uri: 'https://a.example/',
      })
      const answer = await fetch(`${server.running.url}/oauth2/authorize?${parameters.toString()}`, {
        redirect: 'manual',
      })
      expect([answer.status, answer.headers.get('location')]).toEqual([400, null])
      expect(received).toBe(0)
    } finally {
      inside.close()
    }
  },
)

test.each([
  '0.0.0.0',
  '10.1.2.3',
  '100.64.0.1',
  '169.254.169.254',
  '172.31.0.1',
  '192.168.1.1',
  '224.0.0.1',
  '::',
  '::1',
  '::ffff:10.0.0.1',
  '64:ff9b::a00:1',
  'fc00::1',
  'fe80::1',
  '2002:a00:1::',
  'name',
])('%s is no public address', (address) => expect(isPublicAddress(address)).toBe(false))

test.each(['8.8.8.8', '172.32.0.1', '2606:4700::1111'])('%s is one', (address) =>
  expect(isPublicAddress(address)).toBe(true),
)

test('who forwards to the server is asked for no host: metadata and proofs are for its own addresses', async () => {
  const answer = await fetch(`${server.running.url}/.well-known/oauth-authorization-server`, {
    headers: { 'x-forwarded-host': 'evil.example' },
  })
  expect([answer.status, await answer.text()]).toEqual([200, expect.not.stringContaining('evil.example')])
})
