/**
 * Samples in the console, in a real browser: populations are frozen, the screen waits until somebody outside has seen
 * them, and the nonce of the auditor draws. spec/samples.md (SMP-3, SMP-11).
 */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { anchored } from '../../fixtures/anchored.ts'
import { published, Stream } from '../../fixtures/shipped.ts'
import { CHROMIUM_RUNS } from '../chromium.ts'
import { staffedConsole, type StaffedConsole } from './staffed.ts'

const WAIT_MS = 60_000

describe.runIf(CHROMIUM_RUNS)('samples in the console', () => {
  let staffed: StaffedConsole
  let page: Page

  beforeAll(async () => {
    staffed = await staffedConsole(async (server, by) => {
      await (await Stream.open(server, by)).ship(4, 'words')
      await published(by)
    })
    ;({ page } = staffed)
  }, 180_000)
  afterAll(() => staffed?.close())

  const opens = async (): Promise<void> => {
    await page.goto(`${staffed.origin}/console/evidence?show=samples`)
    await page.getByRole('button', { name: 'Freeze populations' }).waitFor({ timeout: WAIT_MS })
  }

  test('freezes a period that is over, and says why another is not', async () => {
    await opens()
    await page.getByText('Nothing was frozen or drawn yet').waitFor()
    await page.getByRole('button', { name: 'Freeze populations' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Engagement').fill('SOC 2 of this year')
    const day = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)
    await dialog.getByLabel('From (UTC)').fill(day(-10))
    await dialog.getByLabel('Until, not included (UTC)').fill(day(5))
    await dialog.getByRole('button', { name: 'Freeze populations' }).click()
    await dialog.getByText('no entry past the end of the period').waitFor({ timeout: WAIT_MS })
    await dialog.getByLabel('Until, not included (UTC)').fill(day(0))
    await dialog.getByRole('button', { name: 'Freeze populations' }).click()
    const frozen = page.getByRole('region', { name: 'Frozen for SOC 2 of this year' })
    await frozen.getByText('not seen outside yet').waitFor({ timeout: WAIT_MS })
    const { freezings } = (await staffed.ann.api.get('/v1/samples')).json
    expect(freezings).toMatchObject([{ engagement: 'SOC 2 of this year', anchored: null }])
  }, 180_000)

  test('takes no nonce before somebody outside has seen it, and draws by it then', async () => {
    const frozen = page.getByRole('region', { name: 'Frozen for SOC 2 of this year' })
    await frozen.getByRole('button', { name: 'Draw a sample' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('no nonce of an auditor may join yet').waitFor()
    expect(await dialog.getByLabel('Nonce of the auditor').count()).toBe(0)
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    await anchored(staffed.server, staffed.ann)
    await opens()
    await frozen.getByText('Seen outside').waitFor()
    await frozen.getByRole('button', { name: 'Draw a sample' }).click()
    await dialog.getByRole('combobox', { name: 'What is sampled' }).click()
    await page.getByRole('option', { name: /^Test 9: / }).click()
    await dialog.getByLabel('Nonce of the auditor').fill('1234')
    await dialog.getByRole('button', { name: 'Draw a sample' }).click()
    await dialog.getByText('A nonce is 16 to 64 bytes in hex').waitFor()
    await dialog.getByLabel('Nonce of the auditor').fill('ab'.repeat(16))
    await dialog.getByRole('button', { name: 'Draw a sample' }).click()
    await page.getByRole('heading', { level: 1, name: 'Sample' }).waitFor({ timeout: WAIT_MS })
    await page.getByText('Drawn again, the sample is the same').waitFor({ timeout: WAIT_MS })
    expect(await page.getByText('ab'.repeat(16)).count()).toBe(1)
    await page.getByRole('link', { name: 'All samples' }).click()
    await page.getByRole('table', { name: 'Samples that were drawn' }).getByText('the auditor').waitFor()
  }, 180_000)

  test('did all of it within the policy of the page', () => {
    expect(staffed.faults).toEqual([])
  })
})
