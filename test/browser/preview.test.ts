/**
 * An auditor's preview, in a real browser with a virtual passkey: comes in by an invitation, looks, asks, takes away, and is
 * told when it is over. spec/preview.md. Set COUNTERSIGN_SCREENSHOTS to a folder to look at it.
 */
import { readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestServer, type Operator } from '../../apps/server/harness.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { checkExtract } from '../../src/evidence/preview/extract.ts'
import { published, Stream } from '../fixtures/shipped.ts'
import { CHROMIUM_RUNS, launchChromium } from './chromium.ts'
import { freePort, PersonAtBrowser } from './person.ts'

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js')
const HOUR_MS = 3_600_000
const HOSTILE = '<img src=x onerror="document.title=1">\u202e<script>alert(1)</script>'
const at = (ms: number): string => new Date(Date.now() + ms).toISOString()
const clock = { moved: 0, now: () => Date.now() + clock.moved, monotonic: () => performance.now() }

describe.runIf(CHROMIUM_RUNS)('the page of an auditor', () => {
  const breaches: string[] = []
  let browser: Browser
  let server: TestServer
  let ann: Operator
  let ada: PersonAtBrowser
  let preview: string

  beforeAll(async () => {
    const port = await freePort()
    const rp = { rp_id: 'localhost', origins: [`http://localhost:${port}`, 'http://localhost'] }
    server = await new TestServer({ port, rp, clock, separation: 'after' }).start()
    browser = await launchChromium()
    ann = await server.enrol(server.bootstrapSecret)
    await server.agent(ann, ann)
    await (await Stream.open(server, ann)).ship(3, 'words')
    await published(ann)
    ada = await PersonAtBrowser.sit(browser)
    ada.page.on('pageerror', (error) => breaches.push(String(error)))
    ada.page.on('console', (message) => message.type() === 'error' && breaches.push(message.text()))
  }, 180_000)
  afterAll(async () => {
    await browser?.close()
    await server?.remove()
  })

  async function granted(expires_ms: number): Promise<string> {
    const scope = { period: { from: at(-HOUR_MS), to: at(HOUR_MS) }, criteria: ['CC6.1', 'CC6.6'] }
    const asked = { ...scope, auditor: HOSTILE, firm: HOSTILE, expires: at(expires_ms) }
    preview = (await ann.api.post('/v1/previews', asked)).json.preview
    const { json } = await ann.api.get(`/v1/previews/${preview}/approval`)
    await ann.api.post(`/v1/previews/${preview}/approve`, ann.authenticator.assert(json.challenge))
    return (await ann.api.post(`/v1/previews/${preview}/invite`, {})).json.url
  }

  async function shot(name: string): Promise<void> {
    const to = process.env.COUNTERSIGN_SCREENSHOTS
    if (to === undefined) return
    const { page } = ada
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      await page.screenshot({ path: join(to, `${name}-${colorScheme}.png`), fullPage: true })
    }
    await page.emulateMedia({ colorScheme: 'light' })
    await page.setViewportSize({ width: 360, height: 800 })
    await page.screenshot({ path: join(to, `${name}-narrow.png`), fullPage: true })
    await page.setViewportSize({ width: 1280, height: 720 })
  }

  async function violations(): Promise<string[]> {
    // By the debugger, past the page's own policy, which lets no script in.
    await ada.page.evaluate(await readFile(AXE, 'utf8'))
    const found = await ada.page.evaluate(
      "axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`))",
    )
    return found as string[]
  }

  const isWide = (): Promise<boolean> =>
    ada.page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth')

  test('takes an invitation once, for a passkey, and shows what was granted', async () => {
    const url = await granted(24 * HOUR_MS)
    expect(await ada.open(url)).toContain('You are invited')
    expect(await violations()).toEqual([])
    await shot('preview-welcome')
    await ada.press('Create passkey')
    const text = await ada.reaches('open')
    expect(text).toContain('CC6.1')
    expect(text).toContain('Interim')
    expect(text).toContain('onerror')
    expect(await violations()).toEqual([])
    await shot('preview-criteria')
    const stranger = await PersonAtBrowser.sit(browser)
    await stranger.page.goto(url)
    await stranger.page.locator('main[data-state="door"]').waitFor()
  }, 180_000)

  test('leads from a criterion to the story of an action in three presses', async () => {
    const { page } = ada
    await page.getByRole('button', { name: 'decisions', exact: true }).first().click()
    await page.getByRole('heading', { name: 'Population decisions' }).waitFor()
    expect(await violations()).toEqual([])
    await shot('preview-population')
    await page.getByRole('button', { name: /^act_/ }).first().click()
    await page.getByRole('heading', { name: 'Who authorized the agent?' }).waitFor()
    expect(await page.locator('main').innerText()).toContain('"decision":"deny"')
    expect(await violations()).toEqual([])
    await shot('preview-action')
  }, 120_000)

  test('shows words of people as words, whatever stands in them', async () => {
    const { page } = ada
    await page.getByText('Ask for more, or comment').click()
    await page.locator('#words-comment').fill(HOSTILE)
    await page.getByRole('button', { name: 'Comment', exact: true }).click()
    await page.getByRole('button', { name: 'Requests' }).click()
    await page.getByText('Nothing yet.').waitFor()
    await shot('preview-requests-empty')
    await page.locator('#words-request').fill(`Show me more ${HOSTILE}`)
    await page.getByRole('button', { name: 'Ask', exact: true }).click()
    await page.locator('.card', { hasText: 'Show me more' }).waitFor()
    const { requests } = (await ann.api.get('/v1/evidence-requests')).json
    const answer = { outcome: 'provided', answer: `Here ${HOSTILE}` }
    await ann.api.post(`/v1/evidence-requests/${requests[0].request}/answer`, answer)
    await page.getByRole('button', { name: 'Requests' }).click()
    await page.locator('.card', { hasText: 'Here <img' }).waitFor()
    await page.getByRole('button', { name: 'Comments' }).click()
    await page.locator('.card', { hasText: '\\u{202e}' }).waitFor()
    expect(await page.locator('main img, main script').count()).toBe(0)
    expect(await violations()).toEqual([])
    await shot('preview-comments')
  }, 120_000)

  test('works with the keyboard alone, and at 360 pixels nothing is cut off', async () => {
    const { page } = ada
    await page.setViewportSize({ width: 360, height: 800 })
    await page.getByRole('button', { name: 'By criterion' }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'By criterion' }).waitFor()
    expect(await isWide()).toBe(false)
    const first = page.getByRole('button', { name: /^Test \d+$/ }).first()
    await first.focus()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: /^Test \d+$/ }).waitFor()
    expect(await isWide()).toBe(false)
    await page.setViewportSize({ width: 1280, height: 720 })
  }, 120_000)

  test('hands over an extract that can be checked', async () => {
    const { page } = ada
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Take an extract' }).click(),
    ])
    const path = await file.path()
    const { extract, faults } = checkExtract(nodeCrypto, await readFile(path), server.running.vkey)
    expect([extract.preview, faults]).toEqual([preview, []])
    await rm(path)
  }, 120_000)

  test('signs out, and in again with the passkey', async () => {
    await ada.press('Sign out')
    await ada.reaches('door')
    await shot('preview-door')
    await ada.press('Sign in with passkey')
    expect(await ada.reaches('open')).toContain('CC6.1')
  }, 120_000)

  test('says when the company has ended it, and when its time has come', async () => {
    await ann.api.post(`/v1/previews/${preview}/revoke`, { reason: 'done' })
    await ada.press('Comments')
    expect(await ada.reaches('over')).toContain('This preview was ended')
    expect(await violations()).toEqual([])
    await shot('preview-revoked')
    const late = await PersonAtBrowser.sit(browser)
    await late.open(await granted(2 * HOUR_MS))
    await late.press('Create passkey')
    await late.reaches('open')
    clock.moved = 3 * HOUR_MS
    await late.press('Comments')
    expect(await late.reaches('over')).toContain('This preview is over')
    // The refusals are in the console as well, and nothing else is.
    expect(breaches.filter((breach) => !/status of 40[13]/.test(breach))).toEqual([])
  }, 120_000)
})
