import { beforeEach, describe, expect, test } from 'vitest'
import { SettableClock, World } from '../../test/fixtures/tokens.ts'
import { frameHash, signFrame, signHeartbeat, signTime, type Frame, type SignedFrame } from './frame.ts'
import { toolVersion } from './marks.ts'
import { RevocationState, TIME_RENEW_MS } from './state.ts'

const w = new World()
const signer = w.signer('frames')
const thief = w.signer('thief')
const NONCE = 'AAAAAAAAAAAAAAAAAAAAAAAA'

let clock: SettableClock
let state: RevocationState
/** The control plane's clock runs 5 s ahead of ours: ages must not depend on that. */
const plane = (): number => clock.wall + 5000

function frames(count: number, epoch = 1): SignedFrame[] {
  const out: SignedFrame[] = []
  for (let seq = 1; seq <= count; seq++) {
    const previous = out.at(-1)
    const prev = previous === undefined ? '' : frameHash(w.crypto, previous.frame)
    out.push(
      signFrame(signer, {
        epoch,
        seq,
        prev,
        kind: 'delegation',
        handle: `dlg_${seq}`,
        reason: 'test',
        t: plane(),
      }),
    )
  }
  return out
}
const connect = (): void => {
  state.connecting(NONCE)
  expect(state.applyTime(signTime(signer, NONCE, plane()))).toBe('applied')
}
const isRevoked = (seq: number): boolean => state.isRevoked({ kind: 'delegation', handle: `dlg_${seq}` })
/** Frames of one clock time, so that hashes agree with those of heartbeats made later. */
let fixed: SignedFrame[]

beforeEach(() => {
  clock = new SettableClock()
  state = new RevocationState({ crypto: w.crypto, frameKey: signer.publicJwk, clock })
  fixed = frames(3)
})
const beat = (head: number, t = plane()) =>
  signHeartbeat(signer, {
    epoch: 1,
    head,
    head_hash: head === 0 ? '' : frameHash(w.crypto, fixed[head - 1]!.frame),
    t,
  })

describe("a jump of the control plane's clock", () => {
  test('back makes the state stale, also after a new time answer, until it has caught up', () => {
    connect()
    state.applyHeartbeat(beat(0))
    const last = plane()
    expect(state.freshness()).not.toBeNull()
    clock.advance(1_000)
    const back = last - 3_600_000
    state.expectTime(NONCE)
    state.applyTime(signTime(signer, NONCE, back))
    state.applyHeartbeat(beat(0, back))
    expect(state.freshness()).toBeNull()
    expect(state.needsTime()).toBe(true)
    state.expectTime(NONCE)
    state.applyTime(signTime(signer, NONCE, last + 10))
    state.applyHeartbeat(beat(0, last + 10))
    expect(state.freshness()?.age_ms).toBe(0)
  })

  test('forward makes it stale until a new time answer, and never fresh for as long as it jumped', () => {
    connect()
    const ahead = plane() + 3_600_000
    state.applyHeartbeat(beat(0, ahead))
    expect(state.freshness()).toBeNull()
    expect(state.needsTime()).toBe(true)
    state.expectTime(NONCE)
    state.applyTime(signTime(signer, NONCE, ahead + 5))
    expect(state.freshness()?.age_ms).toBe(5)
  })

  test('of less than a quarter of a second either way is lived with', () => {
    connect()
    state.applyHeartbeat(beat(0, plane() + 200))
    expect(state.freshness()?.age_ms).toBe(0)
  })
})

