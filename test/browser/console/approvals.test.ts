/**
 * People decide in the console, in a real browser with a virtual passkey: a held call by keyboard, a drill of the kill
 * switch with its progress, an output at the review desk. spec/console.md, spec/approvals.md, spec/kill.md, spec/outputs.md.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { setRoster, signLift } from '../../../apps/cli/kills.ts'
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
} from '../../../apps/cli/operator.ts'
import { showApproval } from '../../../apps/cli/operator-approvals.ts'
import { approveOutputPolicy, proposeOutputPolicy, showOutput } from '../../../apps/cli/operator-outputs.ts'
import { openProfile, type Profile } from '../../../apps/cli/profile.ts'
import { Caller } from '../../../apps/server/harness.ts'
import { createServer, type RunningServer } from '../../../apps/server/server.ts'
import { httpApprovals } from '../../../src/adapters/http/approvals.ts'
import { ApiClient } from '../../../src/adapters/http/client.ts'
import { httpOutputs } from '../../../src/adapters/http/outputs.ts'
import { nodeCrypto } from '../../../src/adapters/node-crypto/node-crypto.ts'
import type { PrivateJwk } from '../../../src/core/crypto.ts'
import { base64url } from '../../../src/core/encoding.ts'
import { newId } from '../../../src/core/ids.ts'
import type { JsonObject } from '../../../src/core/json.ts'
import { thumbprint } from '../../../src/core/jwk.ts'
import { rfc3339 } from '../../../src/core/time.ts'
import { measured } from '../../../src/enforce/measured.ts'
import { commitTo } from '../../../src/log/commitment.ts'
import { KILL_CALL } from '../../../src/log/drill-report.ts'
import { systemClock } from '../../../src/ports/clock.ts'
import type { ApprovalExchange } from '../../../src/ports/control-plane.ts'
import type { OutputExchange } from '../../../src/ports/outputs.ts'
import { approvalGestureFault } from '../../../src/token/approval.ts'
import { Spool } from '../../fixtures/spool.ts'
import { CHROMIUM_RUNS, launchChromium } from '../chromium.ts'
import { freePort, PersonAtBrowser } from '../person.ts'

const DRAFT = 'Dear customer,\n\nyour refund of 42 euros is on its way.\n\nKind regards'
const LETTER =
  'Dear Ms Lind,\n\nyour refund of 42 euros was paid today. We are sorry.\u{202e}\n\nKind regards'

describe.runIf(CHROMIUM_RUNS)('deciding in the console', () => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-console-approvals-'))
  let browser: Browser
  let server: RunningServer
  let origin: string
  let ann: Profile
  let cleo: Profile
  let ben: PersonAtBrowser
  let page: Page
  let point: string
  let agent: string
  let spool: Spool
  let approvals: ApprovalExchange
  let outputs: OutputExchange
  let call: { agent: string; iss: string; jti: string }
  const faults: string[] = []

  /** With a key of the command line. */
  async function withSoftwareKey(name: string): Promise<Profile> {
    const { invitation } = await invite(ann, name)
    const profile = openProfile(await enroll(server.url, invitation, name))
    await endorse(ann, profile.person)
    return profile
  }

  /** Ben, by the door of the console. @returns who he is */
  async function comesIn(): Promise<string> {
    const { invitation } = await invite(ann, 'Ben')
    const file = await enrollWithPasskey(server.url, invitation, 'Ben', (url) => {
      void page.goto(url).then(() => ben.press('Create passkey'))
    })
    await ben.reaches('enrolled')
    const { person } = openProfile(file)
    await endorse(ann, person)
    await page.goto(`${origin}/console/sign-in`)
    await ben.press('Sign in with passkey')
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
    return person
  }

  async function worksAt(): Promise<void> {
    agent = await proposeAgent(ann, {
      name: 'report-writer',
      class: 'assistant',
      purpose: 'Writes and mails reports',
      systems: [],
      manifest: { version: 1 },
    })
    await approveAgent(cleo, agent)
    await changeAgent(ann, agent, 'activate', 'approved')
    const holder = nodeCrypto.signer(nodeCrypto.generateKey('Ed25519')).publicJwk
    await addAgentKey(ann, agent, holder)
    const enrolled = await enrollPoint(ann, 'mail gateway', 'mail')
    point = enrolled.point
    const key = enrolled.key as unknown as PrivateJwk
    const signer = nodeCrypto.signer(key)
    const client = new ApiClient({ url: server.url, crypto: nodeCrypto, clock: systemClock, signer })
    approvals = httpApprovals(client)
    outputs = httpOutputs(client)
    spool = new Spool({ id: point, api: new Caller(() => server.url, 'Ed25519', key) })
    await spool.open()
    const grants = [{ type: 'tool' as const, server: 'mail', actions: ['send'], ask: true as const }]
    const jkt = thumbprint(nodeCrypto, holder)
    const { jti } = await delegate(ann, { agent, jkt, aud: [point], grants, ttl_s: 3600, depth_max: 0 })
    call = { agent, jti, iss: enrolled.trust.iss }
  }

  beforeAll(async () => {
    const port = await freePort()
    origin = `http://localhost:${port}`
    server = await createServer({
      dataDir: join(folder, 'data'),
      port,
      rp: { rp_id: 'localhost', origins: [origin] },
    })
    browser = await launchChromium()
    ben = await PersonAtBrowser.sit(browser)
    page = ben.page
    page.on('pageerror', (error) => faults.push(String(error)))
    page.on('console', (message) => {
      if (message.type() === 'error' && !/status of 40/.test(message.text())) faults.push(message.text())
    })
    ann = openProfile(await enroll(server.url, server.bootstrapSecret ?? '', 'Ann'))
    cleo = await withSoftwareKey('Cleo')
    await worksAt()
    const person = await comesIn()
    const breakGlass = readFileSync(join(folder, 'data/keys/break-glass.jwk'), 'utf8')
    const roster = { people: [ann.person, person], m: 2 }
    await setRoster(ann, nodeCrypto.signer(JSON.parse(breakGlass) as PrivateJwk), roster, () => undefined)
    const kind = {
      kind: 'letter',
      tools: [],
      minimum: 'supervised' as const,
      release: 'gate' as const,
      view_ms_per_1000: 15_000,
      reviewers: [{ person, trained_until: new Date(Date.now() + 86_400_000).toISOString() }],
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

  async function held(args: JsonObject): Promise<string> {
    const now = Date.now()
    const { commitment, opening } = commitTo(nodeCrypto, args)
    const id = newId(nodeCrypto, 'apr', now)
    await approvals.requestApproval({
      approval: id,
      action: newId(nodeCrypto, 'act', now),
      ...call,
      grant: base64url(nodeCrypto.randomBytes(32)),
      server: 'mail',
      tool: 'send',
      definition_hash: null,
      args_commit: commitment,
      salt: 'salt' in opening ? opening.salt : '',
      args,
      expires: now + 300_000,
    })
    return id
  }

  const goes = async (path: string): Promise<void> => {
    await page.goto(`${origin}/console${path}`)
    await page.getByRole('heading', { level: 1 }).waitFor()
  }

  /** The dialog puts the focus where Enter signs. */
  async function signsByKeyboard(): Promise<void> {
    await page.locator('[role="dialog"] button:focus', { hasText: 'Sign with passkey' }).waitFor()
    await page.keyboard.press('Enter')
  }

  test('a held call is approved by keyboard and passkey, over exactly what is shown', async () => {
    const first = await held({ to: ['team@example.com'], subject: 'Q3', body: 'As every quarter.' })
    await goes('/approvals')
    await page.getByRole('link', { name: 'mail: send' }).waitFor()
    await ben.shot('console-approvals')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'Let it call send?' }).waitFor()
    const decided = approvals.awaitApproval(first, AbortSignal.timeout(30_000))
    await page.keyboard.press('a')
    await page.getByRole('dialog').getByText('report-writer makes this one call of send').waitFor()
    await ben.shot('console-approve')
    await signsByKeyboard()
    await page.getByRole('heading', { level: 1, name: 'Approvals' }).waitFor()
    await page.getByText('Nothing waits').waitFor()
    const { approval } = await decided
    if (approval === null) throw new Error('nobody decided')
    expect(approval.act).toMatchObject({ decision: 'approve', approval: first, point })
    const rp = { rp_id: 'localhost', origins: [origin] }
    expect(approvalGestureFault(nodeCrypto, rp, approval.act, approval.gesture)).toBeNull()
  })

  test('what changed since the last call is shown, what does not show is named, and r refuses', async () => {
    const id = await held({ to: ['all@example.com'], subject: 'Q3\u{202e}', body: 'As every quarter.' })
    await goes('/approvals')
    await page.getByRole('link', { name: 'mail: send' }).waitFor()
    await page.keyboard.press('Enter')
    await page.locator('ins', { hasText: 'all@example.com' }).waitFor()
    expect(await page.locator('del', { hasText: 'team@example.com' }).count()).toBe(1)
    expect(await page.locator('.unseen').first().innerText()).toBe('\\u{202e}')
    await ben.shot('console-approval-changes')
    await page.keyboard.press('r')
    await signsByKeyboard()
    await page.getByText('Nothing waits').waitFor()
    expect((await showApproval(ann, id)).status).toBe('refused')
  })

  test('nothing is signed when the arguments are not those of the call', async () => {
    const id = await held({ amount: 10 })
    await page.route(`**/v1/approvals/${id}`, async (route) => {
      const answer = await route.fetch()
      const json = await answer.json()
      json.approval.opening.args.amount = 1
      await route.fulfill({ response: answer, json })
    })
    await goes(`/approvals/${id}?decide=approve`)
    await page.getByRole('alert').filter({ hasText: 'Nothing can be signed' }).waitFor()
    await page.keyboard.press('a')
    expect(await page.getByRole('dialog').count()).toBe(0)
    await page.unroute(`**/v1/approvals/${id}`)
    expect((await showApproval(ann, id)).status).toBe('open')
  })

  test('a drill of the kill switch shows what it hits before, each point as it denies, and its report', async () => {
    await goes(`/kill?scope=agent&of=${agent}`)
    await page.getByRole('region', { name: 'Points that deny' }).getByText('1', { exact: true }).waitFor()
    await ben.shot('console-kill')
    await goes('/kill?mode=drills')
    await page.getByRole('button', { name: 'Plan a drill' }).first().click()
    const dialog = page.getByRole('dialog')
    await dialog.getByPlaceholder('Choose one').click()
    await page.getByRole('option', { name: /report-writer/ }).click()
    await dialog.getByRole('button', { name: 'Plan a drill' }).click()
    await page.getByRole('button', { name: 'Begin the drill' }).click()
    await page.getByTestId('signed').waitFor()
    await ben.press('Sign with passkey')
    await page.getByText('0 of 1 points deny').first().waitFor()
    await ben.shot('console-drill-running')

    const { json } = await spool.point.api.get('/v1/points/self/statements?after=0')
    const { id: kill } = json.statements.at(-1).kill
    await spool.ship([
      spool.decide({ tool: KILL_CALL, reasons: ['KILLED'], kill, time: rfc3339(Date.now()) }),
    ])
    await page.getByText('All points deny').waitFor()

    await ben.press('Lift its kill')
    const reason = page.getByRole('combobox', { name: 'Reason' })
    await reason.fill('drill')
    await reason.press('Enter')
    await ben.press('Sign the lift')
    await page.getByTestId('signed').waitFor()
    await ben.press('Sign with passkey')
    await page.getByText('one gesture is missing').waitFor()
    const { lifts } = (await ann.client.get('/v1/kills')) as { lifts: { id: string }[] }
    await signLift(ann, lifts[0]?.id ?? '', [kill], () => undefined)
    await page.getByText('Lifted', { exact: false }).first().waitFor()
    const { drills } = (await ann.client.get('/v1/drills')) as { drills: { id: string }[] }
    const closed = await ann.client.post(`/v1/drills/${drills[0]?.id}/close`, {})
    expect(closed).toMatchObject({ report: { points_n: 1, answered_n: 1, lift: { people_n: 2 } } })
    await goes('/kill?mode=history')
    await page.getByRole('img', { name: /chart of one drill/ }).waitFor()
    await ben.shot('console-kill-history')
  }, 90_000)

  test('an output is reviewed with what changed, the look is counted, and attested by a gesture', async () => {
    const registered = async (text: string, draft?: string): Promise<string> =>
      (
        await outputs.registerOutput({
          kind: 'letter',
          action: newId(nodeCrypto, 'act', Date.now()),
          ...measured(nodeCrypto, text, { kind: 'letter', name: 'letter.txt' }),
          iss: call.iss,
          jti: call.jti,
          calls: [newId(nodeCrypto, 'act', Date.now())],
          ...(draft === undefined ? {} : { draft }),
        })
      ).output
    const output = await registered(LETTER, await registered(DRAFT))
    await goes('/outputs')
    await page.getByRole('link', { name: 'letter' }).first().waitFor()
    await ben.shot('console-outputs')
    await goes(`/outputs/${output}`)
    await ben.press('Review it')
    await page.getByRole('heading', { level: 1, name: 'Does this letter leave?' }).waitFor()
    expect(await page.locator('.lines .unseen').innerText()).toBe('\\u{202e}')
    await page.keyboard.press('d')
    await page.locator('.lines del').first().waitFor()
    await ben.shot('console-review')
    await page
      .getByTestId('looked')
      .filter({ hasText: /for [2-9] s/ })
      .waitFor({ timeout: 20_000 })
    await page.getByRole('button', { name: 'Attest' }).click()
    await ben.press('Sign with passkey')
    await page.locator('[data-end="issued"]').waitFor()
    expect(await showOutput(ann, output)).toMatchObject({ role: 'supervised' })
  }, 90_000)

  test('reports no fault and keeps the policy of the page', () => {
    expect(faults).toEqual([])
  })
})
