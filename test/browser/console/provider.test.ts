/**
 * The company's identity provider and its directory on the console, in a real browser: an account is connected, opens a
 * session that only looks, and brings in who was provisioned; whoever the directory deactivates is out at once.
 * spec/identity.md. The provider is `oidc-provider`, in a process of its own.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createServer, type RunningServer } from '../../../apps/server/server.ts'
import type { OidcSettings } from '../../../apps/server/identity/settings.ts'
import { Process, until } from '../../fixtures/processes.ts'
import { CHROMIUM_RUNS, launchChromium } from '../chromium.ts'
import { freePort, PersonAtBrowser } from '../person.ts'

const PROVIDER = fileURLToPath(new URL('../../fixtures/identity-provider.ts', import.meta.url))

describe.runIf(CHROMIUM_RUNS)('the identity provider on the console', () => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-provider-'))
  const oidc: OidcSettings & { issuer: string } = {
    issuer: '',
    clientId: 'countersign',
    proof: { kind: 'secret', secret: 'a-secret-of-this-fixture-of-32-characters' },
  }
  let browser: Browser
  let provider: Process
  let server: RunningServer
  let origin: string
  let host: string
  let ann: PersonAtBrowser
  let dora: PersonAtBrowser
  let user: string
  let scim: (method: string, path: string, body: object) => Promise<{ id: string }>

  beforeAll(async () => {
    const port = await freePort()
    origin = `http://localhost:${port}`
    const own = [
      `${origin}/auth/oidc/callback`,
      `${origin}/auth/oidc/backchannel-logout`,
      `${origin}/console/`,
    ]
    provider = new Process(process.execPath, [PROVIDER, ...own])
    oidc.issuer = await until('the provider is up', () => provider.lines[0])
    host = new URL(oidc.issuer).host
    server = await createServer({
      dataDir: join(folder, 'data'),
      port,
      publicUrl: origin,
      rp: { rp_id: 'localhost', origins: [origin] },
      oidc,
    })
    browser = await launchChromium()
    ann = await PersonAtBrowser.sit(browser)
    dora = await PersonAtBrowser.sit(browser)
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    await provider?.end('SIGTERM')
    await server?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const heading = (page: Page, name: string): Promise<void> =>
    page.getByRole('heading', { level: 1, name }).waitFor()
  const account = async (page: Page, item: string): Promise<void> => {
    await page.getByRole('button', { name: 'Your account' }).click()
    await page.getByRole('menuitem', { name: item }).click()
  }
  /** At the provider's own page, which asks who it is. */
  const sayWho = async (page: Page, name: string): Promise<void> => {
    await page.waitForURL(/\/interaction\//)
    await page.goto(`${page.url()}?account=${name}`)
  }

  test('an account is connected by who has the passkey', async () => {
    const { page } = ann
    await page.goto(`${origin}/console/join#${server.bootstrapSecret}`)
    await page.getByLabel('Your name').fill('Ann')
    await ann.press('Create passkey')
    await ann.press('Endorse your own registration')
    await heading(page, 'Overview')
    await page.goto(`${origin}/console/alerts`)
    await account(page, `Connect your account at ${host}`)
    await sayWho(page, 'ann')
    await heading(page, 'Alerts')
    await page.getByRole('button', { name: 'Your account' }).click()
    const disconnect = page.getByRole('menuitem', { name: `Disconnect your account at ${host}` })
    await disconnect.waitFor()
    expect(await disconnect.isEnabled()).toBe(true)
    await page.keyboard.press('Escape')
  })

  test('opens a session that looks, and is told that a passkey authorizes', async () => {
    const { page } = ann
    await account(page, 'Sign out everywhere')
    await page.getByRole('link', { name: `Sign in at ${host}` }).click()
    await heading(page, 'Overview') // the provider knows this browser
    await page.goto(`${origin}/console/settings/people`)
    await page.getByRole('button', { name: 'Invite' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Name').fill('Ben')
    await dialog.getByRole('button', { name: 'Invite' }).click()
    const refusal = dialog.getByText('sign in with your passkey to do this')
    await refusal.waitFor()
    expect(await refusal.innerText()).toContain('PASSKEY_NEEDED')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Your account' }).click()
    await page.getByRole('menuitem', { name: `Disconnect your account at ${host}` }).waitFor()
    await page.getByRole('menuitem', { name: 'Sign out', exact: true }).click()
    // The provider asks before it ends its own session, at its own address.
    await page.waitForURL((url) => url.host === host)
  })

  test('somebody of the directory comes in by it, and makes a passkey', async () => {
    const { page } = ann
    await page.goto(`${origin}/console/sign-in`)
    await ann.press('Sign in with passkey')
    await heading(page, 'Overview')
    const { token } = await page.evaluate<{ token: string }>(
      `fetch('/v1/scim/clients', { method: 'POST', headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ name: 'Directory', days: 1 }) }).then((answer) => answer.json())`,
    )
    scim = async (method, path, body) => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' }
      const init: RequestInit = { method, headers, body: JSON.stringify(body) }
      const answer = await fetch(`${origin}/scim/v2${path}`, init)
      expect(answer.ok).toBe(true)
      return (await answer.json()) as { id: string }
    }
    user = (
      await scim('POST', '/Users', { userName: 'dora@example.com', externalId: 'dora', displayName: 'Dora' })
    ).id
    await dora.page.goto(`${origin}/console/agents`)
    await dora.page.getByRole('link', { name: `Sign in at ${host}` }).click()
    await sayWho(dora.page, 'dora')
    await dora.page.getByRole('button', { name: 'Create passkey' }).click()
    await dora.reaches('enrolled')
  })

  test('who is deactivated in the directory is out of the console, and stays out', async () => {
    const { page } = dora
    await page.goto(`${origin}/console/sign-in`)
    await dora.press('Sign in with passkey')
    await heading(page, 'Waiting for an endorsement')
    await scim('PATCH', `/Users/${user}`, {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'Replace', path: 'active', value: 'False' }],
    })
    await heading(page, 'Sign in')
    await dora.press('Sign in with passkey')
    await page.getByRole('alert').waitFor()
    await page.getByRole('link', { name: `Sign in at ${host}` }).click()
    await page.getByText('IDENTITY_UNKNOWN').waitFor()
    expect(new URL(page.url()).origin).toBe(origin)
  })
})
