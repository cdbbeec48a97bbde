/**
 * The page on which a person decides on a held call, in a real browser with a virtual passkey. spec/approvals.md
 * (APR-6 to APR-9). Set COUNTERSIGN_SCREENSHOTS to a folder to look at it.
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
import { approvalLink, showApproval } from '../../apps/cli/operator-approvals.ts'
import { openProfile, type Profile } from '../../apps/cli/profile.ts'
import { createServer, type RunningServer } from '../../apps/server/server.ts'
import { ApiClient } from '../../src/adapters/http/client.ts'
import { httpApprovals } from '../../src/adapters/http/approvals.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { newId } from '../../src/core/ids.ts'
import { base64url } from '../../src/core/encoding.ts'
import type { PrivateJwk } from '../../src/core/crypto.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { thumbprint } from '../../src/core/jwk.ts'
import { commitTo } from '../../src/log/commitment.ts'
import type { ApprovalExchange } from '../../src/ports/control-plane.ts'
import { systemClock } from '../../src/ports/clock.ts'
import { approvalGestureFault } from '../../src/token/approval.ts'
import { CHROMIUM_RUNS, CONTEXT, launchChromium } from './chromium.ts'

const GRANT = { type: 'tool' as const, server: 'mail', actions: ['send'], ask: true as const }

async function freePort(): Promise<number> {
  const socket = createSocket().listen(0, '127.0.0.1')
  await once(socket, 'listening')
  const address = socket.address()
  socket.close()
  await once(socket, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

describe.runIf(CHROMIUM_RUNS)('the page of a call that waits', () => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-approvals-'))
  let browser: Browser
  let server: RunningServer
  let origin: string
  let ann: Profile
  let ben: Profile
  let page: Page
  let point: string
  let exchange: ApprovalExchange
  let call: { agent: string; iss: string; jti: string }
  const breaches: string[] = []

  beforeAll(async () => {
    const port = await freePort()
    origin = `http://localhost:${port}`
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
    const agent = await proposeAgent(ann, {
      name: 'report-writer',
      class: 'assistant',
      purpose: 'Writes and mails reports',
      systems: [],
      manifest: { version: 1 },
    })
    const { invitation: third } = await invite(ann, 'Cleo')
    const cleo = openProfile(await enroll(server.url, third, 'Cleo'))
    await endorse(ann, cleo.person)
    await approveAgent(cleo, agent)
    await changeAgent(ann, agent, 'activate', 'approved')
    const holder = nodeCrypto.signer(nodeCrypto.generateKey('Ed25519')).publicJwk
    await addAgentKey(ann, agent, holder)
    const enrolled = await enrollPoint(ann, 'mail gateway', 'mail')
    point = enrolled.point
    const signer = nodeCrypto.signer(enrolled.key as unknown as PrivateJwk)
    const client = new ApiClient({ url: server.url, crypto: nodeCrypto, clock: systemClock, signer })
    exchange = httpApprovals(client)
    const jkt = thumbprint(nodeCrypto, holder)
    const input = { agent, jkt, aud: [point], grants: [GRANT], ttl_s: 3600, depth_max: 0 }
    const { jti } = await delegate(ann, input)
    call = { agent, jti, iss: enrolled.trust.iss }
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    await server?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  async function asked(
    args: JsonObject,
    tool = 'send',
    ttl_ms = 300_000,
  ): Promise<{ id: string; url: string }> {
    const now = Date.now()
    const { commitment, opening } = commitTo(nodeCrypto, args)
    const id = newId(nodeCrypto, 'apr', now)
    const { url } = await exchange.requestApproval({
      approval: id,
      action: newId(nodeCrypto, 'act', now),
      ...call,
      grant: base64url(nodeCrypto.randomBytes(32)),
      server: 'mail',
      tool,
      definition_hash: null,
      args_commit: commitment,
      salt: 'salt' in opening ? opening.salt : '',
      args,
      expires: now + ttl_ms,
    })
    return { id, url }
  }

  async function opened(url: string, state = 'open'): Promise<string> {
    await page.goto('about:blank')
    await page.goto(url)
    await page.locator(`main[data-state="${state}"] h1`).waitFor()
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

  const press = (name: string): Promise<void> => page.getByRole('button', { name }).click()

  test('shows exactly what the call would do, and takes the passkey over it', async () => {
    const { id, url } = await asked({
      to: ['team@example.com'],
      subject: 'Q3',
      attach: { path: '/srv/q3.pdf' },
    })
    const text = await opened(url)
    for (const words of ['Let it call send?', 'report-writer', 'mail gateway', 'Delegated by\nAnn'])
      expect(text).toContain(words)
    expect(await page.locator('.arguments').innerText()).toBe(
      [
        '{',
        '  "attach": {',
        '    "path": "/srv/q3.pdf"',
        '  },',
        '  "subject": "Q3",',
        '  "to": [',
        '    "team@example.com"',
        '  ]',
        '}',
        '',
      ].join('\n'),
    )
    expect(page.url()).toBe(`${origin}/a`)
    await shot('approval')
    const waiting = exchange.awaitApproval(id, AbortSignal.timeout(20_000))
    await press('Approve with passkey')
    await page.locator('main[data-state="approved"]').waitFor()
    const { approval } = await waiting
    if (approval === null) throw new Error('nobody decided')
    expect(
      approvalGestureFault(
        nodeCrypto,
        { rp_id: 'localhost', origins: [origin] },
        approval.act,
        approval.gesture,
      ),
    ).toBeNull()
    expect(approval.act).toMatchObject({ decision: 'approve', approval: id, point })
    expect(await opened(url, 'over')).toContain('waits no more')
  })

  test('takes a refusal, and names what does not show', async () => {
    const hidden = 'report\u202efdp.exe \u200b to\u00a0all'
    const { id, url } = await asked({ file: hidden, note: 'line\nbreak' }, 'se\u200bnd')
    await opened(url)
    expect(await page.locator('.arguments').innerText()).toContain(
      '"report\\u{202e}fdp.exe \\u{200b} to\\u{a0}all"',
    )
    expect(await page.locator('.warning').innerText()).toMatch(/^3 characters/)
    expect(await page.locator('h1').innerText()).toBe('Let it call se\\u{200b}nd?')
    await shot('approval-unseen')
    await press('Refuse with passkey')
    await page.locator('main[data-state="refused"]').waitFor()
    expect((await showApproval(ann, id)).status).toBe('refused')
  })

  test('signs nothing when the arguments are not those of the call', async () => {
    const { id } = await asked({ amount: 10 })
    await page.route('**/v1/approvals/open', async (route) => {
      const answer = await route.fetch()
      const json = await answer.json()
      json.approval.opening.args.amount = 1
      await route.fulfill({ response: answer, json })
    })
    const { url } = await asked({ amount: 10 })
    expect(await opened(url, 'mismatch')).toContain('Nothing was signed')
    await page.unroute('**/v1/approvals/open')
    expect((await showApproval(ann, id)).status).toBe('open')
  })

  test('lists what waits for who is signed in, and is empty when nothing does', async () => {
    expect(await opened(`${origin}/a`, 'stranger')).toContain('Whose list?')
    await opened(await approvalLink(ben), 'list')
    await page.getByRole('button', { name: 'mail: send' }).first().waitFor()
    await shot('approval-list')
    const long = await asked(
      { body: 'Lorem ipsum dolor sit amet. '.repeat(900), ids: Array.from({ length: 80 }, (_, i) => i) },
      'send_many',
    )
    await page.getByRole('button', { name: 'send_many' }).click()
    await page.locator('main[data-state="open"] h1').waitFor()
    await shot('approval-long')
    await press('Refuse with passkey')
    await page.locator('main[data-state="refused"]').waitFor()
    expect((await showApproval(ann, long.id)).status).toBe('refused')
    await page.route('**/v1/approvals', async (route) => {
      const answer = await route.fetch()
      await route.fulfill({ response: answer, json: { ...(await answer.json()), approvals: [] } })
    })
    expect(await opened(`${origin}/a`, 'list')).toContain('Nothing waits for you')
    await shot('approval-empty')
    expect(breaches.filter((each) => !/401|404/.test(each))).toEqual([])
  })
})
