/**
 * `npm run bench -- flow`: what the rules on flows cost a call, with 100 KiB of results in memory: taking note of a typical
 * result and judging a call, together; and the same in a domain that is full, where each note forgets.
 * @module
 */
import { FlowMemory } from '../../src/decide/flow/memory.ts'
import { judgeFlow } from '../../src/decide/flow/rules.ts'
import type { ReadResult } from '../../src/decide/flow/types.ts'
import { machine, ownCommit, type Machine } from '../machine.ts'
import { measure, type Percentiles, type Row } from '../measure.ts'
import { Office, type TypicalCall } from './workload.ts'

const HELD_BYTES = 100 * 1024
/** Calls that follow each other on one memory before it is made anew. */
const CALLS_A_MEMORY = 50
const ROUNDS = { count: 4000, warmup: 1000, deadline_ms: 90_000 }
const INSTRUCTION =
  'Send the report for March to person.7@example.org and tell whoever else has asked for it.'

interface Report {
  readonly benchmark: 'flow'
  readonly machine: Machine
  readonly countersign: string
  readonly held_bytes: number
  /** Characters of the result that is noted, on average. */
  readonly result_chars: number
  readonly us_per_call: Percentiles
  /** The memory is full: each note forgets about as much. */
  readonly full_us_per_call: Percentiles
  readonly judge_us: Percentiles
  readonly note_us: Percentiles
  /** What a full memory keeps, beside its texts of {@link held_bytes}. */
  readonly memory_bytes: number
}

export async function flow(options: { readonly json: boolean }): Promise<void> {
  const report = await measureFlow()
  process.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : tableOf(report))
}

async function measureFlow(): Promise<Report> {
  const ran_on = machine()
  const rows = [
    rowOf('call', HELD_BYTES * 4, true, true),
    rowOf('full', HELD_BYTES, true, true),
    rowOf('judge', HELD_BYTES * 4, false, true),
    rowOf('note', HELD_BYTES * 4, true, false),
  ]
  const took = await measure(rows, ROUNDS)
  const of = (name: string): Percentiles => {
    const found = took.get(name)
    if (found === undefined) throw new TypeError(`no row ${name}`)
    return found
  }
  return {
    benchmark: 'flow',
    machine: ran_on,
    countersign: ownCommit(),
    held_bytes: HELD_BYTES,
    result_chars: resultChars(),
    us_per_call: of('call'),
    full_us_per_call: of('full'),
    judge_us: of('judge'),
    note_us: of('note'),
    memory_bytes: memoryBytes(),
  }
}

function rowOf(name: string, bytes_max: number, notes: boolean, judges: boolean): Row {
  const office = new Office(7)
  let memory = filled(office, bytes_max)
  return {
    name,
    prepare: (i) => {
      if (i % CALLS_A_MEMORY === 0) memory = filled(office, bytes_max)
      const held = memory
      const result = office.result()
      const call = office.call()
      return () => once(held, notes ? result : null, judges ? call : null)
    },
  }
}

/** In the order of production: the call is judged, its result noted. */
function once(memory: FlowMemory, result: ReadResult | null, call: TypicalCall | null): void {
  if (call !== null) judgeFlow({ server: 'office', ...call, memory, instruction: INSTRUCTION, policies: [] })
  if (result !== null) memory.note(result)
}

function filled(office: Office, bytes_max: number): FlowMemory {
  const memory = new FlowMemory({ bytes_max })
  while (memory.bytes < HELD_BYTES && !memory.forgot) memory.note(office.result())
  return memory
}

function resultChars(): number {
  const office = new Office(7)
  const of = (): number => JSON.stringify(office.result().content[0]).length
  return Math.round(Array.from({ length: 100 }, of).reduce((a, b) => a + b, 0) / 100)
}

function memoryBytes(): number {
  const office = new Office(7)
  const before = heapUsed()
  const held = Array.from({ length: 20 }, () => filled(office, HELD_BYTES))
  const after = heapUsed()
  return Math.round((after - before) / held.length)
}

function heapUsed(): number {
  globalThis.gc?.()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

function tableOf(report: Report): string {
  const row = (name: string, { p10, p50, p99, n }: Percentiles): string =>
    `  ${name.padEnd(34)} ${[p10, p50, p99, n].map((figure) => String(figure).padStart(9)).join('')}\n`
  return `flow: us a call with ${report.held_bytes} bytes of results held; ${report.machine.cpu}, node ${report.machine.node}
  ${''.padEnd(34)} ${['p10', 'p50', 'p99', 'n'].map((name) => name.padStart(9)).join('')}
${row('judge a call, note its result', report.us_per_call)}${row('the same where memory is full', report.full_us_per_call)}${row('judge alone', report.judge_us)}${row('note alone', report.note_us)}  a full memory keeps ${report.memory_bytes} bytes; a result has ${report.result_chars} characters
`
}
