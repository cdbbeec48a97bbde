/**
 * Service accounts on the console, in a real browser with a virtual passkey: none yet, one proposed, one approved by
 * passkey, invited with a command that enrols a program, seen as it asks, and disabled. spec/service-accounts.md
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { endorse, enroll, invite } from '../../../apps/cli/operator.ts'
import { openProfile, openService, type Profile } from '../../../apps/cli/profile.ts'
import { approveService, enrolService, proposeService } from '../../../apps/cli/service-accounts.ts'
import { createServer, type RunningServer } from '../../../apps/server/server.ts'
import { CHROMIUM_RUNS, launchChromium } from '../chromium.ts'
import { freePort, PersonAtBrowser } from '../person.ts'

describe.runIf(CHROMIUM_RUNS)('programs on the console', () => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-programs-'))
  const faults: string[] = []
  let browser: Browser
  let server: RunningServer
  let origin: string
  let ann: PersonAtBrowser
  let page: Page
  let ben: Profile
  let cat: Profile
  let program: Profile

  beforeAll(async () => {
    const port = await freePort()
    origin = `http://localhost:${port}`
    server = await createServer({
      dataDir: join(folder, 'data'),
      port,
      rp: { rp_id: 'localhost', origins: [origin] },
    })
    browser = await launchChromium()
    // The first person sits at a command line, and Ann, whom they invite, at the browser.
    ben = openProfile(await enroll(server.url, server.bootstrapSecret ?? '', 'Ben'))
    const invited = await invite(ben, 'Cat')
    cat = openProfile(await enroll(server.url, invited.invitation, 'Cat'))
    await endorse(ben, cat.person)
    ann = await PersonAtBrowser.sit(browser)
    page = ann.page
    page.setDefaultTimeout(15_000)
    page.on('pageerror', (error) => faults.push(String(error)))
    page.on('console', (message) => message.type() === 'error' && faults.push(message.text()))
    const { invitation, person } = await invite(ben, 'Ann')
    await page.goto(`${origin}/console/join#${invitation}`)
    await page.getByLabel('Your name').fill('Ann')
    await ann.press('Create passkey')
    await page.getByText('Your passkey is registered').waitFor()
    await endorse(ben, person)
    await page.goto(`${origin}/console/sign-in`)
    await ann.press('Sign in with passkey')
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    await server?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const dialog = (): Locator => page.getByRole('dialog')
  const row = (name: string): Locator => page.getByRole('row').filter({ hasText: name })

  test('are none at first, and one is proposed with who answers for it', async () => {
    await page.goto(`${origin}/console/settings/programs`)
    await page.getByText('No service account yet').waitFor()
    await page.getByRole('button', { name: 'Propose an account' }).click()
    await dialog().getByLabel('Program').fill('portal <i>x</i>')
    await dialog().getByLabel('What it is for').fill('Shows the fleet')
    const roles = dialog()
      .getByRole('combobox', { name: /^Roles/ })
      .or(dialog().getByLabel(/^Roles/))
      .first()
    await roles.press('ArrowDown')
    await page.getByRole('option', { name: /^viewer/ }).click()
    await roles.press('Tab')
    const networks = dialog()
      .getByRole('combobox', { name: /^From these/ })
      .or(dialog().getByLabel(/^From these/))
      .first()
    await networks.fill('10.0.0.1/8')
    await networks.press('Enter')
    expect(await dialog().getByRole('button', { name: 'Propose an account' }).isDisabled()).toBe(true)
    await networks.press('Backspace')
    await networks.fill('127.0.0.0/8')
    await networks.press('Enter')
    await networks.press('Tab')
    await dialog().getByRole('button', { name: 'Propose an account' }).click()
    await row('portal <i>x</i>').getByText('waiting').waitFor()
    expect(await page.locator('main i').count()).toBe(0)
  })

  test('that somebody else proposed is approved by passkey, in words that it signs', async () => {
    const asked = {
      purpose: 'builds',
      owner: cat.person,
      roles: ['developer'] as const,
      networks: [],
      days: 30,
    }
    await proposeService(cat, { name: 'builder', ...asked })
    await page.reload()
    await row('builder').getByRole('button', { name: 'Approve' }).click()
    await dialog()
      .getByText(/builder may ask the API as developer/)
      .waitFor()
    await dialog().getByText('builds', { exact: true }).waitFor()
    await dialog()
      .getByRole('button', { name: /passkey/i })
      .click()
    await row('builder').getByText('approved').waitFor()
    const why = row('builder').getByRole('button', { name: 'Invite' })
    expect(await why.getAttribute('aria-disabled')).toBe('true') // Cat owns it
  })

  test('of one’s own are invited with a command that is shown once, and seen as they ask', async () => {
    const answer = await page.evaluate<{ accounts: { id: string; name: string }[] }>(
      `fetch('/v1/service-accounts').then((answer) => answer.json())`,
    )
    const { id = '' } = answer.accounts.find(({ name }) => name.startsWith('portal')) ?? {}
    await approveService(ben, id)
    await page.reload()
    await row('portal').getByRole('button', { name: 'Invite' }).click()
    await dialog().getByRole('button', { name: 'Invite' }).click()
    const command = (await page.getByTestId('secret').textContent()) ?? ''
    const [, url = '', secret = ''] = /--url (\S+) --secret (\S+) -o DIR$/.exec(command) ?? []
    program = openService(await enrolService(url, secret))
    expect(await program.client.get('/v1/agents')).toEqual({ agents: [] })
    await page.getByRole('button', { name: 'Done' }).click()
    await page.reload()
    await row('portal').getByText('active').waitFor()
    expect(await row('portal').getByText('not yet').count()).toBe(0)
    await ann.shot('programs')
    expect(await page.content()).not.toContain(secret)
  })

  test('are disabled at once, for a reason, and shown with those that have ended', async () => {
    await row('portal').getByRole('button', { name: 'Disable' }).click()
    await dialog().getByLabel('Reason').fill('key_stolen')
    await dialog().getByLabel('Reason').press('Tab')
    await dialog().getByRole('button', { name: 'Disable' }).click()
    await row('portal').waitFor({ state: 'detached' })
    await expect(program.client.get('/v1/agents')).rejects.toMatchObject({
      remote: 'SERVICE_ACCOUNT_DISABLED',
    })
    await page.getByLabel('Also those that have ended').check()
    await row('portal').getByText('disabled').waitFor()
    expect(faults).toEqual([])
  })

  test('which are directories are given a token that is shown once, renewed and removed', async () => {
    const asks = async ([address = '', token = '']: readonly string[]): Promise<number> =>
      (await fetch(`${address}/Users`, { headers: { authorization: `Bearer ${token}` } })).status
    const given = async (): Promise<string[]> => {
      await page.getByTestId('secret').first().waitFor()
      const secrets = await page.getByTestId('secret').allTextContents()
      await page.getByRole('button', { name: 'Done' }).click()
      return secrets
    }
    await page.getByText('No directory provisions yet.').waitFor()
    await page.getByRole('button', { name: 'Add a directory' }).click()
    await dialog().getByLabel('Directory').fill('Okta <b>x</b>')
    await dialog().getByRole('button', { name: 'Add a directory' }).click()
    const first = await given()
    expect(await asks(first)).toBe(200)
    await row('Okta <b>x</b>').getByRole('button', { name: 'Renew' }).click()
    await dialog().getByRole('button', { name: 'Renew' }).click()
    const second = await given()
    expect([await asks(first), await asks(second)]).toEqual([401, 200])
    expect(await page.content()).not.toContain(second[1])
    await row('Okta').getByRole('button', { name: 'Remove' }).click()
    await dialog().getByRole('button', { name: 'Remove' }).click()
    await row('Okta').waitFor({ state: 'detached' })
    expect(await asks(second)).toBe(401)
  })

  test('that cannot be asked for are said to be missing, not shown as none', async () => {
    await page.route('**/v1/service-accounts', (route) =>
      route.fulfill({ status: 503, json: { error: { code: 'STORE_UNAVAILABLE', message: 'away' } } }),
    )
    await page.reload()
    await page.getByRole('alert').filter({ hasText: 'away' }).waitFor()
    expect(await page.getByText('No service account yet').count()).toBe(0)
  })
})
