/** The registrations of the tools that a point guards, and the flow policy, asked for again and again. @module */
import { ApiError } from '../../src/adapters/http/client.ts'
import type { FlowPolicy } from '../../src/core/flow-policy.ts'
import type { OutputPolicy } from '../../src/core/output.ts'
import type { ControlPlane, ToolRegistration } from '../../src/ports/control-plane.ts'
import { GatewayError } from './errors.ts'

const TOOLS_EVERY_MS = 10_000

export interface Tools {
  readonly find: (server: string, tool: string) => ToolRegistration | null
  /** Those that the tools of the server are of. */
  readonly systems: (server: string) => readonly string[]
  /** The flow policy in force (FLW-10), as of the last answer. */
  readonly policy: () => FlowPolicy
  /** The output policy in force, as of the last answer; null: none. */
  readonly outputPolicy: () => OutputPolicy | null
  readonly stop: () => void
}

/**
 * @param address of the control plane, for the message
 * @throws {GatewayError} `CONTROL_PLANE_AWAY`; {ApiError} `API_REFUSED`: it is there, and says why not
 */
export async function watchTools(
  control: Pick<ControlPlane, 'tools' | 'flowPolicy' | 'outputPolicy'>,
  address: string,
  onFault: (error: unknown) => void,
): Promise<Tools> {
  let known: ReadonlyMap<string, ToolRegistration>
  let policy: FlowPolicy
  let outputs: OutputPolicy | null
  let systems: ReadonlyMap<string, ReadonlySet<string>> = new Map()
  const load = async (): Promise<void> => {
    const [tools, flow, output] = await Promise.all([
      control.tools(),
      control.flowPolicy(),
      control.outputPolicy(),
    ])
    policy = flow
    outputs = output
    known = new Map(tools.map((tool) => [`${tool.server}\n${tool.tool}`, tool]))
    const found = new Map<string, Set<string>>()
    for (const { server, system } of tools) {
      const of = found.get(server) ?? new Set()
      if (system !== undefined) of.add(system)
      found.set(server, of)
    }
    systems = found
  }
  try {
    await load()
  } catch (cause) {
    if (cause instanceof ApiError && cause.code === 'API_REFUSED') throw cause
    const message = `the control plane at ${address} does not answer: start it, or correct the enrolment file`
    throw new GatewayError('CONTROL_PLANE_AWAY', message, { cause })
  }
  const timer = setInterval(() => void load().catch(onFault), TOOLS_EVERY_MS)
  return {
    find: (server, tool) => known.get(`${server}\n${tool}`) ?? null,
    systems: (server) => [...(systems.get(server) ?? [])],
    policy: () => policy,
    outputPolicy: () => outputs,
    stop: () => clearInterval(timer),
  }
}
