/**
 * Populations: what each is, and its rows as a pure fold over the log. Builder and verifier run the same definitions
 * and must get the same bytes. spec/pack.md, PCK-1 and PCK-2.
 * @module
 */
import type { Crypto } from '../../core/crypto.ts'
import type { History } from '../history.ts'
import { accessReviews, roleReviews } from './access-reviews.ts'
import { activeAgents, createdAgents, leavers } from './agents.ts'
import { alerts, detectors } from './alerts.ts'
import { outputs, reviews } from './attested.ts'
import type { JsonObject } from '../../core/json.ts'
import type { DecisionShape } from '../receipts/shapes.ts'
import type { StreamRows } from '../receipts/stream.ts'
import type { ReceiptTable } from '../receipts/table.ts'
import { wholeOf } from './alike.ts'
import { inPeriod, isIn, type AlikeRow, type Period, type PopulationDefinition } from './definition.ts'

import { administrators, adminActs } from './administrators.ts'
import { baselines } from './baselines.ts'
import { breaches, requests } from './breaches.ts'
import { changes, emergencyChanges } from './changes.ts'
import { consents, disclosures, withdrawals } from './consents.ts'
import { upstreamCredentials } from './credentials.ts'
import { deficiencies, evaluations } from './deficiencies.ts'
import { disposals, restores } from './disposals.ts'
import { drills } from './drills.ts'
import { emergencyAccess } from './emergencies.ts'
import { capacity, incidents } from './incidents.ts'
import { signingKeys } from './keys.ts'
import { killChannel, killProbes } from './kill-channel.ts'
import { links } from './links.ts'
import { Population } from './population.ts'
import { previews } from './previews.ts'
import { confidentialReads } from './reads.ts'
import { sources } from './sources.ts'
import { spans } from './spans.ts'
import { straddlers } from './straddlers.ts'
import { unregistered } from './unregistered.ts'
import { vendors, vendorUses } from './vendors.ts'

export type { Period, PopulationDefinition } from './definition.ts'

/** Where a pack holds it. */
export function populationFile(name: string): string {
  return `populations/${name}.jsonl`
}

const agents: PopulationDefinition = {
  name: 'agents',
  types: ['agent.proposed'],
  definition: 'Every agent that was ever proposed before the end of the period, with its status at that end.',
  query: 'type = agent.proposed and time < to; status = last agent.* entry before to',
  rows: (history, period) =>
    [...history.agents.entries()]
      .filter(([, agent]) => Date.parse(agent.proposal.entry.time) < period.to_ms)
      .map(([id, { proposal, approval, changes }]) => {
        const { owner, class: agentClass, manifest, systems } = proposal.entry.body
        const approved =
          approval === null || Date.parse(approval.entry.time) >= period.to_ms
            ? null
            : {
                index: approval.index,
                time: approval.entry.time,
                approver: approval.entry.body.act.approver,
                acted_alone: approval.entry.body.acted_alone,
              }
        const status = changes.filter((change) => Date.parse(change.time) < period.to_ms).at(-1)?.status
        return {
          index: proposal.index,
          agent: id,
          owner,
          class: agentClass,
          manifest,
          systems,
          proposed: proposal.entry.time,
          approved,
          status: status ?? 'proposed',
        }
      }),
}

export const delegations: PopulationDefinition = {
  name: 'delegations',
  types: ['delegation.issued'],
  definition: 'Every root delegation that was issued in the period.',
  query: 'type = delegation.issued and from <= time < to',
  rows: (history, period) =>
    [...history.delegations.values()]
      .filter(({ entry }) => inPeriod(entry.time, period))
      .map(({ index, entry }) => ({
        index,
        issued: entry.time,
        jti: entry.body.jti,
        agent: entry.body.agent,
        principal: entry.actor.id,
        rev: entry.body.rev,
        exp: entry.body.exp,
        segment: entry.body.segment,
        template: entry.body.template,
      })),
}

const DECISION_OWN = ['action', 'index', 'seq', 'time']

