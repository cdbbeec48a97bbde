/**
 * What every screen shows when there is nothing yet, when what it asks for does not come, cannot be had, or nobody answers:
 * in words, with a way on, and never a blank page. `COUNTERSIGN_SCREENS=docs/screens` keeps some of it.
 */
import { mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Browser, Page, Route } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestServer, type Operator } from '../../../apps/server/harness.ts'
import { CHROMIUM_RUNS, CONTEXT, launchChromium } from '../chromium.ts'
import { PARTS, SCREENS } from './addresses.ts'
import { DRAWN, settled } from './settled.ts'

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js')
const KEPT = process.env.COUNTERSIGN_SCREENS
/** Of which pictures are kept. */
const SHOWN = new Set(['overview', 'agents', 'activity', 'approvals', 'kill', 'evidence', 'log'])
/** Pages at once: a screen asks again before it says that it failed, and most of that is waiting. */
const PAGES = 6
/** What asks for nothing: lists of places, a search that waits for a name, what the console knows itself. */
const STATIC = new Set(['settings', 'nowhere', 'consents', 'people-matrix'])

const ALL = Object.entries({ ...SCREENS, ...PARTS }).filter(([name]) => !STATIC.has(name))
/** Of a company that has nothing yet: what is named is not there. */
const EMPTY = ALL.filter(([, path]) => !path.includes('{'))

