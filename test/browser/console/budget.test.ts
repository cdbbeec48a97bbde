/** How much a browser loads before the overview stands there, as the control plane sends it (brotli). spec/console.md (CON-1). */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants } from 'node:zlib'
import { expect, test } from 'vitest'

const DIST = fileURLToPath(new URL('../../../apps/console/dist/', import.meta.url))
/** Of the first load of the overview, compressed, in bytes. */
const FIRST_LOAD_BYTES_MAX = 300_000
/** As apps/server/console.ts does it. */
const AS_SENT = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }
/** Drawings and verifiers are loaded with the screens that need them. */
const LATER = [/chain-graph/, /sankey/, /latency-chart/, /worker/, /verify/]

/** A file, and every other one that it imports before it runs. */
function closure(names: readonly string[], seen = new Set<string>()): Set<string> {
  for (const name of names) {
    if (seen.has(name)) continue
    seen.add(name)
    const text = readFileSync(join(DIST, 'assets', name), 'utf8')
    // `import {a} from "./b.js"`, and not `import("./b.js")`, which is for later.
    const imported = [...text.matchAll(/(?:from|import)\s*["']\.\/([^"']+\.js)["']/g)]
    closure(
      imported.map((match) => match[1] ?? ''),
      seen,
    )
  }
  return seen
}

test('the overview is there after less than 300 kB', () => {
  if (!existsSync(DIST)) throw new Error('the console was not built: npm run build:console')
  const page = readFileSync(join(DIST, 'index.html'), 'utf8')
  const named = [...page.matchAll(/\/console\/assets\/([^"]+)/g)].map((match) => match[1] ?? '')
  const overview = readdirSync(join(DIST, 'assets')).filter((name) => /^overview-.*\.js$/.test(name))
  expect(overview.length).toBeGreaterThan(0)
  const scripts = closure([...named.filter((name) => name.endsWith('.js')), ...overview])
  const styles = named.filter((name) => name.endsWith('.css'))
  const loaded = [...scripts, ...styles]
  const bytes = loaded
    .map((name) => brotliCompressSync(readFileSync(join(DIST, 'assets', name)), AS_SENT).length)
    .reduce((sum, one) => sum + one, 0)
  expect(bytes).toBeGreaterThan(100_000)
  expect(bytes).toBeLessThan(FIRST_LOAD_BYTES_MAX)
  expect([...scripts].filter((name) => LATER.some((later) => later.test(name)))).toEqual([])
})
