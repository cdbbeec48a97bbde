/** A tabletop, led through step by step. spec/kill.md (KIL-26) */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CliError } from '../output.ts'
import { leadThrough, tabletopNoteSchema } from './run.ts'
import { findScenario, packagedScenarios, readAnswers, WHAT_CHARS_MAX, WHO_CHARS_MAX } from './scenarios.ts'

/** Of a note (ERA-12). */
const NOTE_CHARS_MAX = 2_048

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-tabletop-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function written(name: string, value: unknown): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, typeof value === 'string' ? value : JSON.stringify(value))
  return path
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.catch((thrown: unknown) => thrown)
  return error instanceof CliError ? `${error.code}: ${error.message}` : 'no fault'
}

const TWO = {
  v: 1,
  name: 'two',
  title: 'Two steps',
  summary: 'Something happens.',
  steps: ['first', 'second'].map((id) => ({
    id,
    situation: `${id} thing`,
    question: 'Who?',
    compare: `${id} hint`,
  })),
}

describe('scenarios', () => {
  test('that come with Countersign are whole, each with a name and steps of its own', async () => {
    const all = await packagedScenarios()
    expect(all.map(({ name }) => name)).toEqual(['cut-off', 'poisoned-tool', 'runaway-agent', 'stolen-key'])
    for (const { steps } of all) expect(steps.length).toBeGreaterThanOrEqual(6)
  })

  test('of a company are read from a file, and refused with the place that does not fit', async () => {
    expect((await findScenario(await written('two.yaml', TWO))).steps).toHaveLength(2)
    const twice = { ...TWO, steps: [TWO.steps[0], TWO.steps[0]] }
    expect(await codeOf(findScenario(await written('twice.yaml', twice)))).toContain('TABLETOP_INVALID')
    const bent = { ...TWO, steps: [{ ...TWO.steps[0], more: 1 }] }
    expect(await codeOf(findScenario(await written('bent.yaml', bent)))).toContain('at steps.0')
    expect(await codeOf(findScenario(await written('none.yaml', '{')))).toContain('is no YAML')
    const bomb = 'a: &a [1]\nb: &b [*a, *a]\nc: [*b, *b]'
    expect(await codeOf(findScenario(await written('bomb.yaml', bomb)))).toContain('TABLETOP_INVALID')
    expect(await codeOf(findScenario('nothing'))).toContain('there is no scenario nothing')
  })

  test('are answered in a file to every step, and to no other', async () => {
    const two = await findScenario(await written('two.yaml', TWO))
    const one = { who: 'Security lead', what: 'pulls' }
    const read = async (value: unknown) => readAnswers(await written('answers.yaml', value), two)
    expect([...(await read({ first: one, second: one })).keys()]).toEqual(['first', 'second'])
    expect(await codeOf(read({ first: one }))).toContain('no answer to: second')
    expect(await codeOf(read({ first: one, second: one, third: one }))).toContain('not asked: third')
    expect(await codeOf(read({ first: one, second: { who: ' ', what: 'x' } }))).toContain('second.who')
    expect(await codeOf(read({ first: one, second: { who: 'a', what: 'x\u0007' } }))).toContain('second.what')
  })
})

describe('a tabletop', () => {
  test('records each answer, with its time, before it tells what to hold it against and asks the next', async () => {
    const two = await findScenario(await written('two.yaml', TWO))
    const happened: string[] = []
    let now = 1_000
    const clock = { now: () => 1_772_000_000_000 + now, monotonic: () => now }
    const replies = ['Ann', 'pulls the switch', '', 'nobody', 'we do not know']
    const people = {
      say: (text: string) => happened.push(`say ${text.split('\n')[0]}`),
      ask: async (question: string) => {
        now += 2_000
        happened.push(`ask ${question}`)
        return replies.shift() ?? ''
      },
      answers: null,
    }
    const recorded = await leadThrough(two, people, clock, async (text) => {
      happened.push(`record ${tabletopNoteSchema.parse(JSON.parse(text)).step}`)
      return 40 + happened.length
    })
    expect(recorded.map(({ step, who, what, answered_ms }) => [step, who, what, answered_ms])).toEqual([
      ['first', 'Ann', 'pulls the switch', 4_000],
      ['second', 'nobody', 'we do not know', 6_000],
    ])
    const order = happened.map((one) => (/^say (?:recorded|\d)/.test(one) ? one.slice(0, 12) : one))
    expect(order.filter((one) => !one.startsWith('say An answer'))).toEqual([
      'say Two steps',
      'say 1 of 2: ',
      'ask Who?',
      'ask What do they do?',
      'record first',
      'say recorded',
      'say 2 of 2: ',
      'ask Who?',
      'ask Who?',
      'ask What do they do?',
      'record second',
      'say recorded',
    ])
  })

  test('stops at the step that could not be recorded', async () => {
    const two = await findScenario(await written('two.yaml', TWO))
    const answers = new Map(TWO.steps.map(({ id }) => [id, { who: 'a', what: 'b' }]))
    let tries = 0
    const lead = leadThrough(
      two,
      { say: () => undefined, ask: null, answers },
      { now: () => 0, monotonic: () => 0 },
      async () => {
        tries++
        throw new Error('the log is away')
      },
    )
    await expect(lead).rejects.toThrow('the log is away')
    expect(tries).toBe(1)
  })

  test('fits each answer into a note, however long', async () => {
    const longest = { who: '"'.repeat(WHO_CHARS_MAX), what: '\\'.repeat(WHAT_CHARS_MAX) }
    const two = await findScenario(
      await written('long.yaml', {
        ...TWO,
        name: 'n'.repeat(64),
        steps: TWO.steps.map((step) => ({ ...step, id: step.id.padEnd(64, 'x') })),
      }),
    )
    const texts: string[] = []
    const answers = new Map(two.steps.map(({ id }) => [id, longest]))
    const clock = { now: () => 0, monotonic: () => 0 }
    await leadThrough(two, { say: () => undefined, ask: null, answers }, clock, async (text) =>
      texts.push(text),
    )
    for (const text of texts) expect(text.length).toBeLessThanOrEqual(NOTE_CHARS_MAX)
  })
})