describe('freshness', () => {
  test('needs a time answer and a heartbeat', () => {
    expect(state.freshness()).toBeNull()
    state.connecting(NONCE)
    expect(state.applyHeartbeat(beat(0))).toBe('applied')
    expect(state.freshness()).toBeNull()
    expect(state.applyTime(signTime(signer, NONCE, plane()))).toBe('applied')
    expect(state.freshness()).toEqual({ epoch: 1, head: 0, t: plane(), age_ms: 0 })
  })

  test('ages with the monotonic clock and 200 ppm of drift, whatever the other clock shows', () => {
    connect()
    state.applyHeartbeat(beat(0))
    clock.advance(1000)
    expect(state.freshness()?.age_ms).toBe(1001) // 1000.2, rounded up
    clock.advance(9000)
    expect(state.freshness()?.age_ms).toBe(10_002)
    state.applyHeartbeat(beat(0))
    expect(state.freshness()?.age_ms).toBe(2) // the drift since the time answer
  })

  test('counts the time of the round trip as age: the answer may be as old as the question', () => {
    state.connecting(NONCE)
    const answer = signTime(signer, NONCE, plane())
    const sent = beat(0)
    clock.advance(800)
    state.applyTime(answer)
    state.applyHeartbeat(sent)
    expect(state.freshness()?.age_ms).toBe(801)
  })

  test('is never less than zero, and a heartbeat held back is old when it comes', () => {
    connect()
    const held = beat(0)
    clock.advance(1500)
    state.applyHeartbeat(held)
    expect(state.freshness()?.age_ms).toBe(1501)
    state.applyHeartbeat(beat(0, plane() + 99))
    expect(state.freshness()?.age_ms).toBe(0)
  })

  test('is not renewed by a heartbeat of before', () => {
    connect()
    const old = beat(0)
    clock.advance(500)
    state.applyHeartbeat(beat(0))
    expect(state.applyHeartbeat(old)).toBe('applied')
    expect(state.freshness()?.age_ms).toBe(1)
  })

  test('is lost when wall and monotonic clock come apart by more than 250 ms, and regained with a new time answer', () => {
    const there = plane() // where no clock jumps
    for (const jump of [251, -251]) {
      state.connecting(NONCE)
      state.applyTime(signTime(signer, NONCE, there))
      state.applyHeartbeat(beat(0, there))
      clock.wall += Math.sign(jump) * 250
      expect(state.freshness()).not.toBeNull()
      expect(state.needsTime()).toBe(false)
      clock.wall += Math.sign(jump)
      expect(state.freshness()).toBeNull()
      expect(state.needsTime()).toBe(true)
      state.expectTime(NONCE)
      state.applyTime(signTime(signer, NONCE, there))
      state.applyHeartbeat(beat(0, there))
      expect(state.freshness()).not.toBeNull()
    }
  })

  test('a question that was held up makes it look older, until a better answer that is soon asked for', () => {
    const answered = (after_ms: number): void => {
      state.expectTime(NONCE)
      clock.advance(after_ms)
      state.applyTime(signTime(signer, NONCE, plane()))
      state.applyHeartbeat(beat(0))
    }
    answered(2300)
    expect(state.freshness()?.age_ms).toBeGreaterThanOrEqual(2300)
    expect(state.needsTime()).toBe(false)
    clock.advance(500)
    expect(state.needsTime()).toBe(true)
    answered(2400) // no better: the one before is kept
    expect(state.freshness()?.age_ms).toBeLessThanOrEqual(2302)
    clock.advance(999)
    expect(state.needsTime()).toBe(false)
    clock.advance(1)
    expect(state.needsTime()).toBe(true)
    answered(20)
    expect(state.freshness()?.age_ms).toBeLessThanOrEqual(21)
    clock.advance(60_000)
    expect(state.needsTime()).toBe(false)
  })

  test('where every answer takes long, a better one is asked for ever more rarely', () => {
    const asked = (took_ms: number): number[] =>
      Array.from({ length: 12 }, () => {
        state.expectTime(NONCE)
        clock.advance(took_ms)
        state.applyTime(signTime(signer, NONCE, plane()))
        let waited = 0
        for (; !state.needsTime(); waited += 500) clock.advance(500)
        return waited
      })
    expect(asked(600)).toEqual([500, 1000, 2000, 4000, 8000, 16000, 32000, ...Array<number>(5).fill(60_000)])
    state = new RevocationState({ crypto: w.crypto, frameKey: signer.publicJwk, clock })
    expect(asked(1500)).toEqual([500, 1000, 2000, ...Array<number>(9).fill(4000)])
  })

  test('is lost without a time answer in twice ten minutes', () => {
    expect(state.needsTime()).toBe(true)
    connect()
    expect(state.needsTime()).toBe(false)
    clock.advance(TIME_RENEW_MS + 1)
    state.applyHeartbeat(beat(0))
    expect(state.needsTime()).toBe(true)
    expect(state.freshness()).not.toBeNull()
    clock.advance(TIME_RENEW_MS)
    state.applyHeartbeat(beat(0))
    expect(state.freshness()).toBeNull()
  })
})

