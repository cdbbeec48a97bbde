/**
 * How soon the live activity answers its reader while ten thousand rows a minute come in: the Event Timing of the browser
 * itself, by interaction, as INP has it. The budget is held by the median, because other tests share the machine; the worst is
 * printed.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestServer, type Operator } from '../../../apps/server/harness.ts'
import { Stream } from '../../fixtures/shipped.ts'
import { CHROMIUM_RUNS, launchChromium } from '../chromium.ts'
import { signedIn } from './signed-in.ts'

const ROWS_A_MINUTE = 10_000
const BATCH_EVERY_MS = 100
const BUDGET_MS = 200
const INTERACTIONS = 20

/** Milliseconds from each interaction until what it changed was painted. */
const OBSERVE = `
  window.took = new Map()
  new PerformanceObserver((list) => {
    for (const { interactionId, duration } of list.getEntries())
      if (interactionId > 0) window.took.set(interactionId, Math.max(duration, window.took.get(interactionId) ?? 0))
  }).observe({ type: 'event', durationThreshold: 16, buffered: true })
`

/** Top and bottom of each row that is in the page, from the top. */
const EDGES = `[...document.querySelectorAll('.rows[data-cards] [data-link]')]
  .map((row) => row.getBoundingClientRect())
  .map(({ top, bottom }) => [top, bottom])
  .sort(([a], [b]) => a - b)`

describe.runIf(CHROMIUM_RUNS)('the live activity', () => {
  const server = new TestServer({ separation: 'after' })
  let ann: Operator
  let stream: Stream
  let browser: Browser

  beforeAll(async () => {
    await server.start()
    ann = await server.enrol(server.bootstrapSecret)
    stream = await Stream.open(server, ann)
    await stream.ship(200, 'before')
    browser = await launchChromium()
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    await server.remove()
  })

  const arrive = (): Promise<Page> => signedIn(browser, server, ann)

  test('lays cards out one below the other when others come before them', async () => {
    const page = await arrive()
    await page.setViewportSize({ width: 360, height: 900 })
    await page.goto(`${server.base()}/console/log`)
    await page.getByRole('row').nth(5).waitFor()
    const added = page.getByText('System: added')
    for (const [i, system] of ['short', 'of a long name '.repeat(5)].entries()) {
      await ann.api.post('/v1/systems', { name: system })
      await expect.poll(() => added.count()).toBe(i + 1)
      await stream.ship(3, 'between')
    }
    await page.getByText('Receipt: head').nth(2).waitFor()
    const edges = await page.evaluate<[number, number][]>(EDGES)
    expect(edges.length).toBeGreaterThan(8)
    const apart = edges.slice(1).map(([top], i) => Math.abs(top - (edges[i]?.[1] ?? NaN)))
    expect(Math.max(...apart)).toBeLessThan(1)
    await page.context().close()
  }, 60_000)

  test.each(['log', 'activity'])(
    '%s looks back from a time, and hears of nothing since',
    async (screen) => {
      const size = await ann.api.logSize()
      const sizeAt = async (at: string): Promise<number> =>
        (await ann.api.get(`/v1/checkpoints?at=${at}`)).json.size
      await expect
        .poll(() => sizeAt(new Date().toISOString()), { timeout: 10_000 })
        .toBeGreaterThanOrEqual(size)
      const at = new Date().toISOString()
      const then = await sizeAt(at)
      await pause(1_000)
      await stream.ship(3, 'since')
      const page = await arrive()
      await page.goto(`${server.base()}/console/${screen}?until=${at}`)
      await page.getByRole('row').nth(5).waitFor()
      const links = await page
        .locator('.rows [data-link] a')
        .evaluateAll((all) => all.map((link) => link.getAttribute('href') ?? ''))
      const indices = links.flatMap(
        (href) => /\/log\/(\d+)|entry=(\d+)/.exec(href)?.slice(1).filter(Boolean) ?? [],
      )
      expect(indices.length).toBeGreaterThan(3)
      expect(Math.max(...indices.map(Number))).toBeLessThan(then)
      expect(await page.getByText('live', { exact: true }).count()).toBe(0)
      await page.context().close()
    },
    60_000,
  )

  test('answers within 200 ms while ten thousand rows a minute come in', async () => {
    const page = await arrive()
    await page.addInitScript(OBSERVE)
    await page.goto(`${server.base()}/console/activity`)
    await page.getByRole('row').nth(5).waitFor()
    const over = new AbortController()
    let shipped = 0
    const began = performance.now()
    const shipping = (async () => {
      while (!over.signal.aborted) {
        const due = Math.floor(((performance.now() - began) * ROWS_A_MINUTE) / 60_000) - shipped
        if (due > 0) await stream.ship(due, 'live')
        shipped += Math.max(0, due)
        await pause(BATCH_EVERY_MS)
      }
    })()
    await pause(1_000)
    for (let i = 0; i < INTERACTIONS; i++) {
      await page
        .getByText(i % 2 === 0 ? 'Denied' : 'All', { exact: true })
        .first()
        .click()
      await pause(250)
    }
    over.abort()
    await shipping
    const a_minute = (shipped * 60_000) / (performance.now() - began)
    const took = (await page.evaluate<number[]>('[...window.took.values()]')).sort((a, b) => a - b)
    const median = took[Math.floor(took.length / 2)] ?? 0
    process.stdout.write(
      `interactions with ${Math.round(a_minute)} rows a minute: ${took.length} over 16 ms, median ${median} ms, worst ${took.at(-1) ?? 0} ms\n`,
    )
    expect(a_minute).toBeGreaterThan(ROWS_A_MINUTE / 2)
    expect(took.length).toBeGreaterThan(INTERACTIONS / 4)
    expect(median).toBeLessThan(BUDGET_MS)
  }, 120_000)
})
