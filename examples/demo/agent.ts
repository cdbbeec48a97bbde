/**
 * The agent of the demo, a process of its own: a real MCP client that holds its key and speaks to the tool server
 * through a gateway. It takes orders as JSON lines on stdin and answers with JSON lines on stdout.
 * @module
 */
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { z } from 'zod'
import { nodeCrypto } from '../../src/adapters/node-crypto/node-crypto.ts'
import type { PrivateJwk } from '../../src/core/crypto.ts'
import { base64url } from '../../src/core/encoding.ts'
import { newId } from '../../src/core/ids.ts'
import { jwkSchema } from '../../src/core/jwk.ts'
import {
  CountersignMcpSession,
  metaForOneCall,
  takeChallenge,
} from '../../src/enforce/adapters/mcp/client.ts'
import { CALL_META } from '../../src/enforce/adapters/mcp/messages.ts'
import { systemClock } from '../../src/ports/clock.ts'
import { grantSchema } from '../../src/token/grant.ts'
import { lastDelegation, narrow, signHop } from '../../src/token/narrow.ts'

const configSchema = z.object({
  key: z.string(),
  /** The gateway: command and arguments. */
  gateway: z.array(z.string()).min(1),
})
const args = z.record(z.string(), z.json())
const orderSchema = z.discriminatedUnion('op', [
  z.object({ op: z.literal('open'), chain: z.string() }),
  z.object({ op: z.literal('list') }),
  z.object({ op: z.literal('call'), tool: z.string(), args }),
  z.object({ op: z.literal('callOnce'), chain: z.string(), tool: z.string(), args }),
  z.object({ op: z.literal('callWithSession'), session: z.string(), tool: z.string(), args }),
  z.object({ op: z.literal('hammer'), tool: z.string(), args }),
  z.object({
    op: z.literal('handOn'),
    chain: z.string(),
    to: jwkSchema,
    statement: z.string(),
    grants: z.array(grantSchema),
    ttl_s: z.number(),
    widen: z.boolean(),
  }),
])
type Order = z.infer<typeof orderSchema>

const config = configSchema.parse(JSON.parse(process.argv[2] ?? '{}'))
const holder = nodeCrypto.signer(JSON.parse(await readFile(config.key, 'utf8')) as PrivateJwk)
const [command = '', ...gatewayArgs] = config.gateway
const client = new Client({ name: 'demo-agent', version: '1.0.0' })
await client.connect(new StdioClientTransport({ command, args: gatewayArgs, stderr: 'inherit' }))

const anyResult = z.record(z.string(), z.unknown())
const request = (method: string, params: Record<string, unknown>): Promise<unknown> =>
  client.request({ method, params }, anyResult)
let session: CountersignMcpSession | null = null

const now = (): number => performance.timeOrigin + performance.now()

function reasonsOf(result: Record<string, unknown>): string[] {
  const decision = z
    .object({ _meta: z.object({ 'io.countersign/decision': z.object({ reasons: z.array(z.string()) }) }) })
    .safeParse(result)
  return decision.success ? decision.data._meta['io.countersign/decision'].reasons : []
}

async function call(
  tool: string,
  toolArgs: z.infer<typeof args>,
  meta: Record<string, unknown>,
): Promise<object> {
  const result = await client.callTool({ name: tool, arguments: toolArgs, _meta: meta })
  const reasons = reasonsOf(result)
  if (reasons.length > 0) return { allowed: false, reasons }
  const [first] = result.content
  return { allowed: true, failed: result.isError === true, text: first?.type === 'text' ? first.text : '' }
}

function metaFor(tool: string, toolArgs: z.infer<typeof args>): Record<string, unknown> {
  return session === null ? {} : session.metaFor(tool, toolArgs)
}

/** Allowed calls before it says that it is under way. */
const WARM_CALLS = 10

/** Calls as fast as it can until it is denied. */
async function hammer(tool: string, toolArgs: z.infer<typeof args>): Promise<object> {
  for (let allowed = 0; ; allowed++) {
    if (allowed === WARM_CALLS) process.stdout.write(`${JSON.stringify({ hammering: true })}\n`)
    const answer = await call(tool, toolArgs, metaFor(tool, toolArgs))
    if ('reasons' in answer) return { allowed, reasons: answer.reasons, denied_at: now() }
  }
}

function handOn(order: Extract<Order, { op: 'handOn' }>): object {
  const parent = lastDelegation(nodeCrypto, order.chain).payload
  const iat = Math.floor(Date.now() / 1000)
  const input = {
    jti: newId(nodeCrypto, 'dlg', Date.now()),
    iat,
    nbf: Math.max(parent.nbf, iat),
    exp: Math.min(parent.exp, iat + order.ttl_s),
    aud: parent.aud,
    holder: order.to,
    statement: order.statement,
    grants: order.grants,
    depth_max: parent.depth_max,
  }
  return { chain: (order.widen ? signHop : narrow)(nodeCrypto, order.chain, holder, input) }
}

async function obey(order: Order): Promise<object> {
  switch (order.op) {
    case 'open':
      session = await CountersignMcpSession.open({
        crypto: nodeCrypto,
        clock: systemClock,
        chain: order.chain,
        holder,
        request,
      })
      return { allowed: true, session: session.session }
    case 'list':
      return {
        tools: (await client.listTools(undefined, { cacheMode: 'refresh' })).tools.map((tool) => tool.name),
      }
    case 'call':
      return call(order.tool, order.args, metaFor(order.tool, order.args))
    case 'callOnce': {
      const challenge = await takeChallenge({ request })
      const proof = { crypto: nodeCrypto, clock: systemClock, chain: order.chain, holder }
      return call(order.tool, order.args, metaForOneCall(proof, challenge, order.tool, order.args))
    }
    case 'callWithSession': {
      const [salt, mac] = [nodeCrypto.randomBytes(32), nodeCrypto.randomBytes(32)].map(base64url)
      return call(order.tool, order.args, { [CALL_META]: { session: order.session, n: 1, salt, mac } })
    }
    case 'hammer':
      return hammer(order.tool, order.args)
    case 'handOn':
      return handOn(order)
  }
}

/** A denial of `countersign/open` arrives as a JSON-RPC error that carries the reasons. */
function refusal(error: unknown): object {
  const denied = z.object({ data: z.object({ reasons: z.array(z.string()) }) }).safeParse(error)
  if (denied.success) return { allowed: false, reasons: denied.data.data.reasons }
  return { fault: error instanceof Error ? error.message : 'fault' }
}

process.stdout.write(`${JSON.stringify({ ready: true })}\n`)
for await (const line of createInterface({ input: process.stdin })) {
  const answer = await obey(orderSchema.parse(JSON.parse(line))).catch(refusal)
  process.stdout.write(`${JSON.stringify(answer)}\n`)
}
await client.close()
