/**
 * Somebody leaves in their company's directory: what an agent does for them is denied, in a real gateway, within the
 * bound. spec/identity.md (IDN-18 to IDN-20). Real processes; the browser is one without a screen.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import {
  softwareAuthenticator,
  type SoftwareAuthenticator,
} from '../../src/adapters/software-authenticator/software-authenticator.ts'
import { endorse } from '../../apps/cli/operator.ts'
import { Browser } from '../fixtures/browser.ts'
import { LyingProvider } from '../fixtures/lying-provider.ts'
import { McpProcess, runCli, startControlPlane, until } from '../fixtures/processes.ts'
import { readGrant, setFlowStage, type FlowStage } from './stage.ts'

/** REV-8. */
const BOUND_MS = 2_000

const provider = new LyingProvider()
let stage: FlowStage
let scim: (method: string, path: string, body: object) => Promise<{ status: number; json: { id: string } }>

beforeAll(async () => {
  await provider.start()
  const proof = { kind: 'secret', secret: 's'.repeat(32) } as const
  stage = await setFlowStage({ oidc: { issuer: provider.issuer, clientId: 'countersign', proof } })
  const { token } = (await stage.manager.client.post('/v1/scim/clients', { name: 'Directory', days: 1 })) as {
    token: string
  }
  scim = async (method, path, body) => {
    const init: RequestInit = {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
      body: JSON.stringify(body),
    }
    const response = await fetch(`${stage.server.url}/scim/v2${path}`, init)
    return { status: response.status, json: (await response.json()) as { id: string } }
  }
}, 120_000)
afterAll(async () => {
  await stage.remove()
  await provider.stop()
})

/** A browser that has been at the provider, as `provider.sub`. */
async function signIn(): Promise<{ browser: Browser; location: string }> {
  const browser = new Browser()
  const isThere = ({ pathname }: URL): boolean => pathname === '/auth/oidc/callback'
  const { at } = await browser.follow(`${stage.server.url}/auth/oidc/start`, isThere)
  const answer = await browser.ask(at.href)
  expect(answer.status).toBe(303)
  return { browser, location: answer.headers.get('location') ?? '' }
}

async function signInByPasskey(
  authenticator: SoftwareAuthenticator,
  credential_id: string,
): Promise<Browser> {
  const browser = new Browser()
  const asked = await browser.post(`${stage.server.url}/v1/session/challenge`, {})
  const { challenge } = (await asked.json()) as { challenge: string }
  const answer = { challenge, credential_id, gesture: authenticator.assert(challenge) }
  expect((await browser.post(`${stage.server.url}/v1/session/passkey`, answer)).status).toBe(200)
  return browser
}

test('who is deactivated in the directory is denied at the gateway within the bound', async () => {
  const { url } = stage.server
  const made = await scim('POST', '/Users', {
    userName: 'dora@x.example',
    externalId: 'dora',
    displayName: 'Dora',
  })
  provider.sub = 'dora'
  const authenticator = softwareAuthenticator(nodeCrypto, nodeCrypto.generateKey('ES256'), {
    rp_id: 'localhost',
    origin: 'http://localhost',
  })
  const first = await signIn()
  const secret = new URL(first.location).hash.slice(1)
  const asked = await (await first.browser.post(`${url}/v1/ceremonies/open`, { secret })).json()
  const { challenge, person } = asked as { challenge: string; person: { id: string } }
  const credential = authenticator.register(challenge)
  expect((await first.browser.post(`${url}/v1/ceremonies/answer`, { secret, credential })).status).toBe(200)
  await endorse(stage.manager, person.id)
  const byProvider = (await signIn()).browser
  const grant = {
    agent: stage.agent,
    jkt: stage.jkt,
    aud: [stage.point],
    grants: [readGrant(stage.folder)],
    ttl_s: 600,
    depth_max: 0,
    instruction: 'read the notes',
  }
  const refused = await byProvider.post(`${url}/v1/delegations/drafts`, grant)
  expect((await refused.json()) as object).toMatchObject({ error: { code: 'PASSKEY_NEEDED' } })
  const browser = await signInByPasskey(authenticator, credential.id)
  const draft = await browser.post(`${url}/v1/delegations/drafts`, grant)
  const drafted = (await draft.json()) as { jti: string; challenge: string }
  expect(draft.status).toBe(200)
  const sealed = await browser.post(
    `${url}/v1/delegations/drafts/${drafted.jti}/seal`,
    authenticator.assert(drafted.challenge),
  )
  const { chain } = (await sealed.json()) as { chain: string }
  await writeFile(join(stage.folder, 'agent.chain'), `${chain}\n`, { mode: 0o600 })

  const own = stage.gateway(
    '--delegation',
    join(stage.folder, 'agent.chain'),
    '--key',
    join(stage.folder, 'agent.key.json'),
  )
  const args = own.map((arg) => (arg === 'gateway.json' || arg === 'files' ? join(stage.folder, arg) : arg))
  const gateway = await new McpProcess(process.execPath, args).initialize()
  try {
    const path = join(stage.folder, 'files', 'notes.txt')
    const read = async (): Promise<string> =>
      JSON.stringify(await gateway.request('tools/call', { name: 'read_text_file', arguments: { path } }))
    await until('she is let through', async () => (await read()).includes('The quarter was good'))
    const begun = performance.now()
    const off = await scim('PATCH', `/Users/${made.json.id}`, {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'Replace', path: 'active', value: 'False' }],
    })
    const answered = performance.now()
    expect(off.status).toBe(200)
    const denied = await until('she is denied', async () => {
      const text = await read()
      return text.includes('The quarter was good') ? null : text
    })
    const [answer_ms, denial_ms] = [answered - begun, performance.now() - answered]
    process.stdout.write(
      `deprovisioned: answered after ${answer_ms.toFixed(1)} ms, denied at the gateway ${denial_ms.toFixed(1)} ms later\n`,
    )
    expect(denied).toContain('REVOKED')
    expect(denial_ms).toBeLessThan(BOUND_MS)
    for (const each of [byProvider, browser]) expect((await each.ask(`${url}/v1/session`)).status).toBe(401)
  } finally {
    await gateway.end('SIGTERM')
  }
}, 120_000)

test('a control plane starts while its provider is away, and refuses settings that do not fit', async () => {
  const data = join(stage.folder, 'another')
  const oidc = ['--oidc-issuer', 'http://127.0.0.1:9', '--oidc-client-id', 'countersign']
  const env = { COUNTERSIGN_OIDC_CLIENT_SECRET: 'a secret' }
  const plane = await startControlPlane(data, 0, { args: [...oidc, '--scim-role', 'A = B=auditor'], env })
  const answer = await fetch(`${plane.url}/auth/oidc/start`)
  expect([answer.status, await answer.text()]).toEqual([503, expect.stringContaining('PROVIDER_AWAY')])
  expect((await fetch(`${plane.url}/v1/session/provider`)).status).toBe(200)
  await plane.process.end('SIGTERM')
  expect(plane.process.output).not.toContain('a secret')
  const wrong: readonly (readonly string[])[] = [
    oidc,
    ['--oidc-issuer', 'http://idp.example', '--oidc-client-id', 'c'],
    ['--oidc-client-id', 'c'],
    ['--scim-role', 'Group=emperor'],
    [...oidc, '--oidc-match', 'email=password'],
  ]
  for (const args of wrong) {
    const refused = await runCli(['start', '--data', data, '--port', '0', ...args])
    expect([args, refused.code === 0, refused.stdout]).toEqual([args, false, ''])
  }
}, 180_000)
