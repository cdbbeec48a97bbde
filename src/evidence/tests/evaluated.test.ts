/** What management says of a deviation stands beside it, and never in its place. spec/deviations.md. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ControlLog, DAY_MS, HOUR_MS } from '../../../test/fixtures/control-log.ts'
import { BOB } from '../../../test/fixtures/history.ts'
import { evaluate } from '../../../test/fixtures/register-acts.ts'
import { NOW_MS } from '../../../test/fixtures/tokens.ts'
import { DEVIATION_ID } from '../../log/deficiency-bodies.ts'
import { deviationId } from './evaluated.ts'

/** A drill that a point did not answer, and the identifier of that deviation. */
function silentDrill(c: ControlLog): string {
  return `15/DRILL_INCOMPLETE/${c.drill('production', false)}`
}

async function deviationOf(c: ControlLog, until_ms = c.now + 1) {
  const { results } = await c.tested({ from_ms: NOW_MS - DAY_MS, to_ms: until_ms })
  return results[15]?.deviations ?? []
}

describe('a deviation', () => {
  test('has the same identifier in the packs of all periods, and no evaluation until one is signed', async () => {
    const c = new ControlLog()
    const id = silentDrill(c)
    const first_ms = c.now + 1
    c.pass(DAY_MS)
    for (const until_ms of [first_ms, c.now + 1])
      expect(await deviationOf(c, until_ms)).toMatchObject([{ id, evaluation: null }])
    c.log.add('evaluation.proposed', c.person(BOB), 'evl_draft', {
      deviation: id,
      cause: 'a',
      extent: 'b',
      compensating: null,
      effect: 'c',
      remediation: null,
    })
    expect(await deviationOf(c)).toMatchObject([{ id, evaluation: null }])
  })

  test('stays one when it is evaluated, with the last evaluation that was signed, also in a pack of before', async () => {
    const c = new ControlLog()
    const id = silentDrill(c)
    const period_ms = c.now + 1
    evaluate(c, id)
    c.pass(HOUR_MS)
    const entry = evaluate(c, id, { cause: 'The network was cut.', remediation: 'dfc_1' })
    expect(await deviationOf(c, period_ms)).toMatchObject([
      {
        id,
        evaluation: { entry, signer: 'per_alice', cause: 'The network was cut.', remediation: 'dfc_1' },
      },
    ])
  })

  test('has no evaluation by who drafted it', async () => {
    const c = new ControlLog()
    const id = silentDrill(c)
    evaluate(c, id, {}, BOB)
    expect(await deviationOf(c)).toMatchObject([{ id, evaluation: null }])
  })

  test('that names no entry is named by what it says, in characters that a shell takes as they are', () => {
    const about = { code: 'HOUR_MISSING', entries: [] } as const
    const message = 'nobody sampled the hour of 2026-03-01T05:00:00.000Z'
    expect(deviationId(21, { ...about, message })).toBe(
      '21/HOUR_MISSING/nobody-sampled-the-hour-of-2026-03-01T05:00:00.000Z',
    )
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 400, unit: 'binary' }), (said) => {
        expect(deviationId(21, { ...about, message: said })).toMatch(DEVIATION_ID)
      }),
    )
  })
})
