/**
 * Whatever comes by whatever path, in whatever order: a state that says how old it is has everything that was committed
 * before that, forgets nothing that was verified, and denies nothing that was not. Against a model of plain sets.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SettableClock, World } from '../../test/fixtures/tokens.ts'
import {
  frameHash,
  signFrame,
  signHeartbeat,
  signTime,
  type SignedFrame,
  type SignedHeartbeat,
  type SignedTime,
} from './frame.ts'
import { markOf, MarkTable } from './marks.ts'
import { bodyDigest, signSnapshot } from './snapshot.ts'
import { RevocationState, type Applied, type RevocationFeed } from './state.ts'

const w = new World()
const signer = w.signer('frames')
const thief = w.signer('thief')
const FEEDS = 3
const RUNS = 150

const kinds = ['delegation', 'person', 'consent', 'agent', 'key', 'issuer', 'tool'] as const
type Named = { readonly kind: (typeof kinds)[number]; readonly handle: string }
const nameOf = ({ kind, handle }: Named): string => `${kind} ${handle}`

/** A control plane with a clock of its own, and a point with several paths to it, all of them in hostile hands. */
class Sides {
  readonly clock = new SettableClock()
  /** How much faster the point's oscillator is. */
  readonly drift: number
  plane_ms = 1_700_000_000_000
  readonly frames: SignedFrame[] = []
  readonly beats: SignedHeartbeat[] = []
  readonly nonces: string[] = []
  readonly answers: SignedTime[] = []
  readonly state: RevocationState
  readonly feeds: RevocationFeed[]
  /** What the point was given with a good signature. */
  readonly known = new Set<string>()
  /** What it was given with none, by the feeds that were not resumed since. */
  readonly forged = Array.from({ length: FEEDS }, () => new Set<string>())

  constructor(drift: number) {
    this.drift = drift
    this.state = new RevocationState({ crypto: w.crypto, frameKey: signer.publicJwk, clock: this.clock })
    this.feeds = [this.state, this.state.another(), this.state.another()]
    this.connect(0)
    this.feeds[0]?.applyTime(signTime(signer, this.nonces[0] ?? '', this.plane_ms))
  }

  commit(kind: Named['kind']): void {
    const seq = this.frames.length + 1
    const handle = `h${seq}`
    const frame = { epoch: 1, seq, prev: this.hashAt(seq - 1), kind, handle, reason: '', t: this.plane_ms }
    this.frames.push(signFrame(signer, frame))
  }

  hashAt(seq: number): string {
    const signed = this.frames[seq - 1]
    return signed === undefined ? '' : frameHash(w.crypto, signed.frame)
  }

  beat(by = signer): SignedHeartbeat {
    const head = this.frames.length
    return signHeartbeat(by, { epoch: 1, head, head_hash: this.hashAt(head), t: this.plane_ms })
  }

  connect(feed: number): void {
    const nonce = `${this.nonces.length}`.padStart(24, 'n')
    this.nonces.push(nonce)
    this.forged[feed]!.clear()
    this.feeds[feed]!.connecting(nonce)
  }

  deliver(feed: number, signed: SignedFrame): void {
    const before = this.state.resume.after
    const good = this.frames[signed.frame.seq - 1]?.sig === signed.sig && !this.isTampered(signed)
    this.feeds[feed]!.applyFrame(signed)
    const named = signed.frame as Named
    if (good) this.known.add(nameOf(named))
    else if (signed.frame.seq > before) this.forged[feed]!.add(nameOf(named))
  }

  isTampered({ frame }: SignedFrame): boolean {
    return JSON.stringify(frame) !== JSON.stringify(this.frames[frame.seq - 1]?.frame)
  }

  /** @param bend 0 for a good one */
  snapshot(feed: number, head: number, bend: number): void {
    const table = new MarkTable()
    for (const { frame } of this.frames.slice(0, head)) table.add(markOf(w.crypto, frame))
    const body = table.sorted()
    const signed = signSnapshot(bend === 1 ? thief : signer, {
      v: 1,
      epoch: 1,
      head,
      head_hash: this.hashAt(head),
      t: this.plane_ms,
      count: table.size,
      digest: bodyDigest(w.crypto, body),
      kills: [],
      lifts: [],
    })
    const given = bend === 2 ? body.subarray(0, Math.max(0, body.length - 16)) : body
    const lie = bend === 3 ? { ...signed, snapshot: { ...signed.snapshot, head: head + 1 } } : signed
    const applied: Applied = this.feeds[feed]!.applySnapshot(lie, given)
    if (applied === 'applied')
      for (const { frame } of this.frames.slice(0, head)) this.known.add(nameOf(frame as Named))
  }

  /** Both clocks go on, each in its own way. */
  advance(ms: number): void {
    this.plane_ms += ms
    this.clock.advance(ms * (1 + this.drift))
  }

