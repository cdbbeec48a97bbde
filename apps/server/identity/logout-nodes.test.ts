/** A provider's logout at one node, of sessions that stand at another. spec/identity.md (IDN-13). */
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { nodeCrypto } from '../../../src/adapters/node-crypto/node-crypto.ts'
import { thumbprint } from '../../../src/core/jwk.ts'
import { Browser } from '../../../test/fixtures/browser.ts'
import { LyingProvider } from '../../../test/fixtures/lying-provider.ts'
import { Postgres } from '../../../test/fixtures/postgres.ts'
import { TestServer, type Operator } from '../harness.ts'

const CALLBACK = '/auth/oidc/callback'
const oidc = {
  issuer: '',
  clientId: 'countersign',
  proof: { kind: 'secret' as const, secret: 's'.repeat(40) },
}
const liar = new LyingProvider()
let postgres: Postgres
let one: TestServer
let other: TestServer

beforeAll(async () => {
  postgres = await Postgres.start()
  const store = await postgres.database()
  oidc.issuer = (await liar.start()).issuer
  one = new TestServer({ store, oidc })
  one.skipsRebuild = true // there is no file to rebuild
  await one.start()
  const ann = await one.enrol(one.bootstrapSecret)
  other = new TestServer({ store, oidc, vault: join(one.dataDir, 'vault.db'), peers: [one.base()] })
  other.skipsRebuild = true
  cpSync(join(one.dataDir, 'keys'), join(other.dataDir, 'keys'), { recursive: true })
  await other.start()
  const browser = await withPasskey(ann)
  const asked = await browser.post(`${one.base()}/v1/session/connect`, {})
  const { at } = await browser.follow(((await asked.json()) as { url: string }).url, isCallback)
  await browser.ask(at.href)
}, 60_000)
afterAll(async () => {
  await other?.remove()
  await one?.remove()
  await liar.stop()
  await postgres?.remove()
})
beforeEach(() => void (liar.bends = {}))

const isCallback = ({ pathname }: URL): boolean => pathname === CALLBACK

async function withPasskey({ authenticator }: Operator): Promise<Browser> {
  const browser = new Browser()
  const asked = await browser.post(`${one.base()}/v1/session/challenge`, {})
  const { challenge } = (await asked.json()) as { challenge: string }
  const credential_id = thumbprint(nodeCrypto, authenticator.jwk)
  const body = { challenge, credential_id, gesture: authenticator.assert(challenge) }
  expect((await browser.post(`${one.base()}/v1/session/passkey`, body)).status).toBe(200)
  return browser
}

async function signsIn(server: TestServer, sid?: string): Promise<() => Promise<boolean>> {
  liar.bends = sid === undefined ? {} : { claims: { sid } }
  const browser = new Browser()
  const { at } = await browser.follow(`${server.base()}/auth/oidc/start`, isCallback)
  expect((await browser.ask(at.href)).status).toBe(303)
  const isIn = async () => (await browser.ask(`${server.base()}/v1/session`)).status === 200
  expect(await isIn()).toBe(true)
  return isIn
}

async function logOut(claims: Record<string, unknown>): Promise<void> {
  liar.bends = {}
  const body = new URLSearchParams({ logout_token: await liar.logoutToken(claims) })
  const answer = await fetch(`${one.base()}/auth/oidc/backchannel-logout`, { method: 'POST', body })
  expect(answer.status).toBe(200)
}

test('a session of which the provider says that it is over ends at every node, and no other does', async () => {
  const [here, there, another] = [
    await signsIn(one, 'first'),
    await signsIn(other, 'first'),
    await signsIn(other, 'second'),
  ]
  await logOut({ sid: 'first', sub: undefined })
  expect([await here(), await there(), await another()]).toEqual([false, false, true])
  await logOut({ sid: 'second' })
  expect(await another()).toBe(false)
})

test('a session that the provider did not name ends with whatever of its subject is over', async () => {
  const there = await signsIn(other)
  await logOut({ sid: 'some' })
  expect(await there()).toBe(false)
})

test('a subject who is out is out at every node, and comes in again', async () => {
  const there = await signsIn(other, 'third')
  await logOut({})
  expect(await there()).toBe(false)
  expect(await (await signsIn(other, 'fourth'))()).toBe(true)
  await logOut({ sub: 'somebody else' })
  expect(await (await signsIn(other, 'fifth'))()).toBe(true)
})
