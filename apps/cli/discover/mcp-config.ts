/** Configurations of MCP clients: which agent, and which servers it uses. spec/inventory.md (DSC-1). @module */
import { parse as parseToml } from 'smol-toml'
import { z } from 'zod'
import type { Item } from '../../../src/log/inventory-bodies.ts'
import { itemOf } from './found.ts'
import { secretsOf, secretsOfArgs, secretsOfUrl, together } from './secrets.ts'

export const CLIENTS = {
  'claude-desktop': 'Claude Desktop',
  'claude-code': 'Claude Code',
  cursor: 'Cursor',
  vscode: 'VS Code',
  codex: 'Codex',
  mcp: 'MCP client',
} as const
export type Client = keyof typeof CLIENTS

/** Servers of one configuration: more are no configuration that somebody wrote. */
const SERVERS_MAX = 500

const values = z.record(z.string(), z.unknown()).catch({})
const texts = z.array(z.string()).catch([])
const serverSchema = z.object({
  command: z
    .string()
    .exactOptional()
    .catch(undefined as never),
  args: texts.default([]),
  env: values.default({}),
  url: z.string().default('').catch(''),
  headers: values.default({}),
  http_headers: values.default({}),
  /** Codex: names of variables, not values. */
  env_vars: z.array(z.unknown()).catch([]).default([]),
  bearer_token_env_var: z.string().default('').catch(''),
  env_http_headers: values.default({}),
})
const servers = z.record(z.string(), z.unknown()).catch({}).default({})
const configSchema = z.object({
  mcpServers: servers,
  /** VS Code. */
  servers,
  mcp: z.object({ servers }).catch({ servers: {} }).default({ servers: {} }),
  /** Codex. */
  mcp_servers: servers,
  /** Claude Code, by folder. */
  projects: z
    .record(z.string(), z.object({ mcpServers: servers }).catch({ mcpServers: {} }))
    .catch({})
    .default({}),
})

export interface Place {
  readonly client: Client
  /** As it is shown: without the home folder. */
  readonly where: string
  /** Of the machine: the same file on two of them is two. */
  readonly machine: string
}

/** @throws {SyntaxError | ZodError} it does not read */
export function itemsOfConfig(text: string, { client, where, machine }: Place): Item[] {
  const value: unknown = client === 'codex' ? parseToml(text) : JSON.parse(withoutComments(text))
  const config = configSchema.parse(value)
  const named = [
    ...Object.entries(config.mcpServers),
    ...Object.entries(config.servers),
    ...Object.entries(config.mcp.servers),
    ...Object.entries(config.mcp_servers),
    ...Object.values(config.projects).flatMap((project) => Object.entries(project.mcpServers)),
  ].slice(0, SERVERS_MAX)
  if (named.length === 0) return []
  const identity = { from: client, machine, where }
  const agent = itemOf(identity, {
    kind: 'agent',
    name: CLIENTS[client],
    origin: client,
    secret: 'none',
    where,
  })
  const byRef = new Map<string, Item>()
  for (const [name, server] of named) {
    const item = itemOf(
      { ...identity, server: name },
      { kind: 'server', name, origin: client, where, ...serverSecrets(server) },
    )
    byRef.set(item.ref, item)
  }
  return [agent, ...byRef.values()]
}

function serverSecrets(server: unknown): { secret: Item['secret']; names: readonly string[] } {
  const read = serverSchema.safeParse(server)
  if (!read.success) return { secret: 'unknown', names: [] }
  const { args, env, url, headers, http_headers, env_vars, bearer_token_env_var, env_http_headers } =
    read.data
  const elsewhere = [...env_vars.map(nameOf), bearer_token_env_var, ...Object.values(env_http_headers)]
  const referred = elsewhere.filter((name): name is string => typeof name === 'string' && name !== '')
  return together([
    secretsOf(env),
    secretsOf(headers),
    secretsOf(http_headers),
    secretsOfArgs(args),
    secretsOfUrl(url),
    secretsOf(Object.fromEntries(referred.map((name) => [name, '']))),
    ...(bearer_token_env_var === '' ? [] : [{ secret: 'unknown' as const, names: [bearer_token_env_var] }]),
  ])
}

function nameOf(variable: unknown): unknown {
  return typeof variable === 'object' && variable !== null && 'name' in variable ? variable.name : variable
}

/** JSON as editors write it: comments and commas too many go. */
export function withoutComments(text: string): string {
  const parts = text.match(/"(?:[^"\\]|\\.)*"|\/\/[^\n]*|\/\*[^]*?\*\/|[^"/]+|\/|"/g) ?? []
  const kept = parts.filter((part) => !part.startsWith('//') && !part.startsWith('/*'))
  const joined: string[] = []
  for (const part of kept) {
    const isText = part.startsWith('"')
    const last = joined.at(-1)
    // A comma and its bracket may have stood on both sides of a comment.
    if (!isText && last !== undefined && !last.startsWith('"')) joined[joined.length - 1] = last + part
    else joined.push(part)
  }
  return joined.map((part) => (part.startsWith('"') ? part : part.replaceAll(/,(\s*[}\]])/g, '$1'))).join('')
}
