/**
 * `countersign.yaml`: the servers that one gateway stands before, and how it is reached. spec/gateway.md (GWC-1 to GWC-5).
 * @module
 */
import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { LineCounter, parseDocument, visit, type Document } from 'yaml'
import { z } from 'zod'
import { RECORDINGS, type Recording } from '../../src/enforce/central.ts'
import { SERVERS_MAX } from '../../src/log/entry-bodies.ts'
import { GatewayError } from './errors.ts'

/** Bytes of the file. */
const CONFIG_BYTES_MAX = 256 * 1024
/** Bytes of a file that holds one secret. */
const SECRET_BYTES_MAX = 16 * 1024

/** As grants name it, and as it stands in the server's path: so nothing that a URL would have to spell otherwise. */
const serverName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'a name of letters, digits, . _ -')
const headerName = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/, 'not the name of a header')
const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'not the name of a variable')
const text = z.string().min(1).max(4096)
/** Secrets do not stand in this file: it says where they are. */
const secret = z.union([z.strictObject({ env: variable }), z.strictObject({ file: text })])

/** What the transport says of them itself; a server that was sent others could be led to trust a client. */
const OWN_HEADERS = new Set(['host', 'content-length', 'transfer-encoding', 'connection', 'mcp-session-id'])

const limits = z.strictObject({
  /** Sessions of this server at a time, each with a process of its own over stdio. */
  sessions: z.int().min(1).max(4096).default(128),
  /** Of one client. */
  sessions_per_client: z.int().min(1).max(4096).default(16),
  /** Seconds without a request after which a session ends. */
  idle_s: z.int().min(1).max(86_400).default(1800),
  /** Seconds that the server may take to answer a request. */
  answer_s: z.int().min(1).max(86_400).default(600),
})

const httpUrl = z.url({ protocol: /^https?$/ })

const serverSchema = z
  .strictObject({
    stdio: z
      .strictObject({
        command: text,
        args: z.array(z.string().max(8192)).max(256).default([]),
        env: z.record(variable, z.union([z.string().max(32_768), secret])).default({}),
        cwd: text.exactOptional(),
      })
      .exactOptional(),
    http: z.strictObject({ url: httpUrl, headers: z.record(headerName, secret).default({}) }).exactOptional(),
    /** Who may come: with an access token, or with a key that proves each call. */
    access: z.enum(['oauth', 'keys']).default('oauth'),
    /** The upstream credential as it is inventoried: never the secret. */
    credential: z
      .strictObject({
        id: z.string().min(1).max(256),
        owner: z.string().min(1).max(256),
        scope: z.string().max(1024),
        rotated: z.iso.date(),
        /** How often it is to be rotated: without, it counts as static. */
        rotate_days: z.int().min(1).max(3660).exactOptional(),
      })
      .exactOptional(),
    limits: limits.prefault({}),
  })
  .refine(({ stdio, http }) => (stdio === undefined) !== (http === undefined), {
    message: 'says either "stdio" or "http"',
  })

export const configSchema = z.strictObject({
  v: z.literal(1),
  /** The enrolment file. */
  point: text,
  /** HOST:PORT. */
  listen: z
    .string()
    .regex(/^(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9.-]+):\d{1,5}$/, 'not HOST:PORT')
    .default('127.0.0.1:7500'),
  /** What clients call it, when that is not where it listens. */
  public_url: httpUrl.exactOptional(),
  /** Pages of these origins may call it, besides those of its own. */
  origins: z.array(httpUrl).max(64).default([]),
  /** Whether a record on its own disk is enough for a call to go out. */
  recording: z.enum(RECORDINGS).default('spool'),
  servers: z.record(serverName, serverSchema).refine((servers) => {
    const n = Object.keys(servers).length
    return n >= 1 && n <= SERVERS_MAX
  }, `names 1 to ${SERVERS_MAX} servers`),
})

type Written = z.infer<typeof configSchema>
type WrittenServer = Written['servers'][string]

export interface ServerConfig extends Pick<WrittenServer, 'access' | 'limits' | 'credential'> {
  readonly name: string
  /** Names of the headers and variables that hold a secret. */
  readonly secrets: readonly string[]
  readonly upstream:
    | {
        readonly kind: 'stdio'
        readonly command: string
        readonly args: readonly string[]
        readonly env: Readonly<Record<string, string>>
        readonly cwd: string | undefined
      }
    | { readonly kind: 'http'; readonly url: string; readonly headers: Readonly<Record<string, string>> }
}

export interface GatewayConfig {
  /** Absolute. */
  readonly point: string
  readonly listen: { readonly host: string; readonly port: number }
  readonly public_url: string | undefined
  readonly origins: readonly string[]
  readonly recording: Recording
  readonly servers: ReadonlyMap<string, ServerConfig>
}

/**
 * Reads the file, and the secrets that it points at.
 * @throws {GatewayError} `CONFIG_INVALID`: says which member, in which line; never a secret
 */
