/** Bodies of the entries about memory domains. spec/entries.md, spec/flow.md (FLW-13 to FLW-21). @module */
import { z } from 'zod'
import { domainLeaseSchema, DOMAINS_MAX, signedDomainSchema } from '../core/domain.ts'
import { gestureSchema } from '../core/gesture.ts'

const id = z.string().max(64)

export const domainBodies = {
  /** Domains that a point holds from now on, or goes on to hold (FLW-13). */
  'domain.leased': z.strictObject({
    epoch: z.int().positive(),
    run: z.string().min(1).max(64),
    leases: z.array(domainLeaseSchema).min(1).max(DOMAINS_MAX),
  }),
  /** A point asks for these: whoever holds one is asked to hand it over (FLW-16). */
  'domain.wanted': z.strictObject({ agents: z.array(id).min(1).max(DOMAINS_MAX) }),
  /** A point holds these no more, and says what was read in them (FLW-16). */
  'domain.handed_over': z.strictObject({ domains: z.array(signedDomainSchema).min(1).max(DOMAINS_MAX) }),
  /** What was read in it is gone from the agent's memory, says a person (FLW-21). */
  'domain.cleared': z.strictObject({
    act: z.strictObject({
      act: z.literal('domain.clear'),
      agent: id,
      /** The last one before: a gesture is good once. */
      turn: z.int().positive(),
      approver: id,
    }),
    gesture: gestureSchema,
    acted_alone: z.boolean(),
  }),
}
