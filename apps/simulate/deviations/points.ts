/** Deviations of enforcement points that are careless or lie, and go on signing what they say. spec/simulation.md (SIM-18). @module */
import { newId } from '../../../src/core/ids.ts'
import { periodOf } from '../../../src/core/period.ts'
import { NO_KILLS, type RevocationView } from '../../../src/decide/decide.ts'
import type { Ledger } from '../../../src/enforce/ledger.ts'
import type { Grant } from '../../../src/token/grant.ts'
import { beginLift, pullKill, signLift } from '../../cli/kills.ts'
import { revoke } from '../../cli/operator.ts'
import { authorize, grantFor, type Agent } from '../agents.ts'
import { DAY_MS, MINUTE_MS, SECOND_MS } from '../clock.ts'
import type { PointBend } from '../compose-point.ts'
import { addPoint } from '../company.ts'
import type { SimulatedPoint } from '../point.ts'
import { activeAgents, type Story } from '../story.ts'
import { work, type Call, type Done, type Session } from '../work.ts'
import type { Deviation } from './deviation.ts'

export const READ: Call = { tool: 'read_file', args: { path: '/work/1.txt' } }
const RECORD: Call = { tool: 'read_record', args: { id: 'record-1' } }

export interface Misplay {
  readonly point: SimulatedPoint
  readonly agent: Agent
  readonly session: Session
  readonly jti: string
}

/** A point of its own before a server, which is taken out of service when it is over. */
export async function misplay(
  story: Story,
  o: {
    readonly server?: string
    readonly bend?: PointBend
    readonly grant?: Grant
    readonly instruction?: string
  },
  act: (play: Misplay) => Promise<void>,
): Promise<void> {
  const { company } = story
  const { server = 'files', bend, grant = grantFor(server), instruction } = o
  const [agent] = activeAgents(story)
  if (agent === undefined) throw new TypeError('there is no agent')
  const point = await addPoint(company, server, bend === undefined ? {} : { bend })
  const words = instruction === undefined ? {} : { instruction }
  const { chain, jti } = await authorize(company, agent, server, {
    point: point.id,
    grant,
    ttl_s: 5 * 86_400,
    ...words,
  })
  await point.hear()
  await act({ point, agent, jti, session: { point, server, chain, holder: agent.holder } })
  await decommission(story, point)
}

async function decommission({ company }: Story, point: SimulatedPoint): Promise<void> {
  await point.ship()
  await revoke(company.staff.operations, 'point', point.id, 'decommissioned')
  for (const other of company.points.values()) await other.hear()
}

/** @throws {TypeError} the point was honest after all */
export async function allowed(story: Story, session: Session, call: Call): Promise<void> {
  const done: Done = await work(story.company, session, [call])
  if (done.allowed !== 1) throw new TypeError(`what was to be allowed was denied: ${done.reasons.join(', ')}`)
}

const blind: PointBend = (options) => {
  const revocations = (iss: string | null): RevocationView => {
    const known = options.revocations(iss)
    return { isRevoked: () => false, freshness: () => known.freshness() }
  }
  return { ...options, revocations }
}

const allowAfterRevocation: Deviation = {
  name: 'allow-after-revocation',
  what: 'A point allows a call under a delegation that it knows to be revoked.',
  finds: [{ test: 5, code: 'ALLOW_AFTER_REVOCATION', n: 1 }],
  play: (story) =>
    misplay(story, { bend: blind }, async ({ session, jti }) => {
      const { clock, staff } = story.company
      await revoke(staff.security, 'delegation', jti, 'not-needed')
      clock.pass(10 * SECOND_MS)
      await allowed(story, session, READ)
    }),
}

