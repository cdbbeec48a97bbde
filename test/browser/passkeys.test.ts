/**
 * People with passkeys, in a real browser: enrolment, endorsement, and a delegation whose root verifies offline.
 * The authenticator is Chromium's own virtual one (WebAuthn Level 3, section 11): its keys never leave the browser.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContextOptions } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  addAgentKey,
  approveAgent,
  changeAgent,
  delegate,
  endorse,
  enroll,
  enrollPoint,
  invite,
  proposeAgent,
  readInfo,
} from '../../apps/cli/operator.ts'
import { openProfile, type Profile } from '../../apps/cli/profile.ts'
import { createServer, type RunningServer } from '../../apps/server/server.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { publicJwk, thumbprint } from '../../src/core/jwk.ts'
import { ACT_TAG } from '../../src/token/constants.ts'
import { challengeOf } from '../../src/token/gesture.ts'
import type { Grant } from '../../src/token/grant.ts'
import { verifyChainText } from '../../src/token/verify.ts'
import { CLI, Process, runCli, startControlPlane, until } from '../fixtures/processes.ts'
import { CHROMIUM_RUNS, launchChromium } from './chromium.ts'
import { during, enrolledAt, freePort, Links, PersonAtBrowser } from './person.ts'

const GRANTS: Grant[] = [
  {
    type: 'tool',
    server: 'files',
    actions: ['read_text_file', 'list_directory'],
    constraints: { path: { glob: '/srv/reports/**' }, head: { max: 200 } },
    limits: [{ measure: 'calls', unit: '1', max: 100, per: 'day' }],
  },
  { type: 'tool', server: 'mail', actions: ['send'], constraints: { to: { in: ['team@example.com'] } } },
]

describe.runIf(CHROMIUM_RUNS)('passkeys in a real browser', () => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-passkeys-'))
  const links = new Links()
  let offset_ms = 0
  const clock = { now: () => Date.now() + offset_ms, monotonic: () => performance.now() + offset_ms }
  let browser: Browser
  let server: RunningServer
  let ann: { at: PersonAtBrowser; profile: Profile }
  let ben: { at: PersonAtBrowser; profile: Profile }

  beforeAll(async () => {
    const port = await freePort()
    const rp = { rp_id: 'localhost', origins: [`http://localhost:${port}`] }
    server = await createServer({ dataDir: join(folder, 'data'), port, rp, clock })
    browser = await launchChromium()
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    await server?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const enrolled = (
    secret: string,
    name: string,
    perform: (at: PersonAtBrowser) => Promise<void>,
  ): Promise<typeof ann> =>
    enrolledAt(browser, links, { url: server.url, secret, name }, async (at, text, key) => {
      expect(text).toMatch(/^Make your passkey\n/)
      expect(text).toContain(name)
      expect(text).toContain(key)
      await perform(at)
    })

  const act = { act: 'test.act', number: 7 }
  const challenge = challengeOf(nodeCrypto, ACT_TAG, act)
  /** A question to Ann that no command of ours asks. @returns the link, and what the command line hears in the end */
  async function ask(): Promise<{ link: string; outcome: Promise<unknown> }> {
    const shown = { tag: ACT_TAG, value: act }
    const outcome = ann.profile.authenticator.assert(challenge, shown).catch((error: unknown) => error)
    return { link: await links.next(), outcome }
  }

  test('people enrol with a passkey; the first endorses themselves in the same go', async () => {
    ann = await enrolled(server.bootstrapSecret ?? '', 'Ann', async (at) => {
      await at.shot('enrol-light-wide')
      await at.press('Create passkey')
      expect(await at.reaches('open')).toMatch(/^Endorse yourself\n/)
      await at.shot('endorse-self-light-wide')
      await at.press('Approve with passkey')
      expect(await at.reaches('done')).toMatch(/^Done/)
      await at.shot('done-light-wide')
    })
    const { invitation } = await invite(ann.profile, 'Ben')
    ben = await enrolled(invitation, 'Ben', async (at) => {
      await at.press('Create passkey')
      expect(await at.reaches('enrolled')).toMatch(/counts once somebody who is endorsed has vouched for it/)
      await at.shot('enrolled-light-wide')
    })
    await expect(approveAgent(ben.profile, await proposed(ann.profile))).rejects.toMatchObject({
      code: 'API_REFUSED',
      remote: 'NOT_ENDORSED',
    })
  })

  test('they endorse and approve; a delegation is authorized, and its root verifies offline', async () => {
    const [endorsed, endorsing] = await during(
      links,
      endorse(ann.profile, ben.profile.person),
      ann.at,
      'endorse-light-wide',
    )
    expect(endorsed).toEqual({ acted_alone: false })
    expect(endorsing).toMatch(/^Endorse a person\n[^]*\nBen\n/)

    const agent = await proposed(ann.profile)
    const [, approving] = await during(links, approveAgent(ben.profile, agent), ben.at, 'approve-light-wide')
    expect(approving).toMatch(/^Approve an agent\n[^]*\nReads and mails reports\n/)
    await changeAgent(ann.profile, agent, 'activate', 'approved')
    const holder = nodeCrypto.signer(nodeCrypto.generateKey('Ed25519')).publicJwk
    await addAgentKey(ann.profile, agent, holder)
    const { point } = await enrollPoint(ann.profile, 'desktop', 'files')

    const jkt = thumbprint(nodeCrypto, holder)
    const input = {
      agent,
      jkt,
      aud: [point],
      grants: GRANTS,
      ttl_s: 28_800,
      depth_max: 1,
      instruction: 'Summarize the quarter.',
    }
    const [{ chain }, shown] = await during(
      links,
      delegate(ann.profile, input),
      ann.at,
      'delegate-light-wide',
    )
    expect(shown).toMatch(/^Authorize report-writer\n/)
    for (const words of [
      'read_text_file\nlist_directory',
      'path matches /srv/reports/**\nhead is at most 200',
      'At most 100 calls a day',
      'to is "team@example.com"',
      'None: as often as it likes',
      '8 hours, until',
      'desktop',
      'to another agent, and that one to nobody.',
      'Summarize the quarter.',
    ])
      expect(shown).toContain(words)

    const info = await readInfo(server.url)
    const keys = new Map(
      info.issuer_keys.map(({ kid, jwk }) => [kid, { jwk: publicJwk(jwk), retired_at: null }]),
    )
    const trust = new Map([[info.issuer, { keys, rp: { rp_id: info.rp_id, origins: info.origins } }]])
    const verified = verifyChainText(
      { crypto: nodeCrypto, trust, audience: point, now_ms: Date.now() },
      chain,
    )
    expect(verified).toMatchObject({
      ok: true,
      chain: { root: { amr: ['pop', 'user'], acr: 'phr', gestures: [{ role: 'principal' }] } },
    })
  })

  const proposed = (by: Profile): Promise<string> =>
    proposeAgent(by, {
      name: 'report-writer',
      class: 'assistant',
      purpose: 'Reads and mails reports',
      systems: [],
      manifest: { model: 'any', version: 1 },
    })

  test('a person who declines signs nothing, and the command line hears of it', async () => {
    const { link, outcome } = await ask()
    await ann.at.open(link)
    await ann.at.press('Decline')
    expect(await ann.at.reaches('declined')).toMatch(/Nothing was signed/)
    await ann.at.shot('declined-light-wide')
    expect(await outcome).toMatchObject({ code: 'CEREMONY_DECLINED' })
    expect(await ann.at.open(link)).toMatch(/^This link has been used/)
    await ann.at.shot('used-light-wide')
  })

  test('a link that is ten minutes old says so', async () => {
    const { link } = await ask()
    try {
      offset_ms = 10 * 60_000
      expect(await ann.at.open(link)).toMatch(/^This link has expired/)
      await ann.at.shot('expired-light-wide')
    } finally {
      offset_ms = 0
    }
    expect(await ann.at.open(`${new URL(link).origin}/ceremony`)).toMatch(/^This link has expired/)
  })

  test('at an address that is not pinned it offers no button, but the one that is', async () => {
    const { link } = await ask()
    const { port, hash } = new URL(link)
    const text = await ann.at.open(`http://127.0.0.1:${port}/ceremony${hash}`)
    expect(text).toMatch(/^Wrong address/)
    await ann.at.shot('origin-light-wide')
    expect(await ann.at.page.getByRole('button').count()).toBe(0)
    await ann.at.page.getByRole('link', { name: `http://localhost:${port}` }).click()
    expect(await ann.at.reaches('open')).toMatch(/^Sign: test\.act/)
  })

  test('a device without the passkey, or that does not verify its user, signs nothing; the person may try again', async () => {
    const { link, outcome } = await ask()
    const elsewhere = await PersonAtBrowser.sit(browser, {
      colorScheme: 'dark',
      viewport: { width: 390, height: 844 },
    })
    await elsewhere.open(link)
    await elsewhere.press('Approve with passkey')
    const notice = elsewhere.page.getByRole('alert')
    await notice.waitFor()
    expect(await notice.innerText()).toMatch(/did not answer: it is not on this device/)
    await elsewhere.shot('no-passkey-dark-narrow')
    await ann.at.verified(false)
    await ann.at.open(link)
    await ann.at.press('Approve with passkey')
    await ann.at.page.getByRole('alert').waitFor()
    await ann.at.verified(true)
    await ann.at.press('Approve with passkey')
    await ann.at.reaches('done')
    expect(await outcome).toMatchObject({ signature: expect.any(String) as string })
  })

  test('a control plane that shows something else than it asks to sign is found out in the browser', async () => {
    const { link } = await ask()
    await ann.at.page.route('**/v1/ceremonies/open', async (route) => {
      const answer = await route.fetch()
      const question = (await answer.json()) as { shown: { value: { number: number } } }
      question.shown.value.number = 8
      await route.fulfill({ response: answer, json: question })
    })
    expect(await ann.at.open(link)).toMatch(/^This does not match/)
    await ann.at.shot('mismatch-light-wide')
    expect(await ann.at.page.getByRole('button').count()).toBe(0)
    await ann.at.page.unroute('**/v1/ceremonies/open')
  })

  test('a browser without passkeys says so', async () => {
    const { link } = await ask()
    const old = await PersonAtBrowser.sit(browser)
    await old.page.addInitScript('delete window.PublicKeyCredential')
    expect(await old.open(link)).toMatch(/^No passkeys in this browser/)
  })

  test('a software authenticator registers on the same path, and says what it is', async () => {
    const { person, invitation } = await invite(ann.profile, 'Cem')
    const cem = openProfile(await enroll(server.url, invitation, 'Cem'), links.show)
    const [, text] = await during(links, endorse(ann.profile, person), ann.at)
    expect(text).toContain('a software authenticator: a key in a file')
    await approveAgent(cem, await proposed(ann.profile))
  })

  test('the command line starts where a browser can use passkeys, prints links, and goes on when they are answered', async () => {
    const control = await startControlPlane(join(folder, 'cli'), await freePort())
    const command = (...args: string[]): Process =>
      new Process(process.execPath, [CLI, '--json', '--profile', join(folder, 'profile'), ...args])
    const linkOf = (process: Process): Promise<string> =>
      until('a link', () => /http:\/\/localhost:\d+\/ceremony#\S+/.exec(process.stderr)?.[0] ?? null)
    const answerOf = async (process: Process): Promise<unknown> => {
      expect(await process.ended).toEqual({ code: 0, signal: null })
      return JSON.parse(process.lines.join(''))
    }
    try {
      const at = await PersonAtBrowser.sit(browser)
      const place = ['--url', control.url, '--secret', control.bootstrap_secret ?? '']
      const enrolling = command('enroll', ...place, '--name', 'Dee', '--passkey')
      await at.open(await linkOf(enrolling))
      await at.press('Create passkey')
      await at.reaches('open')
      await at.press('Approve with passkey')
      await at.reaches('done')
      expect(await answerOf(enrolling)).toMatchObject({ endorsed: true })
      const inviting = command('person', 'invite', 'Eli')
      const { person, invitation } = (await answerOf(inviting)) as { person: string; invitation: string }
      const other = ['--profile', join(folder, 'eli'), 'enroll', '--url', control.url, '--secret', invitation]
      expect(await runCli([...other, '--json'])).toMatchObject({ code: 0 })
      const endorsing = command('person', 'endorse', person)
      await at.open(await linkOf(endorsing))
      await at.press('Approve with passkey')
      expect(await answerOf(endorsing)).toEqual({ person, acted_alone: false })
      const { stdout } = await runCli(['--profile', join(folder, 'profile'), 'person', 'list'])
      expect(stdout).toMatch(/enrolled  Dee[^]*enrolled  Eli/)
    } finally {
      await control.process.end('SIGTERM')
    }
  }, 60_000)

  test('fits narrow screens and dark rooms without a sideways scroll', async () => {
    for (const [name, look] of LOOKS) {
      const { link } = await ask()
      const at = await PersonAtBrowser.sit(browser, look)
      await at.open(link)
      await at.shot(`act-${name}`)
      const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
      expect(await at.page.evaluate(overflow)).toBe(0)
    }
  })
})

const LOOKS: [string, BrowserContextOptions][] = [
  ['dark-wide', { colorScheme: 'dark' }],
  ['dark-narrow', { colorScheme: 'dark', viewport: { width: 360, height: 740 } }],
  ['light-narrow', { viewport: { width: 320, height: 640 } }],
]
