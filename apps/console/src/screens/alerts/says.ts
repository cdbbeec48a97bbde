/** What an alert says, as a sentence: of a reminder, what it is that falls due, and when. @module */
import { dayMonth } from '../../shell/format.ts'
import { words } from '../../words/words.ts'
import type { AlertView } from './alert-queries.ts'

const t = words.alerts

export function saysOf(
  { rule, detail, subject }: Pick<AlertView, 'rule' | 'detail' | 'subject'>,
  names: ReadonlyMap<string, string>,
): string {
  const { what, days, due, agent } = detail
  if (rule !== 'REMINDER' || typeof what !== 'string' || typeof days !== 'number' || typeof due !== 'string')
    return t.rules[rule]
  const whose = typeof agent === 'string' ? agent : subject
  const name = whose === null ? undefined : names.get(whose)
  return t.fallsDue({ what, name, days, due: dayMonth(Date.parse(due)) }) ?? t.rules[rule]
}