describe('time answers', () => {
  test('count once, for the nonce that was sent, under the right key', () => {
    expect(state.applyTime(signTime(signer, NONCE, 1))).toBe('ignored') // nothing was asked
    state.connecting(NONCE)
    expect(state.applyTime(signTime(signer, 'BBBBBBBBBBBBBBBBBBBBBBBB', plane()))).toBe('ignored')
    expect(state.applyTime(signTime(thief, NONCE, plane()))).toBe('rejected')
    const answer = signTime(signer, NONCE, plane())
    expect(state.applyTime({ ...answer, time: { ...answer.time, t0: answer.time.t0 - 1 } })).toBe('rejected')
    expect(state.applyTime(answer)).toBe('applied')
    expect(state.applyTime(answer)).toBe('ignored')
  })
})

describe('heartbeats', () => {
  beforeEach(() => {
    connect()
    state.applyFrame(fixed[0]!)
    state.applyFrame(fixed[1]!)
    state.applyHeartbeat(beat(2))
  })

  test('that are ahead say nothing yet: frames are on their way', () => {
    clock.advance(400)
    expect(state.applyHeartbeat(beat(3))).toBe('ignored')
    expect(state.freshness()).toMatchObject({ head: 2, age_ms: 401 })
    state.applyFrame(fixed[2]!)
    expect(state.applyHeartbeat(beat(3))).toBe('applied')
    expect(state.freshness()).toMatchObject({ head: 3, age_ms: 1 })
  })

  test.each([
    ['behind', () => beat(1)],
    ['of another epoch', () => signHeartbeat(signer, { ...beat(2).heartbeat, epoch: 2 })],
    [
      'of another history',
      () => signHeartbeat(signer, { ...beat(2).heartbeat, head_hash: frameHash(w.crypto, fixed[0]!.frame) }),
    ],
    ['that another key signed', () => signHeartbeat(thief, beat(2).heartbeat)],
    [
      'whose time was changed',
      () => ({ ...beat(2), heartbeat: { ...beat(2).heartbeat, t: plane() + 60_000 } }),
    ],
    ['whose signature is no base64url', () => ({ ...beat(2), sig: '=' })],
  ])('%s make the state stale until the stream is resumed', (_, bad) => {
    expect(state.applyHeartbeat(bad())).toBe('rejected')
    expect(state.freshness()).toBeNull()
    expect(state.applyHeartbeat(beat(2))).toBe('rejected')
    expect(state.freshness()).toBeNull()
    connect()
    expect(state.freshness()).toBeNull()
    state.applyHeartbeat(beat(2))
    expect(state.freshness()).not.toBeNull()
  })

  test('signed as something else are no heartbeats', () => {
    const { frame, sig } = signFrame(signer, beat(2).heartbeat as unknown as Frame)
    expect(state.applyHeartbeat({ heartbeat: frame as never, sig })).toBe('rejected')
  })
})

