/**
 * The kill switch and a top-up with passkeys in a real browser: what the page shows is what is signed; one person pulls,
 * two lift. And the live page meanwhile, which says so. spec/kill.md, spec/limits.md (LIM-12).
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { beginLift, pullKill, readSwitch, setRoster, signLift } from '../../apps/cli/kills.ts'
import {
  addAgentKey,
  approveAgent,
  changeAgent,
  delegate,
  endorse,
  enrollPoint,
  invite,
  proposeAgent,
} from '../../apps/cli/operator.ts'
import { listTopUps, raisedGrants, topUpOf } from '../../apps/cli/operator-topups.ts'
import type { Profile } from '../../apps/cli/profile.ts'
import { Caller } from '../../apps/server/harness.ts'
import { createServer, type RunningServer } from '../../apps/server/server.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { PrivateJwk, Signer } from '../../src/core/crypto.ts'
import { thumbprint } from '../../src/core/jwk.ts'
import { signKill } from '../../src/revoke/kill-rules.ts'
import { newId } from '../../src/core/ids.ts'
import type { Grant } from '../../src/token/grant.ts'
import { lastDelegation } from '../../src/token/narrow.ts'
import { need, Spool } from '../fixtures/spool.ts'
import { CHROMIUM_RUNS, CONTEXT, launchChromium } from './chromium.ts'
import { during, enrolledAt, freePort, Links, type PersonAtBrowser } from './person.ts'

const GRANT: Grant = {
  type: 'tool',
  server: 'mail',
  actions: ['send'],
  constraints: {},
  limits: [{ measure: 'calls', unit: '1', max: 2, per: 'day' }],
}
const OVERFLOW = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'

describe.runIf(CHROMIUM_RUNS)('the kill switch and top-ups, with passkeys in a real browser', () => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-kill-page-'))
  const links = new Links()
  let browser: Browser
  let server: RunningServer
  let breakGlass: Signer
  let ann: { at: PersonAtBrowser; profile: Profile }
  let ben: { at: PersonAtBrowser; profile: Profile }
  let agent: string
  let live: Page

  const enrolled = (secret: string, name: string): Promise<typeof ann> =>
    enrolledAt(browser, links, { url: server.url, secret, name }, async (at) => {
      await at.press('Create passkey')
      if (name === 'Ben') return void (await at.reaches('enrolled'))
      await at.reaches('open')
      await at.press('Approve with passkey')
      await at.reaches('done')
    })

  async function watching(look: BrowserContextOptions = {}): Promise<Page> {
    const { url } = (await ann.profile.client.post('/v1/viewer-links', {})) as { url: string }
    const page = await (await browser.newContext({ ...CONTEXT, ...look })).newPage()
    await page.goto(url)
    await page.locator('#connection[data-state="live"]').waitFor()
    return page
  }

  async function shot(page: Page, name: string): Promise<void> {
    const to = process.env.COUNTERSIGN_SCREENSHOTS
    if (to !== undefined) await page.screenshot({ path: join(to, `${name}.png`), fullPage: true })
  }

  beforeAll(async () => {
    const port = await freePort()
    const rp = { rp_id: 'localhost', origins: [`http://localhost:${port}`] }
    server = await createServer({ dataDir: join(folder, 'data'), port, rp })
    const key = readFileSync(join(folder, 'data/keys/break-glass.jwk'), 'utf8')
    breakGlass = nodeCrypto.signer(JSON.parse(key) as PrivateJwk)
    browser = await launchChromium()
    ann = await enrolled(server.bootstrapSecret ?? '', 'Ann')
    const { invitation } = await invite(ann.profile, 'Ben')
    ben = await enrolled(invitation, 'Ben')
    await during(links, endorse(ann.profile, ben.profile.person), ann.at)
    agent = await proposeAgent(ann.profile, {
      name: 'report-writer',
      class: 'assistant',
      purpose: 'Mails reports',
      systems: [],
      manifest: { version: 1 },
    })
    await during(links, approveAgent(ben.profile, agent), ben.at)
    await changeAgent(ann.profile, agent, 'activate', 'approved')
    const people = [ann.profile.person, ben.profile.person]
    await setRoster(ann.profile, breakGlass, { people, m: 2 }, () => undefined)
    live = await watching()
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    await server?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  test('one person pulls it: the page names what stops, and every member of what is signed', async () => {
    expect(await live.locator('#killed').isVisible()).toBe(false)
    const scope = { kind: 'agent' as const, id: agent }
    const [{ kill, statement }, shown] = await during(
      links,
      pullKill(ann.profile, scope, 'test'),
      ann.at,
      'kill-pull',
    )
    expect(shown).toMatch(/^Pull the kill switch\n+Ann, /)
    expect(shown).toContain('The agent report-writer, and all under it')
    const { id, iss, reason, t } = statement.kill
    for (const said of [id, iss, reason, String(t), scope.kind, scope.id]) expect(shown).toContain(said)
    expect(id).toBe(kill)
    await live.locator('#killed', { hasText: kill }).waitFor()
    expect(await live.locator('#killed').innerText()).toMatch(/Stopped by the kill switch\n+agent agt_…/)
  })

  test('who opens the live page later sees it too, in the dark and on a narrow screen', async () => {
    for (const [name, look] of LOOKS) {
      const page = await watching(look)
      await page.locator('#killed').waitFor()
      await page.locator('#rows details').first().waitFor()
      expect(await page.evaluate(OVERFLOW)).toBe(0)
      await shot(page, `live-killed-${name}`)
      await page.context().close()
    }
  })

  test('it takes two to lift it, and each is shown the kills by name', async () => {
    const [inForce] = (await readSwitch(ann.profile)).kills
    if (inForce === undefined) throw new Error('nothing is killed')
    const { kill } = inForce
    const lift = await beginLift(ann.profile, [kill.id], 'over')
    for (const [who, missing] of [
      [ann, 1],
      [ben, 0],
    ] as const) {
      const signing = signLift(who.profile, lift, [kill.id], () => undefined)
      const [answer, shown] = await during(links, signing, who.at, `kill-lift-${missing}`)
      expect(answer).toEqual({ missing, kills: [kill.id] })
      expect(shown).toMatch(/^Lift a kill\n/)
      for (const said of [lift, kill.id, 'over']) expect(shown).toContain(said)
    }
    await live.locator('#killed').waitFor({ state: 'hidden' })
    expect((await readSwitch(ann.profile)).kills).toEqual([])
  })

  test('a control plane that puts another kill before the person is found out in the browser', async () => {
    await ann.at.page.route('**/v1/ceremonies/open', async (route) => {
      const answer = await route.fetch()
      const question = (await answer.json()) as { shown: { value: { kill: { scope: unknown } } } }
      question.shown.value.kill.scope = { kind: 'global' }
      await route.fulfill({ response: answer, json: question })
    })
    const pulling = pullKill(ann.profile, { kind: 'agent', id: agent }, 'test').catch(() => null)
    expect(await ann.at.open(await links.next())).toMatch(/^This does not match/)
    expect(await ann.at.page.getByRole('button').count()).toBe(0)
    await ann.at.page.unroute('**/v1/ceremonies/open')
    void pulling // the link waits for its ten minutes, or for the server to stop
  })

  test('a top-up is a delegation: the page shows its limit, and that limit is what is signed', async () => {
    const key = nodeCrypto.signer(nodeCrypto.generateKey('Ed25519')).publicJwk
    await addAgentKey(ann.profile, agent, key)
    const point = await enrollPoint(ann.profile, 'desktop', 'mail')
    const jkt = thumbprint(nodeCrypto, key)
    const input = { agent, jkt, aud: [point.point], grants: [GRANT], ttl_s: 3600, depth_max: 0 }
    const [{ jti, chain }] = await during(links, delegate(ann.profile, input), ann.at)
    const [grant = ''] = lastDelegation(nodeCrypto, chain).grants.keys()
    const api = new Caller(() => server.url, 'Ed25519', point.key as unknown as PrivateJwk)
    const spool = new Spool({ id: point.point, api })
    await spool.open()
    const day = { iss: point.trust.iss, jti, grant, per: 'day', max: 2 }
    expect(await spool.askLease(need(3, day))).toEqual({ denied: 'LIMIT_EXCEEDED' })

    const [open] = await listTopUps(ann.profile)
    const raised = await raisedGrants(ann.profile, await topUpOf(ann.profile, open?.id ?? ''), 25)
    const again = { ...input, grants: [...raised.grants] }
    const [more, shown] = await during(links, delegate(ann.profile, again), ann.at, 'topup')
    expect(shown).toMatch(/^Authorize report-writer\n/)
    expect(shown).toContain('At most 25 calls a day')
    const [signed] = lastDelegation(nodeCrypto, more.chain).grants.values()
    expect(signed?.limits).toEqual([{ ...GRANT.limits?.[0], max: 25 }])
    await ann.profile.client.post(`/v1/topups/${open?.id}/grant`, { delegation: more.jti })
    await live.locator('#rows', { hasText: 'Top-up granted' }).waitFor()
    expect(await live.locator('#rows').innerText()).toContain('3 needed, 2 calls per day are used up')
  })

  test('the live page names many kills briefly, and says when it is no longer told', async () => {
    for (const id of ['files', 'mail', 'bank', 'shop', 'shed', 'lab', 'yard']) {
      const t = Date.now()
      const kill = { v: 1 as const, id: newId(nodeCrypto, 'kil', t), iss: 'countersign.localhost', t }
      const scope = { kind: 'system' as const, id }
      const statement = signKill(breakGlass, 'break_glass', { ...kill, scope, reason: 'test' })
      await ann.profile.client.post('/v1/statements', { ...statement })
    }
    await live.locator('#killed', { hasText: 'and 2 more: countersign kill list' }).waitFor()
    await shot(live, 'live-many-kills')
    const narrow = await watching({ viewport: { width: 320, height: 640 } })
    await narrow.locator('#killed').waitFor()
    expect(await narrow.evaluate(OVERFLOW)).toBe(0)
    await narrow.context().setOffline(true)
    await server.close()
    await live.locator('#lost').waitFor()
    expect(await live.locator('#connection').innerText()).toBe('lost')
    await shot(live, 'live-lost')
    await shot(narrow, 'live-lost-narrow')
  })
})

const LOOKS: [string, BrowserContextOptions][] = [
  ['light-wide', {}],
  ['dark-wide', { colorScheme: 'dark' }],
  ['dark-narrow', { colorScheme: 'dark', viewport: { width: 360, height: 740 } }],
]
