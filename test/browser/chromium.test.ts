/** The browser that other tests run in. @module */
import { expect, test } from 'vitest'
import { CHROMIUM_RUNS, CONTEXT, launchChromium } from './chromium.ts'

test.skipIf(!CHROMIUM_RUNS)(
  'two Chromiums start at once, keep origins apart and know a language',
  async () => {
    const browsers = await Promise.all([launchChromium(), launchChromium()])
    try {
      for (const browser of browsers) {
        const page = await (await browser.newContext(CONTEXT)).newPage()
        await page.goto('data:text/html,<iframe src="data:text/html,secret"></iframe>')
        const seen = await page.evaluate(`({
        language: new Intl.NumberFormat().resolvedOptions().locale,
        frame: document.querySelector('iframe').contentDocument,
      })`)
        expect(seen).toEqual({ language: 'en-US', frame: null })
      }
    } finally {
      await Promise.all(browsers.map((browser) => browser.close()))
    }
  },
)
