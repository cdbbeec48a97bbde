/**
 * `npm run test:mutants`: changes each decision in the tests of a report, one at a time, and sees whether some planted
 * violation or honest history then comes out otherwise. Prints the mutants that nothing tells from the original.
 * Use: `main.ts [--json] [part of a path]…`; exit code 1 when a mutant survives that is not known to be the same.
 * @module
 */
import { parseArgs } from 'node:util'
import { MUTANTS, mutateWhenLoaded, reached, switchOn } from './hooks.ts'
import type { Mutant } from './mutants.ts'
import { SAME } from './same.ts'

const FOLDER = 'src/evidence/tests/'
/** Words and frames, which decide nothing. */
const NO_DECISIONS = ['codes.ts', 'control-tests.ts', 'result.ts', 'untested.ts']
/** Frames around the tests, which have their own. */
const FRAMES = ['evaluated.ts', 'reconcile.ts', 'run.ts']

const { values, positionals } = parseArgs({ options: { json: { type: 'boolean' } }, allowPositionals: true })
const isTarget = (path: string): boolean =>
  path.startsWith(FOLDER) &&
  !path.endsWith('.test.ts') &&
  ![...NO_DECISIONS, ...FRAMES].includes(path.slice(FOLDER.length)) &&
  (positionals.length === 0 || positionals.some((part) => path.includes(part)))

mutateWhenLoaded(isTarget)
const { histories } = await import('./histories.ts')

const began_ms = performance.now()
/** By number; what is told from the original leaves. */
const left = new Map<number, Mutant>()
let same = 0
let known = 0

/** Sources are loaded before the first history is played. */
function begin(): void {
  for (const mutant of MUTANTS.slice(known)) {
    if (Object.hasOwn(SAME, `${mutant.file}: ${mutant.change}`)) same++
    else left.set(mutant.id, mutant)
  }
  known = MUTANTS.length
}

for await (const { name, tell } of histories()) {
  begin()
  reached.clear()
  const expected = await tell()
  const inQuestion = [...reached].filter((id) => left.has(id))
  for (const id of inQuestion) {
    switchOn(id)
    const told = await tell().catch(String)
    switchOn(0)
    if (told !== expected) left.delete(id)
  }
  if (values.json !== true) process.stderr.write(`${left.size} of ${known} left after: ${name}\n`)
}
const survivors = [...left.values()]

const summary = {
  mutants: MUTANTS.length,
  killed: MUTANTS.length - survivors.length - same,
  same,
  survived: survivors.length,
  seconds: Math.round((performance.now() - began_ms) / 1000),
  survivors: survivors.map(({ file, line, change }) => `${file}:${line} ${change}`),
}
if (values.json === true) process.stdout.write(`${JSON.stringify(summary)}\n`)
else {
  for (const line of summary.survivors) process.stdout.write(`survives: ${line}\n`)
  const { mutants, killed, survived, seconds } = summary
  process.stdout.write(
    `${mutants} mutants: ${killed} told, ${same} the same, ${survived} survive (${seconds} s)\n`,
  )
}
if (survivors.length > 0) process.exitCode = 1
