/** What an auditor asks for besides: by day 90 each control has run at least once. spec/readiness.md (RDY-3). Pure. @module */
import type { ReadinessFacts } from '../../core/readiness.ts'
import { counted } from '../../core/words.ts'
import { DAY_MS, hoursOf, QUARTER_MS, stateOf, type Judged, type Step } from './step.ts'

/** Narratives that nobody looked at for longer are old. */
const YEAR_MS = 366 * DAY_MS
/** Those that there are: alert, drift, flow, output and response. */
const POLICIES = ['alert', 'drift', 'flow', 'output', 'response'] as const

export const PROGRAM_STEPS: readonly Step[] = [
  {
    id: 'policies',
    title: 'Policies are approved',
    by_day: 30,
    judge: ({ policies }) => {
      const missing = POLICIES.filter((one) => !policies.includes(one))
      return {
        state: stateOf(missing.length === 0, policies.length > 0),
        measure: { in_force: POLICIES.length - missing.length, of: POLICIES.length },
        says: `${POLICIES.length - missing.length} of ${POLICIES.length} policies in force${missing.length === 0 ? '' : `; missing: ${missing.join(', ')}`}`,
        next: missing.map((one) => PROPOSE[one]).join('; '),
      }
    },
  },
  {
    id: 'restore',
    title: 'A backup was restored, and is this log',
    by_day: 30,
    judge: ({ now, restore }) => ({
      state: stateOf(restore !== null && restore.ok && now - restore.time <= QUARTER_MS, restore !== null),
      measure: {
        days_since: restore === null ? null : daysOf(now - restore.time),
        ok: restore === null ? null : String(restore.ok),
      },
      says:
        restore === null
          ? 'no restore was tested'
          : `the last test ${restore.ok ? 'succeeded' : 'failed'}, ${counted(daysOf(now - restore.time), 'day')} ago`,
      next: 'countersign backup, then countersign backup test',
    }),
  },
  { id: 'drill', title: 'The kill switch was drilled in production', by_day: 45, judge: judgeDrill },
  {
    id: 'attestation',
    title: 'Somebody stands behind every output that leaves',
    by_day: 45,
    judge: ({ outputs: { released, attested }, policies }) => ({
      state: stateOf(released > 0 && attested === released, released > 0 || policies.includes('output')),
      measure: {
        released,
        attested,
        covered_pct: released === 0 ? null : Math.floor((attested / released) * 100),
      },
      says: `${attested} of ${counted(released, 'output')} released in the last 30 days attested`,
      next:
        released === 0
          ? 'countersign output policy propose, and send what leaves through a point; where nothing leaves, say so in the system description'
          : 'countersign attest coverage --by kind: see what leaves without an attestation',
    }),
  },
  {
    id: 'alerts',
    title: 'Alerts are taken in time',
    by_day: 60,
    judge: ({ alerts: { raised, late }, channels }) => ({
      state: stateOf(late === 0 && channels > 0, channels > 0),
      measure: { raised, late },
      says: `${raised - late} of ${counted(raised, 'alert')} of the last 30 days taken within the limit, or not due yet`,
      next:
        late > 0
          ? 'countersign alert list: take what is open, and give severities limits that people can keep'
          : 'countersign channel add: nobody is told of alerts',
    }),
  },
  {
    id: 'narratives',
    title: 'Narratives of controls are current',
    by_day: 60,
    judge: ({ now, narratives: { approved, last } }) => ({
      state: stateOf(last !== null && now - last <= YEAR_MS, last !== null),
      measure: { approved, days_since: last === null ? null : daysOf(now - last) },
      says:
        last === null
          ? 'none is approved'
          : `${counted(approved, 'approval')}, the last ${counted(daysOf(now - last), 'day')} ago`,
      next: 'countersign evidence build, read narratives.html in it, then countersign narrative propose, and approve by somebody else',
    }),
  },
  {
    id: 'access_review',
    title: 'Access was reviewed',
    by_day: 75,
    judge: ({ now, accessReview: { closed, open } }) => ({
      state: stateOf(closed !== null && now - closed <= QUARTER_MS, closed !== null || open > 0),
      measure: { days_since: closed === null ? null : daysOf(now - closed), open },
      says: `${closed === null ? 'none was closed' : `the last was closed ${counted(daysOf(now - closed), 'day')} ago`}; ${open} open`,
      next:
        open > 0
          ? 'countersign access-review list, decide what is left, then countersign access-review close'
          : 'countersign access-review open',
    }),
  },
  {
    id: 'pack',
    title: 'A pack was built for a trial period',
    by_day: 80,
    judge: ({ now, packs: { built, last } }) => ({
      state: stateOf(last !== null && now - last <= QUARTER_MS, built > 0),
      measure: { built, days_since: last === null ? null : daysOf(now - last) },
      says:
        last === null
          ? 'none was built'
          : `${built} built, the last ${counted(daysOf(now - last), 'day')} ago`,
      next: 'countersign readiness gaps, then countersign evidence build and countersign verify',
    }),
  },
  {
    id: 'preview',
    title: 'An auditor had a preview',
    by_day: 85,
    judge: ({ now, previews: { given, last } }) => ({
      state: stateOf(given > 0, false),
      measure: { given, days_since: last === null ? null : daysOf(now - last) },
      says:
        last === null
          ? 'none was given'
          : `${given} given, the last ${counted(daysOf(now - last), 'day')} ago`,
      next: 'countersign preview grant: read access to a period for a named auditor',
    }),
  },
]

const PROPOSE: Readonly<Record<(typeof POLICIES)[number], string>> = {
  alert: 'countersign alert policy propose',
  drift: 'countersign drift policy propose',
  flow: 'countersign flow policy propose',
  output: 'countersign output policy propose',
  response: 'countersign isolation policy propose',
}

function judgeDrill({ now, drills: { production, tabletop, open } }: ReadinessFacts): Judged {
  const isRecent = production !== null && now - production.closed <= QUARTER_MS
  const isWhole =
    production !== null && production.points_n > 0 && production.answered_n === production.points_n
  return {
    state: stateOf(isRecent && isWhole, production !== null || tabletop !== null || open > 0),
    measure: {
      drill: production?.id ?? null,
      days_since: production === null ? null : daysOf(now - production.closed),
      points: production?.points_n ?? null,
      answered: production?.answered_n ?? null,
      last_ms: production?.last_ms ?? null,
      tabletop_days_since: tabletop === null ? null : daysOf(now - tabletop.closed),
      open,
    },
    says:
      production === null
        ? `no drill in production was closed; ${tabletop === null ? 'no tabletop' : `a tabletop ${counted(daysOf(now - tabletop.closed), 'day')} ago`}; ${open} open`
        : `${counted(daysOf(now - production.closed), 'day')} ago: ${production.answered_n} of ${counted(production.points_n, 'point')} denied, the last after ${production.last_ms ?? '-'} ms`,
    next:
      open > 0
        ? 'countersign drill list, then countersign drill close for what is over'
        : 'countersign drill plan --mode production, countersign drill run, countersign drill close',
  }
}

function daysOf(ms: number): number {
  return Math.max(0, Math.floor(hoursOf(ms) / 24))
}
