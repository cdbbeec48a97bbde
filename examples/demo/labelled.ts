/** A server's tools registered and labelled, and a policy in force: one person proposes, the other approves. @module */
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import {
  approveFlowPolicy,
  approveLabels,
  listLabels,
  proposeFlowPolicy,
  proposeLabels,
} from '../../apps/cli/labels/acts.ts'
import { registerTool } from '../../apps/cli/tools.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { FlowPolicy } from '../../src/core/flow-policy.ts'
import type { JsonObject } from '../../src/core/json.ts'
import type { ToolLabel } from '../../src/core/label.ts'
import { definitionHash } from '../../src/enforce/adapters/mcp/definitions.ts'
import type { Stage } from './stage.ts'

export interface LabelledServer {
  readonly system: string
  readonly server: string
  /** Of the process that serves it. */
  readonly args: string[]
  /** By name of the tool. */
  readonly labels: Readonly<Record<string, ToolLabel>>
}

export async function registerLabelled(
  { manager, lead }: Stage,
  { system, server, args, labels }: LabelledServer,
): Promise<void> {
  const client = new Client({ name: 'inventory', version: '1.0.0' })
  await client.connect(new StdioClientTransport({ command: process.execPath, args }))
  for (const tool of (await client.listTools()).tools) {
    const definition_hash = definitionHash(nodeCrypto, tool as unknown as JsonObject)
    await registerTool(manager, { system, server, tool: tool.name, definition_hash, measures: {} })
  }
  await client.close()
  const proposed = (await listLabels(manager)).flatMap(({ server: of, name, tool, definition_hash }) => {
    const label = of === server ? labels[name] : undefined
    return label === undefined ? [] : [{ tool, definition_hash, label }]
  })
  await approveLabels(lead, await proposeLabels(manager, proposed))
}

export async function policyIs({ manager, lead }: Stage, policy: FlowPolicy): Promise<void> {
  await approveFlowPolicy(lead, await proposeFlowPolicy(manager, policy))
}