describe('frames', () => {
  beforeEach(connect)

  test('revoke for ever what they name, and nothing else', () => {
    for (const frame of fixed) expect(state.applyFrame(frame)).toBe('applied')
    expect([1, 2, 3, 4].map(isRevoked)).toEqual([true, true, true, false])
    expect(state.isRevoked({ kind: 'agent', handle: 'dlg_1' })).toBe(false)
    expect(state.resume).toEqual({ epoch: 1, after: 3 })
    state.connecting(NONCE)
    expect(isRevoked(1)).toBe(true)
  })

  test('that are repeated change nothing', () => {
    for (const frame of fixed) state.applyFrame(frame)
    state.applyHeartbeat(beat(3))
    expect(state.applyFrame(fixed[0]!)).toBe('ignored')
    expect(state.applyFrame(fixed[2]!)).toBe('ignored')
    expect(state.freshness()).not.toBeNull()
  })

  test('that are forged deny on arrival, make the state stale, and are forgotten when the stream is resumed', () => {
    state.applyHeartbeat(beat(0))
    expect(state.applyFrame(signFrame(thief, fixed[0]!.frame))).toBe('rejected')
    expect(isRevoked(1)).toBe(true)
    expect(state.freshness()).toBeNull()
    expect(state.resume).toEqual({ epoch: 1, after: 0 })
    state.applyHeartbeat(beat(0))
    expect(state.freshness()).toBeNull()
    connect()
    state.applyHeartbeat(beat(0))
    expect(isRevoked(1)).toBe(false)
    expect(state.freshness()).not.toBeNull()
  })

  test.each<[string, () => SignedFrame]>([
    ['leave a gap', () => fixed[2]!],
    ['follow another frame', () => signFrame(signer, { ...fixed[1]!.frame, prev: '' })],
    ['are of another epoch', () => signFrame(signer, { ...fixed[1]!.frame, epoch: 2 })],
  ])('that %s deny on arrival and make the state stale, though they are signed', (_, bad) => {
    state.applyFrame(fixed[0]!)
    state.applyHeartbeat(beat(1))
    expect(state.applyFrame(bad())).toBe('rejected')
    expect(isRevoked(bad().frame.seq)).toBe(true)
    expect(state.freshness()).toBeNull()
    expect(state.resume).toEqual({ epoch: 1, after: 1 })
  })

  test('that arrive after a forged one still count', () => {
    state.applyFrame(signFrame(thief, fixed[0]!.frame))
    expect(state.applyFrame(fixed[0]!)).toBe('applied')
    connect()
    expect(isRevoked(1)).toBe(true)
  })
})

describe('what is revoked', () => {
  const frameOf = (kind: Frame['kind'], handle: string): SignedFrame => {
    const { epoch, after } = state.resume
    return signFrame(signer, {
      epoch: epoch || 1,
      seq: after + 1,
      prev: last === null ? '' : frameHash(w.crypto, last.frame),
      kind,
      handle,
      reason: '',
      t: plane(),
    })
  }
  let last: SignedFrame | null
  const revoke = (kind: Frame['kind'], handle: string): void => {
    last = frameOf(kind, handle)
    expect(state.applyFrame(last)).toBe('applied')
  }
  beforeEach(() => {
    last = null
    connect()
  })

  test('of a chain is found anew after each frame, for the same object', () => {
    const handles = [
      { kind: 'issuer', handle: 'k' },
      { kind: 'agent', handle: 'a' },
    ] as const
    expect(state.isAnyRevoked(handles)).toBe(false)
    revoke('agent', 'b')
    expect(state.isAnyRevoked(handles)).toBe(false)
    revoke('agent', 'a')
    expect([state.isAnyRevoked(handles), state.isAnyRevoked(handles)]).toEqual([true, true])
  })

  test('by a forged frame is so until the path is resumed', () => {
    const handles = [{ kind: 'key', handle: 'x' }] as const
    expect(state.isAnyRevoked(handles)).toBe(false)
    state.applyFrame(signFrame(thief, frameOf('key', 'x').frame))
    expect(state.isAnyRevoked(handles)).toBe(true)
    connect()
    expect(state.isAnyRevoked(handles)).toBe(false)
  })

  test('as a consent is not so as a person, nor the other way round', () => {
    revoke('consent', 'rev_1')
    revoke('person', 'rev_2')
    expect(state.isAnyRevoked([{ kind: 'consent', handle: 'rev_1' } as const])).toBe(true)
    expect(state.isAnyRevoked([{ kind: 'person', handle: 'rev_1' } as const])).toBe(false)
    expect(state.isRevoked({ kind: 'consent', handle: 'rev_2' })).toBe(false)
  })

  test('of a tool is one version of it', () => {
    const hash = 'd'.repeat(43)
    expect(state.isToolRevoked('files', 'read', hash)).toBe(false)
    revoke('tool', toolVersion(w.crypto, 'files', 'read', hash))
    expect(state.isToolRevoked('files', 'read', hash)).toBe(true)
    expect(state.isToolRevoked('files', 'read', 'e'.repeat(43))).toBe(false)
    expect(state.isToolRevoked('files', 'read', hash)).toBe(true)
    expect(state.isToolRevoked('mail', 'read', hash)).toBe(false)
  })

  test('stays so under a new frame key, which alone is heard from then on', () => {
    revoke('key', 'before')
    const old = frameOf('key', 'by the old key')
    const next = w.signer('frames 2')
    const newBeat = signHeartbeat(next, {
      epoch: 2,
      head: 1,
      head_hash: frameHash(w.crypto, last!.frame),
      t: plane(),
    })
    state.useFrameKey(next.publicJwk, 2)
    expect([state.isRevoked({ kind: 'key', handle: 'before' }), state.freshness()]).toEqual([true, null])
    expect(state.applyHeartbeat(newBeat)).toBe('rejected') // the stream is resumed first
    state.connecting(NONCE)
    expect(state.applyTime(signTime(signer, NONCE, plane()))).toBe('rejected')
    expect(state.applyTime(signTime(next, NONCE, plane()))).toBe('applied')
    expect(state.applyHeartbeat(newBeat)).toBe('applied')
    expect(state.freshness()).toMatchObject({ epoch: 2, head: 1 })
    expect(state.applyFrame(old)).toBe('rejected')
    state.connecting(NONCE)
    expect(state.applyFrame(signFrame(next, { ...old.frame, epoch: 2 }))).toBe('applied')
  })
})

