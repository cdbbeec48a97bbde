/** What every screen of the console has: the palette that leads anywhere, and pages that print whole. spec/console.md */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestServer, type Operator } from '../../../apps/server/harness.ts'
import { Stream } from '../../fixtures/shipped.ts'
import { CHROMIUM_RUNS, launchChromium } from '../chromium.ts'
import { signedIn } from './signed-in.ts'

const ROWS = 90

describe.runIf(CHROMIUM_RUNS)('every screen', { timeout: 60_000 }, () => {
  const server = new TestServer({ separation: 'after' })
  let ann: Operator
  let browser: Browser

  beforeAll(async () => {
    await server.start()
    ann = await server.enrol(server.bootstrapSecret)
    await (await Stream.open(server, ann)).ship(ROWS, 'printed')
    browser = await launchChromium()
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    await server.remove()
  })

  async function arrive(path: string, look: BrowserContextOptions = {}): Promise<Page> {
    const page = await signedIn(browser, server, ann, look)
    await page.goto(`${server.base()}/console${path}`)
    return page
  }

  test.each([
    ['retention', '/settings/retention'],
    ['memory domains', '/data?show=domains'],
    ['3', '/log/3'],
    ['dlg_01m8q8wbv1x3t19aaxahvf1r3h', '/delegations/dlg_01m8q8wbv1x3t19aaxahvf1r3h'],
  ])('the palette leads from %j to %s', async (typed, to) => {
    const page = await arrive('/')
    await page.getByRole('heading', { level: 1 }).waitFor()
    const field = page.getByRole('textbox', { name: 'Find anything' })
    // It comes after the screen: before that nobody hears the keys.
    await expect
      .poll(
        async () => {
          if (!(await field.isVisible())) await page.keyboard.press('Control+k')
          return field.isVisible()
        },
        { timeout: 20_000, interval: 500 },
      )
      .toBe(true)
    await field.fill(typed)
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.waitForURL(`${server.base()}/console${to}`)
    await page.context().close()
  })

  test('writes times in UTC for who wants that, by keyboard alone, until they want it no more', async () => {
    const page = await arrive('/log/3', { timezoneId: 'Asia/Kathmandu' })
    const time = (): Promise<string> => page.locator('main time').first().innerText()
    const turn = async (to: string): Promise<void> => {
      await page.getByRole('button', { name: 'Your account' }).focus()
      await page.keyboard.press('Enter')
      await page.getByRole('menuitem', { name: to }).focus()
      await page.keyboard.press('Enter')
      await page.getByRole('menuitem', { name: to }).waitFor({ state: 'detached' })
      await page.locator('main time').first().waitFor()
    }
    await page.locator('main time').first().waitFor()
    const own = await time()
    const at = await page.locator('main time').first().getAttribute('datetime')
    await turn('Times in UTC')
    expect(await time()).toContain(`${at?.slice(14, 19)} `)
    expect(await time()).toContain('UTC')
    await turn('Times in your own zone')
    expect([await time(), own.includes('UTC')]).toEqual([own, false])
    await page.context().close()
  })

  test('prints all rows that a list has, dark on light, and goes on as it was', async () => {
    const page = await arrive('/log', { colorScheme: 'dark' })
    await page.getByRole('row').nth(5).waitFor()
    const rows = page.locator('.rows [data-link]')
    const scheme = (): Promise<string> => page.evaluate('document.documentElement.dataset.mantineColorScheme')
    const shown = await rows.count()
    expect([shown < ROWS, await scheme()]).toEqual([true, 'dark'])
    await page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect([await rows.count(), await scheme()]).toEqual([100, 'light'])
    await page.evaluate("dispatchEvent(new Event('afterprint'))")
    await expect.poll(() => rows.count()).toBe(shown)
    expect(await scheme()).toBe('dark')
    await page.context().close()
  })
})
