/** What is wired first: by day 14 everything that acts is behind Countersign. spec/readiness.md (RDY-3). Pure. @module */
import type { ReadinessFacts } from '../../core/readiness.ts'
import { counted } from '../../core/words.ts'
import { DAY_MS, hoursOf, stateOf, type Judged, type Step } from './step.ts'

export const STACK_STEPS: readonly Step[] = [
  {
    id: 'people',
    title: 'Those who authorize and approve are enrolled',
    by_day: 3,
    judge: ({ people: { enrolled, endorsed, isAlone } }) => {
      const wanted = isAlone ? 1 : 2
      return {
        state: stateOf(endorsed >= wanted, enrolled > 0),
        measure: { enrolled, endorsed, wanted },
        says: `${endorsed} of ${counted(enrolled, 'enrolled person', 'enrolled people')} endorsed; ${wanted} wanted by the separation of duties`,
        next: 'countersign person invite, countersign enroll for who was invited, then countersign person endorse',
      }
    },
  },
  {
    id: 'inventory',
    title: 'Every agent is known, with its owner, purpose and systems',
    by_day: 7,
    judge: ({ agents: { registered, owned, purposed, placed, mapped, unregistered } }) => ({
      state: stateOf(
        registered > 0 && mapped === registered && unregistered === 0,
        registered + unregistered > 0,
      ),
      measure: { registered, owned, purposed, placed, mapped, unregistered },
      says: `${mapped} of ${counted(registered, 'registered agent')} mapped; ${unregistered} found and not registered`,
      next:
        unregistered > 0
          ? 'countersign inventory list, then register what acts: countersign agent propose'
          : registered === 0
            ? 'countersign discover, then countersign agent propose'
            : 'countersign agent list: give each an owner who is here, a purpose and a system',
    }),
  },
  {
    id: 'points',
    title: 'Enforcement points decide and record',
    by_day: 10,
    judge: ({ points: { enrolled, recording, silent } }) => ({
      state: stateOf(enrolled > 0 && recording === enrolled && silent === 0, enrolled > 0),
      measure: { enrolled, recording, silent },
      says: `${recording} of ${counted(enrolled, 'enforcement point')} have recorded something; ${silent} silent`,
      next:
        enrolled === 0
          ? 'countersign point enroll, or countersign gateway for MCP servers'
          : 'countersign fleet: see which point is silent or has recorded nothing, and start it',
    }),
  },
  {
    id: 'delegations',
    title: 'Every active agent acts under a delegation',
    by_day: 12,
    judge: ({ delegated: { active, delegated } }) => ({
      state: stateOf(active > 0 && delegated === active, delegated > 0),
      measure: { active, delegated },
      says: `${delegated} of ${counted(active, 'active agent')} hold a delegation that is in force`,
      next: 'countersign inventory gaps, then countersign delegate for each agent without one',
    }),
  },
  {
    id: 'revocation',
    title: 'Revocation is measured, and within the bound',
    by_day: 14,
    judge: judgeRevocation,
  },
  {
    id: 'anchors',
    title: 'Somebody outside says every day that the log exists',
    by_day: 14,
    judge: ({ now, anchors: { n, last, gap } }) => ({
      state: stateOf(n > 0 && gap <= DAY_MS, last !== null),
      measure: {
        anchors: n,
        hours_gap_max: hoursOf(gap),
        hours_since: last === null ? null : hoursOf(now - last),
      },
      says: `${counted(n, 'anchor')} in the last 7 days; at most ${hoursOf(gap)} hours without one`,
      next: 'countersign start --anchors FILE (a witness or a time-stamp authority), and countersign doctor --anchors FILE',
    }),
  },
  {
    id: 'channels',
    title: 'Alerts reach people',
    by_day: 14,
    judge: ({ channels }) => ({
      state: stateOf(channels > 0, false),
      measure: { channels },
      says: `${counted(channels, 'channel')} told of alerts`,
      next: 'countersign channel add, then countersign channel test',
    }),
  },
  {
    id: 'detectors',
    title: 'Detectors find their canaries',
    by_day: 14,
    judge: ({ now, detectors: { day, tried, silent } }) => {
      const isLate = day === null || Date.parse(day) + 2 * DAY_MS <= now
      return {
        state: stateOf(tried > 0 && silent === 0 && !isLate, tried > 0),
        measure: { day, tried, silent },
        says: `${tried - silent} of ${counted(tried, 'detector')} found their canary${day === null ? '' : ` on ${day}`}`,
        next: 'countersign alert list: see DETECTOR_SILENT; canaries run with the control plane once a day',
      }
    },
  },
]

function judgeRevocation({ revocation, drills }: ReadinessFacts): Judged {
  const { head, acknowledged, of, spread_ms, bound_ms } = revocation
  const drilled_ms = drills.production?.last_ms ?? null
  const isWithin = spread_ms !== null && spread_ms.max <= bound_ms
  const measured =
    spread_ms === null
      ? 'nothing measured in the last 30 days'
      : `p50 ${spread_ms.p50}, p99 at most ${spread_ms.p99}, max ${spread_ms.max} ms over ${counted(spread_ms.n, 'acknowledgement')}`
  const measure = {
    frames: head,
    acknowledged,
    points: of,
    n: spread_ms?.n ?? 0,
    p50_ms: spread_ms?.p50 ?? null,
    p99_ms: spread_ms?.p99 ?? null,
    max_ms: spread_ms?.max ?? null,
    bound_ms,
    drill_last_ms: drilled_ms,
  }
  return {
    state: stateOf(of > 0 && head > 0 && acknowledged === of && isWithin, head > 0),
    measure,
    says: `${acknowledged} of ${counted(of, 'point')} acknowledged the last revocation; ${measured}; bound ${bound_ms} ms`,
    next:
      spread_ms !== null && !isWithin
        ? 'countersign capacity, countersign fleet: find the point that hears late'
        : 'issue a delegation for a trial, countersign revoke ID while points run, and wait for the next hourly sample',
  }
}