export const decisions: PopulationDefinition = {
  name: 'decisions',
  types: ['receipt'],
  definition:
    'Every decision of an enforcement point in the period: allowed, denied, or held until a person decides.',
  query: 'type = receipt and body.kind = decision and from <= body.time < to',
  *rows(history, period) {
    for (const row of decisionRows(history, period)) yield wholeOf(row, DECISION_OWN)
  },
  alike: { own: DECISION_OWN, rows: decisionRows },
}

function* decisionRows({ table }: History, period: Period): Generator<AlikeRow> {
  /** By stream and shape. */
  const kinds = new Map<number, { readonly number: number; readonly like: () => JsonObject }>()
  const at = new DecisionAt(table)
  for (let row = 0; row < table.size; row++) {
    const time_ms = table.time_ms(row)
    const shape = isIn(time_ms, period) ? table.shape(row) : undefined
    if (shape?.kind !== 'decision') continue
    const name = table.shapeIdAt(row) * table.streams_n + table.streamIdAt(row)
    let kind = kinds.get(name)
    if (kind === undefined) {
      const like = decisionLike(shape, table.streamAt(row))
      kind = { number: kinds.size, like: () => like }
      kinds.set(name, kind)
    }
    at.row = row
    at.kind = kind.number
    at.like = kind.like
    yield at
  }
}

/** One object for all rows; who asks only for kinds has no texts made. */
class DecisionAt implements AlikeRow {
  readonly #table: ReceiptTable
  readonly #values: (string | number)[] = []
  row = 0
  kind = 0
  like: () => JsonObject = () => ({})

  constructor(table: ReceiptTable) {
    this.#table = table
  }

  get index(): number {
    return this.#table.index(this.row)
  }

  get values(): readonly (string | number)[] {
    const values = this.#values
    values[0] = this.#table.action(this.row)
    values[1] = this.index
    values[2] = this.#table.seq(this.row)
    values[3] = this.#table.time(this.row)
    return values
  }
}

function decisionLike(shape: DecisionShape, stream: StreamRows | undefined): JsonObject {
  const { agent, approval, chain, decision, grant, reasons, server, tool } = shape
  // Its members in order: what is in order already is written much faster.
  return {
    action: '',
    agent,
    ...(approval === undefined ? {} : { approval }),
    chain,
    decision,
    epoch: stream?.epoch ?? 0,
    grant,
    index: 0,
    point: stream?.point ?? '',
    reasons,
    seq: 0,
    server,
    time: '',
    tool,
  }
}

export const revocations: PopulationDefinition = {
  name: 'revocations',
  types: ['revocation'],
  definition: 'Every revocation that was acknowledged in the period, cascades as one row a frame.',
  query: 'type = revocation and from <= time < to',
  rows: (history, period) =>
    history.revocations
      .filter(({ entry }) => inPeriod(entry.time, period))
      .map(({ index, entry }) => ({
        index,
        time: entry.time,
        revoked_by: entry.actor.id,
        target: entry.body.target,
        kind: entry.body.frame.kind,
        handle: entry.body.frame.handle,
        reason: entry.body.frame.reason,
        frame: entry.body.frame.seq,
      })),
}

export const POPULATIONS: readonly PopulationDefinition[] = [
  agents,
  delegations,
  decisions,
  revocations,
  outputs,
  reviews,
  consents,
  withdrawals,
  disclosures,
  incidents,
  capacity,
  alerts,
  detectors,
  accessReviews,
  administrators,
  adminActs,
  roleReviews,
  evaluations,
  deficiencies,
  requests,
  emergencyAccess,
  upstreamCredentials,
  breaches,
  vendors,
  vendorUses,
  baselines,
  activeAgents,
  createdAgents,
  links,
  leavers,
  signingKeys,
  drills,
  unregistered,
  killChannel,
  killProbes,
  changes,
  emergencyChanges,
  restores,
  confidentialReads,
  disposals,
  spans,
  straddlers,
  previews,
  sources,
]

/** All of them, once: whoever wants some of several makes these, and hands them on. */
export function populationsOf(crypto: Crypto, history: History, period: Period): Population[] {
  return POPULATIONS.map((definition) => new Population(crypto, definition, history, period))
}
