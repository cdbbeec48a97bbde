/**
 * Every screen of the console over a simulated company, in both themes and three widths: axe finds nothing, the page keeps
 * its policy and reports no fault, neither it nor a list of it scrolls sideways. `COUNTERSIGN_SCREENS=docs/screens` keeps what was seen.
 */
import { mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CHROMIUM_RUNS, CONTEXT, launchChromium } from '../chromium.ts'
import { PARTS, SCREENS } from './addresses.ts'
import { settled } from './settled.ts'
import { serveSimulation, type SimulatedConsole } from './simulated.ts'

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js')
const WIDTHS = { wide: 1440, middle: 820, narrow: 360 } as const
const THEMES = ['light', 'dark'] as const
const KEPT = process.env.COUNTERSIGN_SCREENS

interface Violation {
  readonly id: string
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[]
}

describe.runIf(CHROMIUM_RUNS)('the screens of the console', () => {
  let company: SimulatedConsole
  let browser: Browser
  const filled = new Map<string, string>()
  let page: Page
  const reports: string[] = []

  beforeAll(async () => {
    company = await serveSimulation(1, 4)
    browser = await launchChromium()
    const context = await browser.newContext({ ...CONTEXT, colorScheme: 'light', reducedMotion: 'reduce' })
    await context.clock.setFixedTime(company.now_ms)
    page = await context.newPage()
    page.on('pageerror', (error) => reports.push(String(error)))
    page.on('console', (message) => message.type() === 'error' && reports.push(message.text()))
    await page.addInitScript({ path: AXE })
    await page.goto(company.link())
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
    const first = (path: string, list: string, id: string): Promise<string> =>
      page.evaluate<string>(
        `fetch(${JSON.stringify(path)}).then((answer) => answer.json()).then((all) => all.${list}[0].${id})`,
      )
    filled.set('{agent}', await first('/v1/agents', 'agents', 'id'))
    filled.set('{delegation}', await first('/v1/delegations', 'delegations', 'jti'))
    filled.set('{alert}', await first('/v1/alerts', 'alerts', 'id'))
    filled.set('{incident}', await first('/v1/incidents', 'incidents', 'id'))
    filled.set('{action}', await first('/v1/actions', 'actions', 'action'))
    filled.set('{drill}', await first('/v1/drills', 'drills', 'id'))
    filled.set('{sample}', await first('/v1/samples', 'samples', 'id'))
    filled.set('{approval}', await first('/v1/approvals?all=true', 'approvals', 'id'))
    filled.set('{subject}', await first('/v1/consents', 'consents', 'subject'))
    filled.set('{preview}', await first('/v1/previews', 'previews', 'preview'))
    filled.set('{output}', await first('/v1/outputs', 'outputs', 'id'))
  }, 240_000)

  afterAll(async () => {
    await browser?.close()
    await company?.close()
  })

  async function open(path: string): Promise<void> {
    reports.length = 0
    const address = path.replace(/\{\w+\}/, (one) => filled.get(one) ?? one)
    await page.setViewportSize({ width: WIDTHS.wide, height: 900 })
    await page.emulateMedia({ colorScheme: 'light' })
    await page.goto(`${company.url}/console${address}`)
    await page
      .getByRole('heading', { level: 1 })
      .or(page.getByRole('heading', { level: 2 }))
      .first()
      .waitFor()
  }

  async function fits(name: string, width: keyof typeof WIDTHS): Promise<void> {
    const px = WIDTHS[width]
    await page.setViewportSize({ width: px, height: 900 })
    await settled(page)
    const wide = await page.evaluate<number>(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    )
    expect.soft(wide, `${name} scrolls sideways at ${px} px`).toBeLessThanOrEqual(0)
    expect.soft(await page.evaluate<string[]>(TOO_WIDE), `lists of ${name} at ${px} px`).toEqual([])
    await shot(page, `${name}-light-${width}`)
  }

  /** @returns what the page reported that nobody expected */
  async function faultsOf(name: string): Promise<readonly string[]> {
    await page.setViewportSize({ width: WIDTHS.wide, height: 900 })
    for (const theme of THEMES) {
      await page.emulateMedia({ colorScheme: theme })
      await page.locator(`html[data-mantine-color-scheme="${theme}"]`).waitFor({ state: 'attached' })
      await settled(page)
      if (theme === 'dark') await shot(page, `${name}-dark-wide`)
      const violations = await page.evaluate<Violation[]>(
        'axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"] }).then(({ violations }) => violations)',
      )
      const found = violations.map(({ id, nodes }) => [id, nodes.slice(0, 3).map(({ html }) => html)])
      expect.soft(found, `${name} in the ${theme} theme`).toEqual([])
    }
    return reports.filter((text) => !isExpected(name, text))
  }

  test.each(Object.entries(SCREENS))('%s', async (name, path) => {
    await open(path)
    for (const width of ['wide', 'middle', 'narrow'] as const) await fits(name, width)
    expect(await faultsOf(name)).toEqual([])
  })

  test.each(Object.entries(PARTS))('%s', async (name, path) => {
    await open(path)
    for (const width of ['wide', 'narrow'] as const) await fits(name, width)
    expect(await faultsOf(name)).toEqual([])
  })
})

/** Names of lists that scroll sideways by themselves. */
const TOO_WIDE = `[...document.querySelectorAll('.rows, .listing')]
  .filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth + 1)
  .map((list) => list.getAttribute('aria-label') ?? list.textContent.slice(0, 80))`

/** Where something is not there, the browser says so by itself. */
function isExpected(name: string, text: string): boolean {
  return /status of 40[34]/.test(text) && name !== 'overview'
}

/** Looked at by people, and kept in docs/screens: of what is behind tabs the wide one alone. */
async function shot(page: Page, name: string): Promise<void> {
  if (
    KEPT === undefined ||
    (name.replace(/-(?:light|dark)-\w+$/, '') in PARTS && !name.endsWith('-light-wide'))
  )
    return
  mkdirSync(KEPT, { recursive: true })
  const path = join(KEPT, `${name}.png`)
  await page.screenshot({ path, animations: 'disabled' })
}
