/**
 * A data subject's own page, in a real browser with a virtual passkey: comes in by a link, agrees, withdraws with one
 * press, asks. spec/consent.md (CNS-15, CNS-29). Set COUNTERSIGN_SCREENSHOTS to a folder to look at it.
 */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer as createSocket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { addSubject, approveNotice, proposeNotice, readSubject } from '../../apps/cli/consent/acts.ts'
import { endorse, enroll, invite } from '../../apps/cli/operator.ts'
import { openProfile, type Profile } from '../../apps/cli/profile.ts'
import { createServer, type RunningServer } from '../../apps/server/server.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { DPV, PD } from '../../src/core/dpv.ts'
import { sha256Text } from '../../src/core/digest.ts'
import { CHROMIUM_RUNS, launchChromium } from './chromium.ts'
import { PersonAtBrowser } from './person.ts'

const WORDS = 'We use your address to deliver what you order.\nIf you like, also to tell you of offers.'

describe.runIf(CHROMIUM_RUNS)('the page of a data subject', () => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-subject-'))
  const breaches: string[] = []
  let browser: Browser
  let server: RunningServer
  let ann: Profile
  let subject: string
  let jo: PersonAtBrowser

  beforeAll(async () => {
    const socket = createSocket().listen(0, '127.0.0.1')
    await once(socket, 'listening')
    const address = socket.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    socket.close()
    await once(socket, 'close')
    const rp = { rp_id: 'localhost', origins: [`http://localhost:${port}`] }
    server = await createServer({ dataDir: join(folder, 'data'), port, rp })
    browser = await launchChromium()
    ann = openProfile(await enroll(server.url, server.bootstrapSecret ?? '', 'Ann'))
    const ben = openProfile(await enroll(server.url, (await invite(ann, 'Ben')).invitation, 'Ben'))
    await endorse(ann, ben.person)
    const notice = {
      v: 1 as const,
      name: 'Orders and offers',
      version: '2026-1',
      language: 'en',
      jurisdiction: 'EU',
      controller: 'Shop Ltd',
      contact: 'privacy@shop.example',
      text_hash: sha256Text(nodeCrypto, WORDS),
      purposes: [`${DPV}DeliveryOfGoods`, `${DPV}DirectMarketing`],
      categories: [`${PD}PhysicalAddress`],
    }
    await approveNotice(ben, await proposeNotice(ann, { notice, text: WORDS }))
    subject = await addSubject(ann, 'EU', [{ system: null, value: 'jo@example.org' }])
    jo = await PersonAtBrowser.sit(browser)
    jo.page.on('pageerror', (error) => breaches.push(String(error)))
    jo.page.on('console', (message) => message.type() === 'error' && breaches.push(message.text()))
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    await server?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  async function link(): Promise<string> {
    const answer = await ann.client.post(`/v1/data-subjects/${subject}/links`, {})
    return z.object({ url: z.string() }).parse(answer).url
  }

  async function shot(name: string): Promise<void> {
    const to = process.env.COUNTERSIGN_SCREENSHOTS
    if (to === undefined) return
    const { page } = jo
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      await page.screenshot({ path: join(to, `${name}-${colorScheme}.png`), fullPage: true })
    }
    await page.emulateMedia({ colorScheme: 'light' })
    await page.setViewportSize({ width: 390, height: 844 })
    await page.screenshot({ path: join(to, `${name}-narrow.png`), fullPage: true })
    await page.setViewportSize({ width: 1280, height: 720 })
  }

  test('is opened by a link, once, and agrees with a passkey to what was ticked', async () => {
    const url = await link()
    const { page } = jo
    await page.goto(url)
    await page.getByRole('button', { name: 'Create passkey' }).click()
    await page.getByText('The words of the notice').waitFor()
    await page.getByText('The words of the notice').click()
    expect(await page.locator('main').innerText()).toContain(WORDS)
    await page.getByLabel('Delivery of goods').check()
    await page.getByLabel('Direct marketing').check()
    await page.getByRole('button', { name: 'Agree with passkey' }).click()
    await page.getByText('in force').waitFor()
    const [consent] = (await readSubject(ann, subject)).consents
    expect(consent).toMatchObject({
      state: 'live',
      asserted: false,
      record: { purposes: [`${DPV}DeliveryOfGoods`, `${DPV}DirectMarketing`] },
    })
    await shot('subject')
  })

  test('withdraws one purpose with one press, and then all of it, without a passkey', async () => {
    await jo.loseKeys()
    const { page } = jo
    const marketing = page.locator('li', { hasText: 'Direct marketing' }).first()
    await marketing.getByRole('button', { name: 'Withdraw' }).click()
    await page.locator('.ended', { hasText: 'Direct marketing' }).waitFor()
    await page.getByRole('button', { name: 'Withdraw all of it' }).click()
    await page.locator('.state', { hasText: 'withdrawn' }).waitFor()
    expect((await readSubject(ann, subject)).consents).toMatchObject([{ state: 'withdrawn' }])
    expect(await page.getByRole('button', { name: 'Withdraw' }).count()).toBe(0)
  })

  test('asks for an erasure, and sees the day by which it is due', async () => {
    const { page } = jo
    await page.getByLabel('What you ask for').selectOption('erase')
    await page.getByLabel('In your own words').fill('Please forget me.')
    await page.getByRole('button', { name: 'Send' }).click()
    await page.locator('.card', { hasText: 'Please forget me.' }).waitFor()
    expect(await page.locator('.card', { hasText: 'Please forget me.' }).innerText()).toMatch(
      /due on \d+ \w+ \d{4}/,
    )
    expect(breaches).toEqual([])
    await shot('subject-requests')
  })

  test('takes no link a second time', async () => {
    const url = await link()
    const stranger = await PersonAtBrowser.sit(browser)
    await jo.page.goto('about:blank')
    await jo.page.goto(url)
    await jo.page.locator('main[data-state="open"]').waitFor()
    await stranger.page.goto(url)
    await stranger.page.locator('main[data-state="door"]').waitFor()
    expect(await stranger.page.locator('main').innerText()).toContain('This link was used')
  })
})
