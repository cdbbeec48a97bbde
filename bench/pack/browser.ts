/**
 * Verifies one pack with `verify.html` in Chromium: how long the page says that it took, the processor time of all of the
 * browser's processes, and the largest resident set of any one of them. `node bench/pack/browser.ts FOLDER PACK`
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

/** Of Linux, whatever the kernel itself counts in. */
const TICKS_PER_S = 100

interface Process {
  readonly mb: number
  readonly cpu_s: number
}

/** The processes whose parents lead here, by their number. */
async function ours(): Promise<Map<number, Process>> {
  const parents = new Map<number, number>()
  const all = new Map<number, Process>()
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const status = await readFile(`/proc/${name}/status`, 'utf8').catch(() => '')
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '')
    // Behind the name, which may hold anything, the 12th and 13th are user and system time.
    const times = stat.slice(stat.lastIndexOf(')')).split(' ').slice(12, 14).map(Number)
    parents.set(Number(name), Number(/^PPid:\s*(\d+)/m.exec(status)?.[1] ?? 0))
    all.set(Number(name), {
      mb: Number(/^VmHWM:\s*(\d+)/m.exec(status)?.[1] ?? 0) / 1024,
      cpu_s: ((times[0] ?? 0) + (times[1] ?? 0)) / TICKS_PER_S,
    })
  }
  const isOurs = (id: number): boolean => id === process.pid || (id > 1 && isOurs(parents.get(id) ?? 0))
  return new Map([...all].filter(([id]) => id !== process.pid && isOurs(id)))
}

export interface InPage {
  /** Wall clock, from the click to the answer. */
  readonly seconds: number
  /** Processor time of all processes meanwhile: of what the page needs, little less. */
  readonly cpu_s: number
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
    const before = await ours()
    const last = new Map(before)
    const sample = async (): Promise<void> => {
      for (const [id, its] of await ours()) last.set(id, its)
    }
    const start = performance.now()
    await page.getByRole('button', { name: 'Verify' }).click()
    const sampled = setInterval(() => void sample(), SAMPLE_MS)
    await page.locator('#answer:not([hidden])').waitFor({ timeout: TIMEOUT_MS })
    clearInterval(sampled)
    const seconds = round((performance.now() - start) / 1000)
    await sample()
    const rss_mb = Math.round(Math.max(...[...last.values()].map(({ mb }) => mb)))
    const cpu_s = [...last].reduce((sum, [id, its]) => sum + its.cpu_s - (before.get(id)?.cpu_s ?? 0), 0)
    // Its manifest is signed by nobody here: that is the fault that stands first, or there is another.
    const said = await page.locator('#answer').innerText()
    if (!said.includes('First, MANIFEST_')) throw new Error(`the pack does not verify: ${said.slice(0, 500)}`)
    return { seconds, cpu_s: round(cpu_s), rss_mb }
  } finally {
    await browser.close()
    await rm(own, { recursive: true })
  }
}

if (import.meta.main) {
  const [folder = '', pack = ''] = process.argv.slice(2)
  process.stdout.write(`${JSON.stringify(await verifyInPage(folder, pack))}\n`)
}
