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

type Source = Pick<ControlPlane, 'tools' | 'flowPolicy' | 'outputPolicy'>

/** What the last answer said. Nothing before the first. */
export class KnownTools implements Omit<Tools, 'stop'> {
  readonly #control: Source
  #known: ReadonlyMap<string, ToolRegistration> = new Map()
  #systems: ReadonlyMap<string, ReadonlySet<string>> = new Map()
  #policy: FlowPolicy | null = null
  #outputs: OutputPolicy | null = null

  constructor(control: Source) {
    this.#control = control
  }

  /** Rejects when the control plane does not answer: what was known stands. */
  async load(): Promise<void> {
    const [tools, flow, output] = await Promise.all([
      this.#control.tools(),
      this.#control.flowPolicy(),
      this.#control.outputPolicy(),
    ])
    this.#policy = flow
    this.#outputs = output
    this.#known = new Map(tools.map((tool) => [`${tool.server}\n${tool.tool}`, tool]))
    const found = new Map<string, Set<string>>()
    for (const { server, system } of tools) {
      const of = found.get(server) ?? new Set()
      if (system !== undefined) of.add(system)
      found.set(server, of)
    }
    this.#systems = found
  }

  readonly find: Tools['find'] = (server, tool) => this.#known.get(`${server}\n${tool}`) ?? null
  readonly systems: Tools['systems'] = (server) => [...(this.#systems.get(server) ?? [])]
  readonly outputPolicy: Tools['outputPolicy'] = () => this.#outputs

  readonly policy: Tools['policy'] = () => {
    if (this.#policy === null) throw new GatewayError('CONTROL_PLANE_AWAY', 'no policy was read yet')
    return this.#policy
  }
}

/**
 * @param address of the control plane, for the message
 * @throws {GatewayError} `CONTROL_PLANE_AWAY`; {ApiError} `API_REFUSED`: it is there, and says why not
 */
export async function watchTools(
  control: Source,
  address: string,
  onFault: (error: unknown) => void,
): Promise<Tools> {
  const known = new KnownTools(control)
  try {
    await known.load()
  } catch (cause) {
    if (cause instanceof ApiError && cause.code === 'API_REFUSED') throw cause
    const message = `the control plane at ${address} does not answer: start it, or correct the enrolment file`
    throw new GatewayError('CONTROL_PLANE_AWAY', message, { cause })
  }
  const timer = setInterval(() => void known.load().catch(onFault), TOOLS_EVERY_MS)
  const { find, systems, policy, outputPolicy } = known
  return { find, systems, policy, outputPolicy, stop: () => clearInterval(timer) }
}
