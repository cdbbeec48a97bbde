/**
 * Composes a gateway from `countersign.yaml`: one enforcement point before many servers, over HTTP. spec/gateway.md.
 * @module
 */
import { dirname, join } from 'node:path'
import { ApiClient } from '../../src/adapters/http/client.ts'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { PrivateJwk } from '../../src/core/crypto.ts'
import { AccessTokens } from '../../src/enforce/access-tokens.ts'
import type { HostedDelegations } from '../../src/enforce/hosted.ts'
import type { VersionGateOptions } from '../../src/enforce/versions.ts'
import type { EnforcementPoint } from '../../src/enforce/point.ts'
import { systemClock } from '../../src/ports/clock.ts'
import { Access } from './access.ts'
import { readConfig, type GatewayConfig, type ServerConfig } from './config.ts'
import { CredentialReport } from './credentials.ts'
import { watchConfig } from './config-watch.ts'
import { GatewayError } from './errors.ts'
import { authorizationServer, openHosting, type Resource } from './hosting.ts'
import { openFront, type Front } from './http-front.ts'
import { Sessions } from './http-sessions.ts'
import { openPoint, type Hosted } from './point.ts'
import { readPointFile, type PointFile } from './point-file.ts'
import type { Listening } from './statement-listener.ts'

/** Keys that the control plane did not take are handed in again. */
const FILL_AGAIN_MS = 15_000
/** Agents take keys without our hearing of it, and a control plane that was restored may have lost some. */
const FILL_EVERY_MS = 60_000

export interface HttpGatewayOptions {
  /** `countersign.yaml`. */
  readonly config: string
  readonly hosted?: Hosted
  readonly versions?: Pick<VersionGateOptions, 'required' | 'hosted'>
  readonly listen?: Listening
  readonly relays?: readonly string[]
  /** How long a call waits for a person (APR-5). */
  readonly approvalTtlMs?: number
  readonly say: (text: string) => void
  readonly onFault: (error: unknown) => void
}

export interface HttpGateway {
  readonly url: string
  readonly point: EnforcementPoint
  /** Where it takes statements of the kill switch, when it listens. */
  readonly listens: string | null
  close(): Promise<void>
}

/** @throws {GatewayError} */
export async function openHttpGateway(options: HttpGatewayOptions): Promise<HttpGateway> {
  const config = await readConfig(options.config)
  const file = await readPointFile(config.point)
  assertEnrolled(config, file, options.config)
  const servers = new Map(config.servers)
  let url = ''
  const resources = (): Resource[] =>
    [...servers.values()]
      .filter(({ access }) => access === 'oauth')
      .map(({ name }) => ({ server: name, url: `${url}/servers/${name}/mcp` }))
  const { say, onFault } = options
  const hosting = await hostingOf(config, file, resources, onFault)
  const isOauth = [...servers.values()].some(({ access }) => access === 'oauth')
  const authority = isOauth ? await authorizationServer(file.control_plane) : null
  const { point, releases, listens } = await openPoint(config.point, {
    delegations: hosting.get,
    recording: config.recording,
    onFault,
    ...(options.hosted === undefined ? {} : { hosted: options.hosted }),
    ...(options.versions === undefined ? {} : { versions: options.versions }),
    ...(options.listen === undefined ? {} : { listen: options.listen }),
    ...(options.relays === undefined ? {} : { relays: options.relays }),
    ...(options.approvalTtlMs === undefined ? {} : { approvalTtlMs: options.approvalTtlMs }),
  })
  const tokens =
    authority === null
      ? null
      : new AccessTokens({ crypto: nodeCrypto, clock: systemClock, server: authority })
  const sessions = new Sessions({ point, releases, clock: systemClock, log: say })
  const settings = { origins: config.origins }
  let front: Front
  try {
    front = await openFront({
      listen: config.listen,
      public_url: config.public_url,
      origins: () => settings.origins,
      servers: () => servers,
      access: new Access({ point, tokens, hosting, hosted: options.hosted !== undefined }),
      sessions,
      issuer: authority?.issuer ?? null,
      onFault,
    })
  } catch (cause) {
    sessions.closeAll()
    await point.close()
    throw cause
  }
  url = front.url
  const filler = new Filler(hosting, isOauth, onFault)
  const credentials = new CredentialReport(file, () => servers.values(), onFault)
  const watch = watchConfig(
    options.config,
    (next) => {
      assertEnrolled(next, file, options.config)
      assertSameRim(config, next, isOauth)
      settings.origins = next.origins
      replaceServers(servers, next, sessions)
      filler.now()
      credentials.now()
      say(`took ${options.config}: ${servers.size} servers`)
    },
    (error) => {
      const why = error instanceof Error ? error.message : 'it cannot be read'
      say(`kept the settings as they were: ${why}`)
    },
  )
  return {
    url,
    point,
    listens,
    close: async () => {
      watch.close()
      filler.stop()
      credentials.stop()
      await front.close()
      await point.close()
    },
  }
}

