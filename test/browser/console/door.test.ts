/**
 * The door of the console in a real browser with a virtual passkey: first run, joining, signing in and out, and what the
 * page refuses. spec/console.md, spec/sessions.md.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createServer, type RunningServer } from '../../../apps/server/server.ts'
import { CHROMIUM_RUNS, launchChromium } from '../chromium.ts'
import { freePort, PersonAtBrowser } from '../person.ts'

describe.runIf(CHROMIUM_RUNS)('the door of the console', () => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-door-'))
  let browser: Browser
  let server: RunningServer
  let origin: string
  let ann: PersonAtBrowser
  const faults: string[] = []

  beforeAll(async () => {
    const port = await freePort()
    origin = `http://localhost:${port}`
    server = await createServer({
      dataDir: join(folder, 'data'),
      port,
      rp: { rp_id: 'localhost', origins: [origin] },
    })
    browser = await launchChromium()
    ann = await PersonAtBrowser.sit(browser)
    ann.page.on('pageerror', (error) => faults.push(String(error)))
    ann.page.on('console', (message) => {
      if (message.type() === 'error' && !/status of 40/.test(message.text())) faults.push(message.text())
    })
  })
  afterAll(async () => {
    await browser?.close()
    await server?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  test('leads a stranger to the way in, and to nothing else', async () => {
    await ann.page.goto(`${origin}/`)
    await ann.page.getByRole('heading', { name: 'Sign in' }).waitFor()
    expect(new URL(ann.page.url()).pathname).toBe('/console/sign-in')
    await ann.page.goto(`${origin}/console/agents?find=x`)
    await ann.page.getByRole('heading', { name: 'Sign in' }).waitFor()
    expect(await ann.page.content()).not.toContain(server.bootstrapSecret ?? 'no secret')
  })

  test('refuses a wrong secret, and says what to do', async () => {
    await ann.page.goto(`${origin}/console/join#wrong`)
    await ann.page.getByLabel('Your name').fill('Ann')
    await ann.press('Create passkey')
    const alert = ann.page.getByRole('alert').filter({ hasText: 'ask for a new one' })
    await alert.waitFor()
    expect(await alert.innerText()).toContain('SECRET_INVALID')
  })

  test('sets the installation up: passkey, own endorsement, overview', async () => {
    await ann.page.goto('about:blank')
    await ann.page.goto(`${origin}/console/join#${server.bootstrapSecret}`)
    await ann.page.getByLabel('Your name').fill('Ann <b>Bold</b>')
    await ann.press('Create passkey')
    await ann.press('Endorse your own registration')
    await ann.page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
    expect(ann.page.url()).not.toContain(server.bootstrapSecret ?? 'no secret')
    await ann.page.getByRole('button', { name: 'Your account' }).click()
    // A name is text, whatever stands in it.
    await ann.page.getByText('Ann <b>Bold</b>').waitFor()
    expect(await ann.page.locator('b').count()).toBe(0)
  })

  test('signs out and in again, back to where the reader was', async () => {
    await ann.page.goto(`${origin}/console/agents?find=x`)
    await ann.page.getByRole('heading', { level: 1, name: 'Agents' }).waitFor()
    await ann.page.getByRole('button', { name: 'Your account' }).click()
    await ann.page.getByRole('menuitem', { name: 'Sign out', exact: true }).click()
    await ann.page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await ann.page.goto(`${origin}/console/agents?find=x`)
    await ann.press('Sign in with passkey')
    await ann.page.getByRole('heading', { level: 1, name: 'Agents' }).waitFor()
    expect(new URL(ann.page.url()).search).toBe('?find=x')
  })

  test('sends nobody to another place after signing in', async () => {
    const elsewhere = ['https://evil.example/', '//evil.example/', '/\\evil.example', 'javascript:alert(1)']
    for (const [member, to] of ['to', 'page'].flatMap((name) => elsewhere.map((where) => [name, where]))) {
      // Not to meet a page that notices that its session is gone.
      await ann.page.goto('about:blank')
      await ann.page.context().clearCookies()
      await ann.page.goto(`${origin}/console/sign-in?${member}=${encodeURIComponent(JSON.stringify(to))}`)
      await ann.press('Sign in with passkey')
      await ann.page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
      expect(new URL(ann.page.url()).origin).toBe(origin)
    }
  })

  test('has a policy under which nothing of others runs, and no frame', async () => {
    const { headers } = await fetch(`${origin}/console/agents`)
    const policy = headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("script-src 'self';")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toContain('unsafe')
    expect(headers.get('x-frame-options')).toBe('DENY')
    expect(headers.get('cache-control')).toBe('no-store')
    const framed = await browser.newPage()
    const refused = framed.waitForEvent('console', (message) => /frame-ancestors/.test(message.text()))
    await framed.setContent(`<iframe src="${origin}/console/"></iframe>`)
    await refused
    expect(
      framed.frames().every((frame) => frame === framed.mainFrame() || !frame.url().startsWith(origin)),
    ).toBe(true)
    await framed.close()
  })

  test('serves only files of its own', async () => {
    for (const path of [
      '/console/assets/..%2f..%2fpackage.json',
      '/console/assets/none.js',
      '/console/assets/%00',
    ])
      expect([path, (await fetch(origin + path)).status]).toEqual([path, 404])
  })

  test('reported no fault', () => {
    expect(faults).toEqual([])
  })
})