export async function readConfig(path: string, env: NodeJS.ProcessEnv = process.env): Promise<GatewayConfig> {
  const { document, lines } = await parseFile(path)
  const parsed = configSchema.safeParse(document.toJS({ maxAliasCount: 0 }))
  const at = (member: readonly PropertyKey[], message: string): GatewayError =>
    new GatewayError('CONFIG_INVALID', `${path}: ${placeOf(document, lines, member)}: ${message}`)
  if (!parsed.success) {
    const [first] = parsed.error.issues
    if (first === undefined) throw at([], 'is not as it has to be')
    const [unknown] = first.code === 'unrecognized_keys' ? first.keys : []
    if (unknown !== undefined) throw at([...first.path, unknown], 'is not a setting')
    throw at(first.path, first.message)
  }
  const { listen, public_url, origins, recording, servers } = parsed.data
  const cut = listen.lastIndexOf(':')
  const port = Number(listen.slice(cut + 1))
  if (port > 65_535) throw at(['listen'], 'not a port')
  const reader = new SecretReader(dirname(path), env, at)
  const named = new Map<string, ServerConfig>()
  for (const [name, server] of Object.entries(servers)) named.set(name, await serverOf(name, server, reader))
  return {
    point: resolve(dirname(path), parsed.data.point),
    listen: { host: listen.slice(0, cut).replace(/^\[|\]$/g, ''), port },
    public_url: public_url?.replace(/\/+$/, ''),
    origins: origins.map((origin) => new URL(origin).origin),
    recording,
    servers: named,
  }
}

async function serverOf(name: string, server: WrittenServer, reader: SecretReader): Promise<ServerConfig> {
  const { stdio, http, access, limits: bounds, credential } = server
  const common = { name, access, limits: bounds, ...(credential === undefined ? {} : { credential }) }
  if (http !== undefined) {
    const headers: Record<string, string> = {}
    for (const [header, from] of Object.entries(http.headers)) {
      const member = ['servers', name, 'http', 'headers', header]
      if (OWN_HEADERS.has(header.toLowerCase())) throw reader.fault(member, 'is a header of the transport')
      headers[header.toLowerCase()] = await reader.header(from, member)
    }
    const secrets = Object.keys(headers)
    return { ...common, secrets, upstream: { kind: 'http', url: http.url, headers } }
  }
  if (stdio === undefined) throw reader.fault(['servers', name], 'says either "stdio" or "http"')
  const env: Record<string, string> = {}
  for (const [key, from] of Object.entries(stdio.env)) {
    const member = ['servers', name, 'stdio', 'env', key]
    env[key] = typeof from === 'string' ? from : await reader.text(from, member)
  }
  const secrets = Object.keys(env).filter((key) => typeof stdio.env[key] !== 'string')
  const cwd = stdio.cwd === undefined ? undefined : reader.path(stdio.cwd)
  const upstream = { kind: 'stdio', command: stdio.command, args: stdio.args, env, cwd } as const
  return { ...common, secrets, upstream }
}

async function parseFile(path: string): Promise<{ document: Document; lines: LineCounter }> {
  let written: string
  try {
    written = await readFile(path, 'utf8')
  } catch (cause) {
    throw new GatewayError('CONFIG_INVALID', `${path} cannot be read`, { cause })
  }
  if (written.length > CONFIG_BYTES_MAX)
    throw new GatewayError('CONFIG_INVALID', `${path} is over ${CONFIG_BYTES_MAX} bytes`)
  const lines = new LineCounter()
  const document = parseDocument(written, { lineCounter: lines, prettyErrors: false, stringKeys: true })
  const [error] = [...document.errors, ...document.warnings]
  if (error !== undefined) {
    const { line } = lines.linePos(error.pos[0])
    throw new GatewayError(
      'CONFIG_INVALID',
      `${path}: line ${line}: is not YAML as it has to be (${error.code})`,
    )
  }
  visit(document, {
    Alias: (_, { range }) => {
      const { line } = lines.linePos(range?.[0] ?? 0)
      throw new GatewayError('CONFIG_INVALID', `${path}: line ${line}: an alias: write it out`)
    },
  })
  return { document, lines }
}

/** `servers.files.stdio.command (line 7)`. Of a member that is not there, the line of the nearest that is. */
function placeOf(document: Document, lines: LineCounter, member: readonly PropertyKey[]): string {
  const name = member.length === 0 ? 'the file' : member.map(String).join('.')
  for (let depth = member.length; depth > 0; depth--) {
    const node: unknown = document.getIn(member.slice(0, depth).map(String), true)
    if (typeof node !== 'object' || node === null || !('range' in node)) continue
    const [start] = z.array(z.number()).catch([]).parse(node.range)
    if (start !== undefined) return `${name} (line ${lines.linePos(start).line})`
  }
  return name
}

type Secret = z.infer<typeof secret>

class SecretReader {
  readonly #folder: string
  readonly #env: NodeJS.ProcessEnv
  readonly fault: (member: readonly PropertyKey[], message: string) => GatewayError

  constructor(
    folder: string,
    env: NodeJS.ProcessEnv,
    fault: (member: readonly PropertyKey[], message: string) => GatewayError,
  ) {
    this.#folder = folder
    this.#env = env
    this.fault = fault
  }

  path(written: string): string {
    return resolve(this.#folder, written)
  }

  async text(from: Secret, member: readonly PropertyKey[]): Promise<string> {
    if ('env' in from) {
      const value = this.#env[from.env]
      if (value === undefined || value === '') throw this.fault(member, `the variable ${from.env} is not set`)
      return value
    }
    const path = this.path(from.file)
    let value: string
    try {
      value = await readFile(path, 'utf8')
    } catch {
      throw this.fault(member, `${path} cannot be read`)
    }
    if (value.length > SECRET_BYTES_MAX) throw this.fault(member, `${path} is over ${SECRET_BYTES_MAX} bytes`)
    return value.replace(/\r?\n$/, '')
  }

  async header(from: Secret, member: readonly PropertyKey[]): Promise<string> {
    const value = await this.text(from, member)
    // oxlint-disable-next-line no-control-regex -- what RFC 9110 lets stand in a field's value
    if (!/^[\t\x20-\x7e\x80-\xff]+$/.test(value))
      throw this.fault(member, 'is nothing that a header can hold')
    return value
  }
}
