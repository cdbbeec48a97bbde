/**
 * What goes wrong when: drawn from a seed, so that a run can be had again. Times are milliseconds from the beginning of
 * the schedule.
 * @module
 */

/** How the network treats what comes on one way: to a point from the control plane, to the relay, or to a point from it. */
export type Weather =
  | { readonly kind: 'clear' }
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'drop'; readonly share: number }
  | { readonly kind: 'repeat' }
  | { readonly kind: 'reorder' }
  /** Takes everything and passes nothing on, until it lets all of it go at once: something on the way buffers. */
  | { readonly kind: 'hold' }
  | { readonly kind: 'cut' }

export type Event =
  | { readonly at: number; readonly do: 'revoke'; readonly delegation: number }
  /** At the control plane, for every point; or a file on the disk of one. */
  | { readonly at: number; readonly do: 'kill' }
  | { readonly at: number; readonly do: 'kill_by_file'; readonly point: number }
  | { readonly at: number; readonly do: 'weather'; readonly point: number; readonly weather: Weather }
  /** Before the relay, for all behind it at once. */
  | { readonly at: number; readonly do: 'weather_before_relay'; readonly weather: Weather }
  /** On one of the ways by which a point follows the relay. */
  | {
      readonly at: number
      readonly do: 'weather_behind_relay'
      readonly point: number
      readonly way: number
      readonly weather: Weather
    }
  /** What came meanwhile waits in its sockets, and is passed on when it goes on. */
  | { readonly at: number; readonly do: 'freeze_relay'; readonly ms: number }
  | { readonly at: number; readonly do: 'kill_relay'; readonly ms: number }
  | { readonly at: number; readonly do: 'route'; readonly point: number; readonly node: number }
  | { readonly at: number; readonly do: 'kill_point'; readonly point: number }
  | { readonly at: number; readonly do: 'freeze_point'; readonly point: number; readonly ms: number }
  | { readonly at: number; readonly do: 'step_clock'; readonly point: number; readonly ms: number }
  | { readonly at: number; readonly do: 'kill_node'; readonly node: number; readonly ms: number }
  | { readonly at: number; readonly do: 'freeze_node'; readonly node: number; readonly ms: number }

export interface Schedule {
  readonly seed: number
  readonly events: readonly Event[]
  /** When it all ends and the network heals. */
  readonly length_ms: number
}

export interface Shape {
  readonly points: number
  /** For each of the last points, by how many ways it follows the relay. All have a node as well. */
  readonly relayed: readonly number[]
  readonly nodes: number
  /** Delegations that may be revoked: the first so many. */
  readonly revocable: number
}

const LENGTH_MS = 3_000
/** Clocks are stepped by this much at most. */
const STEP_MAX_MS = 1_000

/** Mulberry32: small, and the same everywhere. @returns numbers in [0, 1) */
export function random(seed: number): () => number {
  let a = seed >>> 0
  return () => {
    a = (a + 0x6d2b79f5) >>> 0
    let t = Math.imul(a ^ (a >>> 15), a | 1)
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

export function scheduleOf(seed: number, shape: Shape): Schedule {
  const next = random(seed)
  const below = (n: number): number => Math.floor(next() * n)
  const at = (): number => below(LENGTH_MS)
  const weather = (): Weather => {
    const kinds: readonly Weather[] = [
      { kind: 'delay', ms: 50 + below(1_500) },
      { kind: 'drop', share: 0.1 + next() * 0.8 },
      { kind: 'repeat' },
      { kind: 'reorder' },
      { kind: 'hold' },
      { kind: 'cut' },
      { kind: 'clear' },
    ]
    return kinds[below(kinds.length)] ?? { kind: 'clear' }
  }
  const events: Event[] = []
  for (let delegation = 0; delegation < shape.revocable; delegation++) {
    events.push({ at: 300 + below(LENGTH_MS - 300), do: 'revoke', delegation })
  }
  const draw = next()
  if (draw < 0.3) events.push({ at: 300 + below(LENGTH_MS - 300), do: 'kill' })
  else if (draw < 0.6)
    events.push({ at: 300 + below(LENGTH_MS - 300), do: 'kill_by_file', point: below(shape.points) })
  for (let i = 0; i < 10; i++) {
    const [point, node] = [below(shape.points), below(shape.nodes)]
    const draw = next()
    if (draw < 0.5) events.push({ at: at(), do: 'weather', point, weather: weather() })
    else if (draw < 0.62) events.push({ at: at(), do: 'route', point, node })
    else if (draw < 0.72) events.push({ at: at(), do: 'freeze_point', point, ms: 100 + below(2_500) })
    else if (draw < 0.82)
      events.push({ at: at(), do: 'step_clock', point, ms: below(2 * STEP_MAX_MS + 1) - STEP_MAX_MS })
    else if (draw < 0.9) events.push({ at: at(), do: 'kill_point', point })
    else if (draw < 0.96) events.push({ at: at(), do: 'freeze_node', node, ms: 100 + below(2_500) })
    else events.push({ at: at(), do: 'kill_node', node, ms: below(1_000) })
  }
  for (let i = 0; i < 3; i++) {
    const behind = below(shape.relayed.length)
    const point = shape.points - shape.relayed.length + behind
    const way = below(shape.relayed[behind] ?? 1)
    const draw = next()
    if (draw < 0.3) events.push({ at: at(), do: 'weather_before_relay', weather: weather() })
    else if (draw < 0.6) events.push({ at: at(), do: 'weather_behind_relay', point, way, weather: weather() })
    else if (draw < 0.85) events.push({ at: at(), do: 'freeze_relay', ms: 100 + below(2_500) })
    else events.push({ at: at(), do: 'kill_relay', ms: below(1_000) })
  }
  return { seed, events: events.sort((a, b) => a.at - b.at), length_ms: LENGTH_MS }
}
