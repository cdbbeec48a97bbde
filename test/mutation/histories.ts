/** What has to tell a mutant from the original: planted violations and honest histories, each read and checked once. @module */
import { checkedLog, ControlLog, DAY_MS, HOUR_MS, YEAR } from '../fixtures/control-log.ts'
import { HONEST_ACTS } from '../fixtures/honest-acts.ts'
import { ALICE, BOB, LogBuilder } from '../fixtures/history.ts'
import { VIOLATIONS } from '../fixtures/planted.ts'

export interface Told {
  readonly name: string
  /** What the tests say of it. */
  readonly tell: () => Promise<string>
}

async function toldOf(name: string, control: ControlLog): Promise<Told> {
  control.log.head()
  const { run } = await checkedLog(control.log)
  return { name, tell: async () => JSON.stringify(await run(YEAR)) }
}

function planted(plant: (control: ControlLog) => unknown): ControlLog {
  const control = new ControlLog()
  control.pass(HOUR_MS)
  plant(control)
  control.pass(HOUR_MS)
  return control
}

function everyHonestAct(control: ControlLog): void {
  for (const act of Object.values(HONEST_ACTS)) {
    act(control)
    control.pass(HOUR_MS)
  }
}

/** What one person does alone, with nobody to look at it for `days`. */
function alone(days: number): ControlLog {
  const control = new ControlLog(new LogBuilder().company('after'))
  control.template(ALICE)
  control.pass(days * DAY_MS)
  return control
}

function inProduction(): ControlLog {
  const log = new LogBuilder().begin({ created: (body) => ({ ...body, simulated: false }) })
  for (const name of [ALICE, BOB]) log.person(name)
  for (const name of ['bot', 'worker']) log.agent(name)
  log.point('gate')
  return new ControlLog(log)
}

/** An issuer key that signs for so many days. */
function oneKeyFor(days: number): ControlLog {
  const control = new ControlLog()
  control.log.clock.advance(days * DAY_MS)
  control.sample()
  return control
}

/** One after the other: each takes tens of megabytes. Those first that tell most. */
export async function* histories(): AsyncGenerator<Told> {
  yield toldOf('everything as it should be', planted(everyHonestAct))
  yield toldOf(
    'nothing but what is set up',
    planted(() => undefined),
  )
  for (const { name, plant } of VIOLATIONS) yield toldOf(name, planted(plant))
  for (const days of [5, 8]) yield toldOf(`alone, ${days} days ago`, alone(days))
  yield toldOf('a gesture by software in production', inProduction())
  for (const days of [300, 364, 366, 367]) yield toldOf(`a key of ${days} days`, oneKeyFor(days))
}
