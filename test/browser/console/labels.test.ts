/** A tool is labelled on the console by fields, and what it says of parts of its results stays. spec/labels.md */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test, describe } from 'vitest'
import { TestServer, type Operator } from '../../../apps/server/harness.ts'
import { CHROMIUM_RUNS, launchChromium } from '../chromium.ts'
import { signedIn } from './signed-in.ts'

const FIELDS = { '/author': { integrity: 'untrusted' } }
const LABEL = {
  v: 1,
  result: { level: 'confidential', integrity: 'trusted', categories: ['personal'], fields: FIELDS },
  effect: 'none',
  accepts: 'internal',
  destination: [],
}

describe.runIf(CHROMIUM_RUNS)('labels on the console', { timeout: 60_000 }, () => {
  const server = new TestServer({ separation: 'after' })
  const definition_hash = 'D'.repeat(43)
  let ann: Operator
  let tool: string
  let browser: Browser
  let page: Page

  beforeAll(async () => {
    await server.start()
    ann = await server.enrol(server.bootstrapSecret)
    const { id: system } = (await ann.api.post('/v1/systems', { name: 'Notes' })).json
    const added = { system, server: 'notes', tool: 'read', definition_hash, measures: {} }
    tool = (await ann.api.post('/v1/tools', added)).json.id
    browser = await launchChromium()
    page = await signedIn(browser, server, ann)
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    await server.remove()
  })

  const dialog = () => page.getByRole('dialog')
  const proposals = async () => (await ann.api.get('/v1/labels/proposals')).json.proposals

  async function opens(): Promise<void> {
    await page.goto(`${server.base()}/console/data`)
    await page.getByRole('button', { name: 'Label…' }).click()
    await dialog().getByText('Label of notes / read').waitFor()
  }

  test('a tool that nobody labelled is labelled by fields', async () => {
    await opens()
    const destination = dialog().getByRole('combobox', { name: 'Arguments that say where it goes' })
    const to = destination.or(dialog().getByLabel('Arguments that say where it goes')).first()
    await to.fill('to')
    await to.press('Enter')
    await dialog().getByText('A pointer begins with a slash.').waitFor()
    expect(await dialog().getByRole('button', { name: 'Propose' }).isDisabled()).toBe(true)
    await to.press('Backspace')
    await to.fill('/to')
    await to.press('Enter')
    await dialog().getByRole('combobox', { name: 'Effect' }).click()
    await page.getByRole('option', { name: 'lets something out' }).click()
    await dialog().getByRole('button', { name: 'Propose' }).click()
    await dialog().waitFor({ state: 'detached' })
    const [{ labels }] = await proposals()
    expect(labels).toMatchObject([
      { tool, definition_hash, label: { effect: 'external', destination: ['/to'], accepts: 'public' } },
    ])
  })

  test('what a label says of parts of a result stays where another field changes', async () => {
    const { json } = await ann.api.post('/v1/labels/proposals', {
      labels: [{ tool, definition_hash, label: LABEL }],
    })
    const { challenge } = (await ann.api.get(`/v1/labels/proposals/${json.labels}/approval`)).json
    const approved = await ann.api.post(
      `/v1/labels/proposals/${json.labels}/approve`,
      ann.authenticator.assert(challenge),
    )
    expect(approved.status).toBe(200)
    await opens()
    await dialog().getByRole('combobox', { name: 'Accepts at most' }).click()
    await page.getByRole('option', { name: 'public' }).click()
    await dialog().getByRole('button', { name: 'Propose' }).click()
    await dialog().waitFor({ state: 'detached' })
    const all = (await proposals()).map(({ labels }: { labels: unknown[] }) => labels[0])
    expect(all).toContainEqual(expect.objectContaining({ tool, label: { ...LABEL, accepts: 'public' } }))
  })
})
