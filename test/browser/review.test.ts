/**
 * The review desk in a real browser with a virtual passkey. spec/outputs.md (OUT-10, OUT-11). Set
 * COUNTERSIGN_SCREENSHOTS to a folder to look at it.
 */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer as createSocket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  addAgentKey,
  approveAgent,
  changeAgent,
  delegate,
  endorse,
  enroll,
  enrollPoint,
  enrollWithPasskey,
  invite,
  proposeAgent,
} from '../../apps/cli/operator.ts'
import {
  approveOutputPolicy,
  proposeOutputPolicy,
  reviewLink,
  showOutput,
} from '../../apps/cli/operator-outputs.ts'
import { openProfile, type Profile } from '../../apps/cli/profile.ts'
import { createServer, type RunningServer } from '../../apps/server/server.ts'
import { ApiClient } from '../../src/adapters/http/client.ts'
import { httpOutputs } from '../../src/adapters/http/outputs.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { PrivateJwk } from '../../src/core/crypto.ts'
import { newId } from '../../src/core/ids.ts'
import { thumbprint } from '../../src/core/jwk.ts'
import { measured } from '../../src/enforce/measured.ts'
import { systemClock } from '../../src/ports/clock.ts'
import type { OutputExchange } from '../../src/ports/outputs.ts'
import { CHROMIUM_RUNS, CONTEXT, launchChromium } from './chromium.ts'

