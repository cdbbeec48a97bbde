/** Test 33: credentials behind gateways are kept. spec/inventory.md (INV-9). @module */
import { businessDaysAfter } from '../../core/business-days.ts'
import { heldCredentials, upstreamCredentials, type HeldCredential } from '../populations/credentials.ts'
import { inPeriod } from '../populations/definition.ts'
import { knownUntil, textOf, type ControlTest, type FoundDeviation, type TestContext } from './test.ts'

/** Business days from its first report, until when somebody answers for it. */
const OWNED_DAYS_MAX = 5

export const keptCredentials: ControlTest = {
  number: 33,
  criteria: ['CC6.1'],
  title: 'Credentials behind gateways are kept',
  attribute:
    'declared, owned, with a scope, another secret in time as the gateway sees it; no action went past',
  population: upstreamCredentials,
  source: null,
  run(ctx) {
    const held = heldCredentials(ctx.history)
    const rows = ctx.rows(upstreamCredentials)
    const deviations = rows.flatMap(({ item }) => {
      const credential = held.get(textOf(item))
      return credential === undefined ? [] : faultsOf(ctx, credential)
    })
    return { items: rows.length, deviations: [...deviations, ...bypasses(ctx)] }
  },
}

function faultsOf(ctx: TestContext, credential: HeldCredential): FoundDeviation[] {
  const { first, last, owned_ms, removed_ms, secrets, unchanged } = credential
  const { item } = last.entry.body
  const name = `credential ${item.name} of server ${item.where ?? ''}`
  const until_ms = Math.min(removed_ms ?? Infinity, knownUntil(ctx))
  const found = (code: FoundDeviation['code'], what: string, index = first.index): FoundDeviation => ({
    code,
    message: `${name} ${what}`,
    entries: [index],
  })
  if (item.secret === 'unknown') return [found('CREDENTIAL_UNDECLARED', 'is in no inventory')]
  const ownedBy_ms = businessDaysAfter(Date.parse(first.entry.time), OWNED_DAYS_MAX)
  const isUnowned = (owned_ms ?? until_ms) > ownedBy_ms
  const late = secrets.filter(({ due_ms }, at) => {
    const end_ms = Math.min(secrets[at + 1]?.from_ms ?? Infinity, until_ms)
    return due_ms < end_ms && due_ms >= ctx.period.from_ms
  })
  return [
    ...(isUnowned ? [found('CREDENTIAL_UNOWNED', `had no owner for ${OWNED_DAYS_MAX} business days`)] : []),
    ...((item.scope ?? []).length === 0
      ? [found('CREDENTIAL_SCOPE_MISSING', 'does not say what it may do')]
      : []),
    ...late.map(({ index }) => found('CREDENTIAL_NOT_ROTATED', 'was not another secret in time', index)),
    ...unchanged
      .filter((index) => isOfPeriod(ctx, index))
      .map((index) =>
        found('CREDENTIAL_NOT_CHANGED', 'was said to be rotated, and is the same secret', index),
      ),
  ]
}

function isOfPeriod({ history, period }: TestContext, index: number): boolean {
  const place = history.tested.placeOf(index)
  return place !== undefined && place.time_ms >= period.from_ms && place.time_ms < period.to_ms
}

/** What was seen of an action that no enforcement point has a receipt of, unless somebody found that it was none. */
function bypasses({ history, period }: TestContext): FoundDeviation[] {
  const cleared = new Set(
    history.alerts.flatMap(({ entry }) =>
      entry.type === 'alert.closed' && ['false', 'expected', 'canary'].includes(entry.body.disposition)
        ? [entry.body.of]
        : [],
    ),
  )
  return history.alerts.flatMap(({ index, entry }): FoundDeviation[] => {
    if (entry.type !== 'alert.raised' || entry.body.rule !== 'BYPASS_SUSPECTED') return []
    if (entry.body.canary === true || cleared.has(entry.body.of ?? index)) return []
    if (!inPeriod(entry.time, period)) return []
    const message = 'an action was seen of which no enforcement point has a receipt'
    return [{ code: 'BYPASSED', message, entries: [index] }]
  })
}
