/** What agents of a simulation do: sessions of calls through the enforcement points. spec/simulation.md (SIM-7). @module */
import type { JsonObject } from '../../src/core/json.ts'
import type { Signer } from '../../src/core/crypto.ts'
import { explain } from '../../src/decide/reasons.ts'
import { CountersignMcpSession } from '../../src/enforce/adapters/mcp/client.ts'
import { CALL_META, METHOD_CHALLENGE } from '../../src/enforce/adapters/mcp/messages.ts'
import type { EnforcementPoint } from '../../src/enforce/point.ts'
import { ConnectionDenied } from '../../src/enforce/sdk-errors.ts'
import type { ReasonCode } from '../../src/enforce/sdk-errors.ts'
import type { Credential } from '../../src/enforce/types.ts'
import { seenValue } from '../../src/enforce/flow/content.ts'
import { decideApproval, showApproval } from '../cli/operator-approvals.ts'
import { toolOf, type Company } from './company.ts'
import type { SimulatedPoint } from './point.ts'

/** Between two calls of a session, in milliseconds. */
const GAP_MS = 150
/** How long a person looks at a call before they let it go out, in milliseconds. */
const LOOKED_MS = 20_000

export interface Call {
  readonly tool: string
  readonly args: JsonObject
  /** What the tool answers. */
  readonly answer?: JsonObject
  /** It fails. */
  readonly fails?: boolean
}

/** Counts of what points decided. */
export interface Done {
  allowed: number
  denied: number
  /** Of the last denial. */
  reasons: readonly ReasonCode[]
}

export interface Session {
  readonly point: SimulatedPoint
  readonly server: string
  readonly chain: string
  readonly holder: Signer
}

/**
 * Calls one after the other, under one session of the chain.
 * @param gap_ms between two of them
 */
export async function work(
  company: Company,
  session: Session,
  calls: readonly Call[],
  gap_ms = GAP_MS,
): Promise<Done> {
  const { clock } = company
  const { point, server } = session
  const done: Done = { allowed: 0, denied: 0, reasons: [] }
  await point.keepFresh()
  const opened = await open(company, session)
  if (opened instanceof ConnectionDenied) return { ...done, denied: 1, reasons: opened.reasons }
  for (const call of calls) {
    clock.pass(gap_ms)
    await point.keepFresh()
    const { hash } = toolOf(company, server, call.tool)
    const outcome = await point.point.call(
      { server, tool: call.tool, args: call.args, credential: proofOf(opened, call), definition_hash: hash },
      async () => {
        const { answer = { done: true }, fails: failed = false } = call
        return { result: answer, failed, seen: seenValue<JsonObject>(answer, (left) => left as JsonObject) }
      },
      { onHeld: ({ approval }) => void approve(company, point, approval).catch(company.report) },
    )
    await point.idle()
    if (outcome.decision === 'allow') done.allowed++
    else Object.assign(done, { denied: done.denied + 1, reasons: outcome.reasons })
  }
  return done
}

/** As a client of MCP does it. */
export async function open(
  { crypto, clock }: Company,
  { point, server, chain, holder }: Session,
): Promise<CountersignMcpSession | ConnectionDenied> {
  const at: EnforcementPoint = point.point
  try {
    return await CountersignMcpSession.open({
      crypto,
      clock,
      chain,
      holder,
      request: async (method, params) => {
        if (method === METHOD_CHALLENGE) return { ...at.challenge(), server }
        const opened = await at.open(String(params.presentation))
        if (opened.ok) return opened
        throw new ConnectionDenied(opened.reasons, opened.reasons.map(explain).join('\n'))
      },
    })
  } catch (error) {
    if (error instanceof ConnectionDenied) return error
    throw error
  }
}

/** What a client adds to a call under its session. */
export function proofOf(session: CountersignMcpSession, { tool, args }: Call): Credential {
  const meta = session.metaFor(tool, args)[CALL_META] as Omit<
    Extract<Credential, { kind: 'session' }>,
    'kind'
  >
  return { kind: 'session', ...meta }
}

/** Somebody who is not behind the delegation looks at a call that waits, and lets it go out. */
async function approve({ staff, clock }: Company, point: SimulatedPoint, approval: string): Promise<void> {
  clock.pass(LOOKED_MS)
  await point.keepFresh()
  const shown = await showApproval(staff.security, approval)
  await decideApproval(staff.security, shown, 'approve', () => undefined)
}

/** A call that nobody stands behind. */
export async function callAsNobody(
  company: Company,
  point: SimulatedPoint,
  server: string,
  { tool, args }: Call,
): Promise<void> {
  await point.keepFresh()
  const { hash } = toolOf(company, server, tool)
  const request = { server, tool, args, credential: { kind: 'none' } as const, definition_hash: hash }
  await point.point.call(request, async () => ({ result: null, failed: false }))
}