describe.runIf(CHROMIUM_RUNS)('every screen of the console', { timeout: 300_000 }, () => {
  const server = new TestServer({ separation: 'after' })
  let ann: Operator
  let browser: Browser

  beforeAll(async () => {
    await server.start()
    ann = await server.enrol(server.bootstrapSecret)
    browser = await launchChromium()
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    await server.remove()
  })

  async function arrive(): Promise<{ page: Page; faults: string[] }> {
    const context = await browser.newContext({ ...CONTEXT, reducedMotion: 'reduce' })
    const { url } = (await ann.api.post('/v1/viewer-links', { to: 'console' })).json
    const [name = '', value = ''] = ((await server.comeIn(url)) ?? '').split('=')
    await context.addCookies([{ name, value, url: server.base() }])
    const page = await context.newPage()
    await page.addInitScript({ path: AXE })
    const faults: string[] = []
    page.on('pageerror', (error) => faults.push(String(error)))
    await page.goto(`${server.base()}/console/settings`)
    await page.getByRole('heading', { level: 1 }).waitFor()
    return { page, faults }
  }

  /** Looks at all of them, some pages beside each other. @returns what is wrong, by screen */
  async function over(
    screens: readonly (readonly [string, string])[],
    look: (page: Page, name: string, path: string) => Promise<readonly string[]>,
  ): Promise<Readonly<Record<string, readonly string[]>>> {
    const left = [...screens]
    const wrong: Record<string, readonly string[]> = {}
    await Promise.all(
      Array.from({ length: PAGES }, async () => {
        const { page, faults } = await arrive()
        for (let next = left.shift(); next !== undefined; next = left.shift()) {
          const [name, path] = next
          faults.length = 0
          const found = [...(await look(page, name, path)), ...faults]
          if (found.length > 0) wrong[name] = found
        }
        await page.context().close()
      }),
    )
    return wrong
  }

  /** As a link within the console leads there: the page stays. */
  async function go(page: Page, path: string): Promise<void> {
    const address = `/console${path.replace(/\{(\w+)\}/, 'none_$1')}`
    await page.evaluate(
      `history.pushState({}, '', ${JSON.stringify(address)}); dispatchEvent(new PopStateEvent('popstate'))`,
    )
  }

  async function looked(page: Page, name: string, state: string): Promise<string[]> {
    await page.setViewportSize({ width: 360, height: 800 })
    await page.evaluate(DRAWN)
    const wide = await page.evaluate<number>(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    )
    await page.setViewportSize({ width: 1280, height: 800 })
    const ids = await page.evaluate<string[]>(
      'axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"] }).then(({ violations }) => violations.map(({ id, nodes }) => id + " " + nodes[0].html))',
    )
    if (KEPT !== undefined && SHOWN.has(name)) {
      mkdirSync(KEPT, { recursive: true })
      await page.screenshot({ path: join(KEPT, `${name}-${state}.png`), animations: 'disabled' })
    }
    return [...(wide > 0 ? [`scrolls sideways by ${wide}`] : []), ...ids]
  }

  const loading = (page: Page) => page.locator('main [role="status"][aria-label="Loading"]')
  const alerts = (page: Page) =>
    page.locator('main [role="alert"]').filter({ hasNotText: 'No roster is set' })

  /** As a reader does, as long as something says that it failed. @returns how much does */
  async function triedAgain(page: Page): Promise<number> {
    for (const again of await page.getByRole('button', { name: 'Try again' }).all())
      await again.click({ timeout: 1_000 }).catch(() => undefined)
    await settled(page).catch(() => undefined)
    return alerts(page).count()
  }

  /** An answer that came a moment ago is shown as it is. @returns what is wrong where nothing says that it failed */
  async function shows(page: Page): Promise<string[]> {
    const text = await page.locator('main').innerText()
    return (await loading(page).count()) > 0 || text.length < 60 ? ['does not say that nobody answers'] : []
  }

  test('says that there is nothing yet', async () => {
    const wrong = await over(EMPTY, async (page, name, path) => {
      await go(page, path)
      await page.getByRole('heading', { level: 1 }).waitFor()
      await expect.poll(() => loading(page).count(), { timeout: 20_000 }).toBe(0)
      const failed = await alerts(page).allInnerTexts()
      const text = await page.locator('main').innerText()
      return [
        ...failed,
        ...(text.length < 60 ? [`says but: ${text}`] : []),
        ...(await looked(page, name, 'empty')),
      ]
    })
    expect(wrong).toEqual({})
  })

  test('says that something is on its way, and then that it cannot be had', async () => {
    const wrong = await over(ALL, async (page, name, path) => {
      const held: Route[] = []
      let isHeld = true
      await page.route(/\/v1\/(?!session|info)/, (route) => {
        if (isHeld) held.push(route)
        else void refuse(route)
      })
      await go(page, path)
      const found: string[] = []
      await loading(page)
        .or(alerts(page))
        .first()
        .waitFor({ timeout: 10_000 })
        .catch(() => found.push('does not say that it loads'))
      isHeld = false
      for (const route of held) await refuse(route)
      await alerts(page)
        .first()
        .waitFor({ timeout: 20_000 })
        .catch(() => found.push('does not say that it failed'))
      await expect
        .poll(() => loading(page).count(), { timeout: 20_000 })
        .toBe(0)
        .catch(() => found.push('loads for ever'))
      found.push(...(await looked(page, name, 'failing')))
      await page.unroute(/\/v1\/(?!session|info)/)
      return found
    })
    expect(wrong).toEqual({})
  })

  test('says that nobody answers, and goes on once somebody does', async () => {
    const wrong = await over(EMPTY, async (page, name, path) => {
      await page.context().setOffline(true)
      await go(page, path)
      const found: string[] = []
      await alerts(page)
        .first()
        .waitFor({ timeout: 20_000 })
        .catch(async () => found.push(...(await shows(page))))
      found.push(...(await looked(page, name, 'offline')))
      await page.context().setOffline(false)
      await expect
        .poll(() => triedAgain(page), { timeout: 30_000, interval: 500 })
        .toBe(0)
        .catch(async () => found.push(`does not go on: ${(await alerts(page).allInnerTexts()).join('; ')}`))
      return found
    })
    expect(wrong).toEqual({})
  })

  test('says of an answer that could not be renewed from when it is', async () => {
    const { page } = await arrive()
    await page.clock.install()
    for (const path of ['/delegations', '/alerts', '/settings/people']) {
      await go(page, path)
      await settled(page)
      expect(await page.locator('main').innerText()).not.toContain('This is from')
      await page.context().setOffline(true)
      await go(page, '/settings')
      await page.clock.fastForward(120_000)
      await go(page, path)
      await expect
        .poll(
          async () => {
            await page.clock.fastForward(5_000)
            return page.locator('main').innerText()
          },
          { timeout: 20_000 },
        )
        .toContain('This is from 2 minutes ago')
      expect(await page.getByRole('heading', { level: 1 }).count()).toBe(1)
      await page.context().setOffline(false)
    }
    await page.context().close()
  })
})

async function refuse(route: Route): Promise<void> {
  const error = { code: 'INTERNAL', message: 'something went wrong in the control plane' }
  await route.fulfill({ status: 500, json: { error } }).catch(() => undefined)
}
