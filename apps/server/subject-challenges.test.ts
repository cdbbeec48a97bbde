/** Challenges that nobody keeps. spec/consent.md (CNS-42). */
import { expect, test } from 'vitest'
import { SettableClock } from '../../test/fixtures/tokens.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import { CHALLENGE_MS, SubjectChallenges } from './subject-challenges.ts'

const FLOOD = 20_000

function made(): { clock: SettableClock; challenges: SubjectChallenges } {
  const clock = new SettableClock()
  return { clock, challenges: new SubjectChallenges(nodeCrypto, clock) }
}

test('a challenge is used once, whatever flood of others is asked for meanwhile', () => {
  const { challenges } = made()
  const own = challenges.read(challenges.give())!
  for (let i = 0; i < FLOOD; i++) challenges.give()
  expect(challenges.use('dsb_ann', own)).toBe(true)
  expect(challenges.use('dsb_ann', own)).toBe(false)
  expect(challenges.use('dsb_bo', challenges.read(challenges.give())!)).toBe(true)
})

test('one that was given before the last that was used is over, for that subject alone', () => {
  const { challenges } = made()
  const [first, second] = [challenges.read(challenges.give())!, challenges.read(challenges.give())!]
  expect(challenges.use('dsb_ann', second)).toBe(true)
  expect(challenges.use('dsb_ann', first)).toBe(false)
  expect(challenges.use('dsb_bo', first)).toBe(true)
})

test('one that is too old, made up, bent or of another process is none', () => {
  const { clock, challenges } = made()
  const given = challenges.give()
  expect(challenges.read(given)).toBe(1)
  const bent = Buffer.from(given, 'base64url')
  bent[0]! ^= 1
  const others = [made().challenges.give(), bent.toString('base64url'), '', '~', given.slice(0, -4)]
  expect(others.map((each) => challenges.read(each))).toEqual(others.map(() => null))
  clock.advance(CHALLENGE_MS - 1)
  expect(challenges.read(given)).toBe(1)
  clock.advance(1)
  expect(challenges.read(given)).toBeNull()
})
