/**
 * Verifies one pack with `verify.html` in Chromium: how long the page says that it took, and the largest resident set of
 * any one of the browser's processes. `node bench/pack/browser.ts FOLDER PACK`
 * @module
 */
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { verifierFiles } from '../../apps/verifier/build.ts'
import { CONTEXT, launchChromium } from '../../test/browser/chromium.ts'
import { round } from '../measure.ts'

const TIMEOUT_MS = 30 * 60_000
const SAMPLE_MS = 500

/** Megabytes: of the largest process whose parents lead here. */
async function largest(): Promise<number> {
  const parents = new Map<number, number>()
  const sizes = new Map<number, number>()
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const status = await readFile(`/proc/${name}/status`, 'utf8').catch(() => '')
    parents.set(Number(name), Number(/^PPid:\s*(\d+)/m.exec(status)?.[1] ?? 0))
    sizes.set(Number(name), Number(/^VmHWM:\s*(\d+)/m.exec(status)?.[1] ?? 0) / 1024)
  }
  const isOurs = (id: number): boolean => id === process.pid || (id > 1 && isOurs(parents.get(id) ?? 0))
  return Math.max(0, ...[...sizes].flatMap(([id, mb]) => (id !== process.pid && isOurs(id) ? [mb] : [])))
}

export interface InPage {
  /** Wall clock, from the click to the answer. */
  readonly seconds: number
  readonly rss_mb: number
}

async function verifyInPage(folder: string, pack: string): Promise<InPage> {
  const own = await mkdtemp(join(tmpdir(), 'countersign-page-'))
  await writeFile(join(own, 'verify.html'), (await verifierFiles()).get('verify.html') ?? '')
  const browser = await launchChromium()
  try {
    const page = await (await browser.newContext({ ...CONTEXT, offline: true })).newPage()
    await page.goto(pathToFileURL(join(own, 'verify.html')).href)
    await page.getByLabel('Evidence pack').setInputFiles(resolve(pack))
    await page.getByLabel("The log's verifier key").fill(await readFile(join(folder, 'vkey'), 'utf8'))
    const start = performance.now()
    await page.getByRole('button', { name: 'Verify' }).click()
    let rss_mb = 0
    const sampled = setInterval(() => {
      void largest().then((mb) => (rss_mb = Math.max(rss_mb, mb)))
    }, SAMPLE_MS)
    await page.locator('#answer:not([hidden])').waitFor({ timeout: TIMEOUT_MS })
    clearInterval(sampled)
    const seconds = round((performance.now() - start) / 1000)
    // Its manifest is signed by nobody here: that is the fault that stands first, or there is another.
    const said = await page.locator('#answer').innerText()
    if (!said.includes('First, MANIFEST_')) throw new Error(`the pack does not verify: ${said.slice(0, 500)}`)
    return { seconds, rss_mb: Math.round(rss_mb) }
  } finally {
    await browser.close()
    await rm(own, { recursive: true })
  }
}

if (import.meta.main) {
  const [folder = '', pack = ''] = process.argv.slice(2)
  process.stdout.write(`${JSON.stringify(await verifyInPage(folder, pack))}\n`)
}
