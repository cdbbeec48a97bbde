/**
 * An agent's life on the console, in a real browser with a virtual passkey: proposed, approved by somebody else, given a
 * key, authorized by passkey; its calls seen as they come, and its delegation revoked while the point says that it follows.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect, protect, type Guard } from 'countersign'
import { approveAgent, enroll, enrollPointAs } from '../../../apps/cli/operator.ts'
import { openProfile, writePrivate, type Profile } from '../../../apps/cli/profile.ts'
import { createServer, type RunningServer } from '../../../apps/server/server.ts'
import { nodeCrypto } from '../../../src/adapters/node-crypto/node-crypto.ts'
import { CHROMIUM_RUNS, launchChromium } from '../chromium.ts'
import { freePort, PersonAtBrowser } from '../person.ts'

describe.runIf(CHROMIUM_RUNS)('an agent on the console', () => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-agents-'))
  const key = nodeCrypto.generateKey('Ed25519')
  const faults: string[] = []
  let browser: Browser
  let server: RunningServer
  let origin: string
  let ann: PersonAtBrowser
  let page: Page
  let ben: Profile
  let agent: string
  let jti: string
  let guard: Guard | null = null
  let notes: { read_note: (args: { path: string }) => Promise<{ decision: string }> }

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
    page = ann.page
    page.setDefaultTimeout(15_000)
    page.on('pageerror', (error) => faults.push(String(error)))
    page.on('console', (message) => message.type() === 'error' && faults.push(message.text()))
  })
  afterAll(async () => {
    await guard?.close()
    await browser?.close()
    await server?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const dialog = (): Locator => page.getByRole('dialog')
  /** Gives a reason in the dialog; leaving the field closes what it suggests. */
  async function because(reason: string, act: string): Promise<void> {
    await dialog().getByLabel('Reason').fill(reason)
    await dialog().getByLabel('Reason').press('Tab')
    await dialog().getByRole('button', { name: act }).click()
  }
  const heading = (name: string | RegExp): Promise<void> =>
    page.getByRole('heading', { level: 1, name }).waitFor()

  async function pick(label: string | RegExp, option: string | RegExp): Promise<void> {
    await page
      .getByRole('textbox', { name: label })
      .or(page.getByRole('combobox', { name: label }))
      .first()
      .click()
    await page.getByRole('option', { name: option }).click()
  }

  test('is proposed by the first person, whose passkey set the installation up', async () => {
    await page.goto(`${origin}/console/join#${server.bootstrapSecret}`)
    await page.getByLabel('Your name').fill('Ann')
    await ann.press('Create passkey')
    await ann.press('Endorse your own registration')
    await heading('Overview')
    await page.getByRole('link', { name: 'Agents', exact: true }).click()
    await page.getByText('No agents yet').waitFor()
    await page.getByRole('button', { name: 'Propose an agent' }).first().click()
    await dialog().getByLabel('Name').fill('note <i>reader</i>')
    await dialog().getByLabel('Class').fill('assistant')
    await dialog().getByLabel('Purpose').fill('Reads notes')
    await dialog().getByLabel('Version').fill('1')
    await dialog().getByRole('button', { name: 'Propose an agent' }).click()
    await heading('note <i>reader</i>')
    agent = new URL(page.url()).pathname.split('/').at(-1) ?? ''
    expect(agent).toMatch(/^agt_/)
    expect(await page.locator('main i').count()).toBe(0)
  })

  test('is approved by a second person, whom the first endorsed', async () => {
    const invited = await page.evaluate(invite, 'Ben')
    const file = await enroll(server.url, invited.invitation, 'Ben')
    await page.evaluate(`(${ENDORSE})(${JSON.stringify(invited.person)})`)
    ben = openProfile(file)
    await approveAgent(ben, agent)
    await page.reload()
    await ann.press('Activate')
    await because('approved', 'Activate')
    await page.getByText('active', { exact: true }).first().waitFor()
    expect(await page.getByRole('button', { name: 'Authorize' }).getAttribute('aria-disabled')).toBe('true') // no key yet
  })

  test('takes a public key, and refuses a private one before it leaves the browser', async () => {
    await ann.press('Register a key')
    await dialog().getByLabel('Public key (JWK)').fill(JSON.stringify(key))
    await dialog().getByText('That is not a public JWK.').waitFor()
    await dialog()
      .getByLabel('Public key (JWK)')
      .fill(JSON.stringify(nodeCrypto.signer(key).publicJwk))
    await dialog().getByRole('button', { name: 'Register a key' }).click()
    await page.getByText('in force').waitFor()
    expect(await page.content()).not.toContain(key.d)
  })

  test('is authorized in words that the passkey signs', async () => {
    const point = await enrollPointAs('in_process', ben, 'notes point', ['notes'])
    await writePrivate(join(folder, 'notes.point.json'), point)
    await writePrivate(join(folder, 'notes.key.json'), { ...key })
    await page.reload()
    await ann.press('Authorize')
    await heading('Authorize an agent')
    await pick(/^Enforcement points/, /notes point/)
    await page.keyboard.press('Escape')
    await pick(/^Server/, 'notes')
    const tools = page
      .getByRole('combobox', { name: /^Tools/ })
      .or(page.getByLabel(/^Tools/))
      .first()
    await tools.fill('read_note')
    await tools.press('Enter')
    await tools.press('Escape')
    await ann.press('Constrain an argument')
    await page.getByLabel('Argument').fill('path')
    await pick(/^Rule/, 'matches (glob)')
    await page.getByLabel('Value').fill('public/**')
    await page.getByText('path matches public/**').waitFor()
    await page.getByLabel('What you ask for, in words').fill('Read the <u>public</u> notes')
    await ann.shot('new-delegation')
    await ann.press('Show what is signed')
    const signed = page.getByTestId('signed')
    await signed.getByText('Read the <u>public</u> notes', { exact: true }).waitFor()
    const text = await signed.innerText()
    for (const part of ['read_note', 'path matches public/**', 'notes point', 'You', '8 hours'])
      expect(text).toContain(part)
    await ann.shot('signing')
    await ann.press('Sign with passkey')
    await page.getByText('It is issued').waitFor()
    await page.getByRole('link', { name: 'Open the delegation' }).click()
    await heading(/^Delegation: note/)
    jti = new URL(page.url()).pathname.split('/').at(-1) ?? ''
    await page.getByText('path matches public/**').waitFor()
    await ann.shot('delegation')
  })

  test('is seen as it calls, with why', async () => {
    const { chain } = await page.evaluate(read<{ chain: string }>, `/v1/delegations/${jti}`)
    await page.goto(`${origin}/console/activity`)
    await page.getByText('Nothing was decided yet').waitFor()
    await page
      .getByRole('status')
      .filter({ hasText: /^Live$/ })
      .waitFor()
    guard = await connect({
      point: join(folder, 'notes.point.json'),
      key: join(folder, 'notes.key.json'),
      chain,
    })
    notes = await protect({ read_note: ({ path }: { path: string }) => `text of ${path}` }, guard)
    expect(await notes.read_note({ path: 'public/a.txt' })).toMatchObject({ decision: 'allow' })
    expect(await notes.read_note({ path: 'secret/a.txt' })).toMatchObject({ decision: 'deny' })
    const rows = page.getByRole('row').filter({ hasText: 'notes / read_note' })
    await rows.filter({ hasText: 'allowed' }).filter({ hasText: 'finished' }).waitFor()
    await rows.filter({ hasText: 'the arguments lie outside what the grant allows' }).waitFor()
    await ann.shot('activity')
    await page.getByText('Denied', { exact: true }).click()
    await page.getByRole('link', { name: 'notes / read_note' }).click()
    await page.getByText(/was denied notes \/ read_note/).waitFor()
    await page.getByText('CONSTRAINT_VIOLATED').waitFor()
    await page.getByText('path matches public/**').waitFor()
    await page.getByRole('link', { name: jti }).waitFor()
    await ann.shot('action')
  })

  test('is found by its delegation, and by in whose name', async () => {
    const rows = page.getByRole('row').filter({ hasText: 'notes / read_note' })
    await page.getByRole('link', { name: jti }).click()
    await page.getByRole('link', { name: 'Calls under this delegation' }).click()
    await rows.filter({ hasText: 'allowed' }).filter({ hasText: 'finished' }).waitFor()
    expect(await rows.count()).toBe(2)
    expect(await page.getByRole('status').filter({ hasText: 'Live' }).count()).toBe(0)
    expect((await notes.read_note({ path: 'public/b.txt' })).decision).toBe('allow')
    await expect
      .poll(async () => {
        await ann.press('Refresh')
        return rows.count()
      })
      .toBe(3)
    await ann.press('Clear filters')
    await pick(/^In the name of/, 'Ann')
    await expect.poll(() => new URL(page.url()).searchParams.get('person')).toMatch(/^per_/)
    await expect.poll(() => rows.count()).toBe(3)
    await page.getByRole('link', { name: 'notes / read_note' }).first().click()
  })

  test('is stopped by revoking what it holds, and the point says that it follows', async () => {
    await page.getByRole('link', { name: jti }).click()
    await ann.press('Revoke')
    await because('no longer needed', 'Revoke')
    const following = page.getByTestId('following')
    await following.getByText('All 1 have confirmed it').waitFor()
    expect(await following.innerText()).toMatch(/notes point: confirmed within [\d,.]+ ms/)
    await page.getByText('revoked', { exact: true }).first().waitFor()
    await ann.shot('revoked')
    expect(await notes.read_note({ path: 'public/a.txt' })).toMatchObject({
      decision: 'deny',
      reasons: ['REVOKED'],
    })
  })

  test('has all of it in its timeline', async () => {
    await page.goto(`${origin}/console/agents/${agent}?part=timeline`)
    const table = page.getByRole('table')
    for (const text of [
      'agent proposed',
      'agent approved',
      'agent activated',
      'agent key added',
      'notes / read_note',
    ])
      await table.getByText(text).first().waitFor()
    expect(await table.getByText('denied').count()).toBe(2)
  })

  test('can be stopped in ways that say what each comes to', async () => {
    await page.goto(`${origin}/console/agents/${agent}`)
    await page.getByRole('button', { name: 'Stop…' }).click()
    const ways = page.getByRole('menuitem')
    for (const text of ['of the roster', 'an incident opens', 'It is retired'])
      await ways.filter({ hasText: text }).waitFor()
    await ways.filter({ hasText: 'Until it is lifted' }).press('Enter')
    await page.getByRole('heading', { level: 1, name: 'Kill switch' }).waitFor()
    expect(new URL(page.url()).searchParams.get('of')).toContain(agent)
  })

  test('reported no fault', () => {
    expect(faults).toEqual([])
  })
})

// Below: in the page, by the session of who sits there.

async function read<T>(path: string): Promise<T> {
  return (await (await fetch(path)).json()) as T
}

async function invite(name: string): Promise<{ person: string; invitation: string }> {
  const response = await fetch('/v1/people', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name }),
  })
  return (await response.json()) as { person: string; invitation: string }
}

/** As the screen of people does: the gesture of whoever sits there over the registration of another. Text, for the page. */
const ENDORSE = `async (person) => {
  const bytes = (text) =>
    Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0))
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
  const asked = await (await fetch('/v1/people/' + person + '/endorsement')).json()
  const { response: answer } = await navigator.credentials.get({
    publicKey: { challenge: bytes(asked.challenge), rpId: 'localhost', userVerification: 'required' },
  })
  const response = await fetch('/v1/people/' + person + '/endorse', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      client_data: text(answer.clientDataJSON),
      authenticator_data: text(answer.authenticatorData),
      signature: text(answer.signature),
    }),
  })
  if (!response.ok) throw new Error(await response.text())
}`