async function freePort(): Promise<number> {
  const socket = createSocket().listen(0, '127.0.0.1')
  await once(socket, 'listening')
  const address = socket.address()
  socket.close()
  await once(socket, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

const DRAFT = 'Dear customer,\n\nyour refund of 42 euros is on its way.\n\nKind regards'
const LETTER =
  'Dear Ms Lind,\n\nyour refund of 42 euros was paid today. We are sorry.\u{202e}\n\nKind regards'

describe.runIf(CHROMIUM_RUNS)('the review desk', () => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-review-'))
  let browser: Browser
  let server: RunningServer
  let ann: Profile
  let ben: Profile
  let page: Page
  let outputs: OutputExchange
  let made: { iss: string; jti: string }
  const breaches: string[] = []

  beforeAll(async () => {
    const port = await freePort()
    const origin = `http://localhost:${port}`
    server = await createServer({
      dataDir: join(folder, 'data'),
      port,
      rp: { rp_id: 'localhost', origins: [origin] },
    })
    browser = await launchChromium()
    page = await (await browser.newContext(CONTEXT)).newPage()
    page.on('pageerror', (error) => breaches.push(String(error)))
    page.on('console', (message) => message.type() === 'error' && breaches.push(message.text()))
    const cdp = await page.context().newCDPSession(page)
    await cdp.send('WebAuthn.enable')
    await cdp.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    })
    ann = openProfile(await enroll(server.url, server.bootstrapSecret ?? '', 'Ann'))
    const { invitation } = await invite(ann, 'Ben')
    const file = await enrollWithPasskey(server.url, invitation, 'Ben', (url) => {
      void page.goto(url).then(() => page.getByRole('button', { name: 'Create passkey' }).click())
    })
    ben = openProfile(file)
    await page.locator('main[data-state="enrolled"]').waitFor()
    await endorse(ann, ben.person)
    const { invitation: third } = await invite(ann, 'Cleo')
    const cleo = openProfile(await enroll(server.url, third, 'Cleo'))
    await endorse(ann, cleo.person)
    const agent = await proposeAgent(ann, {
      name: 'letter-writer',
      class: 'assistant',
      purpose: 'Writes letters',
      systems: [],
      manifest: { version: 1 },
    })
    await approveAgent(cleo, agent)
    await changeAgent(ann, agent, 'activate', 'approved')
    const holder = nodeCrypto.signer(nodeCrypto.generateKey('Ed25519')).publicJwk
    await addAgentKey(ann, agent, holder)
    const enrolled = await enrollPoint(ann, 'letters', 'letters')
    const signer = nodeCrypto.signer(enrolled.key as unknown as PrivateJwk)
    outputs = httpOutputs(new ApiClient({ url: server.url, crypto: nodeCrypto, clock: systemClock, signer }))
    const { jti } = await delegate(ann, {
      agent,
      jkt: thumbprint(nodeCrypto, holder),
      aud: [enrolled.point],
      grants: [{ type: 'tool', server: 'letters', actions: ['read'] }],
      ttl_s: 3600,
      depth_max: 0,
    })
    made = { iss: enrolled.trust.iss, jti }
    const trained_until = new Date(Date.now() + 86_400_000).toISOString()
    const kind = {
      kind: 'letter',
      tools: [],
      minimum: 'supervised' as const,
      release: 'gate' as const,
      view_ms_per_1000: 15_000,
      reviewers: [ben, cleo].map(({ person }) => ({ person, trained_until })),
      owner: ann.person,
    }
    const policy = { v: 1 as const, separation: 'independent' as const, kinds: [kind] }
    await approveOutputPolicy(cleo, await proposeOutputPolicy(ann, policy))
  }, 240_000)
  afterAll(async () => {
    await browser?.close()
    await server?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  async function registered(text: string, draft?: string): Promise<string> {
    const { output } = await outputs.registerOutput({
      kind: 'letter',
      action: newId(nodeCrypto, 'act', Date.now()),
      ...measured(nodeCrypto, text, { kind: 'letter', name: 'letter.txt' }),
      ...made,
      calls: [newId(nodeCrypto, 'act', Date.now())],
      ...(draft === undefined ? {} : { draft }),
    })
    return output
  }

  async function opened(output?: string): Promise<string> {
    await page.goto('about:blank')
    await page.goto(await reviewLink(ben, output))
    await page.locator('main[data-state]:not([data-state="loading"]) h1').waitFor()
    return page.locator('main').innerText()
  }

  async function shot(name: string): Promise<void> {
    const to = process.env.COUNTERSIGN_SCREENSHOTS
    if (to === undefined) return
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      await page.screenshot({ path: join(to, `${name}-${colorScheme}.png`), fullPage: true })
    }
    await page.emulateMedia({ colorScheme: 'light' })
    const size = page.viewportSize() ?? { width: 1280, height: 720 }
    await page.setViewportSize({ width: 390, height: 844 })
    await page.screenshot({ path: join(to, `${name}-narrow.png`), fullPage: true })
    await page.setViewportSize(size)
  }

  test('lists what waits, shows an output with what changed, counts the look and takes the passkey', async () => {
    const draft = await registered(DRAFT)
    const output = await registered(LETTER, draft)
    expect(await opened()).toContain('letter-writer: waits for a review')
    await shot('desk')
    const text = await opened(output)
    for (const words of ['Does this letter leave?', 'letter-writer', 'was paid today', 'not logged yet'])
      expect(text).toContain(words)
    expect(await page.locator('.output .unseen').innerText()).toBe('\\u{202e}')
    expect(await page.locator('.output del').first().isVisible()).toBe(false)
    await page.keyboard.press('d')
    expect(await page.locator('.output del').first().isVisible()).toBe(true)
    await shot('review')
    await expect.poll(() => page.locator('#seen').innerText(), { timeout: 20_000 }).toMatch(/^[2-9] s$/)
    await page.getByRole('button', { name: 'Attest with passkey' }).click()
    await page.locator('main[data-state="issued"] h1').waitFor()
    expect(await showOutput(ann, output)).toMatchObject({ role: 'supervised' })
    expect(await outputs.releaseOutput(output, { wait: false, left: false })).toMatchObject({
      released: true,
    })
  }, 90_000)

  test('asks for another person after a signature that took no look', async () => {
    const output = await registered(`${LETTER} ${'and much more that nobody reads. '.repeat(40)}`)
    await opened(output)
    await page.getByRole('button', { name: 'Attest with passkey' }).click()
    await page.locator('main[data-state="flagged"] h1').waitFor()
    await shot('flagged')
    expect(await outputs.releaseOutput(output, { wait: false, left: false })).toMatchObject({
      released: false,
    })
    expect(await opened(output)).toContain('Nothing to review here')
  }, 60_000)

  test('refuses by the keyboard, and shows nothing to a stranger', async () => {
    const output = await registered(DRAFT)
    await opened(output)
    await page.keyboard.press('r')
    await page.locator('main[data-state="refused"] h1').waitFor()
    expect(await showOutput(ann, output)).toMatchObject({ refusals: 1, attestation: null })
    const stranger = await (await browser.newContext(CONTEXT)).newPage()
    await stranger.goto(`${server.url.replace('127.0.0.1', 'localhost')}/review`)
    await stranger.locator('main[data-state="stranger"] h1').waitFor()
    await stranger.close()
  }, 60_000)

  test('breaks no rule of its policy', () => {
    // A refused call of the API is a line on the console, too.
    expect(breaches.filter((line) => !line.includes('Failed to load resource'))).toEqual([])
  })
})
