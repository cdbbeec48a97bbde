/**
 * A real Chromium for tests, from npm packages alone: `@sparticuz/chromium` brings it with the libraries and fonts
 * that a bare machine lacks, `playwright-core` drives it.
 * @module
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, lstatSync, readFileSync } from 'node:fs'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { chromium, type Browser } from 'playwright-core'

const PACKAGE = new URL('../../node_modules/@sparticuz/chromium/package.json', import.meta.url)
const UNPACK = join(import.meta.dirname, 'unpack.ts')

/** The npm package holds one binary. Elsewhere, tests that need a browser are to skip by name. */
export const CHROMIUM_RUNS = process.platform === 'linux' && process.arch === 'x64'

/** For every `browser.newContext`: without a locale this build has a default that `Intl` refuses. */
export const CONTEXT = { locale: 'en-US' } as const

/**
 * Starts Chromium, unpacked at the first call on a machine (some seconds) and kept. The caller closes it.
 * Not sandboxed, because its sandbox refuses to run as root; nothing else about the security of pages is changed.
 */
export async function launchChromium(): Promise<Browser> {
  const folder = await unpacked()
  return chromium.launch({
    executablePath: join(folder, 'chromium'),
    args: ['--no-sandbox'],
    env: {
      ...process.env,
      HOME: process.env.HOME ?? folder,
      FONTCONFIG_FILE: await fontsOf(folder),
      // NSS and expat from the package, whether the system has them or not: every machine runs the same.
      LD_LIBRARY_PATH: join(folder, 'al2023', 'lib'),
    },
  })
}

/**
 * The folder that holds Chromium: one a version and user, under the system's folder for temporary files. Whoever finds
 * none unpacks to a folder of its own and renames it, so that nobody sees half a browser, and nobody executes a file
 * that is still open for writing (ETXTBSY). Of several at once, one wins, and a killed one leaves no lock.
 */
async function unpacked(): Promise<string> {
  const { version } = JSON.parse(readFileSync(PACKAGE, 'utf8')) as { version: string }
  const folder = join(tmpdir(), `countersign-chromium-${version}-${process.getuid?.() ?? 'user'}`)
  if (!existsSync(folder)) {
    const staging = await mkdtemp(`${folder}.`)
    await unpackInto(staging)
    try {
      await rename(staging, folder)
    } catch (error) {
      await rm(staging, { recursive: true })
      if (!existsSync(folder)) throw error
    }
  }
  const { uid, mode } = lstatSync(folder)
  // The name can be guessed and the folder above is everybody's: never run what somebody else put there.
  if (uid !== process.getuid?.() || (mode & 0o77) !== 0) throw new Error(`${folder} is not ours alone`)
  return folder
}

/**
 * The package's own configuration names folders of Amazon's, so that no font is found and no text has a height.
 * Written beside and renamed: nobody reads half of it.
 */
async function fontsOf(folder: string): Promise<string> {
  const file = join(folder, 'fonts.conf')
  if (existsSync(file)) return file
  const staging = await mkdtemp(`${file}.`)
  const dirs = `<dir>${join(folder, 'fonts')}</dir><cachedir>${join(folder, 'fonts-cache')}</cachedir>`
  await writeFile(join(staging, 'conf'), `<?xml version="1.0"?><fontconfig>${dirs}</fontconfig>\n`)
  await rename(join(staging, 'conf'), file)
  await rm(staging, { recursive: true })
  return file
}

/** In a process of its own: the package unpacks to `TMPDIR`, and its libraries only where it sees Amazon's. */
async function unpackInto(folder: string): Promise<void> {
  const child = spawn(process.execPath, [UNPACK], {
    env: { ...process.env, TMPDIR: folder, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs22.x' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'close')])
  if (code !== 0) throw new Error(`Chromium was not unpacked: ${stderr}`)
}