describe('a second path', () => {
  test('that lies does not make the first one stale, and one that is slower is no fault', () => {
    connect()
    const second = state.another()
    second.connecting('B'.repeat(24))
    state.applyFrame(fixed[0]!)
    state.applyHeartbeat(beat(1))
    expect(second.applyHeartbeat(beat(0))).toBe('ignored')
    expect(second.applyFrame(signFrame(thief, fixed[1]!.frame))).toBe('rejected')
    expect(isRevoked(2)).toBe(true)
    expect(state.freshness()).toMatchObject({ head: 1 })
    second.connecting('C'.repeat(24))
    expect(isRevoked(2)).toBe(false)
  })

  test('that holds time answers back does not age what the first one told', () => {
    connect()
    const second = state.another()
    second.connecting('B'.repeat(24))
    clock.advance(1_500)
    expect(second.applyTime(signTime(signer, 'B'.repeat(24), plane()))).toBe('applied')
    state.applyHeartbeat(beat(0))
    expect(state.freshness()?.age_ms).toBeLessThan(2)
  })
})

test('the hash of a frame covers all of it', () => {
  const { frame } = frames(1)[0]!
  const hashes = [frame, { ...frame, handle: 'x' }, { ...frame, seq: 2 }, { ...frame, t: 0 }].map((each) =>
    frameHash(w.crypto, each),
  )
  expect(new Set(hashes).size).toBe(4)
})

describe('an agent is overseen', () => {
  const step = (kind: 'step_up' | 'step_down', n: number, by = signer): SignedFrame => {
    const { head = 0, hash = '' } = last
    const frame: Frame = {
      epoch: 1,
      seq: head + 1,
      prev: hash,
      kind,
      handle: `agt_1/${n}`,
      reason: 'test',
      t: plane(),
    }
    if (by === signer) last = { head: head + 1, hash: frameHash(w.crypto, frame) }
    return signFrame(by, frame)
  }
  let last: { head?: number; hash?: string } = {}
  beforeEach(() => {
    last = {}
  })

  test('from a frame until the one that ends it, as often as it is told', () => {
    expect(state.isOverseen('agt_1')).toBe(false)
    for (const n of [1, 2]) {
      state.applyFrame(step('step_up', n))
      expect([state.isOverseen('agt_1'), state.isOverseen('agt_2')]).toEqual([true, false])
      state.applyFrame(step('step_down', n))
      expect(state.isOverseen('agt_1')).toBe(false)
    }
  })

  test('by a frame that does not verify, and not less by one', () => {
    state.applyFrame(step('step_up', 1, thief))
    expect(state.isOverseen('agt_1')).toBe(true)
    state.connecting(NONCE)
    expect(state.isOverseen('agt_1')).toBe(false)
    state.applyFrame(step('step_up', 1))
    state.applyFrame(step('step_down', 1, thief))
    expect(state.isOverseen('agt_1')).toBe(true)
  })
})
