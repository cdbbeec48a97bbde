/** Bodies of the entries about labels and the flow policy. spec/entries.md, spec/labels.md (LBL-8), spec/flow.md (FLW-10). @module */
import { z } from 'zod'
import { flowPolicySchema } from '../core/flow-policy.ts'
import { gestureSchema } from '../core/gesture.ts'
import { toolLabelSchema } from '../core/label.ts'

const id = z.string().max(64)
const digest = z.string().regex(/^[A-Za-z0-9_-]{43}$/)

/** Tools that one proposal labels: a server's, with room in the entry. */
export const LABELS_MAX = 64

/** Of one definition of one registered tool. */
const labelledSchema = z.strictObject({
  /** The tool's identifier. */
  tool: id,
  definition_hash: digest,
  label: toolLabelSchema,
})

export const labelBodies = {
  'label.proposed': z.strictObject({ labels: z.array(labelledSchema).min(1).max(LABELS_MAX) }),
  'label.approved': z.strictObject({
    act: z.strictObject({
      act: z.literal('label.approve'),
      /** Identifier of the proposal. */
      labels: id,
      /** Index of the `label.proposed` entry. */
      proposal: z.int().nonnegative(),
      approver: id,
    }),
    gesture: gestureSchema,
    acted_alone: z.boolean(),
  }),
  'flow_policy.proposed': z.strictObject({ policy: flowPolicySchema }),
  'flow_policy.approved': z.strictObject({
    act: z.strictObject({
      act: z.literal('flow_policy.approve'),
      policy: id,
      /** Index of the `flow_policy.proposed` entry. */
      proposal: z.int().nonnegative(),
      approver: id,
    }),
    gesture: gestureSchema,
    acted_alone: z.boolean(),
  }),
}
