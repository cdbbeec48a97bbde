/** Plays a schedule in a world, heals it, and checks what was done. @module */
import { setTimeout as pause } from 'node:timers/promises'
import { check, type Checked, type Expected, type Stopped } from './check.ts'
import type { Event, Schedule, Shape } from './schedule.ts'
import { now, type World } from './world.ts'

/** REV-8: the default, which the enrolment files have. */
export const BOUND_MS = 2_000
/** How long a point may need to be back once everything is: the follower's pause, a node's start, a busy machine. */
export const RECONNECT_MS = 6_000

export const SHAPE: Shape = { points: 8, nodes: 2, revocable: 3 }
/** Three that will be revoked, two that stay, two that allow so many calls. */
const CALLS = [null, null, null, null, null, 20, 60] as const

export async function play(world: World, schedule: Schedule): Promise<Checked> {
  const delegations = await world.delegate(CALLS)
  await world.hold(delegations)
  await served(world, delegations[3]?.jti ?? '')
  const stopped: Stopped[] = []
  const pending: Promise<unknown>[] = []
  const begun = now()
  for (const event of schedule.events) {
    await pause(Math.max(0, begun + event.at - now()))
    pending.push(happen(world, event, delegations, stopped))
  }
  await pause(Math.max(0, begun + schedule.length_ms - now()))
  await Promise.all(pending)
  for (const { jkt } of world.points) world.proxy.setWeather(jkt, { kind: 'clear' })
  const healed = now()
  const until = healed + BOUND_MS + RECONNECT_MS
  const stay = delegations.slice(3, 5)
  const expected: Expected[] = world.points.flatMap(({ id: point }) =>
    stay.map(({ jti }) => ({ point, jti, t: healed, until })),
  )
  await settled(world, expected, until)
  await world.hold([])
  const caps = new Map(
    delegations.flatMap(({ jti }, i) => (CALLS[i] == null ? [] : [[jti, CALLS[i]] as const])),
  )
  return check({ acts: await world.acts(), stopped, caps, expected, bound_ms: BOUND_MS })
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

async function happen(
  world: World,
  event: Event,
  delegations: readonly { readonly jti: string }[],
  stopped: Stopped[],
): Promise<void> {
  switch (event.do) {
    case 'revoke': {
      const jti = delegations[event.delegation]?.jti ?? ''
      stopped.push({ jti, t: await world.revoke(jti) })
      return
    }
    case 'weather':
      world.proxy.setWeather(world.points[event.point]?.jkt ?? '', event.weather)
      return
    case 'route':
      world.proxy.setRoute(world.points[event.point]?.jkt ?? '', event.node)
      return
    case 'step_clock':
      world.stepClock(event.point, event.ms)
      return
    case 'freeze_point':
      world.signalPoint(event.point, 'SIGSTOP')
      await pause(event.ms)
      world.signalPoint(event.point, 'SIGCONT')
      return
    case 'kill_point':
      await world.restartPoint(event.point)
      return
    case 'freeze_node':
      world.signalNode(event.node, 'SIGSTOP')
      await pause(event.ms)
      world.signalNode(event.node, 'SIGCONT')
      return
    case 'kill_node':
      await world.restartNode(event.node, event.ms)
  }
}