const allowAfterKill: Deviation = {
  name: 'allow-after-kill',
  what: 'A point allows a call of an agent that was killed.',
  finds: [{ test: 5, code: 'ALLOW_AFTER_KILL', n: 1 }],
  play: (story) =>
    misplay(story, { bend: (options) => ({ ...options, kills: NO_KILLS }) }, async ({ session, agent }) => {
      const { clock, staff, points } = story.company
      const { security, business } = staff
      const { kill } = await pullKill(security, { kind: 'agent', id: agent.id }, 'incident')
      clock.pass(10 * SECOND_MS)
      for (const point of points.values()) await point.hear()
      await allowed(story, session, READ)
      clock.pass(MINUTE_MS)
      const lift = await beginLift(security, [kill], 'incident-over')
      for (const one of [security, business]) await signLift(one, lift, [kill], () => undefined)
      clock.pass(SECOND_MS)
      for (const point of points.values()) await point.hear()
    }),
}

/** It goes by a label of its own. */
const unlabelled: PointBend = (options) => ({
  ...options,
  registration: (server, tool) => {
    const found = options.registration(server, tool)
    const label = found?.label
    if (found === null || label === undefined || label === null) return found
    return {
      ...found,
      label: { ...label, result: { level: 'public', integrity: 'trusted', categories: [] } },
    }
  },
})

const readAboveClearance: Deviation = {
  name: 'read-above-clearance',
  what: 'A point goes by a label of its own, and an agent reads above its clearance.',
  finds: [{ test: 23, code: 'READ_ABOVE_CLEARANCE', n: 1 }],
  play: (story) =>
    misplay(
      story,
      { server: 'records', bend: unlabelled, grant: { ...grantFor('records'), clearance: 'internal' } },
      ({ session }) => allowed(story, session, RECORD),
    ),
}

/** It debits of leases that nobody granted. */
const generous: PointBend = (options) => {
  const { crypto, clock } = options
  const ledger: Ledger = {
    debit: (reservations) =>
      reservations.map(({ iss, jti, grant, measure, unit, per, amount }) => {
        const period = periodOf(per, clock.now())
        return {
          iss,
          jti,
          grant,
          measure,
          unit,
          per,
          amount,
          period,
          lease: newId(crypto, 'lse', clock.now()),
        }
      }),
    obtain: async () => null,
  }
  return { ...options, ledger }
}

const leaseMissing: Deviation = {
  name: 'lease-missing',
  what: 'A point debits a limit from a lease that nobody granted.',
  finds: [{ test: 4, code: 'LEASE_MISSING', n: 1 }],
  play: (story) => {
    const grant: Grant = {
      ...grantFor('files'),
      limits: [{ measure: 'calls', unit: '1', max: 5, per: 'day' }],
    }
    return misplay(story, { bend: generous, grant }, ({ session }) => allowed(story, session, READ))
  },
}

const lateReceipts: Deviation = {
  name: 'late-receipts',
  what: 'A point ships what it recorded after two and a half days.',
  finds: [{ test: 27, code: 'ENTRY_DATED', n: 1 }],
  left_days: 8,
  play: async (story) => {
    const { company } = story
    const [agent] = activeAgents(story)
    if (agent === undefined) throw new TypeError('there is no agent')
    // A drill of these days would find it silent, and that is another deviation.
    story.forgotten.set('drills', company.clock.now() + 3 * DAY_MS)
    const point = await addPoint(company, 'files')
    const { chain } = await authorize(company, agent, 'files', { point: point.id })
    await point.hear()
    await point.ship()
    await allowed(story, { point, server: 'files', chain, holder: agent.holder }, READ)
    await point.idle()
    story.agenda.push({
      at_ms: company.clock.now() + 2.5 * DAY_MS,
      what: 'late-receipts',
      play: () => decommission(story, point),
    })
  },
}

const outcomeAlone: Deviation = {
  name: 'outcome-without-decision',
  what: 'A point says what became of an action that it never decided on.',
  finds: [{ test: 9, code: 'OUTCOME_WITHOUT_DECISION', n: 1 }],
  play: (story) =>
    misplay(story, {}, async ({ point }) => {
      const { crypto, clock } = story.company
      await point.recorder.outcome({ action: newId(crypto, 'act', clock.now()), outcome: 'finished' })
    }),
}

export const OF_POINTS: readonly Deviation[] = [
  allowAfterRevocation,
  allowAfterKill,
  readAboveClearance,
  leaseMissing,
  lateReceipts,
  outcomeAlone,
]
