/** Plays a schedule in a world, heals it, and checks what was done. @module */
import { setTimeout as pause } from 'node:timers/promises'
import { check, type Checked, type Expected, type Stopped as StoppedBy } from './check.ts'
import { now } from './patience.ts'
import type { Event, Schedule, Shape } from './schedule.ts'
import type { World } from './world.ts'

/** REV-8: the default, which the enrolment files have. */
export const BOUND_MS = 2_000
/** How long a point may need to be back once everything is: the follower's pause, a node's start, a busy machine. */
export const RECONNECT_MS = 6_000

/** Three follow the relay, one of them by two ways at once; each has a node as well, for when the relay keeps it stale. */
export const SHAPE: Shape = { points: 8, relayed: [1, 1, 2], nodes: 2, revocable: 3 }
/** Of one that was killed: by which kill. */
interface Stopped extends StoppedBy {
  readonly kill?: string
}

/** Three that will be revoked, two that stay, two that allow so many calls. */
const CALLS = [null, null, null, null, null, 20, 60] as const
/** After them, to the agent that kills are about. */
const KILLABLE = [null, null] as const

/** Of the log that holds all receipts of the world up to here. */
export interface Played extends Checked {
  readonly words: readonly string[]
  readonly entries: number
  readonly allowed: number
}

export async function play(world: World, schedule: Schedule): Promise<Played> {
  const from_ms = Date.now()
  const [delegations, killable] = await Promise.all([
    world.delegate('restless', CALLS),
    world.delegate('killed', KILLABLE),
  ])
  await world.hold(delegations, killable)
  await served(world, delegations[3]?.jti ?? '')
  const stopped = await storm(world, schedule, { delegations, killable })
  await heal(world)
  const healed = now()
  const until = healed + BOUND_MS + RECONNECT_MS
  const stay = delegations.slice(3, 5)
  const expected: Expected[] = world.points.flatMap(({ id: point }) =>
    stay.map(({ jti }) => ({ point, jti, t: healed, until })),
  )
  await settled(world, expected, until)
  await world.hold([])
  const acts = await world.acts()
  await world.people.lift([...new Set(stopped.flatMap(({ kill }) => kill ?? []))])
  const caps = new Map(
    delegations.flatMap(({ jti }, i) => (typeof CALLS[i] === 'number' ? [[jti, CALLS[i]] as const] : [])),
  )
  const checked = check({ acts, stopped, caps, expected, bound_ms: BOUND_MS })
  const judged = await world.judged(from_ms, acts)
  const faults = [...checked.faults, ...judged.faults]
  const words = faults.length === 0 ? [] : await world.lastWords(stay[0]?.jti ?? '')
  return { ...judged, worst_allow_after_ms: checked.worst_allow_after_ms, faults, words }
}

/** @returns who was stopped in it */
async function storm(world: World, { events, length_ms }: Schedule, held: Delegated): Promise<Stopped[]> {
  const stopped: Stopped[] = []
  const pending: Promise<unknown>[] = []
  const begun = now()
  for (const event of events) {
    await pause(Math.max(0, begun + event.at - now()))
    const happened = happen(world, event, held, stopped)
    happened.catch(() => undefined) // it is told of at the end
    pending.push(happened)
  }
  await pause(Math.max(0, begun + length_ms - now()))
  await Promise.all(pending)
  return stopped
}

async function heal(world: World): Promise<void> {
  const ways = [
    ...world.points.flatMap(({ enrolled, ways: more }) => [enrolled.jkt, ...more]),
    world.relay.jkt,
  ]
  for (const way of ways) world.proxy.setWeather(way, { kind: 'clear' })
  await world.allUp()
}

/** Every point has let something through: the schedule starts from peace. */
async function served(world: World, jti: string): Promise<void> {
  const began = now()
  await settled(
    world,
    world.points.map(({ id: point }) => ({ point, jti, t: began, until: Infinity })),
    began + 20_000,
  )
}

/** Waits until all of it has come, or until then. */
async function settled(world: World, expected: readonly Expected[], until: number): Promise<void> {
  while (now() < until) {
    const acts = await world.acts()
    const isMissing = ({ point, jti, t }: Expected): boolean =>
      !acts.some((act) => act.point === point && act.jti === jti && act.t >= t)
    if (!expected.some(isMissing)) return
    await pause(100)
  }
}

interface Delegated {
  readonly delegations: readonly { readonly jti: string }[]
  readonly killable: readonly { readonly jti: string }[]
}

async function happen(world: World, event: Event, held: Delegated, stopped: Stopped[]): Promise<void> {
  switch (event.do) {
    case 'revoke': {
      const jti = held.delegations[event.delegation]?.jti ?? ''
      stopped.push({ jti, t: await world.people.revoke(jti) })
      return
    }
    case 'kill': {
      const { kill, t } = await world.people.kill()
      for (const { jti } of held.killable) stopped.push({ jti, t, kill })
      return
    }
    case 'kill_by_file': {
      const { enrolled } = world.point(event.point)
      const { kill, t } = await world.people.killByFile(enrolled)
      const point = enrolled.id
      for (const { jti } of held.killable) stopped.push({ jti, t, kill, point })
      return
    }
    case 'weather':
      world.proxy.setWeather(world.point(event.point).enrolled.jkt, event.weather)
      return
    case 'route':
      world.proxy.setRoute(world.point(event.point).enrolled.jkt, event.node)
      return
    case 'step_clock':
      world.point(event.point).stepClock(event.ms)
      return
    case 'weather_before_relay':
      world.proxy.setWeather(world.relay.jkt, event.weather)
      return
    case 'weather_behind_relay':
      world.proxy.setWeather(world.point(event.point).ways[event.way] ?? '', event.weather)
      return
    case 'freeze_point':
      await frozen(event.ms, (signal) => world.point(event.point).signal(signal))
      return
    case 'kill_point':
      await world.point(event.point).restart()
      return
    case 'freeze_node':
      await frozen(event.ms, (signal) => world.signalNode(event.node, signal))
      return
    case 'kill_node':
      await world.restartNode(event.node, event.ms)
      return
    case 'freeze_relay':
      await frozen(event.ms, (signal) => world.relay.signal(signal))
      return
    case 'kill_relay':
      await world.relay.restart(event.ms)
  }
}

async function frozen(ms: number, send: (signal: NodeJS.Signals) => void): Promise<void> {
  send('SIGSTOP')
  await pause(ms)
  send('SIGCONT')
}
