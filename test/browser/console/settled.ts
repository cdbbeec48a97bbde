/** When a page shows what it is going to show. @module */
import type { Page } from 'playwright-core'
import { expect } from 'vitest'

/** The page was painted, so that what moves has begun to; all of it that ends has ended. */
export const DRAWN = `(async () => {
  const painted = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
  await painted()
  const ending = document.getAnimations().filter(({ effect }) => effect.getComputedTiming().endTime !== Infinity)
  await Promise.allSettled(ending.map(({ finished }) => finished))
  await painted()
})()`

/** What was asked for has come: nothing is loading any more, and no request is under way but streams. */
export async function settled(page: Page): Promise<void> {
  await expect
    .poll(() => page.locator('[role="status"][aria-label="Loading"]').count(), { timeout: 30_000 })
    .toBe(0)
  await page.evaluate(DRAWN)
}
