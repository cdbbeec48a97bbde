/** A review of access as people hold it at the command line, and what a pack says of it. spec/reviews.md, spec/tests.md (TST-47). */
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { saveProfile } from '../../apps/cli/profile.ts'
import { quarterOf } from '../../src/core/quarter.ts'
import { runCli } from '../fixtures/processes.ts'
import { Stage } from '../fixtures/stage.ts'

const itemsSchema = z.object({
  items: z.array(z.object({ n: z.int(), kind: z.string(), owner: z.string().nullable() })),
})
const codeSchema = z.object({ error: z.object({ code: z.string() }) })

let stage: Stage
let review = ''
let items: z.infer<typeof itemsSchema>['items'] = []

beforeAll(async () => {
  stage = await Stage.set()
  await saveProfile(join(stage.folder, 'lead'), stage.leadFile)
  await stage.delegate(await stage.point('gate'))
}, 60_000)
afterAll(() => stage.remove())

async function type(
  who: 'profile' | 'lead',
  command: string,
): Promise<{ code: number | null; value: unknown }> {
  const of = ['--json', '--profile', join(stage.folder, who)]
  const { code, stdout } = await runCli([...of, ...command.split(' ')])
  return { code, value: stdout === '' ? null : JSON.parse(stdout) }
}
const done = async (who: 'profile' | 'lead', command: string): Promise<unknown> => {
  const { code, value } = await type(who, command)
  if (code !== 0) throw new Error(`${command}: ${JSON.stringify(value)?.slice(0, 3000)}`)
  return value
}
const refused = async (who: 'profile' | 'lead', command: string): Promise<string> => {
  const { code, value } = await type(who, command)
  expect(code).not.toBe(0)
  return codeSchema.parse(value).error.code
}
const numberOf = (kind: string, owner?: string | null): number =>
  items.find((item) => item.kind === kind && (owner === undefined || item.owner === owner))?.n ?? -1

test('one person freezes the list, and says who decides', async () => {
  const opened = await done('profile', `access-review open ${quarterOf(Date.now())}`)
  review = z.object({ review: z.string() }).parse(opened).review
  items = itemsSchema.parse(await done('lead', `access-review show ${review}`)).items
  expect(items.map(({ kind }) => kind)).toEqual(['agent', 'delegation', 'person', 'person', 'point'])
  const { person: manager } = stage.manager
  const { person: lead } = stage.lead
  expect(await refused('profile', `access-review assign ${review} ${manager} --owner ${manager}`)).toBe(
    'SAME_PERSON',
  )
  expect(await refused('profile', `access-review assign ${review} ${lead}`)).toBe('ARGUMENT_INVALID')
  await done('profile', `access-review assign ${review} ${lead} --owner ${manager}`)
  await done('profile', `access-review assign ${review} ${manager} --item ${numberOf('person', lead)}`)
})

test('others decide on each item, and what they take away is gone', async () => {
  const { person: lead } = stage.lead
  const decide = (n: number, decision: string): string => `access-review decide ${review} ${n} ${decision}`
  expect(await refused('profile', decide(numberOf('agent'), 'keep'))).toBe('STATE_CONFLICT')
  await done('lead', decide(numberOf('agent'), 'keep'))
  await done('lead', decide(numberOf('delegation'), 'revoke'))
  await done('lead', decide(numberOf('person', stage.manager.person), 'keep'))
  await done('profile', decide(numberOf('person', lead), 'keep'))
  await done('lead', decide(numberOf('point'), 'keep'))
  expect(await refused('lead', `access-review close ${review}`)).toBe('STATE_CONFLICT')
  expect(await done('lead', `access-review act ${review} ${numberOf('delegation')}`)).toMatchObject({
    frames: [expect.any(Number)],
  })
})

test('who opened it does not close it, and another person does', async () => {
  expect(await refused('profile', `access-review close ${review}`)).toBe('SAME_PERSON')
  await done('lead', `access-review close ${review}`)
  expect(await done('profile', 'access-review list')).toMatchObject({
    reviews: [{ id: review, items_n: 5, closed: expect.any(Number) }],
  })
})

test('a pack verifies with it, and its test has every item and no deviation', async () => {
  const file = join(stage.folder, 'pack.zip')
  await done('profile', `evidence build --from 2026-01-01T00:00:00Z -o ${file}`)
  expect(await done('profile', `verify ${file} --key ${stage.control.vkey}`)).toMatchObject({
    ok: true,
    faults: [],
    results: { '7': { items: 5, result: 'no_deviation' } },
  })
})
