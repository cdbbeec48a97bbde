/**
 * Evidence in the console, in a real browser with virtual passkeys: a test and its deviation, a pack that is built and
 * verified here, an auditor who is let in. spec/evidence.md, spec/preview.md.
 */
import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Operator } from '../../../apps/server/harness.ts'
import { readArchive } from '../../../src/evidence/pack/archive.ts'
import { published, Stream } from '../../fixtures/shipped.ts'
import { CHROMIUM_RUNS } from '../chromium.ts'
import { PersonAtBrowser } from '../person.ts'
import { staffedConsole, type StaffedConsole } from './staffed.ts'

const WAIT_MS = 60_000

describe.runIf(CHROMIUM_RUNS)('evidence in the console', () => {
  let staffed: StaffedConsole
  let origin: string
  let ann: Operator
  let cleo: PersonAtBrowser
  let page: Page
  let pack: Buffer

  beforeAll(async () => {
    staffed = await staffedConsole(async (server, by) => {
      await server.agent(by, by)
      await (await Stream.open(server, by)).ship(3, 'words')
      await published(by)
    })
    ;({ origin, ann, cleo, page } = staffed)
  }, 180_000)
  afterAll(() => staffed?.close())

  test('leads from a period to a test, its deviation, and the entry in the log', async () => {
    await page.goto(`${origin}/console/evidence?show=tests&result=deviations`)
    const table = page.getByRole('table', { name: 'Tests' })
    await table.waitFor({ timeout: WAIT_MS })
    await table.getByRole('link').first().click()
    await page.getByRole('heading', { level: 1, name: /^Test \d+: / }).waitFor()
    const deviation = page.getByRole('article', { name: 'Deviation 1', exact: true })
    await deviation.waitFor({ timeout: WAIT_MS })
    expect(await deviation.innerText()).toContain('not evaluated')
    const entry = deviation.getByRole('link', { name: /^Entry \d+$/ }).first()
    expect(await entry.getAttribute('href')).toMatch(/^\/console\/log\/\d+$/)
  })

  test('takes an evaluation of a deviation, and a gesture over it', async () => {
    const deviation = page.getByRole('article', { name: 'Deviation 1', exact: true })
    await deviation.getByRole('button', { name: 'Evaluate' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Cause').fill('It was a trial.')
    await dialog.getByLabel('Extent').fill('This one alone.')
    await dialog.getByRole('textbox', { name: 'Effect' }).fill('None.')
    await dialog.getByRole('button', { name: 'Draft' }).click()
    await deviation.getByRole('button', { name: 'Read and sign' }).click()
    await dialog.getByTestId('signed').waitFor()
    await dialog.getByRole('button', { name: 'Sign with passkey' }).click()
    await dialog.waitFor({ state: 'detached' })
    const { evaluations } = (await ann.api.get('/v1/evaluations')).json
    expect(evaluations).toMatchObject([{ said: { cause: 'It was a trial.' }, signer: expect.any(String) }])
  })

  test('shows the rows of a population, and hands out its file', async () => {
    await page.goto(`${origin}/console/evidence/populations/decisions`)
    await page.getByText('3 of 3 rows read').waitFor({ timeout: WAIT_MS })
    const begun = page.waitForEvent('download')
    await page.getByRole('link', { name: 'CSV' }).click()
    const file = await (await begun).path()
    expect(readFileSync(file, 'utf8').trim().split(/\r?\n/)).toHaveLength(4)
  })

  test('has a pack built, and verifies it in the browser', async () => {
    await page.goto(`${origin}/console/evidence/packs`)
    await page.getByRole('button', { name: 'Build pack' }).click()
    const built = page.getByRole('article', { name: /^pack-/ })
    const begun = page.waitForEvent('download')
    await built.getByRole('link', { name: 'Download' }).click({ timeout: WAIT_MS })
    pack = readFileSync(await (await begun).path())
    await built.getByRole('button', { name: 'Verify here' }).click()
    const verdict = page.getByTestId('verdict')
    await verdict.waitFor({ timeout: WAIT_MS })
    expect(await verdict.getAttribute('data-integrity')).toBe('true')
    expect(await verdict.innerText()).toContain('Everything recomputes')
    await cleo.shot('evidence-packs')
    const records = page.getByRole('table', { name: 'Packs on record' })
    expect(await records.innerText()).toContain('Cleo')
  }, 120_000)

  test('gives a pack what the company says of itself, and an earlier pack to compare with', async () => {
    const given = page.getByRole('group', { name: 'What the company gives for the pack' })
    await given
      .locator('input[type="file"]')
      .first()
      .setInputFiles({
        name: 'description.yaml',
        mimeType: 'application/yaml',
        buffer: Buffer.from('company: Acme\nmotto: none\n'),
      })
    await page.getByRole('button', { name: 'Build pack' }).click()
    await page.getByRole('alert').getByText('motto').waitFor()
    await given
      .locator('input[type="file"]')
      .first()
      .setInputFiles({
        name: 'description.yaml',
        mimeType: 'application/yaml',
        buffer: Buffer.from('company: Acme\nservices: [Letters to customers]\n'),
      })
    await given.locator('input[type="file"]').nth(1).setInputFiles({
      name: 'earlier.zip',
      mimeType: 'application/zip',
      buffer: pack,
    })
    await cleo.shot('evidence-packs-given')
    await page.getByRole('button', { name: 'Build pack' }).click()
    const built = page.getByRole('article', { name: /^pack-/ })
    await expect.poll(() => built.count()).toBe(2)
    const begun = page.waitForEvent('download')
    await built.first().getByRole('link', { name: 'Download' }).click({ timeout: WAIT_MS })
    const files = readArchive(readFileSync(await (await begun).path()))
    expect(Buffer.from(files.get('drafts/description.json') ?? []).toString()).toContain('Acme')
    expect(files.get('narratives.earlier.json')).toEqual(readArchive(pack).get('narratives.json'))
  }, 120_000)

  test('names the file of a pack in which one byte was turned over', async () => {
    const bent = Buffer.from(pack)
    // Data of the first file, which is stored: behind its header of 30 bytes and its name.
    const at = 30 + bent.readUInt16LE(26) + bent.readUInt16LE(28) + 4
    bent[at] = (bent[at] ?? 0) ^ 1
    await page.locator('#verify input[type="file"]').setInputFiles({
      name: 'bent.zip',
      mimeType: 'application/zip',
      buffer: bent,
    })
    await page.getByRole('button', { name: 'Verify', exact: true }).click()
    const said = page.locator('#verify')
    await said.getByText(/The pack is not what it claims to be|This is no pack/).waitFor({ timeout: WAIT_MS })
    expect(await said.innerText()).toMatch(/[A-Z]+(_[A-Z]+)+/)
    expect(await said.innerText()).toContain('checkpoint')
  })

  test('has what somebody did alone reviewed by another, in words and by a gesture', async () => {
    await page.goto(`${origin}/console/evidence/registers?show=alone`)
    const table = page.getByRole('table', { name: 'Done alone' })
    // Cleo signed alone what she had drafted, further up.
    const own = table.getByRole('row').filter({ hasText: 'evaluation.signed' })
    await own.getByRole('button', { name: 'Review', disabled: true }).waitFor()
    const other = table.getByRole('row').filter({ hasText: 'agent.approved' })
    await other.getByRole('button', { name: 'Review' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('What you looked at, and why').fill('I read its instructions.')
    await dialog.getByRole('button', { name: 'Review', exact: true }).click()
    await dialog.getByTestId('signed').waitFor()
    expect(await dialog.innerText()).toContain('agent.approved')
    await dialog.getByRole('button', { name: 'Sign with passkey' }).click()
    await dialog.waitFor({ state: 'detached' })
    await other.getByText('agreed', { exact: true }).waitFor()
    const { alone } = (await ann.api.get('/v1/alone')).json
    expect(alone).toMatchObject([
      { type: 'evaluation.signed', outcome: null },
      { type: 'agent.approved', person: ann.id, outcome: 'agreed', text: 'I read its instructions.' },
    ])
  })

  test('lets an auditor in: proposed, granted by a gesture, invited', async () => {
    await page.goto(`${origin}/console/evidence/previews`)
    await page.getByRole('button', { name: 'Propose a preview' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Auditor').fill('Ada Auditor')
    await dialog.getByLabel('Firm').fill('Audit & Partners')
    await dialog.getByRole('combobox', { name: 'Criteria' }).click()
    await page.getByRole('option', { name: /^CC6\.1 / }).click()
    await page.keyboard.press('Escape')
    await dialog.getByRole('button', { name: 'Propose a preview' }).click()
    await page.getByRole('heading', { level: 1, name: 'Preview of Ada Auditor' }).waitFor()
    await page.getByRole('button', { name: 'Grant' }).click()
    await dialog.getByTestId('signed').waitFor()
    await dialog.getByRole('button', { name: 'Sign with passkey' }).click()
    await page.getByText('granted', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Invite' }).click()
    await dialog.getByRole('button', { name: 'Make the invitation' }).click()
    const link = await page.getByTestId('invitation').innerText()
    const ada = await PersonAtBrowser.sit(staffed.browser)
    expect(await ada.open(link)).toContain('You are invited')
    await ada.press('Create passkey')
    expect(await ada.reaches('open')).toContain('CC6.1')
  }, 120_000)

  test('did all of it within the policy of the page', () => {
    expect(staffed.faults).toEqual([])
  })
})
