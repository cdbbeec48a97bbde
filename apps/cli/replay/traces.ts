/**
 * Recorded runs and labels, as files say them. spec/flow.md, Replay; docs/replay.md. What decides and what scores get
 * different halves of a record: {@link DecidedRun} has nothing of an attack.
 * @module
 */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'
import { z } from 'zod'
import { toolLabelSchema, type ToolLabel } from '../../../src/core/label.ts'
import type { JsonObject } from '../../../src/core/json.ts'
import { CliError } from '../output.ts'
import { readJson, unreadable } from '../profile.ts'

/** Runs of one file, and characters of one line: a run of an agent is no longer than this. */
const RUNS_MAX = 1_000_000
const LINE_CHARS_MAX = 16 * 1024 * 1024

const callSchema = z.object({
  tool: z.string().max(1024),
  args: z.record(z.string(), z.json()),
  /** Absent: the call was never answered. */
  ok: z.boolean().nullish(),
  result: z.string().nullish(),
})

const runSchema = z.object({
  id: z.union([z.string(), z.number()]).optional(),
  suite: z.string(),
  model: z.string(),
  user_task: z.string(),
  prompt: z.string(),
  calls: z.array(callSchema),
  /** Null: benign. */
  attack: z.string().nullable(),
  injection_task: z.string().nullish(),
  attacker_won: z.boolean().nullish(),
  useful: z.boolean().nullish(),
  injections: z.array(z.string()).nullish(),
})

/** One record: of these, scoring alone reads `attack` and what follows. */
export type Run = z.infer<typeof runSchema>

export interface DecidedCall {
  readonly tool: string
  readonly args: JsonObject
  readonly ok: boolean | null
  readonly result: string | null
}

/** What an enforcement point would see of a run. */
export interface DecidedRun {
  readonly suite: string
  readonly user_task: string
  /** What a person would sign as the instruction. */
  readonly prompt: string
  readonly calls: readonly DecidedCall[]
}

export function decidedPart({ suite, user_task, prompt, calls }: Run): DecidedRun {
  return {
    suite,
    user_task,
    prompt,
    calls: calls.map(({ tool, args, ok, result }) => ({
      tool,
      args: args as JsonObject,
      ok: ok ?? null,
      result: result ?? null,
    })),
  }
}

/**
 * @param path `.jsonl` or `.jsonl.gz`
 * @throws {CliError} `FILE_UNREADABLE`; `TRACES_INVALID`, with the line
 */
export async function* readRuns(path: string): AsyncGenerator<Run> {
  const file = createReadStream(path)
  const bytes = path.endsWith('.gz') ? file.pipe(createGunzip()) : file
  const failed = new Promise<never>((_, reject) => {
    for (const stream of [file, bytes])
      stream.once('error', (cause: unknown) => reject(unreadable(path, cause)))
  })
  failed.catch(() => {})
  const lines = createInterface({ input: bytes, crlfDelay: Infinity })[Symbol.asyncIterator]()
  try {
    for (let n = 1; ; n += 1) {
      const { value, done } = await Promise.race([lines.next(), failed])
      if (done === true) return
      if (value.trim() === '') continue
      if (n > RUNS_MAX) throw new CliError('TRACES_INVALID', `${path} has more than ${RUNS_MAX} runs`)
      yield runOf(value, `line ${n} of ${path}`)
    }
  } finally {
    file.destroy()
  }
}

function runOf(line: string, where: string): Run {
  if (line.length > LINE_CHARS_MAX)
    throw new CliError('TRACES_INVALID', `${where} has more than ${LINE_CHARS_MAX} characters`)
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    throw new CliError('TRACES_INVALID', `${where} is not JSON: one run a line, see docs/replay.md`)
  }
  const read = runSchema.safeParse(value)
  if (read.success) return read.data
  const at = read.error.issues[0]?.path.join('.') ?? ''
  throw new CliError('TRACES_INVALID', `${where} is not a run at "${at}", see docs/replay.md`)
}

const labelsSchema = z.object({
  v: z.literal(1),
  tools: z
    .array(z.object({ server: z.string().nullish(), tool: z.string(), label: toolLabelSchema }))
    .max(100_000),
})

/** @returns the label of a tool of a suite, or null */
export type Labels = (suite: string, tool: string) => ToolLabel | null

/** @throws {CliError} `FILE_UNREADABLE`, `LABELS_INVALID` */
export async function readLabels(path: string): Promise<Labels> {
  const read = labelsSchema.safeParse(await readJson(path))
  if (!read.success) {
    const at = read.error.issues[0]?.path.join('.') ?? ''
    throw new CliError(
      'LABELS_INVALID',
      `${path} is no labels file at "${at}": "countersign label suggest --json" prints one, see docs/replay.md`,
    )
  }
  const labels = new Map<string, ToolLabel>()
  for (const { server, tool, label } of read.data.tools) {
    const key = JSON.stringify([server ?? null, tool])
    if (labels.has(key))
      throw new CliError('LABELS_INVALID', `${path} labels the tool ${tool} twice for one server`)
    labels.set(key, label)
  }
  return (suite, tool) =>
    labels.get(JSON.stringify([suite, tool])) ?? labels.get(JSON.stringify([null, tool])) ?? null
}
