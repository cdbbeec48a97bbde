import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ISOLATE_BY, PRESET_RESPONSE, type ResponsePolicy } from '../core/response-policy.ts'
import { LEVELS, responseTo, type Sign } from './levels.ts'

const NOW = 1_772_000_000_000
const WINDOW_MS = PRESET_RESPONSE.window_s * 1000
const sign = (rule: string, ago_ms = 0, entries = [7]): Sign => ({ rule, time: NOW - ago_ms, entries })
const drift = (ago_ms = 0): Sign => sign('DRIFT_ALARM', ago_ms, [3])
const refused = (ago_ms = 0): Sign => sign('APPROVAL_REFUSED', ago_ms, [5])
const level = (signs: readonly Sign[], policy: Partial<ResponsePolicy> = {}) =>
  responseTo({ ...PRESET_RESPONSE, ...policy }, signs, NOW).level

describe('an agent is', () => {
  test('isolated when both keys turned in the window, whichever came first, and by nothing less', () => {
    expect(responseTo(PRESET_RESPONSE, [drift(1), refused(2)], NOW)).toMatchObject({
      level: 'isolated',
      keys: [
        { key: 'drift', rule: 'DRIFT_ALARM', entries: [3] },
        { key: 'sign', rule: 'APPROVAL_REFUSED', entries: [5] },
      ],
      entries: [3, 5],
    })
    expect(level([drift(2), refused(1)])).toBe('isolated')
    expect(level([drift(), refused(WINDOW_MS + 1)])).toBe('step_up')
    expect(level([drift(WINDOW_MS + 1), refused()])).toBe('watch')
    expect(level([drift(), sign('DRIFT_WATCH'), sign('LIMIT_NEAR')])).toBe('step_up')
  })

  test('isolated by whatever key the policy lets suffice', () => {
    const by = Object.fromEntries(
      ISOLATE_BY.map((isolate) => [
        isolate,
        [
          level([drift()], { isolate }),
          level([refused()], { isolate }),
          level([drift(), refused()], { isolate }),
        ],
      ]),
    )
    expect(by).toEqual({
      two_keys: ['step_up', 'watch', 'isolated'],
      drift: ['isolated', 'watch', 'isolated'],
      sign: ['step_up', 'isolated', 'isolated'],
      either: ['isolated', 'isolated', 'isolated'],
      never: ['step_up', 'watch', 'step_up'],
    })
  })

  test('stepped up for a class of tasks that is unseen, as the policy says, and never isolated for it', () => {
    const unseen = sign('TASK_CLASS_UNSEEN')
    expect(responseTo(PRESET_RESPONSE, [unseen], NOW)).toMatchObject({ level: 'step_up', because: 'unseen' })
    expect(level([unseen], { unseen: 'watch' })).toBe('watch')
    expect(level([unseen], { isolate: 'either' })).toBe('step_up')
  })

  test('at no level for what is no sign, or over, or still to come', () => {
    expect(level([])).toBe('none')
    expect(level([sign('LIMIT_NEAR'), refused(WINDOW_MS + 1), drift(-1)])).toBe('none')
    expect(level([refused()], { signs: [] })).toBe('none')
  })

  test('never at a lower level for one more sign', () => {
    const rule = fc.constantFrom(
      'DRIFT_ALARM',
      'DRIFT_WATCH',
      'TASK_CLASS_UNSEEN',
      ...PRESET_RESPONSE.signs,
      'LIMIT_NEAR',
    )
    const one = fc.tuple(rule, fc.integer({ min: 0, max: 2 * WINDOW_MS })).map(([of, ago]) => sign(of, ago))
    const isolate = fc.constantFrom(...ISOLATE_BY)
    fc.assert(
      fc.property(fc.array(one, { maxLength: 6 }), one, isolate, (signs, another, by) => {
        const [before, after] = [level(signs, { isolate: by }), level([...signs, another], { isolate: by })]
        expect(LEVELS.indexOf(after)).toBeGreaterThanOrEqual(LEVELS.indexOf(before))
      }),
    )
  })
})
