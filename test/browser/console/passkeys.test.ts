/** Passkeys of a person in the console: another one, coming in by it, removing the first, and a recovery. spec/people.md (PPL-8 to PPL-12). */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Locator } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { endorse, enroll, invite } from '../../../apps/cli/operator.ts'
import { openProfile, type Profile } from '../../../apps/cli/profile.ts'
import { createServer, type RunningServer } from '../../../apps/server/server.ts'
import { CHROMIUM_RUNS, launchChromium } from '../chromium.ts'
import { freePort, PersonAtBrowser } from '../person.ts'

describe.runIf(CHROMIUM_RUNS)('passkeys in the console', () => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-console-passkeys-'))
  let browser: Browser
  let server: RunningServer
  let origin: string
  let root: Profile
  let carol: Profile
  let ann: PersonAtBrowser
  let key: Awaited<ReturnType<PersonAtBrowser['ring']>>

  const enrolled = async (secret: string, name: string): Promise<Profile> =>
    openProfile(await enroll(server.url, secret, name))

  beforeAll(async () => {
    const port = await freePort()
    origin = `http://localhost:${port}`
    const rp = { rp_id: 'localhost', origins: [origin] }
    server = await createServer({ dataDir: join(folder, 'data'), port, rp })
    root = await enrolled(server.bootstrapSecret ?? '', 'Root')
    for (const name of ['Ben', 'Carol']) {
      carol = await enrolled((await invite(root, name)).invitation, name)
      await endorse(root, carol.person)
    }
    browser = await launchChromium()
    ann = await PersonAtBrowser.sit(browser)
    await joins(ann, (await invite(root, 'Ann')).invitation, 'Ann')
    const { people } = (await root.client.get('/v1/people')) as { people: { id: string; name: string }[] }
    await endorse(root, people.find(({ name }) => name === 'Ann')?.id ?? '')
    key = await ann.ring()
    await key.answers('device')
    await ann.press('Sign in with passkey')
    await ann.page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    await server?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  async function joins(who: PersonAtBrowser, secret: string, name: string): Promise<void> {
    await who.page.goto('about:blank')
    await who.page.goto(`${origin}/console/join#${secret}`)
    await who.page.getByLabel('Your name').fill(name)
    await who.press('Create passkey')
    await who.page.getByRole('heading', { name: 'Your passkey is registered' }).waitFor()
  }

  /** @param name as it is spelled: an identifier in the row, in small letters, may hold the same ones */
  const row = (of: string, name: RegExp): Locator =>
    ann.page.getByRole('table', { name: of }).getByRole('row').filter({ hasText: name })

  test('another one is made by another authenticator, and added by the first', async () => {
    await ann.page.goto(`${origin}/console/settings/people?show=passkeys`)
    const own = row('Your passkeys', /Passkey of entry/)
    await own.waitFor()
    expect(await own.getByRole('button', { name: 'Remove' }).getAttribute('aria-disabled')).toBe('true')
    await key.answers('ring')
    await ann.press('Add a passkey')
    await ann.page.getByLabel('Name').fill('key ring')
    await ann.press('Make the passkey')
    await ann.page.getByText('Sign with a passkey that you have already').waitFor()
    await key.answers('device')
    await ann.press('Sign with passkey')
    await row('Your passkeys', /key ring/).waitFor()
    expect(await row('Your passkeys', /Passkey of entry/).count()).toBe(1)
  })

  test('it signs in, and removes the first', async () => {
    await ann.page.context().clearCookies()
    await key.answers('ring')
    await ann.page.goto(`${origin}/console/sign-in`)
    await ann.press('Sign in with passkey')
    await ann.page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
    await ann.page.goto(`${origin}/console/settings/people?show=passkeys`)
    await row('Your passkeys', /Passkey of entry/)
      .getByRole('button', { name: 'Remove' })
      .click()
    await ann.press('Go on')
    await ann.press('Sign with passkey')
    await row('Your passkeys', /Passkey of entry/).waitFor({ state: 'detached' })
    await key.answers('device')
    await ann.page.context().clearCookies()
    await ann.page.goto(`${origin}/console/sign-in`)
    await ann.press('Sign in with passkey')
    expect(await ann.page.getByRole('alert').innerText()).toContain('GESTURE_INVALID')
    await key.answers('ring')
    await ann.press('Sign in with passkey')
    await ann.page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
  })

  test('it is named, and stays as the last', async () => {
    await ann.page.goto(`${origin}/console/settings/people?show=passkeys`)
    await row('Your passkeys', /key ring/)
      .getByRole('button', { name: 'Name it' })
      .click()
    await ann.page.getByRole('textbox', { name: 'Name' }).fill('drawer')
    await ann.page.getByRole('dialog').getByRole('button', { name: 'Name it' }).click()
    const drawer = row('Your passkeys', /drawer/)
    await drawer.waitFor()
    const remove = drawer.getByRole('button', { name: 'Remove' })
    expect(await remove.getAttribute('aria-disabled')).toBe('true')
  })

  test('somebody else is invited again, and comes in once a third person has endorsed it', async () => {
    await ann.page.goto(`${origin}/console/settings/people`)
    const self = row('People', /Ann/).getByRole('button', { name: 'Recover' })
    await self.waitFor()
    expect(await self.getAttribute('aria-disabled')).toBe('true')
    await row('People', /Ben/).getByRole('button', { name: 'Recover' }).click()
    await ann.page.getByRole('dialog').getByRole('button', { name: 'Recover' }).click()
    const link = await ann.page.getByText(/\/console\/join#/).innerText()
    const ben = await PersonAtBrowser.sit(browser)
    await joins(ben, link.split('#')[1] ?? '', 'Ben')
    await ben.page.getByText('You are registered anew').waitFor()
    const shown = await ben.page.getByRole('region', { name: 'Your registration' }).innerText()
    await ben.page.goto(`${origin}/console/sign-in`)
    await ben.press('Sign in with passkey')
    await ben.page.getByRole('alert').waitFor()
    const { people } = (await carol.client.get('/v1/people')) as { people: { id: string; name: string }[] }
    const id = people.find(({ name }) => name === 'Ben')?.id ?? ''
    const { act } = (await carol.client.get(`/v1/people/${id}/endorsement`)) as {
      act: { registration: number; credential: string }
    }
    expect(shown).toContain(`Entry ${act.registration} of the log`)
    expect(shown).toContain(act.credential)
    await endorse(carol, id)
    await ben.press('Sign in with passkey')
    await ben.page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
    await ben.page.goto(`${origin}/console/settings/people?show=passkeys`)
    await ben.page.getByRole('table', { name: 'Your passkeys' }).waitFor()
  })
})
