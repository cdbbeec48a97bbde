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
import { CHROMIUM_RUNS, launchChromium } from '../chromium.ts'
import { signedIn } from './signed-in.ts'
import { PARTS, SCREENS } from './addresses.ts'
import { DRAWN, settled } from './settled.ts'

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js')
const KEPT = process.env.COUNTERSIGN_SCREENS
/** Of which pictures are kept. */
const SHOWN = new Set(['overview', 'agents', 'activity', 'approvals', 'kill', 'evidence', 'log'])
/** Pages at once, each a session of one person, who may have ten: a screen asks again before it says that it failed, and most of
 * that is waiting. */
const PAGES = 6
/** What asks for nothing: lists of places, a search that waits for a name, what the console knows itself. */
const STATIC = new Set(['settings', 'nowhere', 'consents', 'people-matrix'])

/** The screen between two others, by its heading. */
const HUB = 'Settings'
/** What a screen asks for, but for who asks. */
const ASKED = /\/v1\/(?!session|info)/

const ALL = Object.entries({ ...SCREENS, ...PARTS }).filter(([name]) => !STATIC.has(name))
/** Of a company that has nothing yet: what is named is not there. */
const EMPTY = ALL.filter(([, path]) => !path.includes('{'))

describe.runIf(CHROMIUM_RUNS)('every screen of the console', { timeout: 600_000 }, () => {
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
    const page = await signedIn(browser, server, ann, { reducedMotion: 'reduce' })
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
          // What another screen was told is not there any more.
          await page.goto(`${server.base()}/console/settings`)
          await page.getByRole('heading', { level: 1, name: HUB, exact: true }).waitFor()
          faults.length = 0
          const found = [...(await look(page, name, path)), ...faults]
          if (found.length > 0) wrong[name] = found
        }
        await page.context().close()
      }),
    )
    return wrong
  }

  /** As a link within the console leads there: the page stays. By way of a screen that has nothing to do with it. */
  async function go(page: Page, path: string): Promise<void> {
    if (new URL(page.url()).pathname !== '/console/settings') await push(page, '/settings')
    await page.getByRole('heading', { level: 1, name: HUB, exact: true }).waitFor()
    if (path === '/settings') return
    await push(page, path.replace(/\{(\w+)\}/, 'none_$1'))
    await page.getByRole('heading', { level: 1, name: HUB, exact: true }).waitFor({ state: 'detached' })
  }

  /** What stands in a screen, without what stands above all of them. */
  async function textOf(page: Page): Promise<string> {
    return (await page.locator('main').innerText()).replace(/Nobody has been given a role yet.*\n/, '')
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

  test('says that there is nothing yet', async () => {
    const wrong = await over(EMPTY, async (page, name, path) => {
      await go(page, path)
      await page.getByRole('heading', { level: 1 }).waitFor()
      await expect.poll(() => loading(page).count(), { timeout: 20_000 }).toBe(0)
      const failed = await alerts(page).allInnerTexts()
      const text = await textOf(page)
      return [
        ...failed,
        ...(text.length < 60 ? [`says but: ${text}`] : []),
        ...(await looked(page, name, 'empty')),
      ]
    })
    expect(wrong).toEqual({})
  })

  test('says what is on its way, what cannot be had and that nobody answers, and goes on', async () => {
    const wrong = await over(ALL, async (page, name, path) => {
      const found: string[] = []
      const wants = (what: string, is: Promise<unknown>): Promise<unknown> => is.catch(() => found.push(what))
      const held: Route[] = []
      let isHeld = true
      await page.route(ASKED, (route) => {
        if (isHeld) held.push(route)
        else void refuse(route)
      })
      await go(page, path)
      const said = loading(page).or(alerts(page)).first()
      await wants('does not say that it loads', said.waitFor({ timeout: 10_000 }))
      isHeld = false
      for (const route of held) await refuse(route)
      const failed = alerts(page).filter({ hasText: 'INTERNAL' }).first()
      await wants('does not say that it failed', failed.waitFor({ timeout: 20_000 }))
      await wants('loads for ever', expect.poll(() => loading(page).count(), { timeout: 20_000 }).toBe(0))
      found.push(...(await looked(page, name, 'failing')))
      if ((await failed.count()) === 0) found.push('no longer says that it failed')
      await page.unroute(ASKED)
      await page.context().setOffline(true)
      await go(page, path)
      const away = alerts(page).filter({ hasText: 'OFFLINE' }).first()
      await wants('does not say that nobody answers', away.waitFor({ timeout: 30_000 }))
      found.push(...(await looked(page, name, 'offline')))
      await page.context().setOffline(false)
      if (path.includes('{')) return found
      await wants(
        'does not go on',
        expect.poll(() => triedAgain(page), { timeout: 30_000, interval: 500 }).toBe(0),
      )
      return found
    })
    expect(wrong).toEqual({})
  })

  test('says so where its code cannot be loaded, and loads the page once somebody answers', async () => {
    const { page } = await arrive()
    await page.context().setOffline(true)
    await go(page, '/alerts')
    await alerts(page).filter({ hasText: 'OFFLINE' }).waitFor()
    await page.context().setOffline(false)
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('heading', { level: 1, name: 'Alerts' }).waitFor()

    const loads = loadsOf(page)
    await page.route(/assets\/consents-/, (route) => route.fulfill({ status: 404 }))
    await go(page, '/consents')
    await alerts(page).filter({ hasText: 'CODE_MISSING' }).waitFor()
    await expect.poll(() => loads.length).toBe(1)
    await alerts(page).filter({ hasText: 'CODE_MISSING' }).waitFor()
    await page.evaluate(DRAWN)
    expect(loads).toHaveLength(1)
    await page.unroute(/assets\/consents-/)
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('heading', { level: 1, name: 'Consents' }).waitFor()
    expect(loads).toHaveLength(2)
    await page.context().close()
  })

  test('does not load a page in which somebody writes, for a link that was looked at', async () => {
    const { page } = await arrive()
    await page.route(/assets\/alerts-/, (route) => route.fulfill({ status: 404 }))
    const loads = loadsOf(page)
    // With that it knows that somebody answers, and so that the code is missing.
    const asked = page.waitForResponse((response) => response.request().method() === 'HEAD')
    const link = page.getByRole('link', { name: 'Alerts', exact: true })
    await link.hover()
    await asked
    await page.evaluate(DRAWN)
    expect([loads, await alerts(page).count()]).toEqual([[], 0])
    await link.click()
    await expect.poll(() => loads.length).toBe(1)
    await alerts(page).filter({ hasText: 'CODE_MISSING' }).waitFor()
    await page.context().close()
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
        .toMatch(/This is from \d+ minutes ago/)
      expect(await page.getByRole('heading', { level: 1 }).count()).toBe(1)
      await page.context().setOffline(false)
    }
    await page.context().close()
  })
})

/** Addresses of the page that it has been loaded from since, one of each time. */
function loadsOf(page: Page): string[] {
  const loads: string[] = []
  page.on('request', (request) => {
    if (request.isNavigationRequest()) loads.push(request.url())
  })
  return loads
}

async function push(page: Page, path: string): Promise<void> {
  await page.evaluate(
    `history.pushState({}, '', ${JSON.stringify(`/console${path}`)}); dispatchEvent(new PopStateEvent('popstate'))`,
  )
}

async function refuse(route: Route): Promise<void> {
  const error = { code: 'INTERNAL', message: 'something went wrong in the control plane' }
  await route.fulfill({ status: 500, json: { error } }).catch(() => undefined)
}
