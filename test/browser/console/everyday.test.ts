/**
 * What people do in the console on other days, in a real browser with a virtual passkey: an incident is followed up and
 * closed, names are imported, an agent is authorized for less than its template allows, several people sign one draft.
 * spec/incidents.md, spec/inventory.md, spec/grants.md.
 */
import type { Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Caller, Operator, TestServer } from '../../../apps/server/harness.ts'
import { CHROMIUM_RUNS } from '../chromium.ts'
import type { PersonAtBrowser } from '../person.ts'
import { staffedConsole, type StaffedConsole } from './staffed.ts'

const DAY_S = 86_400
const GRANTS = [
  { type: 'tool', server: 'files', actions: ['read', 'write'] },
  { type: 'tool', server: 'files', actions: ['remove'] },
]

describe.runIf(CHROMIUM_RUNS)('every day in the console', () => {
  let staffed: StaffedConsole
  let server: TestServer
  let ann: Operator
  let cleo: PersonAtBrowser
  let page: Page
  let agent: { id: string; key: Caller }
  let point: string

  beforeAll(async () => {
    staffed = await staffedConsole(async (running, by) => {
      agent = await running.agent(by, by)
      point = (await running.point(by)).id
    })
    ;({ server, ann, cleo, page } = staffed)
  }, 120_000)
  afterAll(() => staffed?.close())

  const dialog = (): Locator => page.getByRole('dialog')
  const goes = (path: string): Promise<unknown> => page.goto(`${staffed.origin}/console${path}`)
  const heading = (name: string | RegExp): Promise<void> =>
    page.getByRole('heading', { level: 1, name }).waitFor()
  const act = (name: string): Locator => page.getByRole('button', { name, exact: true })
  const pick = async (field: Locator, option: string | RegExp): Promise<void> => {
    await field.click()
    await page.getByRole('option', { name: option }).click()
  }

  describe('an incident', () => {
    let id: string

    test('is not closed before it is contained, its cause known and lessons drawn', async () => {
      const opened = { kind: 'manual', severity: 'high', title: 'It mailed too much', agent: null }
      id = (await ann.api.post('/v1/incidents', { ...opened, alerts: [], entries: [] })).json.incident
      await goes(`/incidents/${id}`)
      await heading('It mailed too much')
      expect(await act('Close').getAttribute('aria-disabled')).toBe('true')
      await act('Contain').click()
      await dialog().getByLabel('not needed').check()
      await dialog().getByRole('button', { name: 'Contain' }).click()
      await dialog().waitFor({ state: 'detached' })
      for (const [phase, words] of [
        ['Why it could happen', 'Its limit was too wide.'],
        ['What changes', 'The template has a limit now.'],
      ] as const) {
        expect(await act('Close').getAttribute('aria-disabled')).toBe('true')
        await act('Write').click()
        await pick(dialog().getByRole('combobox', { name: 'What it is' }), phase)
        await dialog().getByRole('textbox', { name: 'Text' }).fill(words)
        await dialog().getByRole('button', { name: 'Write' }).click()
        await dialog().waitFor({ state: 'detached' })
        await page.getByText(words).waitFor()
      }
    })

    test('is closed by a gesture over it, and takes no more', async () => {
      await act('Close').click()
      await dialog().getByTestId('signed').waitFor()
      await dialog().getByRole('button', { name: 'Sign with passkey' }).click()
      await dialog().waitFor({ state: 'detached' })
      await page.getByText('closed', { exact: true }).first().waitFor()
      expect(await act('Write').getAttribute('aria-disabled')).toBe('true')
      expect((await ann.api.get(`/v1/incidents/${id}`)).json.status).toBe('closed')
    })
  })

  describe('an export of names', () => {
    const choose = (name: string, text: string): Promise<void> =>
      page
        .locator('input[type="file"]')
        .setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(text) })

    test('that cannot be read is said to be so, and nothing is recorded', async () => {
      await goes('/agents?tab=inventory')
      await page.getByRole('button', { name: 'Import' }).first().click()
      await choose('names.csv', '')
      await dialog().getByText('This file is neither a CSV file with a header nor a JSON list').waitFor()
      expect(await dialog().getByRole('button', { name: 'Record' }).isDisabled()).toBe(true)
    })

    test('is shown before it is recorded, without the secrets in it', async () => {
      await choose(
        'names.csv',
        'Name,Kind,Where,Secret\nreport bot,agent,crm,static\n<b>build</b>,account,ci,s3cr3t\n,key,x,y\n',
      )
      await dialog().getByText('2 items to record, 1 row passed over.').waitFor()
      await dialog().getByRole('button', { name: 'Record' }).click()
      await dialog().getByText('2 new, 0 changed, 0 known already.').waitFor()
      await dialog().getByRole('button', { name: 'Done' }).click()
      const row = page.getByRole('row').filter({ hasText: '<b>build</b>' })
      await row.waitFor()
      const { items } = (await ann.api.get('/v1/inventory')).json
      expect(items).toHaveLength(2)
      expect(JSON.stringify(items)).not.toContain('s3cr3t')
    })
  })

  describe('a delegation', () => {
    beforeAll(async () => {
      const { people } = (await ann.api.get('/v1/people')).json
      const of = people.map(({ id }: { id: string }) => id)
      const template = {
        class: 'coding',
        ttl_s_max: DAY_S,
        depth_max: 1,
        grants: GRANTS,
        approvals: { m: 1, of },
      }
      const proposed = (await ann.api.post('/v1/templates', template)).json.template
      const { challenge } = (await ann.api.get(`/v1/templates/${proposed}/approval`)).json
      await ann.api.post(`/v1/templates/${proposed}/approve`, ann.authenticator.assert(challenge))
    })

    test('is narrowed from its template, which the screen says line by line', async () => {
      await goes('/delegations/new')
      await heading('Authorize an agent')
      await pick(page.getByRole('combobox', { name: 'Agent' }), /^Bot/)
      await page.getByText('It allows at most 2 grants').waitFor()
      await pick(page.getByRole('combobox', { name: 'Enforcement points' }), /^gw/)
      await page.keyboard.press('Escape')
      await page.getByRole('button', { name: 'Remove this grant' }).last().click()
      await page.getByRole('combobox', { name: 'Tools' }).press('Backspace')
      await page.keyboard.press('Escape')
      for (const line of [
        /^Grant 1 is narrowed: /,
        'One grant of the template is left out.',
        'Ends after 8 hours; the template allows 1 day.',
        'May not be handed on; the template allows 1.',
      ])
        await page.getByText(line).waitFor()
      expect(await page.getByRole('combobox', { name: 'Tools' }).count()).toBe(1)
    })

    test('waits for the signatures that its template wants, and is issued by the last one', async () => {
      await cleo.press('Show what is signed')
      await page.getByTestId('signed').waitFor()
      await page.getByText('It counts once 1 more person has signed it too.').waitFor()
      await cleo.press('Sign with passkey')
      await page.getByText('It waits for one more signature.').waitFor()
      await goes('/delegations?tab=drafts')
      const row = page.getByRole('row').filter({ hasText: 'Bot' })
      await row.getByText('1 signature').waitFor()
      const [{ jti }] = (await ann.api.get('/v1/delegations/drafts')).json.drafts
      const { challenge } = (await ann.api.get(`/v1/delegations/drafts/${jti}`)).json
      await ann.api.post(`/v1/delegations/drafts/${jti}/approve`, ann.authenticator.assert(challenge))
      await goes(`/delegations/${jti}`)
      await heading('Delegation: Bot')
      await page.getByText('in force', { exact: true }).first().waitFor()
      expect((await ann.api.get(`/v1/delegations/${jti}`)).json.revoked).toBe(false)
    })

    test('of somebody else is signed, or refused, from the list of what waits', async () => {
      const drafts = async (): Promise<string> => {
        const wanted = { agent: agent.id, jkt: agent.key.jkt, aud: [point], ttl_s: 3600, depth_max: 0 }
        const { json } = await ann.api.post('/v1/delegations/drafts', {
          ...wanted,
          grants: GRANTS.slice(0, 1),
        })
        const { jti, challenge } = json
        await ann.api.post(`/v1/delegations/drafts/${jti}/seal`, ann.authenticator.assert(challenge))
        return jti
      }
      const first = await drafts()
      await goes('/delegations?tab=drafts')
      await page.getByRole('row').getByRole('link', { name: 'Bot' }).click()
      await heading('Delegation that waits')
      await page.getByTestId('signed').waitFor()
      await cleo.press('Sign with passkey')
      await page.getByText('It is issued').waitFor()
      expect((await ann.api.get(`/v1/delegations/${first}`)).status).toBe(200)
      const second = await drafts()
      await goes(`/delegations/drafts/${second}`)
      await act('Refuse').click()
      await dialog().getByRole('button', { name: 'Refuse' }).click()
      await dialog().waitFor({ state: 'detached' })
      expect((await ann.api.get(`/v1/delegations/${second}`)).status).toBe(404)
    })
  })

  test('did all of it within the policy of the page', () => {
    expect(staffed.faults).toEqual([])
    expect(server.faults).toEqual([])
  })
})
