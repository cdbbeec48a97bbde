/**
 * The report of a pack in a real browser with the network cut off: axe finds nothing, nothing is asked for, and a person
 * gets from the top to the answers for a random action in three clicks. spec/report.md (RPT-3 to RPT-6)
 * @module
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readArchive } from '../../src/evidence/pack/archive.ts'
import { ownCatalogue, reportedPack, type ReportedPack } from '../fixtures/reported.ts'
import { Sampled } from '../fixtures/sampled.ts'
import { CHROMIUM_RUNS, CONTEXT, launchChromium } from './chromium.ts'

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js')
const FILES = [
  'report.html',
  'article-14.html',
  'compliance-stack.html',
  'narratives.html',
  'samples.html',
  'walkthroughs.html',
  'drafts/assertion.html',
  'drafts/system-description.html',
  'drafts/user-entity-controls.html',
  'drafts/subservice-organizations.html',
]
const LOOKS: Readonly<Record<string, BrowserContextOptions>> = {
  'light and wide': { colorScheme: 'light', viewport: { width: 1280, height: 900 } },
  'dark and wide': { colorScheme: 'dark', viewport: { width: 1280, height: 900 } },
  'light and narrow': { colorScheme: 'light', viewport: { width: 360, height: 740 } },
}

interface Found {
  readonly violations: readonly {
    readonly id: string
    readonly nodes: readonly { readonly html: string }[]
  }[]
}

/** Of a pack of its own: what is sampled is over, and frozen. */
async function samplesPage(): Promise<Uint8Array> {
  const company = new Sampled()
  company.anchored()
  const pack = await company.pack({ catalogue: await ownCatalogue(), print: null })
  return readArchive(pack).get('samples.html') ?? new Uint8Array()
}

describe.skipIf(!CHROMIUM_RUNS)(
  `documents of a pack${CHROMIUM_RUNS ? '' : ' (skipped: no Chromium for this machine)'}`,
  () => {
    let browser: Browser
    let folder: string
    let pack: ReportedPack
    const asked: string[] = []
    const complaints: string[] = []

    beforeAll(async () => {
      pack = await reportedPack()
      folder = await mkdtemp(join(tmpdir(), 'report-'))
      for (const [name, bytes] of pack.files) {
        await mkdir(join(folder, dirname(name)), { recursive: true })
        await writeFile(join(folder, name), bytes)
      }
      await writeFile(join(folder, 'samples.html'), await samplesPage())
      browser = await launchChromium()
    })
    afterAll(async () => {
      await browser.close()
      await rm(folder, { recursive: true })
    })

    async function open(file: string, look: BrowserContextOptions = {}): Promise<Page> {
      const context = await browser.newContext({ ...CONTEXT, ...look, offline: true })
      const page = await context.newPage()
      page.on('request', (request) => asked.push(request.url()))
      page.on('console', (message) => complaints.push(message.text()))
      page.on('dialog', (dialog) => complaints.push(dialog.message()))
      await page.goto(pathToFileURL(join(folder, file)).href)
      return page
    }

    describe.each(Object.entries(LOOKS))('%s', (_, look) => {
      test.each(FILES)('%s has nothing that axe objects to, and does not scroll sideways', async (file) => {
        const page = await open(file, look)
        const wide = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
        expect(wide).toBeLessThanOrEqual(0)
        // Through the debugger: the policy of the page allows no script, and none is added to it.
        await page.evaluate(await readFile(AXE, 'utf8'))
        const { violations } = await page.evaluate<Found>('axe.run()')
        expect(violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([])
        await page.context().close()
      })
    })

    test('asked for nothing but themselves, and complained of nothing', () => {
      expect(asked.filter((url) => !url.startsWith('file:'))).toEqual([])
      const opened = asked.map((url) => FILES.find((file) => url.endsWith(`/${file}`)))
      expect(new Set(opened)).toEqual(new Set(FILES))
      expect(complaints).toEqual([])
    })

    test('who, under what scope and where the evidence is, in three clicks', async () => {
      const page = await open('report.html')
      const [, , action = ''] = pack.actions
      await page.getByRole('navigation').getByRole('link', { name: 'Actions', exact: true }).click()
      await page
        .getByRole('table', { name: /^Actions/ })
        .getByRole('link', { name: action })
        .click()
      const story = page.locator(`[id="action-${action}"]`)
      await expect.poll(() => story.evaluate((at) => at.getBoundingClientRect().top)).toBeLessThan(400)
      const [who, scope, evidence] = [
        'Who authorized the agent?',
        'Under what scope?',
        'Where is the evidence?',
      ].map((name) => story.locator(`xpath=following-sibling::h4[.="${name}"][1]/following-sibling::*[1]`))
      expect(await who?.innerText()).toContain('per_alice')
      expect(await scope?.innerText()).toContain('dlg_root')
      await evidence
        ?.getByRole('link', { name: /^entry/ })
        .last()
        .click()
      const [, index = ''] = page.url().split('#e')
      // The browser opens what is folded when one is sent there.
      await expect.poll(() => page.locator(`pre#e${index}`).isVisible()).toBe(true)
      expect(JSON.parse(await page.locator(`pre#e${index}`).innerText())).toHaveProperty('type')
      await page.context().close()
    })

    test('on paper every sheet says that the data is simulated', async () => {
      const page = await open('report.html')
      const pdf = await page.pdf({ preferCSSPageSize: true })
      expect(pdf.subarray(0, 5).toString()).toBe('%PDF-')
      await page.emulateMedia({ media: 'print' })
      expect(await page.locator('.simulated').isVisible()).toBe(true)
      // The cover is a page of its own.
      const after = await page.evaluate("getComputedStyle(document.querySelector('.cover')).breakAfter")
      expect(after).toBe('page')
      const rule = await page.evaluate(
        `[...document.styleSheets[0].cssRules].find((rule) => rule instanceof CSSPageRule).cssText`,
      )
      expect(rule).toContain('Simulated data')
      await page.context().close()
    })
  },
)
