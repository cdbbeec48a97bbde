/** Which level what was found of an agent leads to. spec/isolation.md (ISO-1 to ISO-5). Pure. @module */
import type { ResponsePolicy } from '../core/response-policy.ts'
import type { Key } from '../registry/isolations.ts'

/** The alarm of drift at the bound of isolation, and at that of a watch (spec/drift.md). */
export const DRIFT_ALARM = 'DRIFT_ALARM'
export const DRIFT_WATCH = 'DRIFT_WATCH'
/** A class of tasks that no baseline knows. */
export const TASK_CLASS_UNSEEN = 'TASK_CLASS_UNSEEN'

export const LEVELS = ['none', 'watch', 'step_up', 'isolated'] as const
export type Level = (typeof LEVELS)[number]

/** What was found last under one rule. */
export interface Sign {
  readonly rule: string
  /** Milliseconds: of the last entry that it rests on. */
  readonly time: number
  readonly entries: readonly number[]
}

export interface Response {
  readonly level: Level
  /** What turned, where the level is `isolated`. */
  readonly keys: readonly Key[]
  /** Why a step-up begins. */
  readonly because: 'drift' | 'unseen' | null
  readonly entries: readonly number[]
}

const NOTHING: Response = { level: 'none', keys: [], because: null, entries: [] }

/** @param signs of one agent */
export function responseTo(policy: ResponsePolicy, signs: readonly Sign[], now_ms: number): Response {
  const counting = signs.filter(({ time }) => time <= now_ms && now_ms - time <= policy.window_s * 1000)
  const lastOf = (isOne: (rule: string) => boolean): Sign | null =>
    counting.reduce<Sign | null>(
      (last, one) => (isOne(one.rule) && (last === null || one.time > last.time) ? one : last),
      null,
    )
  const drift = lastOf((rule) => rule === DRIFT_ALARM)
  const sign = lastOf((rule) => policy.signs.includes(rule))
  const keys = turned(policy, drift, sign)
  if (keys !== null)
    return { level: 'isolated', keys, because: null, entries: keys.flatMap((key) => key.entries) }
  if (drift !== null) return { ...NOTHING, level: 'step_up', because: 'drift', entries: drift.entries }
  const unseen = lastOf((rule) => rule === TASK_CLASS_UNSEEN)
  if (unseen !== null && policy.unseen === 'step_up')
    return { ...NOTHING, level: 'step_up', because: 'unseen', entries: unseen.entries }
  const watched = sign ?? unseen ?? lastOf((rule) => rule === DRIFT_WATCH)
  return watched === null ? NOTHING : { ...NOTHING, level: 'watch', entries: watched.entries }
}

/** @returns the keys with which an agent is isolated, or null */
function turned({ isolate }: ResponsePolicy, drift: Sign | null, sign: Sign | null): readonly Key[] | null {
  const keys: Key[] = [
    ...(drift === null ? [] : [keyOf('drift', drift)]),
    ...(sign === null ? [] : [keyOf('sign', sign)]),
  ]
  switch (isolate) {
    case 'two_keys':
      return keys.length === 2 ? keys : null
    case 'drift':
      return drift === null ? null : keys
    case 'sign':
      return sign === null ? null : keys
    case 'either':
      return keys.length > 0 ? keys : null
    case 'never':
      return null
  }
}

function keyOf(key: Key['key'], { rule, entries }: Sign): Key {
  return { key, rule, entries: [...entries] }
}
