/**
 * The bound when the network fails: complete points are cut from the control plane in several ways as something is
 * revoked, and go on calling.
 * @module
 */
import { readFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { Proxy } from '../../test/fault/revocation/proxy.ts'
import type { Weather } from '../../test/fault/revocation/schedule.ts'
import { round } from '../measure.ts'
import { openPlant, type Plant } from './plant.ts'
import { Points } from './workers.ts'

export interface PartitionFigures {
  /** Of the points' enrolment files (REV-8). */
  readonly bound_ms: number
  /** The last call of a revoked chain that any of them handed over, after the acknowledgement. */
  readonly worst_allow_after_ms: number
  readonly points: number
  readonly rounds: number
  /** The worst of those whose network was held up, slow, and cut. */
  readonly worst_by_network_ms: Readonly<Record<string, number>>
}

const POINTS = 50
/** 50 points together: one call every 5 ms. Many more, and the server is busy with receipts when it is to revoke. */
const CALL_EVERY_MS = 250
/** Longer than the bound: what comes this late was too late. */
const SLOW_MS = 4_000
/** REV-4. */
const HEARTBEATS_MS = 500
/** After the last denial, to see that nothing is allowed any more. */
const WATCH_MS = 500
const CLEAR: Weather = { kind: 'clear' }
const WEATHERS: readonly Weather[] = [{ kind: 'hold' }, { kind: 'delay', ms: SLOW_MS }, { kind: 'cut' }]

export async function measurePartition(rounds: number): Promise<PartitionFigures> {
  const proxy = new Proxy(Math.random)
  await proxy.listen()
  let plant: Plant | undefined
  const points = new Points()
  try {
    plant = await openPlant(POINTS, (node) => {
      proxy.setNode(0, node)
      return proxy.url
    })
    await points.open(plant)
    const worst = new Map<string, number>()
    for (let i = 0; i < rounds; i++) await partition(plant, points, proxy, i, worst)
    return {
      bound_ms: await boundOf(plant),
      worst_allow_after_ms: Math.max(...worst.values()),
      points: POINTS,
      rounds,
      worst_by_network_ms: Object.fromEntries(worst),
    }
  } finally {
    await points.end()
    await plant?.remove()
    await proxy.close()
  }
}

async function partition(
  plant: Plant,
  points: Points,
  proxy: Proxy,
  turn: number,
  worst: Map<string, number>,
): Promise<void> {
  const target = await plant.target()
  await points.hold(target, CALL_EVERY_MS)
  const weatherOf = new Map(
    plant.points.map((point, i) => [point.id, WEATHERS[(i + turn) % WEATHERS.length] ?? CLEAR]),
  )
  // Anywhere between two heartbeats: right after one, all of the bound is still to come.
  await pause(HEARTBEATS_MS * (1 + Math.random()))
  const denied = points.denied()
  for (const { id, jkt } of plant.points) proxy.setWeather(jkt, weatherOf.get(id) ?? CLEAR)
  const { acknowledged } = await plant.revoke('key', target.jkt)
  await denied
  await pause(WATCH_MS)
  for (const { id, last_allow } of await points.stop()) {
    const { kind } = weatherOf.get(id) ?? CLEAR
    const after_ms = round(last_allow - acknowledged)
    worst.set(kind, Math.max(worst.get(kind) ?? -Infinity, after_ms))
  }
  for (const { jkt } of plant.points) proxy.setWeather(jkt, CLEAR)
}

async function boundOf(plant: Plant): Promise<number> {
  const texts = await Promise.all(plant.points.map(({ file }) => readFile(file, 'utf8')))
  const bounds = texts.map((text) => z.looseObject({ bound_ms: z.int() }).parse(JSON.parse(text)).bound_ms)
  return Math.max(...bounds)
}
