/** The demo's processes: the control plane, agents behind their gateways, and commands of the CLI. @module */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface, type Interface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { tell } from '../../apps/cli/output.ts'

export const CLI = fileURLToPath(new URL('../../apps/cli/main.ts', import.meta.url))
const AGENT = fileURLToPath(new URL('agent.ts', import.meta.url))
export const FILES_SERVER = fileURLToPath(
  import.meta.resolve('@modelcontextprotocol/server-filesystem/dist/index.js'),
)

export interface ControlPlaneProcess {
  readonly url: string
  readonly vkey: string
  readonly bootstrap_secret: string
  stop(): Promise<void>
  /** Ends it at once, as a power cut does. */
  crash(): Promise<void>
  /** Starts it again, at the same address and on the same data. */
  restart(): Promise<void>
}

/** Under the data of a control plane. */
export const BREAK_GLASS_FILE = 'keys/break-glass.jwk'

const startedSchema = z.object({ url: z.string(), vkey: z.string(), bootstrap_secret: z.string() })

/** @param store `postgres://…`, or SQLite in `data` */
export async function startControlPlane(
  data: string,
  store: string | undefined,
): Promise<ControlPlaneProcess> {
  const start = (port: string): ChildProcess => {
    const starting = spawn(process.execPath, [CLI, '--json', 'start', '--data', data, '--port', port], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...(store === undefined ? {} : { COUNTERSIGN_STORE: store }) },
    })
    const said = createInterface({ input: starting.stderr })
    // Where that key is kept is for an operator: here it stays where the last scene finds it.
    said.on('line', (line) => {
      if (!line.includes(BREAK_GLASS_FILE)) tell(line)
    })
    return starting
  }
  let child = start('0')
  const started = startedSchema.parse(JSON.parse(await firstLine(child)))
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill(signal)
    await once(child, 'exit')
  }
  return {
    ...started,
    stop: () => end('SIGTERM'),
    crash: () => end('SIGKILL'),
    restart: async () => {
      child = start(new URL(started.url).port)
      await firstLine(child)
    },
  }
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('no output to read')
  for await (const line of createInterface({ input: child.stdout })) return line
  throw new Error('the process ended before it was ready')
}

/** Runs a command of the CLI. @returns its exit code and what it printed as JSON */
export function runCli(
  args: readonly string[],
  at: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<{ code: number; value: unknown }> {
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [CLI, '--json', ...args],
      { ...at, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        // A code that is a number is the command's own: it ran, and what it printed is its answer.
        const ran = error === null || typeof error.code === 'number'
        try {
          if (!ran) throw new Error('it did not run', { cause: error })
          resolve({ code: Number(error?.code ?? 0), value: JSON.parse(stdout) as unknown })
        } catch (cause) {
          reject(new Error(`countersign ${args.join(' ')} printed no JSON: ${stderr}`, { cause }))
        }
      },
    )
  })
}

const answerSchema = z.looseObject({
  allowed: z.union([z.boolean(), z.number()]).optional(),
  reasons: z.array(z.string()).default([]),
  fault: z.string().optional(),
})
export type Answer = z.infer<typeof answerSchema>

/** An agent behind a gateway of its own, in front of the real filesystem server. */
export class AgentProcess {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>
  readonly #reader: Interface

  private constructor(child: ChildProcess, reader: Interface) {
    this.#child = child
    this.#reader = reader
    this.#lines = reader[Symbol.asyncIterator]()
  }

  /**
   * @param point enrolment file of its gateway
   * @param folder what the tool server may serve at all
   * @param program of the tool server
   */
  static async start(
    key: string,
    point: string,
    folder: string,
    program = FILES_SERVER,
  ): Promise<AgentProcess> {
    const server = [process.execPath, program, folder]
    const gateway = [process.execPath, CLI, 'gateway', '--stdio', '--point', point, '--', ...server]
    const child = spawn(process.execPath, [AGENT, JSON.stringify({ key, gateway })], {
      stdio: ['pipe', 'pipe', process.env.COUNTERSIGN_DEBUG === undefined ? 'ignore' : 'inherit'],
    })
    if (child.stdout === null) throw new Error('the agent has no output')
    const agent = new AgentProcess(child, createInterface({ input: child.stdout }))
    await agent.next()
    return agent
  }

  async next(): Promise<Answer> {
    const { value, done } = await this.#lines.next()
    if (done === true) throw new Error('the agent ended before it answered')
    return answerSchema.parse(JSON.parse(value))
  }

  send(order: object): void {
    this.#child.stdin?.write(`${JSON.stringify(order)}\n`)
  }

  /** @throws when the agent reports a fault: neither an allow nor a denial */
  async ask(order: object): Promise<Answer> {
    this.send(order)
    const answer = await this.next()
    if (answer.fault !== undefined) throw new Error(`the agent failed: ${answer.fault}`)
    return answer
  }

  /** Ends the agent and its gateway in order: the gateway ships what it has recorded. */
  async stop(): Promise<void> {
    this.#child.stdin?.end()
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit')
    this.#reader.close()
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await once(this.#child, 'exit')
    this.#reader.close()
  }
}
