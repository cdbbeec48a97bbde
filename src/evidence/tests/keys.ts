/** Test 8: the control plane's own keys. spec/tests.md. @module */
import { signingKeys } from '../populations/keys.ts'
import { census, indicesOf, knownUntil, msOf, textOf, type ControlTest } from './test.ts'

/** How long one issuer key signs. Keys that signed before verify on (KEY-2). */
const SIGNS_DAYS_MAX = 366
const DAY_MS = 86_400_000

export const keptKeys: ControlTest = {
  number: 8,
  criteria: ['CC6.1'],
  title: 'Signing keys are kept and changed',
  attribute: 'logged before use, ended as the register allows; an issuer key signs for at most 366 days',
  population: signingKeys,
  source: null,
  run: (ctx) =>
    census(ctx.rows(signingKeys), ({ index, use, kid, created, signed_until, next }) => {
      const until_ms = Math.min(signed_until === null ? Infinity : msOf(signed_until), knownUntil(ctx))
      if (use !== 'issuer' || until_ms - msOf(created) <= SIGNS_DAYS_MAX * DAY_MS) return null
      const message = `issuer key ${textOf(kid)} signed for over ${SIGNS_DAYS_MAX} days`
      return { code: 'KEY_NOT_ROTATED', message, entries: indicesOf(index, next) }
    }),
}