  /** What is wrong with the state, if anything. */
  faults(): string[] {
    const isRevoked = (named: Named): boolean => this.state.isRevoked(named)
    const freshness = this.state.freshness()
    return this.frames.flatMap(({ frame }) => {
      const named = frame as Named
      const name = nameOf(named)
      if (isRevoked(named)) {
        const isMeant = this.known.has(name) || this.forged.some((each) => each.has(name))
        return isMeant ? [] : [`${name} was made up`]
      }
      // A millisecond for what is rounded off.
      const isMissed = freshness !== null && frame.t < this.plane_ms - freshness.age_ms - 1
      return [
        ...(this.known.has(name) ? [`${name} was forgotten`] : []),
        ...(isMissed ? [`${name} is missing at an age of ${freshness.age_ms} ms`] : []),
      ]
    })
  }
}

const feed = fc.nat(FEEDS - 1)
const any = fc.nat(1_000)
const op = fc.oneof(
  fc.record({ op: fc.constant('commit'), kind: fc.constantFrom(...kinds) }),
  fc.record({ op: fc.constantFrom('next', 'next', 'beat', 'forgedBeat', 'connect', 'forge'), feed }),
  fc.record({ op: fc.constantFrom('any', 'tamper', 'replayBeat', 'answer', 'replayAnswer'), feed, any }),
  fc.record({ op: fc.constant('snapshot'), feed, any, bend: fc.nat(3) }),
  fc.record({ op: fc.constant('advance'), ms: fc.nat(3_000) }),
  fc.record({ op: fc.constant('hold') }),
)
const history = fc.array(op, { minLength: 10, maxLength: 100, size: 'max' })
type Op = Partial<{ kind: Named['kind']; feed: number; any: number; bend: number; ms: number }> & {
  op: string
}

function pick<T>(from: readonly T[], any: number): T | undefined {
  return from[any % Math.max(1, from.length)]
}

function apply(
  sides: Sides,
  { op: name, kind = 'key', feed: at = 0, any: n = 0, bend = 0, ms = 0 }: Op,
): void {
  const path = sides.feeds[at]!
  switch (name) {
    case 'commit':
      return sides.commit(kind)
    case 'advance':
      return sides.advance(ms)
    case 'connect':
      return sides.connect(at)
    case 'hold':
      return void sides.beats.push(sides.beat())
    case 'beat': {
      const beat = sides.beat()
      sides.beats.push(beat)
      return void path.applyHeartbeat(beat)
    }
    case 'forgedBeat':
      return void path.applyHeartbeat(sides.beat(thief))
    case 'replayBeat': {
      const beat = pick(sides.beats, n)
      return beat && void path.applyHeartbeat(beat)
    }
    case 'next': {
      const next = sides.frames[path.resume.after]
      return next && sides.deliver(at, next)
    }
    case 'any': {
      const frame = pick(sides.frames, n)
      return frame && sides.deliver(at, frame)
    }
    case 'tamper': {
      const frame = pick(sides.frames, n)
      return frame && sides.deliver(at, { ...frame, frame: { ...frame.frame, handle: `lie${n}` } })
    }
    case 'forge': {
      const seq = path.resume.after + 1
      const prev = sides.hashAt(path.resume.after)
      const frame = { epoch: 1, seq, prev, kind: 'key', handle: 'h1', reason: '', t: sides.plane_ms } as const
      return sides.deliver(at, signFrame(thief, frame))
    }
    case 'answer': {
      const nonce = pick(sides.nonces, n)
      if (nonce === undefined) return
      const answer = signTime(signer, nonce, sides.plane_ms)
      sides.answers.push(answer)
      return void path.applyTime(answer)
    }
    case 'replayAnswer': {
      const answer = pick(sides.answers, n)
      return answer && void path.applyTime(answer)
    }
    case 'snapshot':
      return sides.snapshot(at, n % (sides.frames.length + 1), bend)
  }
}

test('is never fresh while it misses a frame, and never forgets or makes up one', () => {
  let fresh = 0
  fc.assert(
    fc.property(history, fc.double({ min: -190e-6, max: 190e-6, noNaN: true }), (ops, drift) => {
      const sides = new Sides(drift)
      for (const each of ops) {
        apply(sides, each)
        expect(sides.faults()).toEqual([])
        if (sides.state.freshness() !== null) fresh++
      }
    }),
    { numRuns: RUNS },
  )
  expect(fresh).toBeGreaterThan(RUNS) // or nothing was tested
}, 60_000)

test('is fresh, with everything, as soon as one path tells the truth, whatever the others told', () => {
  fc.assert(
    fc.property(history, feed, (ops, honest) => {
      const sides = new Sides(0)
      for (const each of ops) apply(sides, each)
      const path = sides.feeds[honest]!
      sides.connect(honest)
      path.applyTime(signTime(signer, sides.nonces.at(-1)!, sides.plane_ms))
      for (const frame of sides.frames.slice(path.resume.after)) sides.deliver(honest, frame)
      path.applyHeartbeat(sides.beat())
      expect(sides.state.freshness()).toMatchObject({ head: sides.frames.length })
      expect(sides.state.freshness()?.age_ms).toBeLessThanOrEqual(2)
      for (const { frame } of sides.frames) expect(sides.state.isRevoked(frame)).toBe(true)
    }),
    { numRuns: RUNS },
  )
}, 60_000)
