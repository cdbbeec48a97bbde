/**
 * A company's months on the screens of the console: a simulation, served. Its clock stands still at the end of the period,
 * so what the screens show is the same each time. Nobody in it can use a passkey in a browser: for what is looked at.
 * @module
 */
import { ServerResponse, type Server } from 'node:http'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAdaptorServer, type Http2Bindings, type HttpBindings } from '@hono/node-server'
import { simulate, type Simulated } from '../../../apps/simulate/simulate.ts'
import { createApp } from '../../../apps/server/app.ts'
import { connectSse } from '../../../apps/server/sse.ts'
import { workingMorning } from './working-morning.ts'

export interface SimulatedConsole {
  readonly simulated: Simulated
  readonly url: string
  /** Where its clock stands: a browser that shows how long ago something was is to have the same. */
  readonly now_ms: number
  /** A link that signs a browser in as somebody of the company. */
  readonly link: (person?: string) => string
  readonly close: () => Promise<void>
}

export async function serveSimulation(months = 1, agents = 6): Promise<SimulatedConsole> {
  const dataDir = await mkdtemp(join(tmpdir(), 'countersign-console-'))
  const faults: unknown[] = []
  const simulated = await simulate({
    seed: 'console',
    months,
    agents,
    actionsPerDay: 40,
    to_ms: Date.UTC(2026, 6, 1),
    dataDir: join(dataDir, 'data'),
    deviations: [],
    report: (error) => faults.push(error),
  })
  const { plane } = simulated
  const watcher = await workingMorning(simulated)
  const app = createApp(plane.ctx)
  const inner = new URL(plane.url)
  // Under the simulation's own name, which no browser can go to.
  const answer = async (asked: Request, env: HttpBindings | Http2Bindings): Promise<Response> => {
    const headers = new Headers(asked.headers)
    headers.set('host', inner.host)
    if (headers.has('origin')) headers.set('origin', inner.origin)
    const { pathname, search } = new URL(asked.url)
    const request = new Request(inner.origin + pathname + search, new Request(asked, { headers }))
    const response = await app.fetch(request, env)
    return env.outgoing instanceof ServerResponse ? connectSse(response, env.outgoing) : response
  }
  const server = createAdaptorServer({ fetch: answer }) as Server
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const url = `http://localhost:${typeof address === 'object' && address !== null ? address.port : 0}`
  const people = await plane.store.query((db) =>
    db.selectFrom('people').select(['id', 'registration']).execute(),
  )
  const registrations = new Map(people.map(({ id, registration }) => [id, registration]))
  return {
    simulated,
    url,
    now_ms: simulated.story.company.clock.now(),
    link: (person = watcher.person) =>
      `${url}/console/sign-in#ticket=${plane.ctx.sessions.ticketFor(person, registrations.get(person) ?? null)}`,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await simulated.close()
      await rm(dataDir, { recursive: true })
    },
  }
}

/** `node test/browser/console/simulated.ts`: serves one until it is stopped, and prints links to come in by. */
if (import.meta.main) {
  const { url, link } = await serveSimulation(Number(process.argv[2] ?? 1), Number(process.argv[3] ?? 6))
  const say = (text: string): boolean => process.stdout.write(`${text}\n`)
  say(url)
  say(link())
  process.stdin.on('data', () => say(link()))
}
