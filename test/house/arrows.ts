/**
 * Runs dependency-cruiser over everything and fails on a forbidden import. It also fails when fewer modules were
 * cruised than we know to exist: with a compiler it does not understand, the cruiser sees one module and is content.
 * @module
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'

/** Fewer modules of ours than this means that the cruise went wrong. Raise it as the code grows. */
const MODULES_MIN = 40
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024
const FOLDERS = ['src', 'apps', 'test', 'examples'].filter((folder) => existsSync(folder))

interface Cruise {
  modules: { source: string; coreModule?: boolean }[]
  summary: { violations: { from: string; to: string; rule: { name: string; severity: string } }[] }
}

function cruise(): Cruise {
  const bin = 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs'
  const config = '.dependency-cruiser.cjs'
  const run = spawnSync(process.execPath, [bin, '--config', config, '--output-type', 'json', ...FOLDERS], {
    encoding: 'utf8',
    maxBuffer: OUTPUT_BYTES_MAX,
  })
  // The JSON reporter exits zero even with violations: anything else is a fault of the cruise itself.
  if (run.status !== 0) throw new Error(`dependency-cruiser failed: ${run.stderr}`)
  return JSON.parse(run.stdout) as Cruise
}

const { modules, summary } = cruise()
const ours = modules.filter(({ source }) => FOLDERS.some((folder) => source.startsWith(`${folder}/`)))
const problems = summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`)
if (ours.length < MODULES_MIN) {
  problems.push(`only ${ours.length} modules were cruised, and there are at least ${MODULES_MIN}`)
}
const rules = createRequire(import.meta.url)('../../.dependency-cruiser.cjs') as {
  forbidden: { name: string }[]
}
for (const entry of readdirSync('src', { withFileTypes: true })) {
  const ruled = rules.forbidden.some(({ name }) => name === `arrow-${entry.name}`)
  if (entry.isDirectory() && !ruled)
    problems.push(`src/${entry.name} has no arrow in .dependency-cruiser.cjs`)
}

for (const problem of problems) process.stderr.write(`${problem}\n`)
process.stdout.write(`arrows: ${ours.length} modules, ${problems.length} problems\n`)
process.exitCode = problems.length === 0 ? 0 : 1
