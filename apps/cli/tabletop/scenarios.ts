/** Scenarios of tabletops, as data: those that come with Countersign, or a company's own. spec/kill.md (KIL-26). @module */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { CliError } from '../output.ts'
import { unreadable } from '../profile.ts'

const FOLDER = join(import.meta.dirname, 'scenarios')
const FILE_BYTES_MAX = 256 * 1024
const STEPS_MAX = 32
/** A note holds 2,048 characters (ERA-12), JSON and all, in which a quotation mark is two. */
export const WHO_CHARS_MAX = 120
export const WHAT_CHARS_MAX = 600
/** What a terminal does not print, and JSON spells with six characters. */
export const UNPRINTED = /\p{Cc}/u

const name = z.string().regex(/^[a-z][a-z0-9_-]{0,63}$/, 'small letters, digits, - and _')
const text = z.string().min(1).max(1000)

const scenarioSchema = z
  .strictObject({
    v: z.literal(1),
    name,
    title: text,
    summary: text,
    steps: z
      .array(
        z.strictObject({
          id: name,
          /** What has happened. */
          situation: text,
          question: text,
          /** What to hold the answer against, told after it was given. */
          compare: text,
        }),
      )
      .min(1)
      .max(STEPS_MAX),
  })
  .refine(({ steps }) => new Set(steps.map(({ id }) => id)).size === steps.length, 'each step has its own id')
export type Scenario = z.infer<typeof scenarioSchema>

const printed = z.string().refine((value) => !UNPRINTED.test(value), 'one line that can be printed')
const answerSchema = z.strictObject({
  who: printed.trim().min(1).max(WHO_CHARS_MAX),
  what: printed.trim().min(1).max(WHAT_CHARS_MAX),
})
export type TabletopAnswer = z.infer<typeof answerSchema>
const answersSchema = z.record(z.string(), answerSchema)

/** Those that come with this version, by name. */
export async function packagedScenarios(): Promise<Scenario[]> {
  const files = (await readdir(FOLDER)).sort()
  return Promise.all(files.map((file) => readScenario(join(FOLDER, file))))
}

/** @param which a name, or a file. @throws {CliError} `TABLETOP_INVALID`, `FILE_UNREADABLE` */
export async function findScenario(which: string): Promise<Scenario> {
  if (/\.ya?ml$/.test(which)) return readScenario(which)
  const all = await packagedScenarios()
  const found = all.find((scenario) => scenario.name === which)
  if (found !== undefined) return found
  const names = all.map((scenario) => scenario.name).join(', ')
  throw invalid(`there is no scenario ${which}: give one of ${names}, or a file that ends in .yaml`)
}

async function readScenario(path: string): Promise<Scenario> {
  const parsed = scenarioSchema.safeParse(await readYaml(path))
  if (parsed.success) return parsed.data
  throw invalid(`${path} is no scenario, at ${placesOf(parsed.error)}: see spec/kill.md, KIL-26`)
}

/** Answers to all steps, by step. @throws {CliError} `TABLETOP_INVALID`, `FILE_UNREADABLE` */
export async function readAnswers(
  path: string,
  { steps }: Scenario,
): Promise<ReadonlyMap<string, TabletopAnswer>> {
  const parsed = answersSchema.safeParse(await readYaml(path))
  if (!parsed.success)
    throw invalid(
      `${path} holds no answers, at ${placesOf(parsed.error)}: give {step: {who, what}} for each step`,
    )
  const answers = new Map(Object.entries(parsed.data))
  const missing = steps.filter(({ id }) => !answers.has(id)).map(({ id }) => id)
  const unknown = [...answers.keys()].filter((id) => !steps.some((step) => step.id === id))
  if (missing.length > 0) throw invalid(`${path} has no answer to: ${missing.join(', ')}`)
  if (unknown.length > 0) throw invalid(`${path} answers what is not asked: ${unknown.join(', ')}`)
  return answers
}

async function readYaml(path: string): Promise<unknown> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw unreadable(path, cause)
  })
  if (bytes.length > FILE_BYTES_MAX) throw invalid(`${path} is over ${FILE_BYTES_MAX} bytes`)
  try {
    return parse(bytes.toString('utf8'), { maxAliasCount: 0 }) as unknown
  } catch (cause) {
    throw new CliError('TABLETOP_INVALID', `${path} is no YAML`, { cause })
  }
}

function placesOf(error: z.ZodError): string {
  const places = error.issues.map(({ path }) => path.map(String).join('.') || 'the whole')
  return [...new Set(places)].slice(0, 8).join(', ')
}

function invalid(message: string): CliError {
  return new CliError('TABLETOP_INVALID', message)
}
