/**
 * The console's log and people, in a real browser with virtual passkeys: the first run, an entry that verifies there, an
 * answer that was changed on its way, a second person, roles, and a withdrawal that reaches its points.
 * spec/console.md. Set COUNTERSIGN_SCREENSHOTS to a folder to look at it.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page, Route } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Caller } from '../../../apps/server/harness.ts'
import type { Answer } from '../../../apps/server/harness.ts'
import { createServer, type RunningServer } from '../../../apps/server/server.ts'
import { nodeCrypto } from '../../../src/adapters/node-crypto/node-crypto.ts'
import { sha256Text } from '../../../src/core/digest.ts'
import { DPV, PD } from '../../../src/core/dpv.ts'
import { newId } from '../../../src/core/ids.ts'
import { signAck } from '../../../src/revoke/ack.ts'
import { CHROMIUM_RUNS, launchChromium } from '../chromium.ts'
import { freePort, PersonAtBrowser } from '../person.ts'

/** How long a signed checkpoint over a new entry is waited for. */
const LOG_GROWS = { timeout: 30_000 }

describe.runIf(CHROMIUM_RUNS)('the log and people of the console', () => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-console-log-'))
  const faults: unknown[] = []
  let browser: Browser
  let server: RunningServer
  /** Where passkeys work: not the address that the server itself goes by. */
  let origin: string
  let ann: PersonAtBrowser
  let ben: PersonAtBrowser

  beforeAll(async () => {
    const port = await freePort()
    origin = `http://localhost:${port}`
    const rp = { rp_id: 'localhost', origins: [origin] }
    const dataDir = join(folder, 'data')
    server = await createServer({ dataDir, port, rp, report: (error) => faults.push(error) })
    browser = await launchChromium()
    ann = await PersonAtBrowser.sit(browser)
    ben = await PersonAtBrowser.sit(browser)
  })
  afterAll(async () => {
    await browser?.close()
    await server?.close()
    rmSync(folder, { recursive: true, force: true })
    if (faults.length > 0) throw new AggregateError(faults, 'the server had unexpected faults')
  })

  const go = (at: PersonAtBrowser, path: string) => at.page.goto(`${origin}/console${path}`)
  const heading = (at: PersonAtBrowser, name: string) =>
    at.page.getByRole('heading', { level: 1, name }).waitFor()
  const steps = (page: Page) =>
    page
      .locator('[data-step]')
      .evaluateAll((all) =>
        all.map((step) => [step.getAttribute('data-step'), step.getAttribute('data-state')]),
      )

  /** Asks the API as the browser of this person does. */
  const asked = (at: PersonAtBrowser, path: string, body: object): Promise<[number, string]> =>
    at.page.evaluate(
      async ([to, text]) => {
        const headers = { 'content-type': 'application/json' }
        const answer = await fetch(to, { method: 'POST', headers, body: text })
        const said = (await answer.json()) as { error?: { code: string } }
        return [answer.status, said.error?.code ?? '']
      },
      [path, JSON.stringify(body)] as const,
    )

  async function joins(at: PersonAtBrowser, url: string, name: string, sees = 'Overview'): Promise<void> {
    await at.page.goto(url)
    await at.page.getByLabel('Your name').fill(name)
    await at.press('Create passkey')
    await heading(at, 'Your passkey is registered')
    await at.page.getByRole('main').getByRole('button').first().click()
    await heading(at, sees)
  }

  async function signs(at: PersonAtBrowser): Promise<void> {
    await at.page.getByTestId('signed').waitFor()
    await at.press('Sign with passkey')
    await at.page.getByRole('dialog').waitFor({ state: 'detached' })
  }

  test('the first person sets it up with the secret that was printed', async () => {
    await joins(ann, `${origin}/console/join#${server.bootstrapSecret}`, 'Ann')
    await go(ann, '/settings/people')
    const row = ann.page.getByRole('row', { name: /Ann/ })
    await row.getByText('endorsed', { exact: true }).waitFor()
    expect(await row.innerText()).toContain('you')
  })

  test('an entry of the log verifies in the browser, and the browser keeps what it saw', async () => {
    await go(ann, '/log')
    await ann.page.getByRole('table', { name: 'Log' }).getByRole('link', { name: '2', exact: true }).click()
    await ann.page.locator('[data-verdict="holds"]').waitFor()
    expect(await steps(ann.page)).toEqual([
      ['leaf', 'holds'],
      ['inclusion', 'holds'],
      ['signature', 'holds'],
      ['key', 'open'],
      ['consistency', 'open'],
      ['cosignatures', 'open'],
    ])
    await ann.shot('entry')
    // The log grows, and what this browser saw is a part of it.
    expect((await asked(ann, '/v1/systems', { name: 'Files' }))[0]).toBe(200)
    await expect
      .poll(async () => {
        await go(ann, '/log?show=checkpoints')
        await ann.page.locator('[data-verdict]').waitFor()
        return ann.page.locator('[data-step="consistency"]').innerText()
      }, LOG_GROWS)
      .toMatch(/begins with the/)
    expect(Object.fromEntries(await steps(ann.page))).toMatchObject({ key: 'holds', consistency: 'holds' })
  })

  describe('an answer that was changed on its way', () => {
    const bend = (
      change: (answer: { entry: { time: string }; proof: string[]; checkpoint: string }) => void,
    ) => {
      return async (route: Route): Promise<void> => {
        const response = await route.fetch()
        const answer = await response.json()
        change(answer)
        await route.fulfill({ response, json: answer })
      }
    }
    const other = (text: string, at: number): string =>
      text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1)

    test.each([
      [
        'a byte of the entry',
        'inclusion',
        bend((answer) => (answer.entry.time = answer.entry.time.replace('20', '21'))),
      ],
      [
        'a hash of the proof',
        'inclusion',
        bend((answer) => (answer.proof[0] = other(answer.proof[0] ?? '', 3))),
      ],
      [
        'the signature',
        'signature',
        bend((answer) => (answer.checkpoint = other(answer.checkpoint, answer.checkpoint.length - 20))),
      ],
    ])('does not hold: %s', async (_what, step, handler) => {
      await ann.page.route('**/v1/log/entries/1', handler)
      await go(ann, '/log/1')
      await ann.page.locator('[data-verdict="fails"]').waitFor()
      expect(await ann.page.getByRole('alert').innerText()).toContain('does NOT hold')
      expect(Object.fromEntries(await steps(ann.page))).toMatchObject({ [step]: 'fails' })
      await ann.page.unroute('**/v1/log/entries/1')
    })

    test('nor does another log than the one that this browser saw', async () => {
      await ann.page.evaluate(() => {
        const kept = JSON.parse(localStorage.getItem('countersign.log') ?? '{}')
        localStorage.setItem(
          'countersign.log',
          JSON.stringify({ ...kept, vkey: `${kept.vkey.slice(0, -4)}AAA=` }),
        )
      })
      await go(ann, '/log/1')
      await ann.page.locator('[data-verdict="fails"]').waitFor()
      expect(Object.fromEntries(await steps(ann.page))).toMatchObject({ inclusion: 'holds', key: 'fails' })
      // What did not hold was not kept: only who decides to forget begins anew.
      await go(ann, '/log?show=checkpoints')
      await ann.page.locator('[data-verdict="fails"]').waitFor()
      await ann.press('Forget it')
      await ann.press('Forget it')
      await ann.page.locator('[data-verdict="holds"]').waitFor()
    })
  })

  test('somebody is invited by a link that is shown once, joins elsewhere, and is endorsed', async () => {
    await go(ann, '/settings/people')
    await ann.press('Invite somebody')
    const dialog = ann.page.getByRole('dialog')
    await dialog.getByLabel('Name').fill('Ben')
    await dialog.getByRole('button', { name: 'Invite somebody' }).click()
    const link = await ann.page.getByTestId('secret').innerText()
    expect(link).toMatch(new RegExp(`^${origin}/console/join#[\\w-]+$`))
    await ann.press('Done')
    await joins(ben, link, 'Ben', 'Waiting for an endorsement')
    expect(await ben.page.getByRole('table').count()).toBe(0)
    await go(ann, '/settings/people')
    const row = ann.page.getByRole('row', { name: /Ben/ })
    await row.getByRole('button', { name: 'Endorse' }).click()
    const own = ben.page.getByRole('region', { name: 'Your registration' })
    for (const said of [own.getByText(/^Entry \d+ of the log$/), own.locator('.mono')])
      await ann.page
        .getByTestId('signed')
        .getByText(await said.innerText())
        .first()
        .waitFor()
    await signs(ann)
    await row.getByText('endorsed', { exact: true }).waitFor()
    await heading(ben, 'Overview') // without anybody asking for it
  })

  test('who holds no role may ask for one, which another person approves; from then on it decides', async () => {
    await go(ben, '/settings/people?show=roles')
    await ben.press('Propose a role')
    const dialog = ben.page.getByRole('dialog')
    await dialog.getByRole('combobox', { name: 'Person' }).click()
    await ben.page.getByRole('option', { name: 'Ben' }).click()
    await dialog.getByRole('combobox', { name: 'Role' }).click()
    await ben.page.getByRole('option', { name: 'privacy', exact: true }).click()
    await dialog.getByRole('button', { name: 'Propose a role' }).click()
    await dialog.waitFor({ state: 'detached' })

    await go(ann, '/settings/people?show=roles')
    const row = ann.page.getByRole('row').filter({ hasText: 'privacy' })
    await row.getByRole('button', { name: 'Approve' }).click()
    await signs(ann)
    await row.getByText('in force').waitFor()
    await ann.shot('roles')

    await go(ben, '/settings/people')
    const refused = ben.page.getByRole('button', { name: 'Invite somebody' })
    await ben.page.getByRole('row', { name: /Ann/ }).waitFor()
    expect(await refused.getAttribute('aria-disabled')).toBe('true')
    await refused.focus()
    await ben.page.getByRole('tooltip').filter({ hasText: 'people.manage' }).waitFor()
    await ben.page.keyboard.press('Enter')
    expect(await ben.page.getByRole('dialog').count()).toBe(0)
    expect(await asked(ben, '/v1/people', { name: 'Eve' })).toEqual([403, 'ROLE_MISSING'])
  })

  test('a consent is withdrawn, and the screen says which points acknowledged it', async () => {
    const point = new Caller(() => server.url)
    const enrolled = { name: 'Gateway', jwk: point.jwk, placement: 'gateway', servers: ['files'] }
    const pnt = (await post(ann, '/v1/points', enrolled)).point
    const notice = {
      v: 1,
      name: 'Orders',
      version: '1',
      language: 'en',
      jurisdiction: 'EU',
      controller: 'Shop Ltd',
      contact: 'privacy@shop.example',
      text_hash: sha256Text(nodeCrypto, 'We deliver.'),
      purposes: [`${DPV}DeliveryOfGoods`],
      categories: [`${PD}PhysicalAddress`],
    }
    const ntc = (await post(ann, '/v1/notices', { notice, text: 'We deliver.' })).notice
    await go(ben, '/consents?show=notices')
    await ben.press('Approve')
    await signs(ben)
    await ben.page.getByText('approved', { exact: true }).waitFor()
    await go(ben, '/consents')
    await ben.page.getByLabel('Identifier').fill('jo@example.org')
    await ben.page.getByRole('main').getByRole('button', { name: 'Find', exact: true }).click()
    await ben.press('Register this person')
    await heading(ben, 'Data subject')
    const subject = ben.page.url().split('/').at(-1)
    const given_at = Math.floor(Date.now() / 1000)
    const record = {
      v: 1,
      consent: newId(nodeCrypto, 'cns', Date.now()),
      rev: newId(nodeCrypto, 'rev', Date.now()),
      subject,
      notice: ntc,
      language: 'en',
      jurisdiction: 'EU',
      purposes: notice.purposes,
      categories: notice.categories,
      given_at,
      expires: given_at + 86_400,
    }
    const proof = { type: 'imported', source: 'old shop', method: 'web_form', evidence_hash: 'A'.repeat(43) }
    await post(ann, '/v1/consents', { record, proof })

    await go(ben, `/consents/${subject}`)
    await ben.press('Withdraw')
    const dialog = ben.page.getByRole('dialog')
    await dialog.getByLabel('Reason').fill('asked by letter')
    await dialog.getByRole('button', { name: 'Withdraw' }).click()
    await ben.page.getByText('0 of 1 points acknowledged').first().waitFor()
    const { epoch, seq } = (
      await ann.page.evaluate<{ frames: { frame: { epoch: number; seq: number } }[] }>(
        `fetch('/v1/revocations').then((answer) => answer.json())`,
      )
    ).frames.at(-1)!.frame
    const ack = { v: 1 as const, point: pnt, epoch, head: seq, kills: [], t: Date.now() }
    const answer = await point.post('/v1/acks', { ...signAck(nodeCrypto.signer(point.key), ack) })
    expect(answer.status).toBe(200)
    await ben.page.getByText('1 of 1 points acknowledged').first().waitFor()
    await ben.page.getByRole('table', { name: 'What withdrawals reached' }).getByText('Gateway').waitFor()
    await ben.shot('withdrawn')
  })

  async function post(at: PersonAtBrowser, path: string, body: object): Promise<Answer['json']> {
    return at.page.evaluate(
      async ([to, text]) => {
        const headers = { 'content-type': 'application/json' }
        const answer = await fetch(to, { method: 'POST', headers, body: text })
        if (!answer.ok) throw new Error(await answer.text())
        return answer.json()
      },
      [path, JSON.stringify(body)] as const,
    )
  }
})
