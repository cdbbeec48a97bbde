import { describe, expect, test } from 'vitest'
import { REV, World } from '../../test/fixtures/tokens.ts'
import { base64url, fromBase64url } from '../core/encoding.ts'
import type { Gesture } from '../core/gesture.ts'
import { assertGesturesCover } from './gesture.ts'

const w = new World('gestures')
const principal = w.gesture('challenge')
const quorum = { m: 1, of: ['rev_a', 'rev_b'] }
const approver = (jwk: Gesture['jwk']): Gesture => ({ ...principal, rev: 'rev_a', role: 'approver', jwk })

describe('the people behind a root', () => {
  test('have keys of their own', () => {
    const other = w.authenticator('approver').jwk
    expect(() =>
      assertGesturesCover({ rev: [REV], quorum, gestures: [principal, approver(other)] }),
    ).not.toThrow()
  })

  test('are not two because one key is mirrored: its holder has the other secret too', () => {
    const x = fromBase64url(principal.jwk.x)
    x[31]! ^= 0x80
    const mirrored = { ...principal.jwk, x: base64url(x) }
    expect(() =>
      assertGesturesCover({ rev: [REV], quorum, gestures: [principal, approver(mirrored)] }),
    ).toThrow(expect.objectContaining({ code: 'GESTURE_INVALID' }))
  })
})