function hostingOf(
  config: GatewayConfig,
  file: PointFile,
  resources: () => readonly Resource[],
  onFault: (error: unknown) => void,
): Promise<HostedDelegations> {
  const signer = nodeCrypto.signer(file.key as unknown as PrivateJwk)
  return openHosting({
    path: join(dirname(config.point), `${file.point}.hosting.json`),
    point: file.point,
    client: new ApiClient({ url: file.control_plane, crypto: nodeCrypto, clock: systemClock, signer }),
    clock: systemClock,
    resources,
    onFault,
  })
}

/** @throws {GatewayError} `SERVER_UNKNOWN` */
export function assertEnrolled(config: GatewayConfig, { point, servers }: PointFile, path: string): void {
  const unknown = [...config.servers.keys()].find((name) => !servers.includes(name))
  if (unknown === undefined) return
  throw new GatewayError(
    'SERVER_UNKNOWN',
    `${path}: servers.${unknown}: ${point} is not enrolled for it (it is for ${servers.join(', ')})`,
  )
}

/** What cannot change while it runs. @throws {GatewayError} `CONFIG_INVALID` */
function assertSameRim(now: GatewayConfig, next: GatewayConfig, isOauth: boolean): void {
  const rim = ({ point, listen, public_url, recording }: GatewayConfig): string =>
    JSON.stringify([point, listen, public_url ?? null, recording])
  if (rim(now) !== rim(next))
    throw new GatewayError('CONFIG_INVALID', 'point, listen, public_url and recording change with a restart')
  if (!isOauth && [...next.servers.values()].some(({ access }) => access === 'oauth'))
    throw new GatewayError('CONFIG_INVALID', 'the first server with access "oauth" comes with a restart')
}

/** Those whose settings are the same go on with their sessions. */
function replaceServers(servers: Map<string, ServerConfig>, next: GatewayConfig, sessions: Sessions): void {
  const gone: ServerConfig[] = []
  for (const [name, server] of servers) {
    if (JSON.stringify(next.servers.get(name)) === JSON.stringify(server)) continue
    servers.delete(name)
    gone.push(server)
  }
  for (const [name, server] of next.servers) if (!servers.has(name)) servers.set(name, server)
  sessions.closeOf(gone)
}

/** Sees to it that the control plane has hosting keys for new agents. */
export class Filler {
  readonly #hosting: HostedDelegations
  readonly #onFault: (error: unknown) => void
  #timer: NodeJS.Timeout | undefined
  #isStopped: boolean

  constructor(hosting: HostedDelegations, isWanted: boolean, onFault: (error: unknown) => void) {
    this.#hosting = hosting
    this.#onFault = onFault
    this.#isStopped = !isWanted
    this.now()
  }

  now(): void {
    clearTimeout(this.#timer)
    if (this.#isStopped) return
    void this.#hosting.fill().then(
      () => this.#in(FILL_EVERY_MS),
      (error: unknown) => {
        this.#onFault(error)
        this.#in(FILL_AGAIN_MS)
      },
    )
  }

  #in(delay_ms: number): void {
    clearTimeout(this.#timer)
    if (!this.#isStopped) this.#timer = setTimeout(() => this.now(), delay_ms).unref()
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
  }
}
