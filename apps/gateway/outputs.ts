/** Composes what registers and holds outputs, from an enrolment file. spec/outputs.md. @module */
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { ApprovalDeskOptions } from '../../src/enforce/approvals.ts'
import { Outputs } from '../../src/enforce/outputs.ts'
import type { OutputExchange } from '../../src/ports/outputs.ts'
import type { Tools } from './tools.ts'

export interface OutputParts {
  readonly control: OutputExchange
  readonly tools: Pick<Tools, 'find' | 'outputPolicy'>
  readonly onFault: (error: unknown) => void
}

export function outputsOf({ control, tools, onFault }: OutputParts): {
  readonly outputs: Outputs
  readonly register: NonNullable<ApprovalDeskOptions['register']>
} {
  const outputs = new Outputs({
    crypto: nodeCrypto,
    policy: tools.outputPolicy,
    control,
    system: (server, tool) => tools.find(server, tool)?.system,
    onFault,
  })
  return { outputs, register: async (call) => void (await control.registerOutput(outputs.outgoing(call))) }
}
