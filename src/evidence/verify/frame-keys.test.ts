/** Logs in which the frame key was replaced, as it may be and as it may not. spec/kill.md (KIL-21 to KIL-23). */
import { beforeEach, describe, expect, test } from 'vitest'
import { BOB, LogBuilder, ORIGIN } from '../../../test/fixtures/history.ts'
import { nodeCrypto } from '../../adapters/node-crypto/node-crypto.ts'
import { signFrameKey, signKill } from '../../revoke/kill-rules.ts'
import type { SignedFrameKey } from '../../revoke/statement.ts'
import { verifyPack } from './verify.ts'

const SYSTEM = { kind: 'system', id: 'control-plane' } as const
let log: LogBuilder
let chain: ReturnType<LogBuilder['root']>

beforeEach(() => {
  log = new LogBuilder().company()
  log.add('break_glass.created', SYSTEM, null, {
    kid: log.kid('break-glass'),
    jwk: log.world.signer('break-glass').publicJwk,
  })
  chain = log.root('bot')
})

function replace(
  bend: Partial<SignedFrameKey['frame_key']> = {},
  o: { key?: string; signer?: string } = {},
): number {
  const jwk = { ...log.world.signer(o.key ?? 'next').publicJwk }
  const frame_key = { v: 1 as const, seq: 1, iss: ORIGIN, jwk, epoch: 2, t: log.clock.now(), ...bend }
  const signed = signFrameKey(log.world.signer(o.signer ?? 'break-glass'), frame_key)
  const by = { kind: 'person', id: log.id('per', BOB) } as const
  return log.add('frame_key.replaced', by, String(frame_key.seq), signed)
}

const inTwo = <T extends object>(frame: T): T & { epoch: 2 } => ({ ...frame, epoch: 2 })

async function faults() {
  const { report } = await verifyPack(nodeCrypto, await log.pack(), log.vkey)
  return report.faults.map(({ code, index, message }) => ({ code, index, message }))
}

const allowIn = (epoch: number, ago_ms = 100) =>
  log.decide(chain, {
    freshness: { epoch, head: log.frames.length, t: log.clock.now() - ago_ms, age_ms: ago_ms },
  }).index

describe('a frame key that the break-glass key replaced', () => {
  test('signs from its entry on, and numbers and hashes of frames go on through it', async () => {
    log.revoke('delegation', 'one')
    allowIn(1)
    log.clock.advance(1000)
    replace()
    log.clock.advance(1000)
    allowIn(2) // the point is in the new epoch, and its last frame is of the old one
    log.revoke('delegation', 'two', inTwo, 'next')
    allowIn(2)
    replace({ seq: 2, epoch: 3 }, { key: 'third' })
    log.revoke('delegation', 'three', (frame) => ({ ...frame, epoch: 3 }), 'third')
    log.head()
    expect(await faults()).toEqual([])
  })

  test('is not signed for any more by the old one: such a frame is named, with the entry', async () => {
    const at = replace()
    const index = log.revoke('delegation', 'one', inTwo, 'frame')
    expect(await faults()).toEqual([
      { code: 'FRAME_INVALID', index, message: `frame 1 is signed by a frame key that entry ${at} replaced` },
    ])
  })

  test('does not sign in the old epoch, nor before its entry', async () => {
    const early = log.revoke('delegation', 'one', inTwo, 'next')
    replace()
    const old = log.revoke('delegation', 'two', (frame) => frame, 'next')
    expect((await faults()).map(({ code, index }) => [code, index])).toEqual([
      ['FRAME_INVALID', early],
      ['FRAME_INVALID', old],
    ])
  })

  test('leaves no kill to the old one', async () => {
    replace()
    const kill = {
      v: 1 as const,
      id: 'kil_1',
      iss: ORIGIN,
      scope: { kind: 'global' as const },
      reason: 'x',
      t: 1,
    }
    const statement = signKill(log.world.signer('frame'), 'frame', kill)
    const point = { kind: 'point', id: log.id('pnt', 'gate') } as const
    const index = log.add('kill.pulled', point, kill.id, { statement })
    expect((await faults()).map(({ code, index: at }) => [code, at])).toEqual([['KILL_INVALID', index]])
  })

  test('shows an allow by a heartbeat that the old one signed afterwards, and none that it signed before', async () => {
    const at = replace()
    log.clock.advance(1000)
    allowIn(1, 1000) // of the very moment
    log.clock.advance(500)
    const index = allowIn(1, 499)
    log.head()
    const message = `allowed by a heartbeat of a frame key that entry ${at} had replaced by then`
    expect((await faults()).filter(({ index: of }) => of === index)).toContainEqual({
      code: 'ALLOW_WHILE_STALE',
      index,
      message,
    })
    expect(await faults()).toHaveLength(1)
  })

  test.each<[string, Parameters<typeof replace>]>([
    ['by another key', [{}, { signer: 'frame' }]],
    ['of another control plane', [{ iss: 'other' }]],
    ['that skips a number', [{ seq: 2 }]],
    ['of the old epoch', [{ epoch: 1 }]],
    ['that is the old key', [{}, { key: 'frame' }]],
  ])('is none when it is a statement %s, and the old one signs on', async (_, args) => {
    const index = replace(...args)
    log.revoke('delegation', 'one')
    expect((await faults()).map(({ code, index: at }) => [code, at])).toEqual([['KEY_EVENT_INVALID', index]])
  })
})
