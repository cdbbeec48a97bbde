/** Tests 1, 2 and 6: which agents there are, who let them in, and that leaving ends everything. spec/tests.md. @module */
import { activeAgents, createdAgents, leavers } from '../populations/agents.ts'
import { compensatedBy } from './compensating.ts'
import { census, indicesOf, textOf, type ControlTest, type FoundDeviation } from './test.ts'

export const identifiedAgents: ControlTest = {
  number: 1,
  criteria: ['CC6.1'],
  title: 'Agents are known one by one',
  attribute: 'an identifier and keys of its own, an owner, a purpose and a system',
  population: activeAgents,
  source: 'service accounts, keys and OAuth applications, as identity provider, cloud and tools export them',
  run: (ctx) =>
    census(ctx.rows(activeAgents), (row): FoundDeviation[] => {
      const { index, agent, owner_known, purpose, systems, keys_shared_with } = row
      const found = (code: FoundDeviation['code'], what: string): FoundDeviation => ({
        code,
        message: `${textOf(agent)} ${what}`,
        entries: indicesOf(index),
      })
      const others = Array.isArray(keys_shared_with) ? keys_shared_with : []
      return [
        ...(owner_known === true
          ? []
          : [found('AGENT_OWNER_UNKNOWN', 'is owned by nobody whom the log knows')]),
        ...(textOf(purpose).trim() === '' ? [found('AGENT_PURPOSE_MISSING', 'has no purpose')] : []),
        ...(Array.isArray(systems) && systems.length > 0
          ? []
          : [found('AGENT_SYSTEM_MISSING', 'belongs to no system')]),
        ...(others.length === 0
          ? []
          : [found('AGENT_KEY_SHARED', `has a key of ${others.map(textOf).join(', ')}`)]),
      ]
    }),
}

export const approvedAgents: ControlTest = {
  number: 2,
  criteria: ['CC6.2'],
  title: 'Agents are approved before they can act',
  attribute: 'approved before the first token, by somebody else than who asked for it',
  population: createdAgents,
  source: null,
  run: (ctx) =>
    census(ctx.rows(createdAgents), (row): FoundDeviation[] => {
      const { index, agent, requester, owner, approver, acted_alone, approved_index, first_token_index } = row
      const name = textOf(agent)
      const found: FoundDeviation[] = []
      const approved = typeof approved_index === 'number' ? approved_index : Infinity
      if (typeof first_token_index === 'number' && first_token_index < approved)
        found.push({
          code: 'TOKEN_BEFORE_APPROVAL',
          message: `${name} was given something to act with ${approved === Infinity ? 'and never approved' : 'before it was approved'}`,
          entries: indicesOf(first_token_index, approved_index, index),
        })
      const isOwn = approver !== null && (approver === requester || approver === owner)
      if (acted_alone === true || isOwn)
        found.push({
          code: 'ACTED_ALONE',
          message: `${name} was approved by who asked for it or owns it, and nobody else${compensatedBy(row)}`,
          entries: indicesOf(approved_index, index, row.review),
        })
      return found
    }),
}

export const deadWithLeavers: ControlTest = {
  number: 6,
  criteria: ['CC6.3'],
  title: 'Nothing outlives a leaver',
  attribute: 'every delegation of a person who left, or to an agent that was retired, dead within the bound',
  population: leavers,
  source: 'who left, and which accounts were closed, as the identity provider exports it',
  run: (ctx) =>
    census(ctx.rows(leavers), (row): FoundDeviation[] => {
      const { index, subject, outlived, outlived_n, issued_after } = row
      const found: FoundDeviation[] = []
      if (Number(outlived_n) > 0)
        found.push({
          code: 'LEAVER_NOT_REVOKED',
          message: `${Number(outlived_n)} delegations of ${textOf(subject)} were not revoked within the bound`,
          entries: indicesOf(index, outlived),
        })
      for (const issued of indicesOf(issued_after))
        found.push({
          code: 'DELEGATED_AFTER_LEAVING',
          message: `a delegation was issued after ${textOf(subject)} had left`,
          entries: indicesOf(issued, index),
        })
      return found
    }),
}
