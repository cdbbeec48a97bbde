/** What an agent did under delegations that somebody looked at, from the log and its openings. spec/flow.md, FLW-11. @module */
import { z } from 'zod'
import { ApiError } from '../../../src/adapters/http/client.ts'
import { isJsonObject, type JsonObject } from '../../../src/core/json.ts'
import { parseJws } from '../../../src/core/sign.ts'
import { openedFieldSchema } from '../../../src/log/commitment.ts'
import { bodies } from '../../../src/log/entry-bodies.ts'
import type { Receipt } from '../../../src/log/receipt.ts'
import type { Profile } from '../profile.ts'

/** Entries asked for at a time. */
const PAGE = 1000

export interface PastCall {
  /** Of the receipt that allowed it. */
  readonly entry: number
  readonly server: string
  readonly tool: string
}

const pageSchema = z.object({
  size: z.int(),
  entries: z.array(
    z.object({ index: z.int(), entry: z.looseObject({ type: z.string(), body: z.unknown() }) }),
  ),
})

const segmentSchema = bodies['chain.segment']
const receiptSchema = bodies.receipt

/**
 * Calls under those roots, and under every hop from them, that were allowed and finished.
 * @param jtis of roots
 */
export async function callsUnder({ client }: Profile, jtis: ReadonlySet<string>): Promise<PastCall[]> {
  const roots = new Map<string, string>() // by segment
  const calls = new Map<string, PastCall>() // by action
  const finished = new Set<string>()
  for (let after = -1; ;) {
    const { entries } = pageSchema.parse(await client.get(`/v1/entries?after=${after}&limit=${PAGE}`))
    for (const { index, entry } of entries) {
      if (entry.type === 'chain.segment') {
        const { id, parent, segment } = segmentSchema.parse(entry.body)
        roots.set(id, parent === null ? jtiOf(segment) : (roots.get(parent) ?? ''))
      } else if (entry.type === 'receipt') {
        take(receiptSchema.parse(entry.body), index)
      }
    }
    const last = entries.at(-1)
    if (last === undefined || entries.length < PAGE) break
    after = last.index
  }
  return [...calls].filter(([action]) => finished.has(action)).map(([, call]) => call)

  function take(receipt: Receipt, entry: number): void {
    if (receipt.kind === 'outcome') {
      if (receipt.outcome === 'finished') finished.add(receipt.action)
      return
    }
    const { action, chain, decision, server, tool } = receipt
    // The last decision of an action is the one that counts (RCP-6).
    if (decision !== 'allow' || chain === null || !jtis.has(roots.get(chain) ?? '')) calls.delete(action)
    else calls.set(action, { entry, server, tool })
  }
}

function jtiOf(segment: string): string {
  const { payload } = parseJws(segment.split('~')[0] ?? '')
  return isJsonObject(payload) && typeof payload.jti === 'string' ? payload.jti : ''
}

/** The arguments of that call, which the log then says were opened (ERA-11). @returns null when they are not kept */
export async function argumentsOf({ client }: Profile, { entry }: PastCall): Promise<JsonObject | null> {
  try {
    const { opening } = openedFieldSchema.parse(await client.post('/v1/openings', { entry, field: 'args' }))
    const args = 'value' in opening ? opening.value : null
    return isJsonObject(args) ? args : null
  } catch (cause) {
    if (cause instanceof ApiError && cause.remote === 'VALUE_ERASED') return null
    throw cause
  }
}
