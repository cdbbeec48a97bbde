/**
 * An enforcement point of a simulation. What a real one does by the clock of its machine, it does when it is told: it
 * hears of revocations, tools and people, and ships. spec/simulation.md (SIM-3).
 * @module
 */
import { tryUnregistered } from '../../src/enforce/canary.ts'
import { signAck } from '../../src/revoke/ack.ts'
import { pollOnce } from '../../src/revoke/follower.ts'
import type { RevocationFeed } from '../../src/revoke/state.ts'
import type { Statement } from '../../src/revoke/statement.ts'
import type { EnforcementPoint } from '../../src/enforce/point.ts'
import type { Recorder } from '../../src/enforce/recorder.ts'
import type { Releases } from '../../src/enforce/releases.ts'
import { StreamRefused } from '../../src/ports/control-plane.ts'
import { madeUpPasskey } from '../gateway/canary.ts'
import { composePoint, PointDisk, type PointParts, type PointPlace } from './compose-point.ts'

/** A state is heard anew when it is older: calls of a moment share one question. Milliseconds. */
const FRESH_MS = 1_500

const never = new AbortController().signal

export class SimulatedPoint {
  /** Nothing goes in or out while this is set. */
  isPartitioned = false
  readonly #place: PointPlace
  readonly #disk: PointDisk
  #parts: PointParts
  #feed: RevocationFeed
  #knownAt = -Infinity

  private constructor(place: PointPlace, disk: PointDisk, parts: PointParts) {
    this.#place = place
    this.#disk = disk
    this.#parts = parts
    this.#feed = parts.state.another()
  }

  static async start(given: PointPlace): Promise<SimulatedPoint> {
    let point: SimulatedPoint | null = null
    const place = {
      ...given,
      fetch: async (...[input, init]: Parameters<typeof fetch>): Promise<Response> => {
        if (point?.isPartitioned === true) throw new TypeError('the network is cut')
        return given.fetch(input, init)
      },
    }
    const disk = new PointDisk()
    point = new SimulatedPoint(place, disk, await composePoint(place, disk))
    await point.hear()
    return point
  }

  get id(): string {
    return this.#place.file.point
  }

  get servers(): readonly string[] {
    return this.#place.file.servers
  }

  get point(): EnforcementPoint {
    return this.#parts.point
  }

  /** What it says of itself, for one that lies. */
  get recorder(): Recorder {
    return this.#parts.recorder
  }

  get releases(): Releases {
    return this.#parts.releases
  }

  /** The process ends, and another goes on with what is on its disk. */
  async restart(): Promise<void> {
    this.#parts = await composePoint(this.#place, this.#disk)
    this.#feed = this.#parts.state.another()
    await this.hear()
  }

  /** What is new of revocations, kills, whom to trust, tools, policies and data subjects. */
  async hear(): Promise<void> {
    const { trust, control, tools, subjects, keeper, domains } = this.#parts
    const asked = this.#place.clock.monotonic()
    await this.#poll()
    trust.take(await control.trust(), asked)
    await tools.load()
    await keeper.exchange()
    await subjects.read()
    await domains.tend()
    await this.#acknowledge()
    this.#knownAt = this.#place.clock.monotonic()
  }

  /** A statement is pushed to it, past the control plane. */
  async pushed(statement: Statement): Promise<void> {
    await this.#parts.desk.take(statement, 'push')
  }

  /** ENF-9. What comes of it, its receipt says. */
  async tryStranger(): Promise<void> {
    const { crypto, clock, file } = this.#place
    const { iss, rp_id, origins } = file.trust
    const rp = { rp_id, origins }
    const passkey = madeUpPasskey(crypto, rp)
    const [server = ''] = file.servers
    await tryUnregistered({ crypto, clock, point: this.point, iss, rp, server, passkey })
  }

  /** Before a call: as often as a stream would have said so. */
  async keepFresh(): Promise<void> {
    const now = this.#place.clock.monotonic()
    if (now - this.#knownAt < FRESH_MS) return
    await this.#poll()
    await this.#parts.subjects.read()
    this.#knownAt = now
  }

  /** What became of the calls so far is recorded, and what left is told. */
  async idle(): Promise<void> {
    await this.#parts.point.idle()
    await this.#parts.outputs.idle()
  }

  /** All that there is, with a signed head. */
  async ship(): Promise<void> {
    const { shipments } = this.#parts
    await this.idle()
    try {
      while (await shipments.ship());
    } catch (error) {
      if (!(error instanceof StreamRefused)) throw error
      await shipments.newEpoch()
    }
  }

  async close(): Promise<void> {
    await this.#parts.point.close()
  }

  async #poll(): Promise<void> {
    const { crypto } = this.#place
    const { state, control, point } = this.#parts
    const options = {
      crypto,
      state,
      source: control,
      feed: this.#feed,
      onEvent: ({ type }: { readonly type: string }): void => {
        if (type === 'frame' || type === 'snapshot') point.revocationsChanged()
      },
    }
    while (!(await pollOnce(options, never)));
  }

  async #acknowledge(): Promise<void> {
    const { signer, clock } = this.#place
    const { state, desk, control } = this.#parts
    const { epoch, after } = state.resume
    const standing = { epoch, head: after, kills: desk.kept }
    await control.acknowledge(signAck(signer, { v: 1, point: this.id, ...standing, t: clock.now() }))
  }
}
